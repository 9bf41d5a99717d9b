/*
 * Everything that a client may send and should not, to a real server over a socket: each request is
 * answered with a code, a reason and a text that says what to do, or the connection is closed; the
 * server goes on, its store is sound and unchanged, and its memory does not grow.
 *
 * The client here speaks nng's wire protocol by hand (a header of 8 bytes, then messages of a type
 * byte, a length and the request's id), because it has to send what nng would not.
 */
#include "base/buffer.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/wire.h"
#include "integration/lecternd.h"

#include <errno.h>
#include <inttypes.h>
#include <lectern/rpc/v1/envelope.pb-c.h>
#include <lectern/v1/admin.pb-c.h>
#include <lectern/v1/health.pb-c.h>
#include <lectern/v1/post.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cmocka.h>

enum {
	SP_HEADER_BYTES = 8,
	IPC_HEAD_BYTES = 9, /* the type, which is 1, and the length */
	ID_BYTES = 4,
	/* Beyond it a frame is not even read, and its connection is closed. */
	READ_BYTES_MAX = LIMIT_REQUEST_BYTES + LIMIT_REQUEST_BYTES / 8,
	FRAME_BYTES_MAX = 16 * 1024 * 1024,
	ANSWER_SECONDS = 30,
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	GROWTH_KB = 64 * 1024,
#else
	GROWTH_KB = 6 * 1024,
#endif
};

static struct lecternd server;
static int connection = -1;

/* --- the connection --- */

static int open_socket(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = ANSWER_SECONDS };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", server.url + strlen("ipc://"));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

/* False when the server has closed the connection. */
static bool send_all(int fd, const void *data, size_t size)
{
	for (size_t at = 0; at < size;) {
		ssize_t sent = send(fd, (const char *)data + at, size - at, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
		at += (size_t)sent;
	}
	return true;
}

static bool receive_all(int fd, void *data, size_t size)
{
	for (size_t at = 0; at < size;) {
		ssize_t got = recv(fd, (char *)data + at, size - at, 0);
		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			print_error("no answer for %d seconds\n", ANSWER_SECONDS);
			abort();
		}
		if (got <= 0)
			return false;
		at += (size_t)got;
	}
	return true;
}

static int connect_as_req(void)
{
	static const uint8_t ours[SP_HEADER_BYTES] = { 0, 'S', 'P', 0, 0, 0x30, 0, 0 };
	uint8_t theirs[SP_HEADER_BYTES];
	int fd = open_socket();
	assert_true(send_all(fd, ours, sizeof ours));
	assert_true(receive_all(fd, theirs, sizeof theirs));
	assert_memory_equal(theirs, "\0SP\0\0\x31\0\0", sizeof theirs);
	return fd;
}

static void put_head(uint8_t head[IPC_HEAD_BYTES], uint64_t size)
{
	head[0] = 1;
	for (int i = 0; i < 8; i++)
		head[1 + i] = (uint8_t)(size >> (56 - 8 * i));
}

/* Sends one frame and waits for its answer; NULL when the server closes the connection instead. */
static Lectern__Rpc__V1__Response *exchange(const void *frame, size_t size)
{
	static const uint8_t id[ID_BYTES] = { 0x80, 0, 0, 7 };
	uint8_t head[IPC_HEAD_BYTES];
	if (connection < 0)
		connection = connect_as_req();
	put_head(head, ID_BYTES + size);
	bool ok = send_all(connection, head, sizeof head) && send_all(connection, id, sizeof id) &&
		  send_all(connection, frame, size) && receive_all(connection, head, sizeof head);
	if (!ok) {
		close(connection);
		connection = -1;
		return NULL;
	}
	uint64_t answer_size = 0;
	for (int i = 0; i < 8; i++)
		answer_size = answer_size << 8 | head[1 + i];
	assert_in_range(answer_size, ID_BYTES, LIMIT_RESPONSE_BYTES + 1024);
	uint8_t *answer = malloc(answer_size);
	assert_true(receive_all(connection, answer, answer_size));
	assert_memory_equal(answer, id, ID_BYTES);
	Lectern__Rpc__V1__Response *response =
		lectern__rpc__v1__response__unpack(NULL, answer_size - ID_BYTES, answer + ID_BYTES);
	assert_non_null(response);
	free(answer);
	return response;
}

/* --- requests --- */

static struct buffer frame, payload, post;

