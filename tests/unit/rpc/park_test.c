/* Calls that wait: who answers them, what they keep meanwhile, how they learn that nobody does. */
#include "base/clock.h"
#include "rpc/rpc.h"

#include <lectern/v1/change.pb-c.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#undef fail /* cmocka.h has a macro of the name */

/* What the handler is to do. */
enum act {
	ANSWER,	     /* at once */
	HAND_OVER,   /* to a thread that answers, faster or slower */
	FAIL,	     /* before it has parked the call */
	FAIL_PARKED, /* after that */
	KEEP,	     /* for the test to finish */
};

static struct seen {
	enum act act;
	int parked; /* calls of park() */
	int woken;
	int responses;
	enum code code;
	struct error err;
	size_t size_bytes;
	uint8_t byte; /* the last one of the reply */
	uint64_t revision;
	pthread_t answerer;
	bool finished; /* rpc_finish() has returned in the other thread */
} seen;

static struct rpc *rpc;
static struct arena arena;
static struct rpc_call call;
static pthread_t other;
static enum code park_code;

static enum code snapshot_open(
	void *services, void **ret, uint64_t *ret_revision, struct error *err)
{
	*ret = &seen;
	*ret_revision = 41;
	return CODE_OK;
}

static void snapshot_close(void *services, void *snapshot)
{
	assert_ptr_equal(snapshot, &seen);
}

static void respond(struct rpc_call *answered, const struct error *err)
{
	seen.responses++;
	seen.answerer = pthread_self();
	seen.code = err == NULL ? CODE_OK : err->code;
	if (err != NULL)
		seen.err = *err;
	seen.size_bytes = answered->reply.size_bytes;
	if (seen.size_bytes > 0) {
		struct slice last = answered->reply.parts[answered->reply.count - 1];
		seen.byte = last.data[last.size - 1];
	}
	seen.revision = answered->revision;
	arena_reset(answered->arena);
	memset(&answered->reply, 0x55, sizeof answered->reply); /* the next request may be here */
}

static enum code park(struct rpc_call *parked, struct error *err)
{
	seen.parked++;
	assert_ptr_equal(parked, &call);
	return park_code == CODE_OK ? CODE_OK : rpc_fail_crowded(err);
}

static void wake(struct rpc_call *woken)
{
	assert_ptr_equal(woken, &call);
	seen.woken++;
}

/* The reply lies in this thread's memory, as in a snapshot that it closes after rpc_finish(). */
static void *answer(void *unused)
{
	uint8_t byte = 7;
	call.revision = 42;
	reply_message(&call.reply, 1, &(struct slice){ .data = &byte, .size = 1 }, 1);
	rpc_finish(&call, NULL);
	byte = 0;
	seen.finished = true;
	return NULL;
}

static enum code list_changes(
	struct rpc_call *handled, const ProtobufCMessage *request, struct error *err)
{
	assert_null(handled->snapshot);
	if (seen.act == FAIL)
		return fail_reason(err, CODE_OUT_OF_RANGE, "TOO_LATE", "too late");
	if (seen.act == ANSWER) {
		answer(NULL);
		return CODE_OK;
	}
	reply_uint(&handled->reply, 1, 1); /* to be forgotten */
	size_t payload_bytes = handled->payload.size;
	enum code code = rpc_park(handled, wake, err);
	if (code != CODE_OK) {
		assert_int_equal(handled->payload.size, payload_bytes);
		return code;
	}
	assert_int_equal(handled->method.size, 0);
	assert_int_equal(handled->payload.size, 0);
	assert_int_equal(handled->reply.size_bytes, 0);
	assert_int_equal(handled->arena->used_bytes, 0);
	if (seen.act == FAIL_PARKED)
		return fail_reason(err, CODE_UNAVAILABLE, "TOO_LATE", "too late");
	if (seen.act == HAND_OVER)
		assert_int_equal(pthread_create(&other, NULL, answer, NULL), 0);
	return CODE_OK;
}

static const struct rpc_method rows[] = { { "ListChanges", RPC_WAIT, list_changes } };
static const struct rpc_service services[] = {
	{ &lectern__v1__change_service__descriptor, rows, 1 },
};

static int set_up(void **state)
{
	struct error err;
	struct rpc_options options = {
		.services_table = services,
		.service_count = 1,
		.snapshot_open = snapshot_open,
		.snapshot_close = snapshot_close,
	};
	seen = (struct seen){ .act = ANSWER };
	park_code = CODE_OK;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	return rpc_new(&options, &rpc, &err) == CODE_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	rpc_free(rpc);
	arena_done(&arena);
	return 0;
}

