/* Who runs when calls wait for a processor, and who is refused, against a list of lists. */
#include "transport/run_queue.h"

#include "base/clock.h"
#include "support/random.h"
#include "transport/context.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	CALLS_MAX = 200,
	CONNECTIONS = 6,
	BLOCKERS_MAX = 17, /* one for each thread, and a receiver */
	TIMEOUT_MS = 20000,
	NS_PER_MS = 1000000,
};

/* What the queue's threads and the test share. */
static struct {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	size_t blocked; /* threads in blockers */
	size_t released;
	const struct context *order[CALLS_MAX];
	bool late[CALLS_MAX];
	pthread_t thread[CALLS_MAX];
	size_t count;
} ran = { .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static struct context blockers[BLOCKERS_MAX];
static struct context calls[CALLS_MAX];
static struct connection connections[CONNECTIONS];

static bool is_blocker(const struct context *context)
{
	return context >= blockers && context < blockers + BLOCKERS_MAX;
}

static void run(struct context *context, bool too_late)
{
	pthread_mutex_lock(&ran.mutex);
	if (is_blocker(context)) {
		size_t place = ran.blocked++;
		pthread_cond_broadcast(&ran.changed);
		while (ran.released <= place)
			pthread_cond_wait(&ran.changed, &ran.mutex);
	} else {
		ran.order[ran.count] = context;
		ran.late[ran.count] = too_late;
		ran.thread[ran.count++] = pthread_self();
		pthread_cond_broadcast(&ran.changed);
	}
	pthread_mutex_unlock(&ran.mutex);
}

/* The threads that the queue has, and the processors that it counts. */
static size_t processor_count(void)
{
	long count = sysconf(_SC_NPROCESSORS_ONLN);
	return count < 1 ? 1 : (size_t)count;
}

static size_t thread_count(void)
{
	size_t count = processor_count();
	return count < 2 ? 2 : count >= BLOCKERS_MAX ? BLOCKERS_MAX - 1 : count;
}

static void release(size_t count)
{
	pthread_mutex_lock(&ran.mutex);
	ran.released = count;
	pthread_cond_broadcast(&ran.changed);
	pthread_mutex_unlock(&ran.mutex);
}

static void wait_for_count(size_t count)
{
	pthread_mutex_lock(&ran.mutex);
	while (ran.count < count)
		pthread_cond_wait(&ran.changed, &ran.mutex);
	pthread_mutex_unlock(&ran.mutex);
}

static void wait_for_blocked(size_t count)
{
	pthread_mutex_lock(&ran.mutex);
	while (ran.blocked < count)
		pthread_cond_wait(&ran.changed, &ran.mutex);
	pthread_mutex_unlock(&ran.mutex);
}

static struct context *call_of(size_t index, struct connection *connection, uint64_t age_ms)
{
	struct context *context = &calls[index];
	memset(context, 0, sizeof *context);
	context->connection = connection;
	context->call.timeout_ms = TIMEOUT_MS;
	context->call.arrival_ns = clock_monotonic_ns() - age_ms * NS_PER_MS;
	return context;
}

/* A queue none of whose threads does anything before release(). */
static struct run_queue *open_blocked_with(size_t queued_max, size_t at_once_max)
{
	struct run_queue *queue;
	struct error err;
	const struct run_queue_options options = {
		.run = run, .queued_max = queued_max, .at_once_max = at_once_max, .receivers = 2
	};
	assert_int_equal(run_queue_new(&options, &queue, &err), CODE_OK);
	memset(connections, 0, sizeof connections);
	ran.blocked = ran.released = ran.count = 0;
	for (size_t i = 0; i < thread_count(); i++) {
		memset(&blockers[i], 0, sizeof blockers[i]);
		blockers[i].call.arrival_ns = clock_monotonic_ns();
		blockers[i].call.timeout_ms = TIMEOUT_MS;
		assert_true(run_queue_put(queue, &blockers[i]));
		wait_for_blocked(i + 1);
	}
	return queue;
}

static struct run_queue *open_blocked(size_t queued_max)
{
	return open_blocked_with(queued_max, thread_count());
}

static void close_queue(struct run_queue *queue)
{
	release(BLOCKERS_MAX);
	run_queue_stop(queue);
	run_queue_free(queue);
}

static void test_each_connection_in_turn(void **state)
{
	static const size_t expected[] = { 5, 0, 3, 1, 4, 2 };
	struct run_queue *queue = open_blocked(100);
	for (size_t i = 0; i < 6; i++)
		assert_true(run_queue_put(
			queue, call_of(i, i == 5 ? NULL : &connections[i < 3 ? 0 : 1], 0)));
	assert_int_equal(run_queue_length(queue), 5);
	release(1);
	wait_for_count(6);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(ran.order[i] - calls, expected[i]);
		assert_int_equal(ran.late[i], i == 0); /* whose connection had gone before */
	}
	assert_int_equal(run_queue_length(queue), 0);
	close_queue(queue);
}

