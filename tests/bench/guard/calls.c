#include "bench/guard/calls.h"

#include "base/clock.h"
#include "rpc/envelope.h"
#include "store/store_private.h"

#include <nng/nng.h>
#include <stdlib.h>
#include <time.h>

enum { CONNECTIONS = 8 /* that the writes of a round come from */ };

struct guard_call {
	struct rpc_call call;
	struct arena arena;
	struct guard_writer *writer; /* NULL for a read */
	uint64_t response_bytes;
};

static struct guard_call *guard_call_of(struct rpc_call *call)
{
	return (struct guard_call *)((char *)call - offsetof(struct guard_call, call));
}

static uint64_t make_reply(struct guard_call *guard_call, const struct error *err)
{
	struct envelope_response response;
	nng_msg *reply;
	if (err != NULL)
		guard_give_up("call", err);
	envelope_prepare_response(&guard_call->call, err, &response);
	if (nng_msg_alloc(&reply, response.size_bytes) != 0)
		abort();
	envelope_write_response(&response, nng_msg_body(reply));
	arena_reset(&guard_call->arena);
	nng_msg_free(reply);
	return response.size_bytes;
}

static void respond(struct rpc_call *call, const struct error *err)
{
	struct guard_call *guard_call = guard_call_of(call);
	guard_call->response_bytes += make_reply(guard_call, err);
}

static void call_init(struct guard_call *guard_call)
{
	*guard_call = (struct guard_call){ .call = { .peer = "guard", .respond = respond } };
	arena_init(&guard_call->arena, LIMIT_ARENA_BYTES);
	guard_call->call.arena = &guard_call->arena;
}

static void dispatch(struct guard_server *server, struct guard_call *guard_call, struct slice frame)
{
	struct error err;
	guard_call->call.arrival_ns = clock_monotonic_ns();
	if (envelope_read_request(frame, &guard_call->call, &err) != CODE_OK)
		guard_give_up("frame", &err);
	rpc_dispatch(server->rpc, &guard_call->call);
}

uint64_t guard_read(struct guard_server *server, const struct slice *frames, size_t count)
{
	struct guard_call guard_call;
	call_init(&guard_call);
	for (size_t i = 0; i < count; i++)
		dispatch(server, &guard_call, frames[i]);
	arena_done(&guard_call.arena);
	return guard_call.response_bytes;
}

/* The last answer of a round holds the writer, unless it comes from the thread that submits: a
 * write may be done before its handler returns. */
static void respond_to_write(struct rpc_call *call, const struct error *err)
{
	struct guard_call *guard_call = guard_call_of(call);
	struct guard_writer *writer = guard_call->writer;
	make_reply(guard_call, err);
	if (atomic_fetch_sub(&writer->left, 1) > 1)
		return;
	bool holds = !pthread_equal(pthread_self(), writer->submitter);
	atomic_store(&writer->held, holds);
	sem_post(&writer->answered);
	if (holds)
		sem_wait(&writer->resume);
}

void guard_writer_init(struct guard_writer *writer)
{
	*writer = (struct guard_writer){ .submitter = pthread_self(),
		.calls = calloc(GUARD_ROUND, sizeof *writer->calls) };
	if (writer->calls == NULL)
		abort();
	sem_init(&writer->answered, 0, 0);
	sem_init(&writer->resume, 0, 0);
	for (size_t i = 0; i < GUARD_ROUND; i++) {
		call_init(&writer->calls[i]);
		writer->calls[i].call.respond = respond_to_write;
		writer->calls[i].writer = writer;
	}
}

static void resume(struct guard_writer *writer)
{
	atomic_store(&writer->held, false);
	sem_post(&writer->resume);
}

/* Asked seldom: the question is counted, too. */
static void wait_queued(struct store *store, size_t count)
{
	struct timespec pause = { .tv_nsec = 2000000 };
	for (;;) {
		pthread_mutex_lock(&store->writer.mutex);
		bool queued = store->writer.queued == count;
		pthread_mutex_unlock(&store->writer.mutex);
		if (queued)
			return;
		nanosleep(&pause, NULL);
	}
}

static void write_round(struct guard_server *server, struct guard_writer *writer,
	const struct slice *frames, size_t count)
{
	bool held = atomic_load(&writer->held);
	guard_advance_clock();
	atomic_store(&writer->left, count);
	for (size_t i = 0; i < count; i++) {
		writer->calls[i].call.source = i % CONNECTIONS;
		dispatch(server, &writer->calls[i], frames[i]);
	}
	if (held) {
		wait_queued(server->store, count);
		resume(writer);
	}
	sem_wait(&writer->answered);
}

void guard_write(struct guard_server *server, struct guard_writer *writer,
	const struct slice *frames, size_t count)
{
	while (count > 0) {
		/* One by one until one of them holds the writer. */
		size_t round = !atomic_load(&writer->held) ? 1
			       : count < GUARD_ROUND	   ? count
							   : GUARD_ROUND;
		write_round(server, writer, frames, round);
		frames += round;
		count -= round;
	}
}

void guard_writer_done(struct guard_writer *writer)
{
	if (atomic_load(&writer->held))
		resume(writer);
	for (size_t i = 0; i < GUARD_ROUND; i++)
		arena_done(&writer->calls[i].arena);
	free(writer->calls);
	sem_destroy(&writer->answered);
	sem_destroy(&writer->resume);
}
