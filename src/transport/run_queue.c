#include "transport/run_queue.h"

#include "base/clock.h"
#include "transport/connections.h"
#include "transport/context.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	THREADS_MIN = 2,
	THREADS_MAX = 16,
	/* How long calls may have waited in a full queue that is no sign of too much work. */
	BURST_MS = 100,
	NS_PER_MS = 1000000,
};

struct run_queue {
	struct run_queue_options options;
	pthread_t threads[THREADS_MAX];
	size_t thread_count;
	atomic_size_t running; /* calls, in our threads and in nng's */
	atomic_size_t queued;  /* changed with the mutex */
	pthread_mutex_t mutex; /* for everything below, and what connections have of ours */
	pthread_cond_t work;
	pthread_cond_t place; /* one has become free, or need not be waited for; monotonic clock */
	size_t ours;	      /* of those that run, in our threads */
	/* Connections with calls, a ring: the next one whose turn it is comes after the last. */
	struct connection *last_in_turn;
	struct context *left; /* calls of connections that have gone; not counted in queued */
	bool stopping;
};

static struct context *take(struct run_queue *queue, bool *ret_left)
{
	struct context *left = queue->left;
	*ret_left = left != NULL;
	if (left != NULL) {
		queue->left = left->next_queued;
		return left;
	}
	struct connection *last = queue->last_in_turn;
	if (last == NULL)
		return NULL;
	struct connection *connection = last->next_in_turn;
	struct context *context = connection->first_queued;
	connection->first_queued = context->next_queued;
	connection->queued--;
	queue->queued--;
	pthread_cond_signal(&queue->place);
	if (connection->first_queued != NULL)
		queue->last_in_turn = connection;
	else if (connection == last)
		queue->last_in_turn = NULL;
	else
		last->next_in_turn = connection->next_in_turn;
	return context;
}

static void put(struct run_queue *queue, struct connection *connection, struct context *context)
{
	context->next_queued = NULL;
	if (connection->queued > 0) {
		connection->last_queued->next_queued = context;
	} else {
		connection->first_queued = context;
		struct connection *last = queue->last_in_turn;
		connection->next_in_turn = last == NULL ? connection : last->next_in_turn;
		if (last != NULL)
			last->next_in_turn = connection;
		queue->last_in_turn = connection;
	}
	connection->last_queued = context;
	connection->queued++;
	queue->queued++;
}

void run_queue_leave(struct run_queue *queue, struct connection *connection)
{
	pthread_mutex_lock(&queue->mutex);
	connection->left = true;
	if (connection->queued > 0) {
		struct connection *before = queue->last_in_turn;
		while (before->next_in_turn != connection)
			before = before->next_in_turn;
		before->next_in_turn = connection->next_in_turn;
		if (queue->last_in_turn == connection)
			queue->last_in_turn = before == connection ? NULL : before;
		connection->last_queued->next_queued = queue->left;
		queue->left = connection->first_queued;
		queue->queued -= connection->queued;
		connection->first_queued = NULL;
		connection->queued = 0;
		pthread_cond_broadcast(&queue->work);
	}
	pthread_cond_broadcast(&queue->place);
	pthread_mutex_unlock(&queue->mutex);
}

/* Whoever is begun has at least half of its time left, so what is done is done for somebody. */
static bool is_too_late(const struct context *context)
{
	uint64_t time_ns = (uint64_t)rpc_timeout_ms(&context->call) * NS_PER_MS;
	return clock_monotonic_ns() - context->call.arrival_ns > time_ns / 2;
}

static bool is_burst(const struct run_queue *queue)
{
	if (queue->last_in_turn == NULL)
		return true;
	const struct context *next = queue->last_in_turn->next_in_turn->first_queued;
	return clock_monotonic_ns() - next->call.arrival_ns < (uint64_t)BURST_MS * NS_PER_MS;
}

static void run_here(struct run_queue *queue, struct context *context)
{
	queue->options.run(context, false);
	atomic_fetch_sub(&queue->running, 1);
}

