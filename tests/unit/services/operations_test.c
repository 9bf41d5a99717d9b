/* Long work in the background: one at a time, waited for, ended. The work of these tests goes on
 * until they say so; it stands behind CheckStore, all else is the real server. */
#include "support/call.h"

#include "base/clock.h"
#include "rpc/rpc.h"
#include "services/operations.h"
#include "services/services_private.h"

#include <lectern/v1/admin.pb-c.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { TOTAL = 1000 };

static struct local_server server;
static struct answer answer;
static struct rpc_method methods[8];

/* The work at hand. */
static struct {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool started;
	uint64_t done;	   /* that it is to report */
	bool reported;	   /* it has */
	bool finish;	   /* it is to end */
	enum code outcome; /* with this */
} work = { .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static enum code run(const struct operation_task *task, struct progress *progress,
	struct operation_result *ret, struct error *err)
{
	struct timespec until;
	progress->total = TOTAL;
	pthread_mutex_lock(&work.mutex);
	work.started = true;
	pthread_cond_broadcast(&work.changed);
	while (!work.finish && !progress->ended) {
		progress->done = work.done;
		progress_tell(progress);
		work.reported = true;
		pthread_cond_broadcast(&work.changed);
		/* Real work looks again and again whether it is to end; this one now and then. */
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 5000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&work.changed, &work.mutex, &until);
	}
	enum code outcome = work.outcome;
	pthread_mutex_unlock(&work.mutex);
	ret->revision = 77;
	ret->check.entries = 12345;
	if (progress->ended)
		return fail_stopping(err);
	return outcome == CODE_OK ? CODE_OK
				  : fail_reason(err, outcome, "DISK_FULL", "no room at all");
}

static enum code begin(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__CheckStoreRequest *request =
		(const Lectern__V1__CheckStoreRequest *)message;
	struct operation_task task = { .kind = LECTERN__V1__OPERATION_KIND__OPERATION_KIND_CHECK,
		.run = run };
	return operations_begin(
		services_of(call)->operations, &task, call, request->background, err);
}

static void replace_check_store(void)
{
	struct rpc_options options;
	struct error err;
	services_rpc_options(server.services, &options);
	for (size_t i = 0; i < options.service_count; i++) {
		struct rpc_service *service = &server.services->table[i];
		if (service->descriptor != &lectern__v1__admin_service__descriptor)
			continue;
		memcpy(methods, service->methods, service->method_count * sizeof *methods);
		for (size_t m = 0; m < service->method_count; m++)
			if (strcmp(methods[m].name, "CheckStore") == 0)
				methods[m].handle = begin;
		service->methods = methods;
	}
	rpc_free(server.rpc);
	assert_int_equal(rpc_new(&options, &server.rpc, &err), CODE_OK);
}

static int set_up(void **state)
{
	local_server_open(&server);
	replace_check_store();
	work.started = work.finish = work.reported = false;
	work.done = 0;
	work.outcome = CODE_OK;
	return 0;
}

static int tear_down(void **state)
{
	answer_done(&answer);
	local_server_close(&server);
	return 0;
}

static void finish(enum code outcome)
{
	pthread_mutex_lock(&work.mutex);
	work.finish = true;
	work.outcome = outcome;
	pthread_cond_broadcast(&work.changed);
	pthread_mutex_unlock(&work.mutex);
}

/* Begins work in the background and waits until it runs; returns its id. */
static uint64_t begin_work(void)
{
	Lectern__V1__CheckStoreRequest request = LECTERN__V1__CHECK_STORE_REQUEST__INIT;
	request.background = true;
	pthread_mutex_lock(&work.mutex);
	work.started = work.finish = false;
	pthread_mutex_unlock(&work.mutex);
	const Lectern__V1__CheckStoreResponse *response =
		call_ok(&server, "AdminService/CheckStore", &request.base, &answer);
	assert_non_null(response->operation);
	assert_int_equal(
		response->operation->kind, LECTERN__V1__OPERATION_KIND__OPERATION_KIND_CHECK);
	assert_int_equal(
		response->operation->state, LECTERN__V1__OPERATION_STATE__OPERATION_STATE_RUNNING);
	assert_non_null(response->operation->start_time);
	assert_null(response->operation->end_time);
	assert_int_equal(response->entries, 0);
	pthread_mutex_lock(&work.mutex);
	while (!work.started)
		pthread_cond_wait(&work.changed, &work.mutex);
	pthread_mutex_unlock(&work.mutex);
	return response->operation->id;
}

static struct started_call *start_get(uint64_t id, uint32_t wait_ms)
{
	Lectern__V1__GetOperationRequest request = LECTERN__V1__GET_OPERATION_REQUEST__INIT;
	request.id = id;
	request.wait_ms = wait_ms;
	return call_start(&server, "AdminService/GetOperation", &request.base);
}

