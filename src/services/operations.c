#include "services/operations.h"

#include "base/clock.h"
#include "services/deadline.h"
#include "services/services_private.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

/* A call that waits, parked; in its own arena. */
struct waiter {
	struct rpc_call *call;
	bool wants_operation; /* else the result */
	uint64_t until_ns;    /* monotonic */
	bool failed;
	struct error err;
	struct waiter *next;
};

struct operations {
	pthread_mutex_t mutex; /* for everything below */
	pthread_cond_t work;   /* for `worker`: something is to be done */
	pthread_cond_t look;   /* for `clock`: there is an earlier deadline, or an end */
	pthread_t worker;
	pthread_t clock;
	bool worker_started;
	bool clock_started;
	bool stopping;
	struct operation newest;
	struct waiter *waiters; /* only while it runs */
	size_t waiter_count;
	int64_t last_backup_us;
};

/* --- Answers. They are made with the mutex, because they tell of the operation, and sent without
 * it. --- */

/* What the waiter is told as things are. */
static void make_answer(struct operations *operations, struct waiter *waiter)
{
	if (operation_is_running(&operations->newest) &&
		rpc_check_wanted(waiter->call, &waiter->err) != CODE_OK) {
		waiter->failed = true;
	} else if (waiter->wants_operation) {
		operation_reply(&operations->newest, waiter->call);
	} else if (operation_is_running(&operations->newest)) {
		waiter->failed = true;
		fail_reason(&waiter->err, CODE_DEADLINE_EXCEEDED, "OPERATION_GOES_ON",
			"the call's time is over, the %s goes on: GetOperation tells of it as "
			"operation %" PRIu64,
			operation_kind_name(&operations->newest), operations->newest.id);
	} else if (operations->newest.state ==
		   LECTERN__V1__OPERATION_STATE__OPERATION_STATE_FAILED) {
		waiter->failed = true;
		waiter->err = operations->newest.error;
	} else {
		operation_reply_result(&operations->newest, waiter->call);
	}
}

static bool is_due(
	const struct operations *operations, const struct waiter *waiter, uint64_t now_ns)
{
	return !operation_is_running(&operations->newest) || waiter->until_ns <= now_ns ||
	       atomic_load(&waiter->call->wanted) != RPC_WANTED;
}

/* Takes those out that are to be answered, with what they are to be told. */
static struct waiter *take_waiters(struct operations *operations, uint64_t now_ns)
{
	struct waiter *taken = NULL;
	struct waiter **place = &operations->waiters;
	while (*place != NULL) {
		struct waiter *waiter = *place;
		if (!is_due(operations, waiter, now_ns)) {
			place = &waiter->next;
			continue;
		}
		*place = waiter->next;
		operations->waiter_count--;
		make_answer(operations, waiter);
		waiter->next = taken;
		taken = waiter;
	}
	return taken;
}

static void send_answers(struct waiter *taken)
{
	while (taken != NULL) {
		struct waiter *waiter = taken;
		taken = waiter->next; /* it is gone with its call */
		rpc_finish(waiter->call, waiter->failed ? &waiter->err : NULL);
	}
}

/* --- The threads. --- */

static bool report(void *context, uint64_t done, uint64_t total)
{
	struct operations *operations = context;
	pthread_mutex_lock(&operations->mutex);
	operations->newest.done = done;
	operations->newest.total = total < done ? done : total;
	bool stopping = operations->stopping;
	pthread_mutex_unlock(&operations->mutex);
	return !stopping;
}

/* The state is another one before anybody is told: who knows of the end may begin the next. */
static void end(struct operations *operations, enum code code)
{
	pthread_mutex_lock(&operations->mutex);
	operation_end(&operations->newest, code);
	if (code == CODE_OK && operation_is_backup(&operations->newest))
		operations->last_backup_us = operations->newest.end_us;
	struct waiter *taken = take_waiters(operations, 0);
	pthread_mutex_unlock(&operations->mutex);
	send_answers(taken);
}

static void work(struct operations *operations)
{
	struct operation *operation = &operations->newest;
	struct progress progress = { .report = report, .context = operations };
	end(operations, operation->task.run(&operation->task, &progress, &operation->result,
				&operation->error));
}

static void *worker_main(void *argument)
{
	struct operations *operations = argument;
	pthread_mutex_lock(&operations->mutex);
	for (;;) {
		if (operation_is_running(&operations->newest)) {
			pthread_mutex_unlock(&operations->mutex);
			work(operations);
			pthread_mutex_lock(&operations->mutex);
		} else if (operations->stopping) {
			break;
		} else {
			pthread_cond_wait(&operations->work, &operations->mutex);
		}
	}
	pthread_cond_signal(&operations->look);
	pthread_mutex_unlock(&operations->mutex);
	return NULL;
}