static void *run_thread(void *argument)
{
	struct run_queue *queue = argument;
	pthread_mutex_lock(&queue->mutex);
	for (;;) {
		bool left;
		struct context *context = take(queue, &left);
		if (context == NULL && queue->stopping)
			break;
		if (context == NULL) {
			pthread_cond_wait(&queue->work, &queue->mutex);
			continue;
		}
		atomic_fetch_add(&queue->running, 1);
		queue->ours++;
		bool stopping = queue->stopping;
		pthread_mutex_unlock(&queue->mutex);
		queue->options.run(context, left || (!stopping && is_too_late(context)));
		pthread_mutex_lock(&queue->mutex);
		queue->ours--;
		atomic_fetch_sub(&queue->running, 1);
	}
	pthread_mutex_unlock(&queue->mutex);
	return NULL;
}

enum code run_queue_new(
	const struct run_queue_options *options, struct run_queue **ret, struct error *err)
{
	struct run_queue *queue = calloc(1, sizeof *queue);
	if (queue == NULL)
		return fail_out_of_memory(err);
	queue->options = *options;
	pthread_mutex_init(&queue->mutex, NULL);
	pthread_cond_init(&queue->work, NULL);
	clock_cond_init(&queue->place);
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t count = processors < THREADS_MIN ? THREADS_MIN : (size_t)processors;
	for (size_t i = 0; i < count && i < THREADS_MAX; i++) {
		if (pthread_create(&queue->threads[i], NULL, run_thread, queue) != 0) {
			run_queue_stop(queue);
			run_queue_free(queue);
			return fail(err, CODE_RESOURCE_EXHAUSTED,
				"cannot start the threads that run calls");
		}
		queue->thread_count++;
	}
	*ret = queue;
	return CODE_OK;
}

bool run_queue_run(struct run_queue *queue, struct context *context)
{
	if (atomic_load(&queue->queued) > 0)
		return false;
	if (atomic_fetch_add(&queue->running, 1) >= queue->options.at_once_max) {
		atomic_fetch_sub(&queue->running, 1);
		return false;
	}
	run_here(queue, context);
	return true;
}

static bool is_gone(const struct connection *connection)
{
	return connection == NULL || connection->left;
}

static bool has_room(const struct run_queue *queue, const struct connection *connection)
{
	if (is_gone(connection))
		return true;
	size_t places = queue->options.queued_max - queue->queued;
	bool alone = connection->queued == queue->queued;
	return places > 0 &&
	       (connection->queued <= places || (alone && 8 * places > queue->options.queued_max));
}

/* Whether all others that receive run calls. */
static bool is_last_receiver(const struct run_queue *queue)
{
	return atomic_load(&queue->running) - queue->ours + 1 >= queue->options.receivers;
}

static void wait_for_room(struct run_queue *queue, const struct connection *connection)
{
	struct timespec until =
		clock_timespec(clock_monotonic_ns() + (uint64_t)BURST_MS * NS_PER_MS);
	int rv = 0;
	while (rv == 0 && !queue->stopping && !has_room(queue, connection))
		rv = pthread_cond_timedwait(&queue->place, &queue->mutex, &until);
}

static bool place(struct run_queue *queue, struct context *context)
{
	if (!has_room(queue, context->connection))
		return false;
	if (is_gone(context->connection)) {
		context->next_queued = queue->left;
		queue->left = context;
	} else {
		put(queue, context->connection, context);
	}
	pthread_cond_signal(&queue->work);
	return true;
}

bool run_queue_put(struct run_queue *queue, struct context *context)
{
	pthread_mutex_lock(&queue->mutex);
	bool here = !has_room(queue, context->connection) && is_burst(queue);
	if (here && is_last_receiver(queue)) {
		wait_for_room(queue, context->connection);
		here = false;
	}
	bool placed = !here && place(queue, context);
	pthread_mutex_unlock(&queue->mutex);
	if (here) {
		atomic_fetch_add(&queue->running, 1);
		run_here(queue, context);
	}
	return here || placed;
}

size_t run_queue_length(struct run_queue *queue)
{
	return atomic_load(&queue->queued);
}

void run_queue_stop(struct run_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	queue->stopping = true;
	pthread_cond_broadcast(&queue->work);
	pthread_cond_broadcast(&queue->place);
	pthread_mutex_unlock(&queue->mutex);
	for (size_t i = 0; i < queue->thread_count; i++)
		pthread_join(queue->threads[i], NULL);
	queue->thread_count = 0;
}

void run_queue_free(struct run_queue *queue)
{
	if (queue == NULL)
		return;
	pthread_cond_destroy(&queue->work);
	pthread_cond_destroy(&queue->place);
	pthread_mutex_destroy(&queue->mutex);
	free(queue);
}
