/* What operators see of a real server: metrics that say exactly what was called, one log line a
 * call, and calls that nobody's reading of the log holds up. */
#include "integration/lecternd.h"
#include "support/exposition.h"

#include <lectern/rpc/v1/envelope.pb-c.h>
#include <lectern/v1/admin.pb-c.h>
#include <lectern/v1/change.pb-c.h>
#include <lectern/v1/post.pb-c.h>
#include <lectern/v1/tag.pb-c.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <nng/supplemental/util/platform.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

enum { TIMEOUT_MS = 60000, FRAME_BYTES = 4 << 20, BODY_BYTES = 2 << 20, LOG_BYTES = 64 << 20 };

#define GET_TAG "lectern.v1.TagService/GetTag"
#define CREATE_TAG "lectern.v1.TagService/CreateTag"
#define CREATE_POST "lectern.v1.PostService/CreatePost"
#define LIST_CHANGES "lectern.v1.ChangeService/ListChanges"
#define GET_METRICS "lectern.v1.AdminService/GetMetrics"

static struct lecternd server;
static nng_socket client;
static char *log_text;

/* With up to two variables of the environment. */
static void start(const char *first, const char *second)
{
	static char *environment[3];
	environment[0] = (char *)(uintptr_t)first;
	environment[1] = (char *)(uintptr_t)second;
	server = (struct lecternd){ .environment = environment };
	lecternd_start(&server);
	assert_int_equal(nng_req0_open(&client), 0);
	nng_socket_set_ms(client, NNG_OPT_RECVTIMEO, TIMEOUT_MS);
	nng_socket_set_ms(client, NNG_OPT_SENDTIMEO, TIMEOUT_MS);
	nng_socket_set_size(client, NNG_OPT_RECVMAXSZ, 0);
	assert_int_equal(nng_dial(client, server.url, NULL, 0), 0);
}

/* Stops the server and returns what it has logged since it was ready. */
static const char *stop(void)
{
	size_t size = 0;
	size_t more;
	int status = 0;
	nng_close(client);
	kill(server.pid, SIGTERM);
	free(log_text);
	log_text = malloc(LOG_BYTES + 1);
	while ((more = fread(log_text + size, 1, LOG_BYTES - size, server.log)) > 0)
		size += more;
	log_text[size] = '\0';
	waitpid(server.pid, &status, 0);
	fclose(server.log);
	char command[512];
	snprintf(command, sizeof command, "rm -rf '%s'", server.directory);
	assert_int_equal(system(command), 0);
	if (status != 0)
		fail_msg("the server ended with %d: %s", status, log_text);
	return log_text;
}

static Lectern__Rpc__V1__Response *send_frame(const uint8_t *frame, size_t size_bytes)
{
	nng_msg *message;
	assert_int_equal(nng_msg_alloc(&message, 0), 0);
	assert_int_equal(nng_msg_append(message, frame, size_bytes), 0);
	assert_int_equal(nng_sendmsg(client, message, 0), 0);
	assert_int_equal(nng_recvmsg(client, &message, 0), 0);
	Lectern__Rpc__V1__Response *response = lectern__rpc__v1__response__unpack(
		NULL, nng_msg_len(message), nng_msg_body(message));
	assert_non_null(response);
	nng_msg_free(message);
	return response;
}

/* Up to three headers: name, value, name, value, NULL. */
static Lectern__Rpc__V1__Response *call_with(
	const char *method, const ProtobufCMessage *payload, const char *const *headers)
{
	static uint8_t bytes[FRAME_BYTES];
	static uint8_t frame[FRAME_BYTES];
	Lectern__Rpc__V1__Request request = LECTERN__RPC__V1__REQUEST__INIT;
	Lectern__Rpc__V1__Header entries[3];
	Lectern__Rpc__V1__Header *list[3];
	request.method = (char *)(uintptr_t)method;
	request.payload.data = bytes;
	request.payload.len = payload == NULL ? 0 : protobuf_c_message_pack(payload, bytes);
	for (; headers != NULL && headers[0] != NULL; headers += 2) {
		size_t at = request.n_headers++;
		lectern__rpc__v1__header__init(&entries[at]);
		entries[at].name = (char *)(uintptr_t)headers[0];
		entries[at].value = (char *)(uintptr_t)headers[1];
		list[at] = &entries[at];
	}
	request.headers = list;
	return send_frame(frame, lectern__rpc__v1__request__pack(&request, frame));
}

