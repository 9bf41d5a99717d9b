#include "client/call.h"

#include "base/clock.h"
#include "base/limits.h"
#include "client/slots.h"
#include "unit/client/fake_server.h"

#include <lectern/rpc/v1/status.pb-c.h>
#include <lectern/v1/post.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define READ "lectern.v1.PostService/GetPost"
#define WRITE "lectern.v1.PostService/CreatePost"
#define UNKNOWN "lectern.v9.FutureService/Frobnicate"

/* What the script of a test does, and what it has seen. */
static struct script {
	enum fake_action actions[8]; /* of the first requests; afterwards FAKE_REPLY */
	int32_t code;		     /* of the answers; 0: success */
	unsigned code_count;	     /* only of so many first answers; 0: of all */
	int64_t retry_ms;	     /* RetryInfo of the answers; 0: none */
	char methods[8][64];
	char request_ids[8][80];
	char titles[8][80];
	uint32_t timeouts_ms[8];
	uint64_t min_revision;
	uint64_t arrivals_ns[8];
} script;

static struct fake_server server;

static void note_write(const Lectern__Rpc__V1__Request *request, unsigned index)
{
	Lectern__V1__CreatePostRequest *create = lectern__v1__create_post_request__unpack(
		NULL, request->payload.len, request->payload.data);
	assert_non_null(create);
	snprintf(script.request_ids[index], 80, "%s", create->request_id);
	snprintf(script.titles[index], 80, "%s", create->post == NULL ? "" : create->post->title);
	lectern__v1__create_post_request__free_unpacked(create, NULL);
}

/* Answers with script.code; the details live until the next request. */
static void fill_status(struct fake_server *fake)
{
	static Lectern__Rpc__V1__Status status;
	static Google__Protobuf__Any any;
	static Google__Protobuf__Any *details[1];
	static uint8_t packed[64];
	lectern__rpc__v1__status__init(&status);
	status.code = script.code;
	status.message = (char *)"as the script says";
	fake->response.status = &status;
	if (script.retry_ms == 0)
		return;
	Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;
	delay.seconds = script.retry_ms / 1000;
	delay.nanos = (int32_t)(script.retry_ms % 1000) * 1000000;
	Lectern__Rpc__V1__RetryInfo info = LECTERN__RPC__V1__RETRY_INFO__INIT;
	info.retry_delay = &delay;
	google__protobuf__any__init(&any);
	any.type_url = (char *)"type.googleapis.com/google.rpc.RetryInfo";
	any.value.data = packed;
	any.value.len = lectern__rpc__v1__retry_info__pack(&info, packed);
	details[0] = &any;
	status.details = details;
	status.n_details = 1;
}

static enum fake_action handle(
	struct fake_server *fake, const Lectern__Rpc__V1__Request *request, unsigned count)
{
	unsigned index = count - 1 < 7 ? count - 1 : 7;
	script.arrivals_ns[index] = clock_monotonic_ns();
	snprintf(script.methods[index], 64, "%s", request->method);
	script.timeouts_ms[index] = request->timeout_ms;
	script.min_revision = request->min_revision;
	if (strstr(request->method, "Create") != NULL)
		note_write(request, index);
	if (script.code != 0 && (script.code_count == 0 || count <= script.code_count)) {
		fill_status(fake);
		return script.actions[index];
	}
	fake->response.payload.data = (uint8_t *)"payload";
	fake->response.payload.len = 7;
	fake->response.revision = 42;
	return script.actions[index];
}

static int set_up(void **state)
{
	memset(&script, 0, sizeof script);
	memset(&server, 0, sizeof server);
	server.handle = handle;
	fake_start(&server);
	return 0;
}

static int tear_down(void **state)
{
	fake_stop(&server);
	fake_done(&server);
	return 0;
}