static const Lectern__V1__Operation *operation_of(struct started_call *started)
{
	if (call_wait(started, &answer) != CODE_OK)
		fail_msg("GetOperation: %s", answer.err.text);
	return ((const Lectern__V1__GetOperationResponse *)answer.message)->operation;
}

static const Lectern__V1__Operation *get(uint64_t id, uint32_t wait_ms)
{
	return operation_of(start_get(id, wait_ms));
}

static struct started_call *start_check(void)
{
	Lectern__V1__CheckStoreRequest request = LECTERN__V1__CHECK_STORE_REQUEST__INIT;
	return call_start(&server, "AdminService/CheckStore", &request.base);
}

static void there_is_none_at_first(void **state)
{
	for (uint64_t id = 0; id <= 1; id++) {
		assert_int_equal(call_wait(start_get(id, 1000), &answer), CODE_NOT_FOUND);
		assert_string_equal(answer.err.reason, "OPERATION_NOT_FOUND");
	}
}

static void one_runs_at_a_time(void **state)
{
	Lectern__V1__CreateBackupRequest backup = LECTERN__V1__CREATE_BACKUP_REQUEST__INIT;
	uint64_t id = begin_work();
	for (int background = 0; background <= 1; background++) {
		backup.background = background;
		assert_int_equal(call(&server, "AdminService/CreateBackup", &backup.base, &answer),
			CODE_RESOURCE_EXHAUSTED);
		assert_string_equal(answer.err.reason, "OPERATION_RUNNING");
		assert_int_not_equal(answer.err.retry_ms, 0);
		assert_non_null(strstr(answer.err.text, "a check is running, operation 1"));
	}
	assert_int_equal(call_wait(start_check(), &answer), CODE_RESOURCE_EXHAUSTED);
	finish(CODE_OK);
	assert_int_equal(get(id, 30000)->state, LECTERN__V1__OPERATION_STATE__OPERATION_STATE_DONE);
	/* Whoever knows of the end can begin the next at once. */
	backup.background = false;
	backup.skip_check = true;
	backup.name = text("a");
	for (int i = 0; i < 20; i++) {
		const Lectern__V1__CreateBackupResponse *made =
			call_ok(&server, "AdminService/CreateBackup", &backup.base, &answer);
		assert_int_equal(remove(made->path), 0);
	}
	assert_int_equal(begin_work(), 22);
	finish(CODE_OK);
}

static void progress_is_told_and_never_falls(void **state)
{
	uint64_t last = 0;
	uint64_t id = begin_work();
	for (uint64_t done = 0; done <= TOTAL; done += 100) {
		pthread_mutex_lock(&work.mutex);
		work.done = done;
		work.reported = false;
		pthread_cond_broadcast(&work.changed);
		while (!work.reported)
			pthread_cond_wait(&work.changed, &work.mutex);
		pthread_mutex_unlock(&work.mutex);
		const Lectern__V1__Operation *operation = get(done % 200 == 0 ? id : 0, 0);
		assert_int_equal(operation->done_count, done);
		assert_int_equal(operation->total_count, TOTAL);
		assert_true(operation->done_count >= last);
		last = operation->done_count;
	}
	finish(CODE_OK);
	const Lectern__V1__Operation *operation = get(id, 30000);
	assert_int_equal(operation->done_count, TOTAL);
	assert_int_equal(operation->check->entries, 12345);
	assert_null(operation->backup);
	assert_non_null(operation->end_time);
}

static void all_who_wait_are_answered_at_its_end(void **state)
{
	struct started_call *calls[LIMIT_PARKED_CALLS];
	uint64_t id = begin_work();
	for (int i = 0; i < LIMIT_PARKED_CALLS; i++)
		calls[i] = start_get(id, UINT32_MAX);
	assert_int_equal(call_wait(start_get(id, 30000), &answer), CODE_RESOURCE_EXHAUSTED);
	assert_string_equal(answer.err.reason, "TOO_MANY_WAITERS");
	assert_int_equal(get(id, 0)->state, LECTERN__V1__OPERATION_STATE__OPERATION_STATE_RUNNING);
	finish(CODE_OK);
	for (int i = 0; i < LIMIT_PARKED_CALLS; i++)
		assert_int_equal(operation_of(calls[i])->state,
			LECTERN__V1__OPERATION_STATE__OPERATION_STATE_DONE);
	/* There is room again. */
	id = begin_work();
	calls[0] = start_get(id, 30000);
	finish(CODE_OK);
	assert_int_equal(operation_of(calls[0])->id, id);
}