/* The code of the answer. */
static int call(const char *method, const ProtobufCMessage *payload)
{
	Lectern__Rpc__V1__Response *response = call_with(method, payload, NULL);
	int code = response->status == NULL ? 0 : response->status->code;
	lectern__rpc__v1__response__free_unpacked(response, NULL);
	return code;
}

static int get_tag(const char *slug)
{
	Lectern__V1__GetTagRequest request = LECTERN__V1__GET_TAG_REQUEST__INIT;
	request.key_case = LECTERN__V1__GET_TAG_REQUEST__KEY_SLUG;
	request.slug = (char *)(uintptr_t)slug;
	return call(GET_TAG, &request.base);
}

static int create_tag(const char *name)
{
	Lectern__V1__Tag tag = LECTERN__V1__TAG__INIT;
	Lectern__V1__CreateTagRequest request = LECTERN__V1__CREATE_TAG_REQUEST__INIT;
	tag.name = (char *)(uintptr_t)name;
	request.tag = &tag;
	return call(CREATE_TAG, &request.base);
}

static int list_changes(uint64_t after, uint32_t wait_ms)
{
	Lectern__V1__ListChangesRequest request = LECTERN__V1__LIST_CHANGES_REQUEST__INIT;
	request.after_revision = after;
	request.wait_ms = wait_ms;
	return call(LIST_CHANGES, &request.base);
}

static void read_metrics(struct exposition_text *ret)
{
	Lectern__Rpc__V1__Response *response = call_with(GET_METRICS, NULL, NULL);
	assert_null(response->status);
	Lectern__V1__GetMetricsResponse *metrics = lectern__v1__get_metrics_response__unpack(
		NULL, response->payload.len, response->payload.data);
	assert_non_null(metrics);
	exposition_parse(metrics->text, ret);
	lectern__v1__get_metrics_response__free_unpacked(metrics, NULL);
	lectern__rpc__v1__response__free_unpacked(response, NULL);
}

static int count(const char *text, const char *part)
{
	int found = 0;
	for (; (text = strstr(text, part)) != NULL; text++)
		found++;
	return found;
}

static void assert_calls(
	const struct exposition_text *text, const char *method, const char *code, int want)
{
	char labels[256];
	snprintf(labels, sizeof labels, "method=\"%s\",code=\"%s\"", method, code);
	int got = (int)exposition_get(text, "lectern_calls_total", labels);
	if (got != want)
		fail_msg("%s %s: %d calls, not %d", method, code, got, want);
}