static lectern_client *open_client(uint32_t max_attempts)
{
	struct lectern_client_options options = { .url = server.url, .max_attempts = max_attempts };
	lectern_client *client = NULL;
	struct lectern_error err;
	assert_int_equal(lectern_client_open(&options, &client, &err), LECTERN_OK);
	return client;
}

/* One call with a client of its own. *ret_reply may be NULL. */
static enum lectern_code call_once(const char *method, const void *request, size_t size,
	uint32_t timeout_ms, struct lectern_error *err)
{
	lectern_client *client = open_client(0);
	struct lectern_call call = { .method = method,
		.request = request,
		.request_size_bytes = size,
		.timeout_ms = timeout_ms };
	lectern_reply *reply = NULL;
	enum lectern_code code = lectern_call(client, &call, &reply, err);
	assert_true((code == LECTERN_OK) == (reply != NULL));
	lectern_reply_free(reply);
	lectern_client_close(client);
	return code;
}

static uint64_t elapsed_ms(uint64_t since_ns)
{
	return (clock_monotonic_ns() - since_ns) / 1000000;
}

static void test_reply(void **state)
{
	lectern_client *client = open_client(0);
	struct lectern_call call = { .method = "/" READ, .timeout_ms = 5000, .min_revision = 7 };
	lectern_reply *reply = NULL;
	struct lectern_error err;
	assert_int_equal(lectern_call(client, &call, &reply, &err), LECTERN_OK);
	size_t size;
	assert_memory_equal(lectern_reply_data(reply, &size), "payload", 7);
	assert_int_equal(size, 7);
	assert_int_equal(lectern_reply_revision(reply), 42);
	assert_string_equal(script.methods[0], "/" READ);
	assert_int_equal(script.min_revision, 7);
	assert_in_range(script.timeouts_ms[0], 4000, 5000);
	lectern_reply_free(reply);
	lectern_client_close(client);
}

static void test_deadline(void **state)
{
	for (size_t i = 0; i < 8; i++)
		script.actions[i] = FAKE_IGNORE;
	struct lectern_error err;
	uint64_t start = clock_monotonic_ns();
	assert_int_equal(call_once(READ, NULL, 0, 200, &err), LECTERN_DEADLINE_EXCEEDED);
	assert_in_range(elapsed_ms(start), 199, 1500);
	assert_non_null(strstr(err.message, "no answer from tcp://"));
	assert_non_null(strstr(err.message, "within 200 ms"));
	assert_string_equal(err.reason, "DEADLINE_EXCEEDED");
	assert_int_equal(atomic_load(&server.count), 1);
}

/* A context that timed out answers the next call with the next answer, not with a late one. */
static void test_after_deadline(void **state)
{
	script.actions[0] = FAKE_IGNORE;
	lectern_client *client = open_client(0);
	struct lectern_call call = { .method = READ, .timeout_ms = 50 };
	lectern_reply *reply = NULL;
	struct lectern_error err;
	assert_int_equal(lectern_call(client, &call, &reply, &err), LECTERN_DEADLINE_EXCEEDED);
	call.timeout_ms = 5000;
	assert_int_equal(lectern_call(client, &call, &reply, &err), LECTERN_OK);
	lectern_reply_free(reply);
	lectern_client_close(client);
}

static void test_read_repeated(void **state)
{
	script.actions[0] = FAKE_DROP;
	script.actions[1] = FAKE_DROP;
	struct lectern_error err;
	assert_int_equal(call_once(READ, NULL, 0, 5000, &err), LECTERN_OK);
	assert_int_equal(atomic_load(&server.count), 3);
	assert_true(script.timeouts_ms[2] < script.timeouts_ms[0]);
}

static size_t pack_create(const char *title, const char *request_id, uint8_t *out)
{
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	post.title = (char *)title;
	Lectern__V1__CreatePostRequest request = LECTERN__V1__CREATE_POST_REQUEST__INIT;
	request.post = &post;
	request.request_id = (char *)request_id;
	return lectern__v1__create_post_request__pack(&request, out);
}