static void test_half_of_the_time_used(void **state)
{
	struct run_queue *queue = open_blocked(100);
	assert_true(run_queue_put(queue, call_of(0, &connections[0], TIMEOUT_MS / 2 - 9000)));
	assert_true(run_queue_put(queue, call_of(1, &connections[1], TIMEOUT_MS / 2 + 1)));
	release(1);
	wait_for_count(2);
	assert_false(ran.late[0]);
	assert_true(ran.late[1]);
	close_queue(queue);
}

/* Those of clients that have left give their places to others and are not begun. */
static void test_connections_that_leave(void **state)
{
	enum { PLACES = 6, AGE_MS = 5000 }; /* no burst */
	for (size_t leaving = 0; leaving < 3; leaving++) {
		struct run_queue *queue = open_blocked(PLACES);
		for (size_t i = 0; i < PLACES; i++)
			assert_true(run_queue_put(queue, call_of(i, &connections[i % 3], AGE_MS)));
		assert_false(run_queue_put(queue, call_of(6, &connections[3], 0)));
		run_queue_leave(queue, &connections[leaving]);
		assert_int_equal(run_queue_length(queue), PLACES - 2);
		assert_true(run_queue_put(queue, call_of(6, &connections[3], 0)));
		assert_true(run_queue_put(queue, call_of(7, &connections[leaving], 0)));
		assert_int_equal(run_queue_length(queue), PLACES - 1);
		release(1);
		wait_for_count(8);
		for (size_t i = 0; i < 8; i++) {
			const struct connection *connection = ran.order[i]->connection;
			assert_int_equal(ran.late[i], connection == &connections[leaving]);
			assert_int_equal(i < 3, connection == &connections[leaving]);
		}
		assert_int_equal(run_queue_length(queue), 0);
		close_queue(queue);
	}
	struct run_queue *queue = open_blocked(PLACES);
	assert_true(run_queue_put(queue, call_of(0, &connections[0], 0)));
	run_queue_leave(queue, &connections[0]); /* the only one */
	assert_int_equal(run_queue_length(queue), 0);
	assert_true(run_queue_put(queue, call_of(1, &connections[1], 0)));
	release(1);
	wait_for_count(2);
	assert_ptr_equal(ran.order[1], &calls[1]);
	close_queue(queue);
}

static void test_at_once_where_a_processor_is_free(void **state)
{
	struct run_queue *queue;
	struct error err;
	const struct run_queue_options options = {
		.run = run, .queued_max = 10, .at_once_max = 1, .receivers = 2
	};
	assert_int_equal(run_queue_new(&options, &queue, &err), CODE_OK);
	ran.count = 0;
	assert_true(run_queue_run(queue, call_of(0, &connections[0], TIMEOUT_MS)));
	assert_int_equal(ran.count, 1);
	assert_false(ran.late[0]);
	assert_true(pthread_equal(ran.thread[0], pthread_self()));
	close_queue(queue);

	queue = open_blocked(10);
	assert_false(run_queue_run(queue, call_of(0, &connections[0], 0)));
	close_queue(queue);
}

/* With the places taken: whose have waited, the next is refused; whose have not, it runs here. */
static void test_full(void **state)
{
	for (uint64_t age_ms = 0; age_ms <= 5000; age_ms += 5000) {
		struct run_queue *queue = open_blocked(4);
		size_t count = 0;
		for (size_t i = 0; i < 4; i++)
			assert_true(
				run_queue_put(queue, call_of(count++, &connections[i], age_ms)));
		bool taken = run_queue_put(queue, call_of(count++, &connections[5], 0));
		if (age_ms > 0) {
			assert_false(taken);
			assert_int_equal(ran.count, 0);
		} else if (taken) { /* unless this machine has stood still for a while */
			assert_int_equal(ran.count, 1);
			assert_true(pthread_equal(ran.thread[0], pthread_self()));
			assert_ptr_equal(ran.order[0], &calls[4]);
		}
		assert_int_equal(run_queue_length(queue), 4);
		close_queue(queue);
	}
}

/* A receiver that runs a call until it is released. */
static void *receive(void *queue)
{
	struct context *context = &blockers[thread_count()];
	memset(context, 0, sizeof *context);
	assert_true(run_queue_run(queue, context));
	return NULL;
}

static void *release_one(void *argument)
{
	usleep(10 * 1000); /* so that the call below waits by then; before, it passes as well */
	release(1);
	return argument;
}

