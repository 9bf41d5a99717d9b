/* Calls over nng's transport (traffic.h), from the frame of a request to the reply in nng's memory.
 */
#pragma once
#include "bench/guard/server.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

enum { GUARD_ROUND = TRAFFIC_CONTEXTS /* writes that are in flight together */ };

/* Reads one after the other, in this thread. */
void guard_read(struct guard_server *server, const struct slice *frames, size_t count);

/* How the writer's thread is held. */
struct guard_writer {
	pthread_t submitter;
	sem_t answered; /* all of a round */
	sem_t resume;
	atomic_size_t left; /* of the round */
	atomic_bool held;
};

/*
 * Writes in rounds of GUARD_ROUND. While a round is rendered and queued the writer waits, so each
 * round is one batch, however the threads take turns.
 */
void guard_writer_init(struct guard_writer *writer);
/* Holds the writer with a write that changes nothing. Before the first guard_write(). */
void guard_writer_hold(
	struct guard_server *server, struct guard_writer *writer, struct slice frame);
void guard_write(struct guard_server *server, struct guard_writer *writer,
	const struct slice *frames, size_t count);
void guard_writer_done(struct guard_writer *writer);
