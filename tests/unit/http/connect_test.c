/* What requests of the Connect protocol mean, and what answers look like, without a network. */
#include "http/connect.h"

#include "base/clock.h"
#include "http/base64.h"
#include "http/encoding.h"
#include "support/own_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define POST_PATH "/lectern.v1.PostService/GetPost"
#define WRITE_PATH "/lectern.v1.PostService/CreatePost"

static struct arena arena;

static int set_up_arena(void **state)
{
	arena_init(&arena, LIMIT_ARENA_BYTES);
	return set_up(state);
}

static int tear_down_arena(void **state)
{
	arena_done(&arena);
	return tear_down(state);
}

/* A case: what is sent, what is read of it. Headers stand one a line, "name: value". */
static const struct {
	const char *label;
	enum http_method method;
	const char *path, *query, *headers, *body;
	enum code code;
	unsigned status;  /* where it is not the code's */
	const char *text; /* of the error, or of the message that was read */
	uint32_t timeout_ms;
} cases[] = {
	{ "JSON", HTTP_POST, POST_PATH, "", "Content-Type: application/json", "{\"id\":\"1\"}",
		CODE_OK, 0, "{\"id\":\"1\"}", 0 },
	{ "JSON with a charset", HTTP_POST, POST_PATH, "",
		"content-type: application/json; charset=utf-8\nconnect-protocol-version: 1\n"
		"connect-timeout-ms: 1500",
		"{}", CODE_OK, 0, "{}", 1500 },
	{ "protobuf", HTTP_POST, POST_PATH, "", "content-type: application/proto", "\x08\x01",
		CODE_OK, 0, "\x08\x01", 0 },
	{ "no time left", HTTP_POST, POST_PATH, "",
		"content-type: application/json\nconnect-timeout-ms: 0", "{}",
		CODE_DEADLINE_EXCEEDED, 0, "time is over", 0 },
	{ "the longest time", HTTP_POST, POST_PATH, "",
		"content-type: application/json\nconnect-timeout-ms: 9999999999", "{}", CODE_OK, 0,
		"{}", UINT32_MAX },
	{ "eleven digits", HTTP_POST, POST_PATH, "",
		"content-type: application/json\nconnect-timeout-ms: 10000000000", "{}",
		CODE_INVALID_ARGUMENT, 0, "connect-timeout-ms must be", 0 },
	{ "a negative time", HTTP_POST, POST_PATH, "",
		"content-type: application/json\nconnect-timeout-ms: -1", "{}",
		CODE_INVALID_ARGUMENT, 0, "connect-timeout-ms must be", 0 },
	{ "another version", HTTP_POST, POST_PATH, "",
		"content-type: application/json\nconnect-protocol-version: 2", "{}",
		CODE_INVALID_ARGUMENT, 0, "connect-protocol-version must be 1", 0 },
	{ "no type", HTTP_POST, POST_PATH, "", "", "{}", CODE_UNKNOWN, 415, "send content-type",
		0 },
	{ "gRPC", HTTP_POST, POST_PATH, "", "content-type: application/grpc+proto", "{}",
		CODE_UNKNOWN, 415, "send content-type", 0 },
	{ "a stream", HTTP_POST, POST_PATH, "", "content-type: application/connect+json", "{}",
		CODE_UNKNOWN, 415, "send content-type", 0 },
	{ "another encoding", HTTP_POST, POST_PATH, "",
		"content-type: application/json\ncontent-encoding: br", "{}", CODE_UNIMPLEMENTED, 0,
		"content-encoding is not known", 0 },
	{ "no gzip", HTTP_POST, POST_PATH, "",
		"content-type: application/json\ncontent-encoding: gzip", "{}",
		CODE_INVALID_ARGUMENT, 0, "the body is no gzip", 0 },
	{ "a revision", HTTP_POST, POST_PATH, "",
		"content-type: application/json\nlectern-min-revision: x", "{}",
		CODE_INVALID_ARGUMENT, 0, "lectern-min-revision must be a number", 0 },
	{ "no such method", HTTP_POST, "/lectern.v1.PostService/GetPosts", "",
		"content-type: application/json", "{}", CODE_UNIMPLEMENTED, 404, "no such method",
		0 },
	{ "GET", HTTP_GET, POST_PATH, "connect=v1&encoding=json&message=%7B%22id%22%3A%221%22%7D",
		"", "", CODE_OK, 0, "{\"id\":\"1\"}", 0 },
	{ "HEAD", HTTP_HEAD, POST_PATH, "message=%7B%7D&encoding=json", "", "", CODE_OK, 0, "{}",
		0 },
	{ "GET of protobuf", HTTP_GET, POST_PATH, "encoding=proto&base64=1&message=CAE", "", "",
		CODE_OK, 0, "\x08\x01", 0 },
	{ "with padding", HTTP_GET, POST_PATH, "base64=1&message=CAE%3D&encoding=proto", "", "",
		CODE_OK, 0, "\x08\x01", 0 },
	{ "no base64", HTTP_GET, POST_PATH, "encoding=proto&base64=1&message=C!E", "", "",
		CODE_INVALID_ARGUMENT, 0, "is no base64", 0 },
	{ "an empty message", HTTP_GET, POST_PATH, "encoding=json&message=", "", "", CODE_OK, 0, "",
		0 },
	{ "no message", HTTP_GET, POST_PATH, "encoding=json", "", "", CODE_INVALID_ARGUMENT, 0,
		"'message' is missing", 0 },
	{ "no encoding", HTTP_GET, POST_PATH, "message=%7B%7D", "", "", CODE_INVALID_ARGUMENT, 0,
		"'encoding' must be", 0 },
	{ "two messages", HTTP_GET, POST_PATH, "encoding=json&message=a&message=b", "", "",
		CODE_INVALID_ARGUMENT, 0, "message", 0 },
	{ "half a percent", HTTP_GET, POST_PATH, "encoding=json&message=%7", "", "",
		CODE_INVALID_ARGUMENT, 0, "hexadecimal", 0 },
	{ "compression that there is not", HTTP_GET, POST_PATH,
		"encoding=json&message=a&compression=zstd", "", "", CODE_UNIMPLEMENTED, 0,
		"content-encoding", 0 },
	{ "GET of a write", HTTP_GET, WRITE_PATH, "encoding=json&message=%7B%7D", "", "",
		CODE_UNIMPLEMENTED, 405, "send it by POST", 0 },
	{ "PUT", HTTP_OTHER, POST_PATH, "", "content-type: application/json", "{}",
		CODE_UNIMPLEMENTED, 405, "by POST or GET", 0 },
};

