#include "bench/guard/calls.h"

#include "store/store_private.h"

#include <time.h>

static void count_bytes(void *argument, size_t size_bytes)
{
	*(uint64_t *)argument += size_bytes;
}

void guard_read(struct guard_server *server, const struct slice *frames, size_t count)
{
	uint64_t bytes = 0;
	guard_on_sent(count_bytes, &bytes);
	for (size_t i = 0; i < count; i++)
		guard_receive(server->traffic, 0, frames[i]);
}

/* The last answer of a round holds the writer, unless it comes from the thread that submits: a
 * write may be done before its handler returns. */
static void hold_writer(void *argument, size_t size_bytes)
{
	struct guard_writer *writer = argument;
	(void)size_bytes;
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
	*writer = (struct guard_writer){ .submitter = pthread_self() };
	sem_init(&writer->answered, 0, 0);
	sem_init(&writer->resume, 0, 0);
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

/* It is as it was before if the writer was done before the handler returned. */
void guard_writer_hold(struct guard_server *server, struct guard_writer *writer, struct slice frame)
{
	guard_on_sent(hold_writer, writer);
	while (!atomic_load(&writer->held)) {
		atomic_store(&writer->left, 1);
		guard_receive(server->traffic, 0, frame);
		sem_wait(&writer->answered);
	}
}

static void write_round(struct guard_server *server, struct guard_writer *writer,
	const struct slice *frames, size_t count)
{
	guard_advance_clock();
	atomic_store(&writer->left, count);
	for (size_t i = 0; i < count; i++)
		guard_receive(server->traffic, i, frames[i]);
	wait_queued(server->store, count);
	resume(writer);
	sem_wait(&writer->answered);
}

void guard_write(struct guard_server *server, struct guard_writer *writer,
	const struct slice *frames, size_t count)
{
	while (count > 0) {
		size_t round = count < GUARD_ROUND ? count : GUARD_ROUND;
		write_round(server, writer, frames, round);
		frames += round;
		count -= round;
	}
}

void guard_writer_done(struct guard_writer *writer)
{
	if (atomic_load(&writer->held))
		resume(writer);
	sem_destroy(&writer->answered);
	sem_destroy(&writer->resume);
}