static void test_write_repeated(void **state)
{
	uint8_t request[200];
	size_t size = pack_create("A title", "", request);
	script.actions[0] = FAKE_DROP;
	struct lectern_error err;
	assert_int_equal(call_once(WRITE, request, size, 5000, &err), LECTERN_OK);
	assert_int_equal(atomic_load(&server.count), 2);
	assert_int_equal(strlen(script.request_ids[0]), 32);
	assert_int_equal(strspn(script.request_ids[0], "0123456789abcdef"), 32);
	assert_string_equal(script.request_ids[0], script.request_ids[1]);
	/* A UUID of version 7, of about now. */
	char ms[13] = "";
	memcpy(ms, script.request_ids[0], sizeof ms - 1);
	int64_t age_ms = clock_realtime_us() / 1000 - (int64_t)strtoull(ms, NULL, 16);
	assert_in_range(age_ms, 0, 10 * 60 * 1000);
	assert_int_equal(script.request_ids[0][12], '7');
	assert_non_null(strchr("89ab", script.request_ids[0][16]));
	assert_string_equal(script.titles[1], "A title");
	assert_int_equal(call_once(WRITE, request, size, 5000, &err), LECTERN_OK);
	assert_string_not_equal(script.request_ids[2], script.request_ids[1]);
}

static void test_own_request_id(void **state)
{
	uint8_t request[200];
	size_t size = pack_create("A title", "mine", request);
	script.actions[0] = FAKE_DROP;
	struct lectern_error err;
	assert_int_equal(call_once(WRITE, request, size, 5000, &err), LECTERN_OK);
	assert_string_equal(script.request_ids[0], "mine");
	assert_string_equal(script.request_ids[1], "mine");
}

static void test_empty_write(void **state)
{
	struct lectern_error err;
	assert_int_equal(call_once(WRITE, NULL, 0, 5000, &err), LECTERN_OK);
	assert_int_equal(strlen(script.request_ids[0]), 32);
}

/* What an unknown method does when it is done twice is not known either. */
static void test_unknown_not_repeated(void **state)
{
	script.actions[0] = FAKE_DROP;
	struct lectern_error err;
	assert_int_equal(call_once(UNKNOWN, NULL, 0, 5000, &err), LECTERN_UNAVAILABLE);
	assert_string_equal(err.reason, "CONNECTION_LOST");
	assert_int_equal(atomic_load(&server.count), 1);
}

static void test_retry_info(void **state)
{
	script.code = LECTERN_UNAVAILABLE;
	script.code_count = 2;
	script.retry_ms = 150;
	struct lectern_error err;
	assert_int_equal(call_once(READ, NULL, 0, 5000, &err), LECTERN_OK);
	assert_int_equal(atomic_load(&server.count), 3);
	assert_true(script.arrivals_ns[1] - script.arrivals_ns[0] >= 149000000);
	assert_true(script.arrivals_ns[2] - script.arrivals_ns[1] >= 149000000);
}

static void test_retry_info_too_late(void **state)
{
	script.code = LECTERN_UNAVAILABLE;
	script.retry_ms = 60000;
	struct lectern_error err;
	uint64_t start = clock_monotonic_ns();
	assert_int_equal(call_once(READ, NULL, 0, 5000, &err), LECTERN_UNAVAILABLE);
	assert_true(elapsed_ms(start) < 2000);
	assert_int_equal(err.retry_after_ms, 60000);
	assert_string_equal(err.message, "as the script says");
	assert_int_equal(atomic_load(&server.count), 1);
}

static void test_attempts_end(void **state)
{
	script.code = LECTERN_UNAVAILABLE;
	struct lectern_error err;
	assert_int_equal(call_once(READ, NULL, 0, 20000, &err), LECTERN_UNAVAILABLE);
	assert_int_equal(atomic_load(&server.count), 4);
	lectern_client *client = open_client(1);
	struct lectern_call call = { .method = READ };
	lectern_reply *reply;
	assert_int_equal(lectern_call(client, &call, &reply, &err), LECTERN_UNAVAILABLE);
	assert_int_equal(atomic_load(&server.count), 5);
	lectern_client_close(client);
}