static void add_bytes(struct buffer *to, uint32_t number, const void *data, size_t size)
{
	uint8_t head[2 * WIRE_VARINT_BYTES_MAX];
	buffer_append(to, head, wire_put_bytes_head(head, number, size));
	buffer_append(to, data, size);
}

static void add_text(struct buffer *to, uint32_t number, const char *text)
{
	add_bytes(to, number, text, strlen(text));
}

/* Also 0, which proto3 leaves out. */
static void add_number(struct buffer *to, uint32_t number, uint64_t value)
{
	uint8_t bytes[2 * WIRE_VARINT_BYTES_MAX];
	size_t size = wire_put_varint(bytes, (uint64_t)number << 3);
	buffer_append(to, bytes, size + wire_put_varint(bytes + size, value));
}

static void fill(struct buffer *to, uint32_t number, char c, size_t size)
{
	char *text = malloc(size);
	memset(text, c, size);
	add_bytes(to, number, text, size);
	free(text);
}

static void make_frame(const char *method)
{
	buffer_clear(&frame);
	add_text(&frame, 1, method);
	add_bytes(&frame, 2, payload.data, payload.size);
	assert_false(frame.overflow || payload.overflow || post.overflow);
}

/* A call that has to succeed; its payload is returned, to be freed by the caller. */
static Lectern__Rpc__V1__Response *call_ok(const char *method)
{
	make_frame(method);
	Lectern__Rpc__V1__Response *response = exchange(frame.data, frame.size);
	assert_non_null(response);
	if (response->status != NULL)
		print_error("%s: %s\n", method, response->status->message);
	assert_null(response->status);
	return response;
}

static void done(Lectern__Rpc__V1__Response *response)
{
	lectern__rpc__v1__response__free_unpacked(response, NULL);
}

static uint64_t revision(void)
{
	buffer_clear(&payload);
	Lectern__Rpc__V1__Response *response = call_ok("lectern.v1.AdminService/GetServerInfo");
	uint64_t ret = response->revision;
	done(response);
	return ret;
}

/* The server answers, and its store is sound. */
static void assert_well(void)
{
	buffer_clear(&payload);
	Lectern__Rpc__V1__Response *response = call_ok("lectern.v1.HealthService/Check");
	Lectern__V1__CheckResponse *health = lectern__v1__check_response__unpack(
		NULL, response->payload.len, response->payload.data);
	assert_int_equal(health->status, LECTERN__V1__SERVING_STATUS__SERVING_STATUS_SERVING);
	lectern__v1__check_response__free_unpacked(health, NULL);
	done(response);
	response = call_ok("lectern.v1.AdminService/CheckStore");
	Lectern__V1__CheckStoreResponse *check = lectern__v1__check_store_response__unpack(
		NULL, response->payload.len, response->payload.data);
	assert_int_equal(check->problem_count, 0);
	lectern__v1__check_store_response__free_unpacked(check, NULL);
	done(response);
}

/* --- the requests that are refused --- */

enum kind {
	END,
	TEXT,	 /* a string field */
	BYTES,	 /* value bytes of text */
	NUMBER,	 /* value */
	FILL,	 /* value times the first byte of text */
	EMPTIES, /* value empty sub-messages */
	TERMS,	 /* value references by name, each another one */
	TIME,	 /* a Timestamp: seconds in value, nanoseconds in text */
};

/* One field of the request's message, or of the post that is its field 1. */
struct field {
	enum kind kind;
	bool of_post;
	uint32_t number;
	const char *text;
	uint64_t value;
};

#define P(kind_, number_, text_, value_) \
	{ \
		.kind = (kind_), .of_post = true, .number = (number_), .text = (text_), \
		.value = (uint64_t)(value_) \
	}
#define R(kind_, number_, text_, value_) \
	{ \
		.kind = (kind_), .number = (number_), .text = (text_), .value = (uint64_t)(value_) \
	}
#define TITLE P(TEXT, 3, "Title", 0)

#define CREATE "/lectern.v1.PostService/CreatePost"
#define UPDATE "/lectern.v1.PostService/UpdatePost"
#define GET "/lectern.v1.PostService/GetPost"
#define LIST "/lectern.v1.PostService/ListPosts"
#define ARCHIVE "/lectern.v1.ArchiveService/GetArchive"
#define CREATE_TAG "/lectern.v1.TagService/CreateTag"