static void test_metrics_tell_what_was_called(void **state)
{
	static const uint8_t garbage[] = { 0xFF, 0xFF, 0xFF };
	struct exposition_text text;
	start("LECTERND_LOG_CALLS=all", NULL);
	for (int i = 0; i < 3; i++)
		assert_int_equal(get_tag("none"), 5);
	assert_int_equal(create_tag("one"), 0);
	assert_int_equal(create_tag("two"), 0);
	assert_int_equal(create_tag(""), 3);
	assert_int_equal(get_tag("one"), 0);
	assert_int_equal(list_changes(0, 0), 0);
	assert_int_equal(list_changes(2, 300), 0); /* waits in vain */
	assert_int_equal(call("lectern.v1.TagService/Nothing", NULL), 12);
	lectern__rpc__v1__response__free_unpacked(send_frame(garbage, sizeof garbage), NULL);
	read_metrics(&text);
	assert_calls(&text, GET_TAG, "NOT_FOUND", 3);
	assert_calls(&text, GET_TAG, "OK", 1);
	assert_calls(&text, CREATE_TAG, "OK", 2);
	assert_calls(&text, CREATE_TAG, "INVALID_ARGUMENT", 1);
	assert_calls(&text, LIST_CHANGES, "OK", 2);
	assert_calls(&text, GET_METRICS, "OK", 0); /* not answered yet */
	assert_calls(&text, "unknown", "UNIMPLEMENTED", 1);
	assert_calls(&text, "unknown", "INVALID_ARGUMENT", 1);
	double total = 0;
	for (size_t i = 0; i < text.sample_count; i++)
		if (strcmp(text.samples[i].name, "lectern_calls_total") == 0)
			total += text.samples[i].value;
	assert_int_equal(total, 11);
#define METRIC(name, labels) exposition_get(&text, name, labels)
	assert_int_equal(METRIC("lectern_call_failures_total", "code=\"NOT_FOUND\""), 3);
	assert_int_equal(
		METRIC("lectern_call_duration_seconds_count", "method=\"" GET_TAG "\""), 4);
	assert_int_equal(METRIC("lectern_waiting_call_duration_seconds_bucket",
				 "method=\"" LIST_CHANGES "\",le=\"0.1\""),
		1);
	assert_int_equal(METRIC("lectern_waiting_call_duration_seconds_count",
				 "method=\"" LIST_CHANGES "\""),
		2);
	assert_true(METRIC("lectern_response_bytes_total", "method=\"" GET_TAG "\"") > 10);
	/* Answers are here before the server is done with their calls: one of those before, and the
	 * one that has waited. */
	assert_in_range(METRIC("lectern_calls_in_flight", ""), 1, 3);
	assert_in_range(METRIC("lectern_calls_parked", ""), 0, 1);
	assert_int_equal(METRIC("lectern_connections", ""), 1);
	assert_int_equal(METRIC("lectern_writes_total", ""), 2);
	assert_int_equal(METRIC("lectern_commit_writes_count", ""), 2);
	assert_int_equal(METRIC("lectern_commit_writes_sum", ""), 2);
	assert_true(METRIC("lectern_commit_duration_seconds_count", "") ==
		    METRIC("lectern_commits_total", ""));
	assert_int_equal(METRIC("lectern_terms", "kind=\"tag\""), 2);
	assert_int_equal(METRIC("lectern_revision", ""), 2);
	assert_int_equal(METRIC("lectern_store_healthy", ""), 1);
	assert_int_equal(METRIC("lectern_store_map_bytes", ""), 1073741824);
#undef METRIC
	exposition_free(&text);
	const char *log = stop();
	assert_int_equal(count(log, "\"msg\":\"call\""), 12);
	assert_int_equal(count(log, "\"code\":\"OK\""), 6);
	assert_non_null(strstr(log, "\"msg\":\"draining\""));
	assert_non_null(strstr(log, "\"msg\":\"stopped\""));
}

/* The third of equal reads is answered with what is kept, until something is written. */
static void test_replies_that_are_kept(void **state)
{
	static const struct {
		const char *option;
		int hits;
	} servers[] = { { "LECTERND_REPLY_CACHE=1M", 4 }, { "LECTERND_REPLY_CACHE=0", 0 } };
	for (size_t i = 0; i < 2; i++) {
		struct exposition_text text;
		start(servers[i].option, NULL);
		assert_int_equal(create_tag("one"), 0);
		for (int j = 0; j < 5; j++)
			assert_int_equal(get_tag("one"), 0);
		assert_int_equal(create_tag("two"), 0);
		for (int j = 0; j < 2; j++)
			assert_int_equal(get_tag("one"), 0);
		read_metrics(&text);
		assert_int_equal(exposition_get(&text, "lectern_reply_cache_hits_total", ""),
			servers[i].hits);
		assert_int_equal(exposition_get(&text, "lectern_reply_cache_misses_total", ""),
			servers[i].hits == 0 ? 0 : 3);
		assert_int_equal(exposition_get(&text, "lectern_reply_cache_replies", ""),
			servers[i].hits == 0 ? 0 : 1);
		exposition_free(&text);
		stop();
	}
}

static void call_and_free(
	const char *method, const ProtobufCMessage *payload, const char *const *headers)
{
	lectern__rpc__v1__response__free_unpacked(call_with(method, payload, headers), NULL);
}