static void test_other_codes_not_repeated(void **state)
{
	for (int32_t code = LECTERN_CANCELLED; code <= LECTERN_UNAUTHENTICATED; code++) {
		if (code == LECTERN_UNAVAILABLE)
			continue;
		script.code = code;
		atomic_store(&server.count, 0);
		struct lectern_error err;
		assert_int_equal(call_once(READ, NULL, 0, 5000, &err), code);
		assert_int_equal(err.code, code);
		assert_int_equal(atomic_load(&server.count), 1);
	}
}

static enum fake_action handle_raw(
	struct fake_server *fake, const Lectern__Rpc__V1__Request *request, unsigned count)
{
	return FAKE_RAW;
}

static void test_garbage(void **state)
{
	server.handle = handle_raw;
	server.raw = "\xff\xff\xff\xff garbage";
	server.raw_size = 12;
	struct lectern_error err;
	assert_int_equal(call_once(READ, NULL, 0, 5000, &err), LECTERN_INTERNAL);
	assert_string_equal(err.reason, "MALFORMED_RESPONSE");
	assert_int_equal(atomic_load(&server.count), 1);
}

static void test_lost_and_gone(void **state)
{
	script.actions[0] = FAKE_DROP;
	lectern_client *client = open_client(0);
	struct lectern_call call = { .method = READ, .timeout_ms = 300 };
	lectern_reply *reply;
	struct lectern_error err;
	call.timeout_ms = 5000;
	assert_int_equal(lectern_call(client, &call, &reply, &err), LECTERN_OK);
	lectern_reply_free(reply);
	fake_stop(&server);
	call.timeout_ms = 300;
	uint64_t start = clock_monotonic_ns();
	assert_int_equal(lectern_call(client, &call, &reply, &err), LECTERN_UNAVAILABLE);
	assert_true(elapsed_ms(start) < 1500);
	fake_start(&server);
	call.timeout_ms = 10000;
	assert_int_equal(lectern_call(client, &call, &reply, &err), LECTERN_OK);
	lectern_reply_free(reply);
	lectern_client_close(client);
}

static void test_too_large(void **state)
{
	size_t size = LIMIT_REQUEST_BYTES;
	void *request = calloc(1, size);
	struct lectern_error err;
	assert_int_equal(call_once(READ, request, size, 5000, &err), LECTERN_RESOURCE_EXHAUSTED);
	assert_string_equal(err.reason, "REQUEST_TOO_LARGE");
	assert_non_null(strstr(err.message, "8388608 bytes is over the limit"));
	assert_int_equal(err.retry_after_ms, 0);
	free(request);
}

static void test_bad_method(void **state)
{
	char name[300];
	memset(name, 'x', sizeof name);
	name[sizeof name - 1] = '\0';
	static const char *const empty[] = { NULL, "" };
	struct lectern_error err;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(call_once(empty[i], NULL, 0, 100, &err), LECTERN_INVALID_ARGUMENT);
		assert_string_equal(err.message, "method: must not be empty");
	}
	assert_int_equal(call_once(name, NULL, 0, 100, &err), LECTERN_INVALID_ARGUMENT);
	assert_string_equal(err.message, "method: is longer than 200 bytes");
}

struct caller {
	lectern_client *client;
	pthread_t thread;
	unsigned failures;
};

static void *call_often(void *arg)
{
	struct caller *caller = arg;
	for (int i = 0; i < 20; i++) {
		struct lectern_call call = { .method = READ, .timeout_ms = 60000 };
		lectern_reply *reply;
		if (lectern_call(caller->client, &call, &reply, NULL) == LECTERN_OK)
			lectern_reply_free(reply);
		else
			caller->failures++;
	}
	return NULL;
}