static void wait_for_deadline(struct operations *operations)
{
	uint64_t until_ns = UINT64_MAX;
	for (const struct waiter *waiter = operations->waiters; waiter != NULL;
		waiter = waiter->next)
		if (waiter->until_ns < until_ns)
			until_ns = waiter->until_ns;
	struct timespec until = clock_timespec(until_ns);
	if (until_ns == UINT64_MAX)
		pthread_cond_wait(&operations->look, &operations->mutex);
	else
		pthread_cond_timedwait(&operations->look, &operations->mutex, &until);
}

static void *clock_main(void *argument)
{
	struct operations *operations = argument;
	pthread_mutex_lock(&operations->mutex);
	while (!operations->stopping || operation_is_running(&operations->newest)) {
		struct waiter *taken = take_waiters(operations, clock_monotonic_ns());
		if (taken == NULL) {
			wait_for_deadline(operations);
			continue;
		}
		pthread_mutex_unlock(&operations->mutex);
		send_answers(taken);
		pthread_mutex_lock(&operations->mutex);
	}
	pthread_mutex_unlock(&operations->mutex);
	return NULL;
}

enum code operations_new(struct operations **ret, struct error *err)
{
	struct operations *operations = calloc(1, sizeof *operations);
	if (operations == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "start operations: out of memory");
	pthread_mutex_init(&operations->mutex, NULL);
	pthread_cond_init(&operations->work, NULL);
	clock_cond_init(&operations->look);
	arena_init(&operations->newest.result.arena, LIMIT_ARENA_BYTES);
	operations->worker_started =
		pthread_create(&operations->worker, NULL, worker_main, operations) == 0;
	operations->clock_started =
		pthread_create(&operations->clock, NULL, clock_main, operations) == 0;
	if (!operations->worker_started || !operations->clock_started) {
		operations_free(operations);
		return fail(err, CODE_RESOURCE_EXHAUSTED, "cannot start the operations' threads");
	}
	*ret = operations;
	return CODE_OK;
}

void operations_stop(struct operations *operations)
{
	pthread_mutex_lock(&operations->mutex);
	operations->stopping = true;
	pthread_cond_signal(&operations->work);
	pthread_cond_signal(&operations->look);
	pthread_mutex_unlock(&operations->mutex);
}

void operations_join(struct operations *operations)
{
	if (operations == NULL)
		return;
	operations_stop(operations);
	if (operations->worker_started)
		pthread_join(operations->worker, NULL);
	if (operations->clock_started)
		pthread_join(operations->clock, NULL);
	operations->worker_started = operations->clock_started = false;
}

void operations_free(struct operations *operations)
{
	if (operations == NULL)
		return;
	operations_join(operations);
	arena_done(&operations->newest.result.arena);
	pthread_cond_destroy(&operations->look);
	pthread_cond_destroy(&operations->work);
	pthread_mutex_destroy(&operations->mutex);
	free(operations);
}

/* --- What calls ask for. --- */

/* The clock's thread looks who of the waiters is still wanted. */
static void wake(struct rpc_call *call)
{
	struct operations *operations = services_of(call)->operations;
	pthread_mutex_lock(&operations->mutex);
	pthread_cond_signal(&operations->look);
	pthread_mutex_unlock(&operations->mutex);
}

/* With the mutex. The call is parked; from now on it is that of the threads. */
static enum code wait_for_end(struct operations *operations, struct rpc_call *call,
	bool wants_operation, uint64_t until_ns, struct error *err)
{
	struct waiter *waiter = arena_calloc(call->arena, 1, sizeof *waiter);
	if (waiter == NULL)
		return fail_out_of_memory(err);
	if (operations->waiter_count == LIMIT_PARKED_CALLS)
		return rpc_fail_crowded(err);
	*waiter = (struct waiter){ .call = call,
		.wants_operation = wants_operation,
		.until_ns = until_ns,
		.next = operations->waiters };
	operations->waiters = waiter;
	operations->waiter_count++;
	pthread_cond_signal(&operations->look);
	return CODE_OK;
}

