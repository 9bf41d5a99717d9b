/*
 * Calls as src/transport/context.c makes them: from the frame of a request to the message of its
 * response, in nng's memory.
 */
#pragma once
#include "bench/guard/server.h"

#include <semaphore.h>

enum { GUARD_ROUND = 64 /* writes that are in flight together */ };

/* Reads one after the other, in this thread. Returns the bytes of all responses. */
uint64_t guard_read(struct guard_server *server, const struct slice *frames, size_t count);

/* How a write is answered, and the writer's thread held. */
struct guard_writer {
	pthread_t submitter;
	sem_t answered; /* all of a round */
	sem_t resume;
	atomic_size_t left; /* of the round */
	atomic_bool held;
	struct guard_call *calls;
};

/*
 * Writes in rounds of GUARD_ROUND. While a round is rendered and queued the writer waits, so each
 * round is one batch, however the threads take turns.
 */
void guard_writer_init(struct guard_writer *writer);
void guard_write(struct guard_server *server, struct guard_writer *writer,
	const struct slice *frames, size_t count);
void guard_writer_done(struct guard_writer *writer);