static void fill_headers(struct http_request *request, const char *text)
{
	while (*text != '\0') {
		size_t line = strcspn(text, "\n");
		size_t name = strcspn(text, ":");
		request->headers[request->header_count++] =
			(struct http_header){ slice_of(text, name),
				slice_of(text + name + 2, line - name - 2) };
		text += line + (text[line] == '\n');
	}
}

static struct http_request make_request(
	enum http_method method, const char *path, const char *query, const char *body)
{
	return (struct http_request){ .method = method,
		.path = slice_of_text(path),
		.query = slice_of_text(query),
		.body = slice_of_text(body),
		.peer = "test",
		.arrival_ns = clock_monotonic_ns(),
		.rpc = server.rpc,
		.arena = &arena };
}

static void reads_requests(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct http_request request =
			make_request(cases[i].method, cases[i].path, cases[i].query, cases[i].body);
		struct connect_call connect;
		struct error err = { .text = "" };
		unsigned status;
		fill_headers(&request, cases[i].headers);
		enum code code = connect_read(&request, &connect, &status, &err);
		print_message("%s: %s\n", cases[i].label, err.text);
		assert_int_equal(code, cases[i].code);
		assert_int_equal(status, cases[i].status);
		if (code != CODE_OK) {
			assert_non_null(strstr(err.text, cases[i].text));
			continue;
		}
		assert_true(slice_equals(connect.message, slice_of_text(cases[i].text)));
		assert_int_equal(connect.timeout_ms, cases[i].timeout_ms);
	}
}

static void makes_payloads(void **state)
{
	struct http_request request = make_request(HTTP_POST, POST_PATH, "", "");
	struct connect_call connect;
	struct slice payload;
	struct error err;
	unsigned status;
	fill_headers(&request, "content-type: application/json");
	static const struct {
		const char *json, *payload, *error;
	} json[] = {
		{ "", "", NULL },
		{ " {} ", "", NULL },
		{ "{\"slug\":\"a\",\"view\":\"POST_VIEW_BASIC\"}",
			"\x12\x01"
			"a\x18\x01",
			NULL },
		{ "{\"slug\":\"a\"", NULL, "line 1" },
		{ "{\"slgu\":\"a\"}", NULL, "slgu" },
		{ "[]", NULL, "object" },
	};
	for (size_t i = 0; i < sizeof json / sizeof *json; i++) {
		request.body = slice_of_text(json[i].json);
		assert_int_equal(connect_read(&request, &connect, &status, &err), CODE_OK);
		enum code code = connect_payload(&request, &connect, &payload, &err);
		assert_int_equal(code, json[i].error == NULL ? CODE_OK : CODE_INVALID_ARGUMENT);
		if (json[i].error != NULL)
			assert_non_null(strstr(err.text, json[i].error));
		else
			assert_true(slice_equals(payload, slice_of_text(json[i].payload)));
	}
}