static void dispatch(enum act act, uint64_t min_revision)
{
	memset(&call, 0xAA, sizeof call);
	call.arena = &arena;
	call.method = slice_of_text("/lectern.v1.ChangeService/ListChanges");
	call.payload = slice_of("\x08\x05", 2);
	call.timeout_ms = 0;
	call.min_revision = min_revision;
	call.arrival_ns = clock_monotonic_ns();
	call.peer = "test";
	call.respond = respond;
	call.park = park;
	seen.act = act;
	rpc_dispatch(rpc, &call);
}

static void answers_without_waiting(void **state)
{
	dispatch(ANSWER, 0);
	assert_true(seen.finished);
	assert_int_equal(seen.responses, 1);
	assert_int_equal(seen.code, CODE_OK);
	assert_int_equal(seen.size_bytes, 3);
	assert_int_equal(seen.byte, 7);
	assert_int_equal(seen.revision, 42);
	assert_int_equal(seen.parked, 0);
}

/* The one who finishes the call answers it, so that it can close what the reply lies in. */
static void answers_from_the_thread_that_finishes(void **state)
{
	for (int i = 0; i < 200; i++) {
		dispatch(HAND_OVER, 0);
		assert_int_equal(pthread_join(other, NULL), 0);
		assert_true(pthread_equal(seen.answerer, other));
		assert_int_equal(seen.responses, i + 1);
		assert_int_equal(seen.code, CODE_OK);
		assert_int_equal(seen.byte, 7);
		assert_int_equal(seen.revision, 42);
	}
	assert_int_equal(seen.parked, 200);
}

static void answers_what_fails(void **state)
{
	dispatch(FAIL, 0);
	assert_int_equal(seen.code, CODE_OUT_OF_RANGE);
	assert_string_equal(seen.err.reason, "TOO_LATE");
	assert_int_equal(seen.parked, 0);
	dispatch(FAIL_PARKED, 0);
	assert_int_equal(seen.code, CODE_UNAVAILABLE);
	assert_int_equal(seen.parked, 1);
	assert_int_equal(seen.responses, 2);
}

static void refuses_too_many(void **state)
{
	park_code = CODE_RESOURCE_EXHAUSTED;
	dispatch(KEEP, 0);
	assert_int_equal(seen.responses, 1);
	assert_int_equal(seen.code, CODE_RESOURCE_EXHAUSTED);
	assert_string_equal(seen.err.reason, "TOO_MANY_WAITERS");
	assert_int_equal(seen.err.retry_ms, 1000);
}

static void does_not_wait_where_the_store_is_behind(void **state)
{
	dispatch(KEEP, 42);
	assert_int_equal(seen.code, CODE_UNAVAILABLE);
	assert_string_equal(seen.err.reason, "REVISION_NOT_REACHED");
	assert_int_equal(seen.parked, 0);
	dispatch(ANSWER, 41);
	assert_int_equal(seen.code, CODE_OK);
}

static const struct {
	enum rpc_wanted why;
	enum code code;
	const char *reason;
} ends[] = {
	{ RPC_STOPPING, CODE_UNAVAILABLE, "STOPPING" },
	{ RPC_LEFT, CODE_CANCELLED, NULL },
};

static void wakes_what_is_not_wanted(void **state)
{
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		struct error err;
		dispatch(KEEP, 0);
		assert_int_equal(rpc_check_wanted(&call, &err), CODE_OK);
		rpc_unwanted(&call, ends[i].why);
		assert_int_equal(seen.woken, i + 1);
		assert_int_equal(seen.responses, i);
		assert_int_equal(rpc_check_wanted(&call, &err), ends[i].code);
		rpc_finish(&call, &err);
		assert_int_equal(seen.responses, i + 1);
		assert_int_equal(seen.code, ends[i].code);
		if (ends[i].reason == NULL)
			assert_null(seen.err.reason);
		else
			assert_string_equal(seen.err.reason, ends[i].reason);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers_without_waiting),
		TEST(answers_from_the_thread_that_finishes),
		TEST(answers_what_fails),
		TEST(refuses_too_many),
		TEST(does_not_wait_where_the_store_is_behind),
		TEST(wakes_what_is_not_wanted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