/* Where all others run calls, the one that still receives waits for a place and runs none. */
static void test_the_last_receiver(void **state)
{
	enum { PLACES = 4, WAIT_MS = 100 };
	for (int frees = 0; frees <= 1; frees++) {
		struct run_queue *queue = open_blocked_with(PLACES, thread_count() + 1);
		pthread_t other, releaser;
		assert_int_equal(pthread_create(&other, NULL, receive, queue), 0);
		wait_for_blocked(thread_count() + 1);
		for (size_t i = 0; i < PLACES; i++)
			assert_true(run_queue_put(queue, call_of(i, &connections[i], 0)));
		if (frees)
			assert_int_equal(pthread_create(&releaser, NULL, release_one, NULL), 0);
		uint64_t start_ns = clock_monotonic_ns();
		bool taken = run_queue_put(queue, call_of(PLACES, &connections[PLACES], 0));
		uint64_t took_ms = (clock_monotonic_ns() - start_ns) / NS_PER_MS;
		if (frees)
			pthread_join(releaser, NULL);
		if (taken) {
			assert_int_equal(frees, 1);
			wait_for_count(PLACES + 1);
			assert_false(pthread_equal(ran.thread[PLACES], pthread_self()));
		} else if (frees) { /* this machine has stood still for a while */
			assert_true(took_ms >= WAIT_MS ||
				    start_ns - calls[0].call.arrival_ns >= WAIT_MS * NS_PER_MS);
		}
		release(BLOCKERS_MAX);
		pthread_join(other, NULL);
		close_queue(queue);
	}
}

static void test_what_is_left_runs_at_the_stop(void **state)
{
	enum { LEFT = 50 };
	struct run_queue *queue = open_blocked(LEFT * 2);
	for (size_t i = 0; i < LEFT; i++)
		assert_true(run_queue_put(queue, call_of(i, &connections[i % CONNECTIONS], 0)));
	close_queue(queue);
	assert_int_equal(ran.count, LEFT);
}

/* ---- The model ---- */

struct model {
	size_t places;
	size_t waiting[CONNECTIONS][CALLS_MAX]; /* indexes of calls */
	size_t first[CONNECTIONS];
	size_t end[CONNECTIONS];
	size_t turns[CONNECTIONS]; /* connections that have some */
	size_t turn_count;
	size_t queued;
};

static bool model_put(struct model *model, size_t connection, size_t index)
{
	size_t own = model->end[connection] - model->first[connection];
	size_t places = model->places - model->queued;
	bool alone = own == model->queued;
	if (places == 0 || (own > places && !(alone && 8 * places > model->places)))
		return false;
	if (own == 0)
		model->turns[model->turn_count++] = connection;
	model->waiting[connection][model->end[connection]++] = index;
	model->queued++;
	return true;
}

static size_t model_take(struct model *model)
{
	size_t connection = model->turns[0];
	memmove(model->turns, model->turns + 1, --model->turn_count * sizeof *model->turns);
	size_t index = model->waiting[connection][model->first[connection]++];
	if (model->first[connection] < model->end[connection])
		model->turns[model->turn_count++] = connection;
	model->queued--;
	return index;
}

static void test_random_calls(void **state)
{
	enum { ROUNDS = 150, AGE_MS = 5000 }; /* no burst and not too late */
	struct random random = random_start();
	struct model *model = malloc(sizeof *model);
	for (int round = 0; round < ROUNDS; round++) {
		memset(model, 0, sizeof *model);
		model->places = thread_count() + random_below(&random, 100);
		struct run_queue *queue = open_blocked(model->places);
		size_t count = random_below(&random, CALLS_MAX);
		size_t connection_count = 1 + random_below(&random, CONNECTIONS);
		for (size_t i = 0; i < count; i++) {
			size_t connection = random_below(&random, connection_count);
			bool expected = model_put(model, connection, i);
			/* An empty queue takes any call as part of a burst. */
			if (!expected && model->queued == 0)
				continue;
			struct context *context = call_of(i, &connections[connection], AGE_MS);
			assert_int_equal(run_queue_put(queue, context), expected);
		}
		size_t queued = model->queued;
		assert_int_equal(run_queue_length(queue), queued);
		release(1);
		wait_for_count(queued);
		for (size_t i = 0; i < queued; i++) {
			assert_int_equal(ran.order[i] - calls, model_take(model));
			assert_false(ran.late[i]);
		}
		close_queue(queue);
	}
	free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_connection_in_turn),
		cmocka_unit_test(test_half_of_the_time_used),
		cmocka_unit_test(test_connections_that_leave),
		cmocka_unit_test(test_at_once_where_a_processor_is_free),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_the_last_receiver),
		cmocka_unit_test(test_what_is_left_runs_at_the_stop),
		cmocka_unit_test(test_random_calls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