static void prints_errors(void **state)
{
	struct http_reply reply = { .status = 200 };
	struct error err;
	buffer_init(&reply.body, 1 << 20);
	fail_field(&err, CODE_INVALID_ARGUMENT, "SLUG_INVALID", "post.slug", "is \"bad\"");
	connect_print_error(&err, 0, &arena, &reply);
	assert_int_equal(reply.status, 400);
	assert_string_equal(reply.content_type, "application/json");
	const char *text = buffer_text(&reply.body);
	assert_int_equal(strncmp(text,
				 "{\"code\":\"invalid_argument\",\"message\":\"post.slug: is "
				 "\\\"bad\\\"\",\"details\":[{\"type\":\"google.rpc.ErrorInfo\"",
				 100),
		0);
	assert_non_null(strstr(text, "\"reason\":\"SLUG_INVALID\""));
	assert_non_null(strstr(text, "\"field\":\"post.slug\""));
	assert_int_equal(reply.field_count, 0);

	fail_reason(&err, CODE_RESOURCE_EXHAUSTED, "QUEUE_FULL", "full");
	err.retry_ms = 1200;
	connect_print_error(&err, 0, &arena, &reply);
	assert_int_equal(reply.status, 429);
	assert_string_equal(reply.fields[0].name, "Retry-After");
	assert_string_equal(reply.fields[0].value, "2");
	assert_non_null(strstr(buffer_text(&reply.body), "\"retryDelay\":\"1.200s\""));
	buffer_done(&reply.body);
}

static void knows_what_clients_take(void **state)
{
	static const struct {
		const char *accept;
		bool gzip;
	} accepts[] = {
		{ "gzip", true },
		{ "GZIP", true },
		{ "x-gzip", true },
		{ "deflate, gzip;q=0.5", true },
		{ "gzip;q=0", false },
		{ "gzip;q=0.000", false },
		{ "identity", false },
		{ "", false },
		{ "*", true },
		{ "*;q=0", false },
		{ "*;q=0.5, gzip;q=0", false },
		{ "gzip;q=0.5, identity", false },
		{ "gzip;q=1.0, identity;q=0.5", true },
		{ "br", false },
		{ "gzipp", false },
		{ "gzip;q=x", false },
		{ " gzip ; q=0.1 ", true },
		{ ",,gzip", true },
	};
	for (size_t i = 0; i < sizeof accepts / sizeof *accepts; i++) {
		print_message("%s\n", accepts[i].accept);
		assert_int_equal(
			encoding_takes_gzip(slice_of_text(accepts[i].accept)), accepts[i].gzip);
	}
}

static void unpacks_within_bounds(void **state)
{
	static uint8_t zeros[1 << 20];
	struct buffer packed;
	struct slice unpacked;
	struct error err;
	buffer_init(&packed, 1 << 20);
	assert_true(gzip_put(slice_of(zeros, sizeof zeros), &packed));
	assert_true(packed.size < 10000);
	struct slice body = slice_of(packed.data, packed.size);
	assert_int_equal(gzip_read(body, sizeof zeros, &arena, &unpacked, &err), CODE_OK);
	assert_int_equal(unpacked.size, sizeof zeros);
	assert_int_equal(gzip_read(body, sizeof zeros - 1, &arena, &unpacked, &err),
		CODE_RESOURCE_EXHAUSTED);
	for (size_t size = 0; size < 40; size++)
		assert_int_equal(gzip_read(slice_of(packed.data, size), sizeof zeros, &arena,
					 &unpacked, &err),
			CODE_INVALID_ARGUMENT);
	buffer_append_char(&packed, 'x');
	assert_int_equal(gzip_read(slice_of(packed.data, packed.size), sizeof zeros, &arena,
				 &unpacked, &err),
		CODE_INVALID_ARGUMENT);
	buffer_done(&packed);
}

static void writes_base64(void **state)
{
	static const char *const pairs[][2] = { { "", "" }, { "f", "Zg" }, { "fo", "Zm8" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg" }, { "\xFF\xFE\xFB", "//77" } };
	struct buffer out;
	buffer_init(&out, 64);
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct slice back;
		buffer_clear(&out);
		base64_put(slice_of_text(pairs[i][0]), &out);
		assert_string_equal(buffer_text(&out), pairs[i][1]);
		assert_true(base64_read(slice_of_text(pairs[i][1]), &arena, &back));
		assert_true(slice_equals(back, slice_of_text(pairs[i][0])));
	}
	buffer_done(&out);
}

static void knows_paths(void **state)
{
	static const struct {
		const char *path;
		bool is;
	} paths[] = { { "/a.B/C", true }, { "/a.b.C/D", true }, { "/B/C", false },
		{ "/a.B/", false }, { "/a.B", false }, { "a.B/C", false }, { "/a.B/C/D", false },
		{ "/", false }, { "", false }, { "//", false } };
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		assert_int_equal(connect_is_path(slice_of_text(paths[i].path)), paths[i].is);
}

#define CONNECT_TEST(function) \
	cmocka_unit_test_setup_teardown(function, set_up_arena, tear_down_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONNECT_TEST(reads_requests),
		CONNECT_TEST(makes_payloads),
		CONNECT_TEST(prints_errors),
		CONNECT_TEST(knows_what_clients_take),
		CONNECT_TEST(unpacks_within_bounds),
		CONNECT_TEST(writes_base64),
		CONNECT_TEST(knows_paths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