static void a_wait_ends_in_time(void **state)
{
	uint64_t id = begin_work();
	uint64_t start_ns = clock_monotonic_ns();
	assert_int_equal(get(id, 50)->state, LECTERN__V1__OPERATION_STATE__OPERATION_STATE_RUNNING);
	assert_true(clock_monotonic_ns() - start_ns >= 50 * 1000000);
	/* When the call's own time is almost over, however long it would wait. */
	server.timeout_ms = 500;
	start_ns = clock_monotonic_ns();
	assert_int_equal(
		get(id, 30000)->state, LECTERN__V1__OPERATION_STATE__OPERATION_STATE_RUNNING);
	assert_true(clock_monotonic_ns() - start_ns < UINT64_C(15000) * 1000000);
	finish(CODE_OK);
}

static void work_goes_on_behind_a_call_whose_time_is_over(void **state)
{
	server.timeout_ms = 300;
	assert_int_equal(call_wait(start_check(), &answer), CODE_DEADLINE_EXCEEDED);
	assert_string_equal(answer.err.reason, "OPERATION_GOES_ON");
	assert_non_null(strstr(answer.err.text, "operation 1"));
	server.timeout_ms = 0;
	assert_int_equal(get(1, 0)->state, LECTERN__V1__OPERATION_STATE__OPERATION_STATE_RUNNING);
	assert_int_equal(get(1, 0)->done_count, 0);
	finish(CODE_OK);
	const Lectern__V1__Operation *operation = get(1, 30000);
	assert_int_equal(operation->state, LECTERN__V1__OPERATION_STATE__OPERATION_STATE_DONE);
	assert_int_equal(operation->done_count, TOTAL); /* done is done */
}

static void a_call_that_waits_gets_the_result(void **state)
{
	struct started_call *started = start_check();
	finish(CODE_OK);
	assert_int_equal(call_wait(started, &answer), CODE_OK);
	const Lectern__V1__CheckStoreResponse *response =
		(const Lectern__V1__CheckStoreResponse *)answer.message;
	assert_int_equal(response->entries, 12345);
	assert_int_equal(answer.revision, 77);
	assert_null(response->operation);
}

static void a_failure_is_that_of_the_call(void **state)
{
	struct started_call *started = start_check();
	finish(CODE_RESOURCE_EXHAUSTED);
	assert_int_equal(call_wait(started, &answer), CODE_RESOURCE_EXHAUSTED);
	assert_string_equal(answer.err.reason, "DISK_FULL");
	assert_string_equal(answer.err.text, "no room at all");
	for (int i = 0; i < 2; i++) { /* it is kept */
		const Lectern__V1__Operation *operation = get(0, 1000);
		assert_int_equal(
			operation->state, LECTERN__V1__OPERATION_STATE__OPERATION_STATE_FAILED);
		assert_int_equal(operation->error_code, CODE_RESOURCE_EXHAUSTED);
		assert_string_equal(operation->error_reason, "DISK_FULL");
		assert_string_equal(operation->error_message, "no room at all");
		assert_null(operation->check);
	}
	begin_work(); /* until the next one begins */
	assert_string_equal(get(0, 0)->error_reason, "");
	assert_int_equal(call_wait(start_get(1, 0), &answer), CODE_NOT_FOUND);
	finish(CODE_OK);
}

/* By a call that waits, by one that asks, and by one that comes late. */
static void a_stop_ends_the_work_and_tells_all(void **state)
{
	Lectern__V1__CreateBackupRequest backup = LECTERN__V1__CREATE_BACKUP_REQUEST__INIT;
	for (int by_end = 0; by_end <= 1; by_end++) {
		struct started_call *check = start_check();
		struct started_call *waiting = start_get(0, 30000);
		if (by_end)
			local_server_stop(&server);
		else
			services_set_stopping(server.services);
		assert_int_equal(call_wait(check, &answer), CODE_UNAVAILABLE);
		assert_string_equal(answer.err.reason, "STOPPING");
		const Lectern__V1__Operation *operation = operation_of(waiting);
		assert_int_equal(
			operation->state, LECTERN__V1__OPERATION_STATE__OPERATION_STATE_FAILED);
		assert_string_equal(operation->error_reason, "STOPPING");
		if (by_end)
			break;
		assert_int_equal(call(&server, "AdminService/CreateBackup", &backup.base, &answer),
			CODE_UNAVAILABLE);
		assert_string_equal(answer.err.reason, "STOPPING");
		assert_int_not_equal(answer.err.retry_ms, 0);
		tear_down(state);
		set_up(state);
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(there_is_none_at_first),
		TEST(one_runs_at_a_time),
		TEST(progress_is_told_and_never_falls),
		TEST(all_who_wait_are_answered_at_its_end),
		TEST(a_wait_ends_in_time),
		TEST(work_goes_on_behind_a_call_whose_time_is_over),
		TEST(a_call_that_waits_gets_the_result),
		TEST(a_failure_is_that_of_the_call),
		TEST(a_stop_ends_the_work_and_tells_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