/* Ids come from the headers; secrets and what was written do not come into the log. */
static void test_what_stands_in_a_line(void **state)
{
	static const char *const headers[] = { "x-request-id", "order-66", "traceparent",
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "authorization",
		"Bearer SECRETTOKEN", NULL };
	static const char *const hostile[] = { "x-request-id", "a\n{\"level\":\"error\"", NULL };
	Lectern__V1__Tag tag = LECTERN__V1__TAG__INIT;
	Lectern__V1__CreateTagRequest request = LECTERN__V1__CREATE_TAG_REQUEST__INIT;
	request.tag = &tag;
	tag.name = (char *)(uintptr_t) "SECRETNAME";
	tag.description = (char *)(uintptr_t) "SECRETTEXT";
	start("LECTERND_LOG_CALLS=all", NULL);
	call_and_free(CREATE_TAG, &request.base, headers);
	call_and_free("lectern.v1.TagService/\n{\"x\":1}\x1b[2J", NULL, hostile);
	const char *log = stop();
	const char *line = strstr(log, "\"method\":\"" CREATE_TAG "\"");
	assert_non_null(line);
	assert_non_null(strstr(line, "\"request_id\":\"order-66\",\"trace_id\":"
				     "\"0af7651916cd43dd8448eb211c80319c\"}\n"));
	assert_null(strstr(log, "SECRET"));
	assert_null(strchr(log, 0x1b));
	for (line = log; *line != '\0'; line = strchr(line, '\n') + 1)
		assert_memory_equal(line, "{\"time\":\"", 9);
	assert_int_equal(count(log, "\"request_id\""), 1);
	assert_non_null(strstr(log, "\"method\":\"unknown\",\"code\":\"UNIMPLEMENTED\""));
}