static const struct bad {
	const char *label, *method;
	enum code code;
	const char *reason, *text;
	struct field fields[5];
} cases[] = {
	{ "unknown method", "/lectern.v1.PostService/GetPosts", CODE_UNIMPLEMENTED,
		"UNKNOWN_METHOD", "GetPost", { { END } } },
	{ "unknown service", "/lectern.v1.PageService/GetPage", CODE_UNIMPLEMENTED,
		"UNKNOWN_SERVICE", "", { { END } } },
	{ "unknown package", "/grpc.health.v1.Health/Check", CODE_UNIMPLEMENTED, "UNKNOWN_SERVICE",
		"", { { END } } },
	{ "no method", "", CODE_INVALID_ARGUMENT, NULL, "method", { { END } } },
	{ "method not in UTF-8", "/lectern.v1.PostService/\xFF", CODE_INVALID_ARGUMENT,
		"MALFORMED_REQUEST", "UTF-8", { { END } } },

	{ "another message's bytes", GET, CODE_INVALID_ARGUMENT, "WRONG_WIRE_TYPE", "id",
		{ TITLE } },
	{ "not protobuf", GET, CODE_INVALID_ARGUMENT, "MALFORMED_MESSAGE", "",
		{ R(BYTES, 2, "x", 1), R(FILL, 15, "\xFF", 3), R(NUMBER, 0, "", 7) } },
	{ "JSON", GET, CODE_INVALID_ARGUMENT, "MALFORMED_MESSAGE", "", { R(END, 0, "", 0) } },
	{ "sub-message cut off", CREATE, CODE_INVALID_ARGUMENT, "MALFORMED_MESSAGE", "post",
		{ R(BYTES, 1, "\x1A\x05Ti", 4) } },
	{ "sub-message twice", CREATE, CODE_INVALID_ARGUMENT, "DUPLICATE_FIELD", "post",
		{ TITLE, R(EMPTIES, 1, "", 2) } },
	{ "invalid UTF-8", CREATE, CODE_INVALID_ARGUMENT, "INVALID_UTF8", "post.title",
		{ P(TEXT, 3, "Ti\xC3tle", 0) } },
	{ "overlong UTF-8", CREATE, CODE_INVALID_ARGUMENT, "INVALID_UTF8", "post.body",
		{ TITLE, P(TEXT, 33, "a\xC0\xAF", 0) } },
	{ "surrogate", CREATE, CODE_INVALID_ARGUMENT, "INVALID_UTF8", "post.slug",
		{ TITLE, P(TEXT, 2, "\xED\xA0\x80", 0) } },
	{ "embedded NUL", CREATE, CODE_INVALID_ARGUMENT, "EMBEDDED_NUL", "post.title",
		{ P(BYTES, 3, "Ti\0tle", 6) } },
	{ "100,000 empty tags", CREATE, CODE_INVALID_ARGUMENT, "TOO_MANY_ENTRIES", "post.tags",
		{ TITLE, P(EMPTIES, 13, "", 100000) } },
	{ "100,000 empty headings", CREATE, CODE_INVALID_ARGUMENT, "TOO_MANY_ENTRIES",
		"post.outline", { TITLE, P(EMPTIES, 35, "", 100000) } },
	{ "100,000 empty keys", "/lectern.v1.PostService/BatchGetPosts", CODE_INVALID_ARGUMENT,
		"TOO_MANY_ENTRIES", "keys", { R(EMPTIES, 1, "", 100000) } },
	{ "100,000 unknown fields", GET, CODE_INVALID_ARGUMENT, "TOO_MANY_UNKNOWN_FIELDS", "",
		{ R(EMPTIES, 999, "", 100000) } },
	{ "300 tags", CREATE, CODE_INVALID_ARGUMENT, "TOO_MANY_ENTRIES", "256",
		{ TITLE, P(TERMS, 13, "tag", 300), R(NUMBER, 4, "", 1) } },

	{ "nothing", CREATE, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", "post", { { END } } },
	{ "no title", CREATE, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED",
		"post.title: must not be empty", { P(TEXT, 33, "Body", 0) } },
	{ "blank title", CREATE, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", "post.title",
		{ P(TEXT, 3, " \xC2\xA0\xE3\x80\x80", 0) } },
	{ "title of two lines", CREATE, CODE_INVALID_ARGUMENT, "CONTROL_CHARACTER", "one line",
		{ P(TEXT, 3, "Two\nlines", 0) } },
	{ "title too long", CREATE, CODE_INVALID_ARGUMENT, "FIELD_TOO_LONG", "1024",
		{ P(FILL, 3, "x", LIMIT_TITLE_BYTES + 1) } },
	{ "body too long", CREATE, CODE_INVALID_ARGUMENT, "FIELD_TOO_LONG", "4194304",
		{ TITLE, P(FILL, 33, "x", LIMIT_BODY_BYTES + 1) } },
	{ "body nested too deeply", CREATE, CODE_INVALID_ARGUMENT, "BODY_NESTED_TOO_DEEP",
		"100 quotes", { TITLE, P(FILL, 33, ">", 100000) } },
	{ "HTML body whose html is too long", CREATE, CODE_INVALID_ARGUMENT, "BODY_TOO_COMPLEX",
		"post.body", { TITLE, P(NUMBER, 32, "", 2), P(FILL, 33, "<", LIMIT_BODY_BYTES) } },
	{ "unknown body format", CREATE, CODE_INVALID_ARGUMENT, "ENUM_INVALID", "post.body_format",
		{ TITLE, P(NUMBER, 32, "", 3) } },
	{ "unknown state", CREATE, CODE_INVALID_ARGUMENT, "ENUM_INVALID", "post.state: 99",
		{ TITLE, P(NUMBER, 5, "", 99) } },
	{ "negative state", CREATE, CODE_INVALID_ARGUMENT, "ENUM_INVALID", "post.state",
		{ TITLE, P(NUMBER, 5, "", -1) } },
	{ "slug with blanks", CREATE, CODE_INVALID_ARGUMENT, "SLUG_INVALID", "\"not-a-slug\"",
		{ TITLE, P(TEXT, 2, "not a slug", 0) } },
	{ "slug with slashes", CREATE, CODE_INVALID_ARGUMENT, "SLUG_INVALID", "\"etc-passwd\"",
		{ TITLE, P(TEXT, 2, "../etc/passwd", 0) } },
	{ "slug taken", CREATE, CODE_ALREADY_EXISTS, "SLUG_TAKEN", "belongs to post 1",
		{ TITLE, P(TEXT, 2, "taken", 0) } },
	{ "tag that does not exist", CREATE, CODE_NOT_FOUND, "TERM_NOT_FOUND",
		"create it first or set create_missing_terms", { TITLE, P(TERMS, 13, "nope", 1) } },
	{ "empty tag", CREATE, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED",
		"give an id, a slug or a name", { TITLE, P(EMPTIES, 13, "", 1) } },
	{ "time before the year 1", CREATE, CODE_INVALID_ARGUMENT, "TIME_OUT_OF_RANGE",
		"post.publish_time", { TITLE, P(TIME, 6, "", INT64_C(-62135596801)) } },
	{ "time behind the year 9999", CREATE, CODE_INVALID_ARGUMENT, "TIME_OUT_OF_RANGE",
		"post.publish_time", { TITLE, P(TIME, 6, "", INT64_C(253402300800)) } },
	{ "time at the end of the integers", CREATE, CODE_INVALID_ARGUMENT, "TIME_OUT_OF_RANGE",
		"post.expire_time", { TITLE, P(TIME, 7, "", INT64_MAX) } },
	{ "nanoseconds of more than a second", CREATE, CODE_INVALID_ARGUMENT, "TIME_OUT_OF_RANGE",
		"post.publish_time", { TITLE, P(TIME, 6, "x", 0) } },
	{ "URL of a script", CREATE, CODE_INVALID_ARGUMENT, "URL_INVALID", "http://",
		{ TITLE, P(TEXT, 19, "javascript:alert(1)", 0) } },
	{ "request id too long", CREATE, CODE_INVALID_ARGUMENT, "FIELD_TOO_LONG", "request_id",
		{ TITLE, R(FILL, 3, "x", LIMIT_REQUEST_ID_BYTES + 1) } },
	{ "update of nobody", UPDATE, CODE_INVALID_ARGUMENT, "KEY_REQUIRED", "post.id", { TITLE } },
	{ "update of a missing post", UPDATE, CODE_NOT_FOUND, "POST_NOT_FOUND", "999",
		{ TITLE, P(NUMBER, 1, "", 999) } },
	{ "stale etag", UPDATE, CODE_ABORTED, "ETAG_MISMATCH", "read it again and repeat",
		{ TITLE, P(NUMBER, 1, "", 1), P(TEXT, 11, "0", 0) } },
	{ "purge of a living post", "/lectern.v1.PostService/PurgePost", CODE_FAILED_PRECONDITION,
		"POST_NOT_TRASHED", "DeletePost", { R(NUMBER, 1, "", 1) } },
	{ "tag name taken", CREATE_TAG, CODE_ALREADY_EXISTS, "NAME_TAKEN", "tag 1",
		{ P(TEXT, 3, "USED", 0) } },
	{ "delete of a tag in use", "/lectern.v1.TagService/DeleteTag", CODE_FAILED_PRECONDITION,
		"TERM_IN_USE", "set force", { R(NUMBER, 1, "", 1) } },

	{ "get without a key", GET, CODE_INVALID_ARGUMENT, "KEY_REQUIRED", "key", { { END } } },
	{ "unknown slug", GET, CODE_NOT_FOUND, "POST_NOT_FOUND", "slug \"nope\"",
		{ R(TEXT, 2, "nope", 0) } },
	{ "slug too long", GET, CODE_INVALID_ARGUMENT, "FIELD_TOO_LONG", "slug",
		{ R(FILL, 2, "x", LIMIT_SLUG_BYTES + 1) } },
	{ "unknown view", GET, CODE_INVALID_ARGUMENT, "ENUM_INVALID", "view",
		{ R(NUMBER, 1, "", 1), R(NUMBER, 3, "", 5) } },
	{ "negative page size", LIST, CODE_INVALID_ARGUMENT, "PAGE_SIZE_NEGATIVE",
		"0 (the default)", { R(NUMBER, 1, "", -1) } },
	{ "page token of nobody", LIST, CODE_INVALID_ARGUMENT, "PAGE_TOKEN_MALFORMED",
		"send next_page_token as you got it", { R(TEXT, 2, "garbage", 0) } },
	{ "page token too long", LIST, CODE_INVALID_ARGUMENT, "FIELD_TOO_LONG", "page_token",
		{ R(FILL, 2, "A", LIMIT_PAGE_TOKEN_BYTES + 1) } },
	{ "forged page token", LIST, CODE_INVALID_ARGUMENT, "PAGE_TOKEN_FORGED", "first page",
		{ R(TEXT, 2, "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0) } },
	{ "filter of garbage", LIST, CODE_INVALID_ARGUMENT, "FILTER_INVALID", "at byte 1",
		{ R(TEXT, 3, ")(*&^%$", 0) } },
	{ "filter with an open quote", LIST, CODE_INVALID_ARGUMENT, "FILTER_INVALID", "at byte 6",
		{ R(TEXT, 3, "tags:\"python", 0) } },
	{ "filter too long", LIST, CODE_INVALID_ARGUMENT, "FIELD_TOO_LONG", "filter",
		{ R(FILL, 3, "(", LIMIT_FILTER_BYTES + 1) } },
	{ "order by garbage", LIST, CODE_INVALID_ARGUMENT, "ORDER_BY_INVALID",
		"one of publish_time,", { R(TEXT, 4, "author", 0) } },
	{ "unknown view of a list", LIST, CODE_INVALID_ARGUMENT, "ENUM_INVALID", "view",
		{ R(NUMBER, 5, "", 77) } },
	{ "archive of nothing", ARCHIVE, CODE_INVALID_ARGUMENT, "KIND_REQUIRED", "TAG, CATEGORY",
		{ { END } } },
	{ "archive of an unknown kind", ARCHIVE, CODE_INVALID_ARGUMENT, "KIND_REQUIRED", "kind",
		{ R(NUMBER, 1, "", 6) } },
	{ "archive without a term", ARCHIVE, CODE_INVALID_ARGUMENT, "KEY_REQUIRED", "term",
		{ R(NUMBER, 1, "", 1) } },
	{ "archive of an unknown tag", ARCHIVE, CODE_NOT_FOUND, "TERM_NOT_FOUND",
		"there is no tag with name \"\x11\"",
		{ R(NUMBER, 1, "", 1), R(BYTES, 2, "\x1A\x01\x11", 3) } },
	{ "archive in an unknown view", ARCHIVE, CODE_INVALID_ARGUMENT, "ENUM_INVALID", "view",
		{ R(NUMBER, 1, "", 1), R(BYTES, 2, "\x08\x01", 2), R(NUMBER, 4, "", 99) } },
	{ "archive of the 32nd", ARCHIVE, CODE_INVALID_ARGUMENT, "DATE_INVALID", "date.day",
		{ R(NUMBER, 1, "", 5), R(BYTES, 3, "\x08\xE8\x0F\x10\x01\x18\x20", 7) } },
	{ "archive of the 30th of February", ARCHIVE, CODE_INVALID_ARGUMENT, "DATE_INVALID",
		"date.day",
		{ R(NUMBER, 1, "", 5), R(BYTES, 3, "\x08\xE8\x0F\x10\x02\x18\x1E", 7) } },
	{ "archive without a year", ARCHIVE, CODE_INVALID_ARGUMENT, "DATE_INVALID", "date.year",
		{ R(NUMBER, 1, "", 5) } },
	{ "dates of the year 10000", "/lectern.v1.ArchiveService/ListArchiveDates",
		CODE_INVALID_ARGUMENT, "DATE_INVALID", "year", { R(NUMBER, 1, "", 10000) } },
};

static void add_time(struct buffer *to, const struct field *field)
{
	uint8_t bytes[4 * WIRE_VARINT_BYTES_MAX];
	size_t size = wire_put_uint(bytes, 1, field->value);
	if (field->text[0] != '\0')
		size += wire_put_uint(bytes + size, 2, 1000000000);
	add_bytes(to, field->number, bytes, size);
}

static void add_field(struct buffer *to, const struct field *field)
{
	switch (field->kind) {
	case END:
		return;
	case TEXT:
		add_text(to, field->number, field->text);
		return;
	case BYTES:
		add_bytes(to, field->number, field->text, field->value);
		return;
	case NUMBER:
		add_number(to, field->number, field->value);
		return;
	case FILL:
		fill(to, field->number, field->text[0], field->value);
		return;
	case EMPTIES:
		for (uint64_t i = 0; i < field->value; i++)
			add_bytes(to, field->number, "", 0);
		return;
	case TERMS:
		for (uint64_t i = 0; i < field->value; i++) {
			char name[64];
			uint8_t ref[80];
			snprintf(name, sizeof name, "%s %d", field->text, (int)i);
			size_t size = wire_put_bytes_head(ref, 3, strlen(name));
			memcpy(ref + size, name, strlen(name));
			add_bytes(to, field->number, ref, size + strlen(name));
		}
		return;
	case TIME:
		add_time(to, field);
		return;
	}
}

static void make_request(const struct bad *bad)
{
	bool has_post = false;
	buffer_clear(&payload);
	buffer_clear(&post);
	for (size_t i = 0; i < sizeof bad->fields / sizeof *bad->fields; i++)
		if (bad->fields[i].of_post) {
			has_post = true;
			add_field(&post, &bad->fields[i]);
		}
	if (has_post)
		add_bytes(&payload, 1, post.data, post.size);
	for (size_t i = 0; i < sizeof bad->fields / sizeof *bad->fields; i++)
		if (!bad->fields[i].of_post)
			add_field(&payload, &bad->fields[i]);
	if (strcmp(bad->label, "JSON") == 0)
		buffer_append_text(&payload, "{\"slug\": \"taken\"}");
	make_frame(bad->method);
}

/* The ErrorInfo among the details: its reason, and whose turn it is. */
static void assert_explained(const Lectern__Rpc__V1__Status *status, const char *reason)
{
	bool found = false;
	for (size_t i = 0; i < status->n_details; i++) {
		const Google__Protobuf__Any *detail = status->details[i];
		if (strcmp(detail->type_url, "type.googleapis.com/google.rpc.ErrorInfo") != 0)
			continue;
		Lectern__Rpc__V1__ErrorInfo *info = lectern__rpc__v1__error_info__unpack(
			NULL, detail->value.len, detail->value.data);
		assert_non_null(info);
		assert_string_not_equal(info->reason, "");
		assert_string_equal(info->domain, "lectern");
		if (reason != NULL)
			assert_string_equal(info->reason, reason);
		lectern__rpc__v1__error_info__free_unpacked(info, NULL);
		found = true;
	}
	assert_true(found);
}

static void assert_refused(const Lectern__Rpc__V1__Response *response, enum code code,
	const char *reason, const char *text)
{
	assert_non_null(response);
	assert_non_null(response->status);
	const Lectern__Rpc__V1__Status *status = response->status;
	if (status->code != (int)code || strstr(status->message, text) == NULL)
		print_error("%s: %s\n", code_name((enum code)status->code), status->message);
	assert_int_equal(status->code, code);
	assert_non_null(strstr(status->message, text));
	assert_in_range(strlen(status->message), 10, 1024);
	assert_explained(status, reason);
	assert_int_equal(response->payload.len, 0);
}

static void test_what_is_refused(void **state)
{
	uint64_t before = revision();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s\n", cases[i].label);
		make_request(&cases[i]);
		Lectern__Rpc__V1__Response *response = exchange(frame.data, frame.size);
		assert_refused(response, cases[i].code, cases[i].reason, cases[i].text);
		done(response);
	}
	assert_int_equal(revision(), before);
	assert_well();
}

/* The payload is the last field, so that no part of the frame is a whole write. */
static void test_a_frame_cut_at_every_byte(void **state)
{
	uint64_t before = revision();
	buffer_clear(&payload);
	buffer_clear(&post);
	add_text(&post, 3, "Cut off");
	add_text(&post, 33, "Some *body* text");
	add_bytes(&payload, 1, post.data, post.size);
	make_frame(CREATE);
	for (size_t size = 0; size < frame.size; size++) {
		Lectern__Rpc__V1__Response *response = exchange(frame.data, size);
		assert_non_null(response);
		assert_non_null(response->status);
		assert_int_not_equal(response->status->code, CODE_INTERNAL);
		assert_explained(response->status, NULL);
		done(response);
	}
	/* And with every byte of it changed: an answer, whatever it is. */
	for (size_t at = 0; at < frame.size - post.size; at++) {
		uint8_t was = frame.data[at];
		frame.data[at] = (uint8_t)(was ^ 0xFF);
		done(exchange(frame.data, frame.size));
		frame.data[at] = was;
	}
	assert_int_equal(revision(), before);
	assert_well();
}

static void assert_closed(int fd)
{
	char byte;
	assert_false(receive_all(fd, &byte, 1));
	close(fd);
}

/* Frames that a server must not even read. */
static void test_lengths_that_are_too_large(void **state)
{
	static const uint64_t lengths[] = { READ_BYTES_MAX + 1, UINT64_C(4294967295),
		UINT64_C(4294967296), INT64_MAX, UINT64_MAX };
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		uint8_t head[IPC_HEAD_BYTES];
		int fd = connect_as_req();
		print_message("%" PRIu64 "\n", lengths[i]);
		put_head(head, lengths[i]);
		assert_true(send_all(fd, head, sizeof head));
		assert_closed(fd);
		assert_well();
	}
	/* Whole ones: over what is read, and over what is taken by a little. */
	char *large = calloc(1, READ_BYTES_MAX);
	assert_null(exchange(large, READ_BYTES_MAX));
	Lectern__Rpc__V1__Response *response = exchange(large, LIMIT_REQUEST_BYTES + 1);
	assert_refused(response, CODE_INVALID_ARGUMENT, "REQUEST_TOO_LARGE", "8388608");
	done(response);
	free(large);
	assert_well();
}

static void test_what_is_not_the_protocol(void **state)
{
	static const struct {
		const char *label, *bytes;
		size_t size;
	} openings[] = {
		{ "HTTP", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27 },
		{ "another protocol of nng", "\0SP\0\0\x20\0\0", 8 },
		{ "another version", "\0SP\x01\0\x30\0\0", 8 },
		{ "zeroes", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16 },
	};
	for (size_t i = 0; i < sizeof openings / sizeof *openings; i++) {
		char theirs[SP_HEADER_BYTES];
		int fd = open_socket();
		print_message("%s\n", openings[i].label);
		assert_true(send_all(fd, openings[i].bytes, openings[i].size));
		if (receive_all(fd, theirs, sizeof theirs))
			assert_closed(fd);
		else
			close(fd);
		assert_well();
	}
}

/* Messages without a request's id, of another type, and half of one with nothing after it: nobody
 * else waits for them. */
static void test_connections_that_stall_or_talk_nonsense(void **state)
{
	enum { STALLED = 50 };
	static const char *const nonsense[] = { "\x01\0\0\0\0\0\0\0\0", "\x01\0\0\0\0\0\0\0\x03",
		"\x02\0\0\0\0\0\0\0\x04", "\xFF\0\0\0\0\0\0\0\x04" };
	int stalled[STALLED + 4];
	for (int i = 0; i < STALLED; i++) {
		uint8_t head[IPC_HEAD_BYTES];
		stalled[i] = i % 2 == 0 ? connect_as_req() : open_socket();
		put_head(head, 1024 * 1024);
		if (i % 2 == 0) {
			assert_true(send_all(stalled[i], head, sizeof head));
			assert_true(send_all(stalled[i], "\x80\0\0\x01half", 8));
		}
	}
	for (int i = 0; i < 4; i++) {
		stalled[STALLED + i] = connect_as_req();
		send_all(stalled[STALLED + i], nonsense[i], IPC_HEAD_BYTES);
		send_all(stalled[STALLED + i], "abcd", 4);
	}
	assert_well();
	for (int i = 0; i < STALLED + 4; i++)
		close(stalled[i]);
	assert_well();
}

/* Clients that go away before their answer. */
static void test_clients_that_do_not_wait(void **state)
{
	buffer_clear(&payload);
	make_frame("lectern.v1.AdminService/GetServerInfo");
	for (int i = 0; i < 200; i++) {
		uint8_t head[IPC_HEAD_BYTES];
		int fd = connect_as_req();
		put_head(head, ID_BYTES + frame.size);
		assert_true(send_all(fd, head, sizeof head));
		assert_true(send_all(fd, "\x80\0\0\x01", ID_BYTES));
		assert_true(send_all(fd, frame.data, frame.size));
		close(fd);
	}
	assert_well();
}

static long resident_kb(void)
{
	char path[64];
	char line[256];
	long kb = 0;
	snprintf(path, sizeof path, "/proc/%d/status", (int)server.pid);
	FILE *file = fopen(path, "r");
	while (fgets(line, sizeof line, file) != NULL)
		if (sscanf(line, "VmRSS: %ld", &kb) == 1)
			break;
	fclose(file);
	return kb;
}

static void repeat(const char *label, int times)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (strcmp(cases[i].label, label) != 0)
			continue;
		make_request(&cases[i]);
		for (int n = 0; n < times; n++) {
			Lectern__Rpc__V1__Response *response = exchange(frame.data, frame.size);
			assert_refused(response, cases[i].code, cases[i].reason, cases[i].text);
			done(response);
		}
		return;
	}
	abort();
}