/* Whether work may begin. */
static enum code check_idle(struct operations *operations, struct error *err)
{
	enum { RETRY_MS = 1000 };
	if (operations->stopping)
		return fail_stopping(err);
	if (!operation_is_running(&operations->newest))
		return CODE_OK;
	fail_reason(err, CODE_RESOURCE_EXHAUSTED, "OPERATION_RUNNING",
		"a %s is running, operation %" PRIu64
		"; repeat when it is over: GetOperation tells when",
		operation_kind_name(&operations->newest), operations->newest.id);
	if (err != NULL)
		err->retry_ms = RETRY_MS;
	return CODE_RESOURCE_EXHAUSTED;
}

static enum code begin_in_background(struct operations *operations,
	const struct operation_task *task, struct rpc_call *call, struct error *err)
{
	pthread_mutex_lock(&operations->mutex);
	enum code code = check_idle(operations, err);
	if (code == CODE_OK) {
		operation_begin(&operations->newest, task);
		pthread_cond_signal(&operations->work);
		operation_reply_begun(&operations->newest, call);
	}
	pthread_mutex_unlock(&operations->mutex);
	if (code == CODE_OK)
		rpc_finish(call, NULL);
	return code;
}

enum code operations_begin(struct operations *operations, const struct operation_task *task,
	struct rpc_call *call, bool background, struct error *err)
{
	if (background)
		return begin_in_background(operations, task, call, err);
	/* Not with the mutex: wake() comes with the transport's. */
	uint64_t until_ns = deadline_answer_by_ns(call);
	enum code code = rpc_park(call, wake, err);
	if (code != CODE_OK)
		return code;
	pthread_mutex_lock(&operations->mutex);
	code = check_idle(operations, err);
	if (code == CODE_OK)
		code = wait_for_end(operations, call, false, until_ns, err);
	if (code == CODE_OK) {
		operation_begin(&operations->newest, task);
		pthread_cond_signal(&operations->work);
	}
	pthread_mutex_unlock(&operations->mutex);
	return code;
}

/* With the mutex. An id of 0 becomes that of the newest one. */
static enum code find(struct operations *operations, uint64_t *id, struct error *err)
{
	if (*id == 0)
		*id = operations->newest.id;
	if (*id == 0)
		return fail_reason(err, CODE_NOT_FOUND, "OPERATION_NOT_FOUND",
			"no operation was begun since the server's start");
	if (*id != operations->newest.id)
		return fail_reason(err, CODE_NOT_FOUND, "OPERATION_NOT_FOUND",
			"operation %" PRIu64 " is not remembered, only the newest one is, %" PRIu64,
			*id, operations->newest.id);
	return CODE_OK;
}

/* Now, unless there is something to wait for. */
static enum code get_now(struct operations *operations, uint64_t *id, bool may_wait,
	struct rpc_call *call, bool *ret_waits, struct error *err)
{
	pthread_mutex_lock(&operations->mutex);
	enum code code = find(operations, id, err);
	*ret_waits = may_wait && operation_is_running(&operations->newest);
	if (code == CODE_OK && !*ret_waits)
		operation_reply(&operations->newest, call);
	pthread_mutex_unlock(&operations->mutex);
	if (code == CODE_OK && !*ret_waits)
		rpc_finish(call, NULL);
	return code;
}

static enum code get_later(struct operations *operations, uint64_t id, uint64_t until_ns,
	struct rpc_call *call, struct error *err)
{
	bool ended = false;
	enum code code = rpc_park(call, wake, err); /* not with the mutex, as above */
	if (code != CODE_OK)
		return code;
	pthread_mutex_lock(&operations->mutex);
	code = find(operations, &id, err);
	if (code == CODE_OK) {
		ended = !operation_is_running(&operations->newest);
		if (ended)
			operation_reply(&operations->newest, call);
		else
			code = wait_for_end(operations, call, true, until_ns, err);
	}
	pthread_mutex_unlock(&operations->mutex);
	if (ended)
		rpc_finish(call, NULL);
	return code;
}

enum code operations_get(struct operations *operations, uint64_t id, uint32_t wait_ms,
	struct rpc_call *call, struct error *err)
{
	bool waits;
	uint64_t until_ns = deadline_wait_until_ns(call, wait_ms);
	bool may_wait = until_ns > clock_monotonic_ns();
	enum code code = get_now(operations, &id, may_wait, call, &waits, err);
	return code == CODE_OK && waits ? get_later(operations, id, until_ns, call, err) : code;
}

int64_t operations_last_backup_us(struct operations *operations)
{
	pthread_mutex_lock(&operations->mutex);
	int64_t time_us = operations->last_backup_us;
	pthread_mutex_unlock(&operations->mutex);
	return time_us;
}