static void test_which_calls_are_logged(void **state)
{
	static const struct {
		const char *setting;
		int ok, failed;
	} cases[] = {
		{ "LECTERND_LOG_CALLS=failed", 0, 1 },
		{ "LECTERND_LOG_CALLS=all", 1, 1 },
		{ "LECTERND_LOG_CALLS=none", 0, 0 },
		{ "LECTERND_LOG_CALLS=", 0, 1 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		start(cases[i].setting, NULL);
		create_tag("one");
		get_tag("none");
		const char *log = stop();
		assert_int_equal(
			count(log, "\"msg\":\"call\",\"method\":\"" CREATE_TAG), cases[i].ok);
		assert_int_equal(
			count(log, "\"msg\":\"call\",\"method\":\"" GET_TAG), cases[i].failed);
	}
}

/* A post of megabytes takes longer than a millisecond; a wait is never slow. */
static void test_slow_calls(void **state)
{
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Lectern__V1__CreatePostRequest request = LECTERN__V1__CREATE_POST_REQUEST__INIT;
	struct exposition_text text;
	char *body = malloc(BODY_BYTES + 1);
	for (size_t i = 0; i < BODY_BYTES; i++)
		body[i] = i % 8 == 7 ? ' ' : 'a';
	body[BODY_BYTES] = '\0';
	post.title = (char *)(uintptr_t) "Long";
	post.body = body;
	request.post = &post;
	start("LECTERND_SLOW_CALL=1ms", "LECTERND_LOG_CALLS=none");
	assert_int_equal(call(CREATE_POST, &request.base), 0);
	assert_int_equal(list_changes(1, 200), 0);
	read_metrics(&text);
	assert_true(exposition_get(&text, "lectern_slow_calls_total", "") >= 1);
	exposition_free(&text);
	const char *log = stop();
	assert_int_equal(
		count(log, "\"level\":\"warn\",\"msg\":\"slow call\",\"method\":\"" CREATE_POST),
		1);
	assert_int_equal(count(log, LIST_CHANGES), 0);
	assert_int_equal(count(log, "\"msg\":\"call\""), 0);
	free(body);
}

static void test_connections_come_and_go(void **state)
{
	struct exposition_text text;
	double connections = 0;
	start(NULL, NULL);
	nng_socket first = client;
	assert_int_equal(nng_req0_open(&client), 0);
	assert_int_equal(nng_dial(client, server.url, NULL, 0), 0);
	get_tag("none");
	read_metrics(&text);
	assert_int_equal(exposition_get(&text, "lectern_connections", ""), 2);
	exposition_free(&text);
	nng_close(client);
	client = first;
	for (int i = 0; i < 100 && connections != 1; i++) {
		nng_msleep(50);
		read_metrics(&text);
		connections = exposition_get(&text, "lectern_connections", "");
		exposition_free(&text);
	}
	assert_int_equal(connections, 1);
	stop();
}

static uint64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Nobody reads the log here until stop(). The queue becomes full and calls go on. */
static void test_a_log_that_nobody_reads_stops_no_call(void **state)
{
	enum { CALLS_MAX = 100000, SLOWEST_MS = 5000 };
	struct exposition_text text;
	uint64_t slowest = 0;
	double dropped = 0;
	int calls = 0;
	start("LECTERND_LOG_CALLS=all", NULL);
	while (calls < CALLS_MAX && dropped == 0) {
		for (int i = 0; i < 500; i++, calls++) {
			uint64_t start_ms = now_ms();
			assert_int_equal(get_tag("none"), 5);
			uint64_t took_ms = now_ms() - start_ms;
			slowest = took_ms > slowest ? took_ms : slowest;
		}
		read_metrics(&text);
		calls++;
		dropped = exposition_get(&text, "lectern_log_lines_dropped_total", "");
		exposition_free(&text);
	}
	assert_true(dropped > 0);
	assert_in_range(slowest, 0, SLOWEST_MS);
	const char *log = stop(); /* reads it */
	assert_true(count(log, "\"msg\":\"call\"") < calls);
	const char *told = strstr(log, "\"msg\":\"log lines dropped\",\"count\":");
	assert_non_null(told);
	assert_int_equal(
		count(log, "\"msg\":\"call\"") + strtol(strstr(told, "count\":") + 7, NULL, 10),
		calls);
	assert_non_null(strstr(log, "\"msg\":\"stopped\"")); /* there was room for it */
}

static void test_a_log_that_nobody_reads_does_not_hold_up_the_end(void **state)
{
	int status = 0;
	start("LECTERND_LOG_CALLS=all", NULL);
	for (int i = 0; i < 1000; i++)
		get_tag("none");
	nng_close(client);
	uint64_t start_ms = now_ms();
	kill(server.pid, SIGTERM);
	waitpid(server.pid, &status, 0);
	assert_int_equal(status, 0);
	assert_in_range(now_ms() - start_ms, 0, 15000);
	fclose(server.log);
	char command[512];
	snprintf(command, sizeof command, "rm -rf '%s'", server.directory);
	assert_int_equal(system(command), 0);
}

static void test_a_flood_of_failures_is_bounded(void **state)
{
	enum { CALLS = 3000 };
	struct exposition_text text;
	start(NULL, NULL);
	uint64_t start_ms = now_ms();
	for (int i = 0; i < CALLS; i++)
		get_tag("none");
	uint64_t seconds = (now_ms() - start_ms) / 1000 + 2;
	read_metrics(&text);
	int left_out = (int)exposition_get(&text, "lectern_log_lines_left_out_total", "");
	exposition_free(&text);
	const char *log = stop();
	int logged = count(log, "\"msg\":\"call\"");
	assert_int_equal(logged + left_out, CALLS);
	assert_true(logged <= (int)seconds * 100);
	int told = 0;
	for (const char *at = log;
		(at = strstr(at, "\"msg\":\"lines about calls left out\",\"count\":")) != NULL;) {
		at = strstr(at, "count\":") + 7;
		told += (int)strtol(at, NULL, 10);
	}
	assert_int_equal(told, left_out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_metrics_tell_what_was_called),
		cmocka_unit_test(test_replies_that_are_kept),
		cmocka_unit_test(test_what_stands_in_a_line),
		cmocka_unit_test(test_which_calls_are_logged),
		cmocka_unit_test(test_slow_calls),
		cmocka_unit_test(test_connections_come_and_go),
		cmocka_unit_test(test_a_log_that_nobody_reads_stops_no_call),
		cmocka_unit_test(test_a_log_that_nobody_reads_does_not_hold_up_the_end),
		cmocka_unit_test(test_a_flood_of_failures_is_bounded),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(log_text);
	return failed;
}