static void test_memory_does_not_grow(void **state)
{
	static const struct {
		const char *label;
		int times;
	} nasty[] = { { "100,000 empty tags", 1000 }, { "100,000 unknown fields", 1000 },
		{ "body nested too deeply", 1000 }, { "body too long", 100 }, { "300 tags", 1000 },
		{ "sub-message cut off", 1000 }, { "forged page token", 1000 },
		{ "tag that does not exist", 1000 }, { "unknown method", 1000 } };
	enum { COUNT = sizeof nasty / sizeof *nasty };
	for (size_t i = 0; i < COUNT; i++) /* every context and thread has met one of each */
		repeat(nasty[i].label, 100);
	for (size_t i = 0; i < COUNT; i++) {
		long before = resident_kb();
		repeat(nasty[i].label, nasty[i].times);
		long grown = resident_kb() - before;
		print_message("%s: %ld KiB more\n", nasty[i].label, grown);
		assert_true(grown < GROWTH_KB);
	}
	assert_well();
}

static int set_up(void **state)
{
	/* Freed memory is not kept, or it would look like growth. */
	setenv("ASAN_OPTIONS", "quarantine_size_mb=1:thread_local_quarantine_size_kb=64", 0);
	buffer_init(&frame, FRAME_BYTES_MAX);
	buffer_init(&payload, FRAME_BYTES_MAX);
	buffer_init(&post, FRAME_BYTES_MAX);
	lecternd_start(&server);
	/* Post 1 with the slug "taken" and tag 1, "used". */
	add_text(&post, 2, "taken");
	add_text(&post, 3, "A post");
	add_bytes(&post, 13, "\x1A\x04used", 6);
	add_bytes(&payload, 1, post.data, post.size);
	add_number(&payload, 4, 1);
	done(call_ok(CREATE));
	return 0;
}

static int tear_down(void **state)
{
	close(connection);
	buffer_done(&frame);
	buffer_done(&payload);
	buffer_done(&post);
	return lecternd_stop(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_a_frame_cut_at_every_byte),
		cmocka_unit_test(test_lengths_that_are_too_large),
		cmocka_unit_test(test_what_is_not_the_protocol),
		cmocka_unit_test(test_connections_that_stall_or_talk_nonsense),
		cmocka_unit_test(test_clients_that_do_not_wait),
		cmocka_unit_test(test_memory_does_not_grow),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