/* More threads than slots: all get their turn. */
static void test_many_threads(void **state)
{
	enum { THREADS = SLOTS_MAX + 16 };
	struct caller callers[THREADS];
	lectern_client *client = open_client(0);
	for (size_t i = 0; i < THREADS; i++) {
		callers[i] = (struct caller){ .client = client };
		assert_int_equal(
			pthread_create(&callers[i].thread, NULL, call_often, &callers[i]), 0);
	}
	unsigned failures = 0;
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(callers[i].thread, NULL);
		failures += callers[i].failures;
	}
	assert_int_equal(failures, 0);
	assert_int_equal(atomic_load(&server.count), THREADS * 20);
	lectern_client_close(client);
}

static void *call_in_vain(void *arg)
{
	struct caller *caller = arg;
	struct lectern_call call = { .method = READ, .timeout_ms = 1000 };
	lectern_reply *reply;
	caller->failures =
		lectern_call(caller->client, &call, &reply, NULL) == LECTERN_DEADLINE_EXCEEDED;
	return NULL;
}

/* All slots wait for answers: one more call waits for a slot, but not beyond its deadline. */
static void test_slots_all_used(void **state)
{
	for (size_t i = 0; i < 8; i++)
		script.actions[i] = FAKE_IGNORE;
	struct caller callers[SLOTS_MAX];
	lectern_client *client = open_client(0);
	for (size_t i = 0; i < SLOTS_MAX; i++) {
		callers[i] = (struct caller){ .client = client };
		pthread_create(&callers[i].thread, NULL, call_in_vain, &callers[i]);
	}
	while (atomic_load(&server.count) < SLOTS_MAX)
		usleep(1000);
	struct lectern_call call = { .method = READ, .timeout_ms = 20 };
	lectern_reply *reply;
	struct lectern_error err;
	assert_int_equal(lectern_call(client, &call, &reply, &err), LECTERN_RESOURCE_EXHAUSTED);
	assert_string_equal(err.reason, "CLIENT_BUSY");
	assert_int_equal(err.retry_after_ms, 100);
	for (size_t i = 0; i < SLOTS_MAX; i++) {
		pthread_join(callers[i].thread, NULL);
		assert_int_equal(callers[i].failures, 1);
	}
	lectern_client_close(client);
}

static void test_delays(void **state)
{
	static const struct {
		const char *label;
		uint32_t attempt, at_least_ms, random, want_min, want_max;
	} cases[] = {
		{ "first", 1, 0, 0, 25, 25 },
		{ "first, most", 1, 0, 25, 50, 50 },
		{ "second", 2, 0, 0, 50, 100 },
		{ "third", 3, 0, 123456, 100, 200 },
		{ "tenth", 10, 0, 7, 1000, 2000 },
		{ "far", UINT32_MAX, 0, UINT32_MAX, 1000, 2000 },
		{ "told", 1, 500, 0, 500, 500 },
		{ "told, with a random part", 1, 500, 1000000, 500, 525 },
		{ "told the most", 1, UINT32_MAX, 5, UINT32_MAX, UINT32_MAX },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint32_t got =
			call_delay_ms(cases[i].attempt, cases[i].at_least_ms, cases[i].random);
		if (got < cases[i].want_min || got > cases[i].want_max)
			fail_msg("%s: %u", cases[i].label, got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reply, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_deadline, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_after_deadline, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_read_repeated, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_write_repeated, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_own_request_id, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_empty_write, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unknown_not_repeated, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_retry_info, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_retry_info_too_late, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_attempts_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_other_codes_not_repeated, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_garbage, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_lost_and_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_too_large, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bad_method, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many_threads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_slots_all_used, set_up, tear_down),
		cmocka_unit_test(test_delays),
	};
	return cmocka_run_group_tests_name("call", tests, NULL, NULL);
}
