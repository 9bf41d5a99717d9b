#include "rpc/envelope.h"

#include <lectern/rpc/v1/envelope.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* The bytes in memory of exactly their size, so that a sanitizer sees every read beyond them. */
static enum code read_copy(struct slice frame, struct rpc_call *call, struct error *err)
{
	uint8_t *copy = malloc(frame.size == 0 ? 1 : frame.size);
	assert_non_null(copy);
	if (frame.size > 0)
		memcpy(copy, frame.data, frame.size);
	enum code code = envelope_read_request(slice_of(copy, frame.size), call, err);
	free(copy); /* the slices of the call are not looked at */
	return code;
}

static struct slice pack_request(const Lectern__Rpc__V1__Request *request, uint8_t *out)
{
	return slice_of(out, lectern__rpc__v1__request__pack(request, out));
}

static Lectern__Rpc__V1__Request sample_request(void)
{
	static char method[] = "/lectern.v1.PostService/GetPost";
	static uint8_t payload[] = { 0x12, 0x02, 'h', 'i' };
	static char name[] = "traceparent";
	static char value[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
	static Lectern__Rpc__V1__Header header;
	static Lectern__Rpc__V1__Header *headers[] = { &header };
	lectern__rpc__v1__header__init(&header);
	header.name = name;
	header.value = value;
	Lectern__Rpc__V1__Request request;
	lectern__rpc__v1__request__init(&request);
	request.method = method;
	request.payload = (ProtobufCBinaryData){ .len = sizeof payload, .data = payload };
	request.timeout_ms = 1500;
	request.min_revision = UINT64_C(1) << 40;
	request.n_headers = 1;
	request.headers = headers;
	return request;
}

static void reads_every_field(void **state)
{
	Lectern__Rpc__V1__Request request = sample_request();
	uint8_t memory[512];
	struct slice frame = pack_request(&request, memory);
	struct rpc_call call;
	struct error err;
	assert_int_equal(envelope_read_request(frame, &call, &err), CODE_OK);
	assert_true(slice_equals(call.method, slice_of_text("/lectern.v1.PostService/GetPost")));
	assert_int_equal(call.payload.size, 4);
	assert_true(call.payload.data > frame.data && call.payload.data < frame.data + frame.size);
	assert_int_equal(call.timeout_ms, 1500);
	assert_true(call.min_revision == UINT64_C(1) << 40);
}

static void refuses_or_reads_every_prefix(void **state)
{
	Lectern__Rpc__V1__Request request = sample_request();
	uint8_t memory[512];
	struct slice frame = pack_request(&request, memory);
	size_t read = 0;
	for (size_t size = 0; size < frame.size; size++) {
		struct rpc_call call;
		struct error err;
		enum code code = read_copy(slice_of(frame.data, size), &call, &err);
		if (code == CODE_OK)
			read++;
		else
			assert_int_equal(code, CODE_INVALID_ARGUMENT);
	}
	assert_int_equal(read, 4); /* after each field but the last */
}

static void survives_every_changed_byte(void **state)
{
	Lectern__Rpc__V1__Request request = sample_request();
	uint8_t memory[512];
	struct slice frame = pack_request(&request, memory);
	for (size_t at = 0; at < frame.size; at++) {
		for (unsigned value = 0; value < 256; value++) {
			uint8_t before = memory[at];
			struct rpc_call call;
			struct error err;
			memory[at] = (uint8_t)value;
			enum code code = read_copy(frame, &call, &err);
			assert_true(code == CODE_OK || code == CODE_INVALID_ARGUMENT);
			memory[at] = before;
		}
	}
}

#define BYTES(text) text, sizeof text - 1
#define METHOD "\x0a\x03\x61/b"
static const struct {
	const char *label;
	const char *bytes;
	size_t size;
	const char *text; /* NULL: it is read */
} frames[] = {
	{ "the least there is", BYTES(METHOD), NULL },
	{ "the last value counts", BYTES("\x0a\x01x" METHOD "\x18\x01\x18\x02"), NULL },
	{ "unknown fields are skipped",
		BYTES(METHOD "\x78\x01\x81\x01"
			     "12345678"
			     "\x85\x01"
			     "1234"
			     "\x8a\x01\x02xy"),
		NULL },
	{ "empty", BYTES(""), "the frame is no lectern.rpc.v1.Request: it names no method" },
	{ "no method", BYTES("\x12\x01x"),
		"the frame is no lectern.rpc.v1.Request: it names no method" },
	{ "4 GiB long", BYTES(METHOD "\x12\x80\x80\x80\x80\x10"),
		"the frame is no lectern.rpc.v1.Request: it is malformed or truncated" },
	{ "2^64 - 1 bytes long", BYTES("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
		"the frame is no lectern.rpc.v1.Request: it is malformed or truncated" },
	{ "a varint of 11 bytes", BYTES(METHOD "\x18\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"),
		"the frame is no lectern.rpc.v1.Request: it is malformed or truncated" },
	{ "field number 0", BYTES(METHOD "\x00\x01"),
		"the frame is no lectern.rpc.v1.Request: it is malformed or truncated" },
	{ "a group", BYTES(METHOD "\x7b\x7c"),
		"the frame is no lectern.rpc.v1.Request: it is malformed or truncated" },
	{ "method as a number", BYTES("\x08\x01"),
		"the frame is no lectern.rpc.v1.Request: field 'method' has wire type 0 instead of "
		"2" },
	{ "payload as a number", BYTES(METHOD "\x10\x01"),
		"the frame is no lectern.rpc.v1.Request: field 'payload' has wire type 0 instead "
		"of 2" },
	{ "timeout as bytes", BYTES(METHOD "\x1a\x01x"),
		"the frame is no lectern.rpc.v1.Request: field 'timeout_ms' has wire type 2 "
		"instead of 0" },
	{ "headers as fixed64",
		BYTES(METHOD "\x21"
			     "12345678"),
		"the frame is no lectern.rpc.v1.Request: field 'headers' has wire type 1 instead "
		"of 2" },
	{ "revision as fixed32",
		BYTES(METHOD "\x2d"
			     "1234"),
		"the frame is no lectern.rpc.v1.Request: field 'min_revision' has wire type 5 "
		"instead of 0" },
	{ "method not UTF-8", BYTES("\x0a\x03\x61\xff\x62"),
		"the method's name is not UTF-8 without NUL at byte 1" },
	{ "NUL in the method", BYTES("\x0a\x03\x61\x00\x62"),
		"the method's name is not UTF-8 without NUL at byte 1" },
	{ "a header without a name", BYTES(METHOD "\x22\x00"),
		"the frame is no lectern.rpc.v1.Request: a header's name is empty or not of "
		"[a-z0-9-]" },
	{ "a header in upper case", BYTES(METHOD "\x22\x03\x0a\x01X"),
		"the frame is no lectern.rpc.v1.Request: a header's name is empty or not of "
		"[a-z0-9-]" },
	{ "a header that is cut", BYTES(METHOD "\x22\x03\x0a\x05x"),
		"the frame is no lectern.rpc.v1.Request: a header is malformed or truncated" },
	{ "text that is no frame", BYTES("GET / HTTP/1.1\r\n\r\n"),
		"the frame is no lectern.rpc.v1.Request: it is malformed or truncated" },
};

static void refuses_malformed_frames(void **state)
{
	for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
		struct rpc_call call;
		struct error err = { .code = CODE_OK };
		struct slice frame = slice_of(frames[i].bytes, frames[i].size);
		enum code code = read_copy(frame, &call, &err);
		print_message("%s\n", frames[i].label);
		if (frames[i].text == NULL) {
			assert_int_equal(code, CODE_OK);
			continue;
		}
		assert_int_equal(code, CODE_INVALID_ARGUMENT);
		assert_string_equal(err.text, frames[i].text);
		assert_string_equal(err.reason, "MALFORMED_REQUEST");
	}
}

/* Field 1 with a text of the size, then `count` times the other bytes. */
static enum code read_made(
	size_t method_size, const char *more, size_t more_size, size_t count, struct error *err)
{
	size_t capacity = 16 + method_size + more_size * count;
	uint8_t *data = malloc(capacity);
	assert_non_null(data);
	size_t size = wire_put_bytes_head(data, 1, method_size);
	memset(data + size, 'x', method_size);
	size += method_size;
	for (size_t i = 0; i < count; i++) {
		memcpy(data + size, more, more_size);
		size += more_size;
	}
	struct rpc_call call;
	enum code code = read_copy(slice_of(data, size), &call, err);
	free(data);
	return code;
}

static void keeps_the_limits(void **state)
{
	static const char header[] = "\x22\x03\x0a\x01x";
	static const char unknown[] = "\x78\x01";
	struct error err;
	assert_int_equal(read_made(LIMIT_METHOD_BYTES, "", 0, 0, &err), CODE_OK);
	assert_int_equal(read_made(LIMIT_METHOD_BYTES + 1, "", 0, 0, &err), CODE_INVALID_ARGUMENT);
	assert_string_equal(err.text, "the method's name of 201 bytes; at most 200 are allowed");
	assert_int_equal(read_made(3, header, sizeof header - 1, LIMIT_HEADERS, &err), CODE_OK);
	assert_int_equal(read_made(3, header, sizeof header - 1, LIMIT_HEADERS + 1, &err),
		CODE_INVALID_ARGUMENT);
	assert_string_equal(err.text, "more than 32 headers");
	assert_int_equal(
		read_made(3, unknown, sizeof unknown - 1, LIMIT_UNKNOWN_FIELDS, &err), CODE_OK);
	assert_int_equal(read_made(3, unknown, sizeof unknown - 1, LIMIT_UNKNOWN_FIELDS + 1, &err),
		CODE_INVALID_ARGUMENT);
	assert_string_equal(
		err.text, "the frame is no lectern.rpc.v1.Request: too many unknown fields");
	assert_int_equal(read_made(3, "\x10", 1, LIMIT_REQUEST_BYTES, &err), CODE_INVALID_ARGUMENT);
	assert_string_equal(err.reason, "REQUEST_TOO_LARGE");
}

/* Which of two tokens is meant nobody knows. */
static void takes_one_token(void **state)
{
	Lectern__Rpc__V1__Request request = sample_request();
	static char name[] = "authorization", value[] = "Bearer a", other[] = "Bearer b";
	Lectern__Rpc__V1__Header headers[2];
	Lectern__Rpc__V1__Header *list[] = { &headers[0], &headers[1] };
	uint8_t memory[512];
	struct rpc_call call;
	struct error err;
	for (int i = 0; i < 2; i++) {
		lectern__rpc__v1__header__init(&headers[i]);
		headers[i].name = name;
		headers[i].value = i == 0 ? value : other;
	}
	request.headers = list;
	request.n_headers = 1;
	assert_int_equal(
		envelope_read_request(pack_request(&request, memory), &call, &err), CODE_OK);
	assert_true(slice_equals(call.authorization, slice_of_text("Bearer a")));
	request.n_headers = 2;
	assert_int_equal(envelope_read_request(pack_request(&request, memory), &call, &err),
		CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(err.text, "authorization is there twice"));
}

static void keeps_the_limits_of_headers(void **state)
{
	static const struct {
		size_t name, value;
		enum code code;
	} cases[] = {
		{ 64, 4096, CODE_OK },
		{ 65, 0, CODE_INVALID_ARGUMENT },
		{ 1, 4097, CODE_INVALID_ARGUMENT },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint8_t header[8192];
		uint8_t frame[8192 + 16] = METHOD;
		size_t size = wire_put_bytes_head(header, 1, cases[i].name);
		memset(header + size, 'n', cases[i].name);
		size += cases[i].name;
		size += wire_put_bytes_head(header + size, 2, cases[i].value);
		memset(header + size, 'v', cases[i].value);
		size += cases[i].value;
		size_t at = 5;
		at += wire_put_bytes_head(frame + at, 4, size);
		memcpy(frame + at, header, size);
		struct rpc_call call;
		struct error err;
		assert_int_equal(read_copy(slice_of(frame, at + size), &call, &err), cases[i].code);
	}
}

/* Writes the response into memory of its exact size and reads it back. */
static Lectern__Rpc__V1__Response *write_and_read(
	const struct rpc_call *call, const struct error *err)
{
	struct envelope_response response;
	envelope_prepare_response(call, err, &response);
	uint8_t *frame = malloc(response.size_bytes == 0 ? 1 : response.size_bytes);
	assert_non_null(frame);
	envelope_write_response(&response, frame);
	Lectern__Rpc__V1__Response *read =
		lectern__rpc__v1__response__unpack(NULL, response.size_bytes, frame);
	free(frame);
	assert_non_null(read);
	return read;
}

static void writes_the_payload_from_parts(void **state)
{
	struct arena arena;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	struct rpc_call call = { .arena = &arena, .revision = 77 };
	reply_init(&call.reply, &arena);
	reply_append(&call.reply, slice_of_text("one "));
	reply_append(&call.reply, slice_of_text(""));
	reply_append(&call.reply, slice_of_text("two"));
	Lectern__Rpc__V1__Response *response = write_and_read(&call, NULL);
	assert_null(response->status);
	assert_int_equal(response->payload.len, 7);
	assert_memory_equal(response->payload.data, "one two", 7);
	assert_int_equal(response->revision, 77);
	lectern__rpc__v1__response__free_unpacked(response, NULL);

	reply_clear(&call.reply);
	call.revision = 0;
	response = write_and_read(&call, NULL);
	assert_int_equal(response->payload.len, 0);
	assert_int_equal(response->revision, 0);
	lectern__rpc__v1__response__free_unpacked(response, NULL);
	arena_done(&arena);
}

static void makes_a_large_response_an_error(void **state)
{
	struct arena arena;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	struct rpc_call call = { .arena = &arena };
	reply_init(&call.reply, &arena);
	static uint8_t megabyte[1024 * 1024];
	for (size_t i = 0; i < LIMIT_RESPONSE_BYTES / sizeof megabyte; i++)
		reply_append(&call.reply, slice_of(megabyte, sizeof megabyte));
	Lectern__Rpc__V1__Response *response = write_and_read(&call, NULL);
	assert_non_null(response->status);
	assert_int_equal(response->status->code, CODE_RESOURCE_EXHAUSTED);
	assert_string_equal(response->status->message,
		"the response would have 33554432 bytes, at most 33554432 are allowed; ask for "
		"fewer entries or for a smaller view");
	lectern__rpc__v1__response__free_unpacked(response, NULL);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_field),
		cmocka_unit_test(refuses_or_reads_every_prefix),
		cmocka_unit_test(survives_every_changed_byte),
		cmocka_unit_test(refuses_malformed_frames),
		cmocka_unit_test(keeps_the_limits),
		cmocka_unit_test(takes_one_token),
		cmocka_unit_test(keeps_the_limits_of_headers),
		cmocka_unit_test(writes_the_payload_from_parts),
		cmocka_unit_test(makes_a_large_response_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
