#include "rpc/validate.h"

#include "base/buffer.h"
#include "base/text.h"
#include "base/wire.h"

#include <google/protobuf/descriptor.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <lectern/v1/post.pb-c.h>
#include <lectern/v1/tag.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define TAG &lectern__v1__tag__descriptor
#define POST &lectern__v1__post__descriptor
#define CREATE_POST &lectern__v1__create_post_request__descriptor
#define BATCH_GET_TAGS &lectern__v1__batch_get_tags_request__descriptor
#define CREATE_TAG &lectern__v1__create_tag_request__descriptor
#define FILE_SET &google__protobuf__file_descriptor_set__descriptor
#define MESSAGE_TYPE &google__protobuf__descriptor_proto__descriptor
#define LOCATION &google__protobuf__source_code_info__location__descriptor

static const ProtobufCMessageDescriptor *const roots[] = { CREATE_POST, BATCH_GET_TAGS, CREATE_TAG,
	FILE_SET };
static const struct rpc_field_limit limits[] = {
	{ .message = TAG, .field = "name", .max_bytes = 10 },
	{ .message = TAG, .field = "aliases", .max_bytes = 4, .max_count = 3 },
	{ .message = POST, .field = "tags", .max_count = 4 },
	{ .message = LOCATION, .field = "path", .max_count = 5 },
	{ .message = &google__protobuf__method_options__descriptor,
		.field = "uninterpreted_option",
		.max_count = 1 },
};

static struct plans *plans;

static int make_plans(void **state)
{
	struct error err;
	enum code code = plans_new(roots, sizeof roots / sizeof *roots, limits,
		sizeof limits / sizeof *limits, &plans, &err);
	return code == CODE_OK ? 0 : -1;
}

static int free_plans(void **state)
{
	plans_free(plans);
	return 0;
}

/* In memory of exactly the size, so that a sanitizer sees every read beyond it. */
static enum code validate(
	const ProtobufCMessageDescriptor *descriptor, struct slice payload, struct error *err)
{
	uint8_t *copy = malloc(payload.size == 0 ? 1 : payload.size);
	assert_non_null(copy);
	if (payload.size > 0)
		memcpy(copy, payload.data, payload.size);
	const struct plan_message *plan = plans_find(plans, descriptor);
	assert_non_null(plan);
	enum code code = validate_message(plan, slice_of(copy, payload.size), err);
	free(copy);
	return code;
}

#define BYTES(text) text, sizeof text - 1
static const struct {
	const char *label;
	const ProtobufCMessageDescriptor *descriptor;
	const char *bytes;
	size_t size;
	const char *reason; /* NULL: it is accepted */
	const char *field;
	const char *text;
} cases[] = {
	{ "empty", CREATE_TAG, BYTES(""), NULL, "", "" },
	{ "a tag", CREATE_TAG, BYTES("\x0a\x06\x1a\x04name\x10\x01\x1a\x02id"), NULL, "", "" },
	{ "a text of the limit", CREATE_TAG,
		BYTES("\x0a\x0c\x1a\x0a"
		      "0123456789"),
		NULL, "", "" },
	{ "a text over the limit", CREATE_TAG,
		BYTES("\x0a\x0d\x1a\x0b"
		      "0123456789a"),
		"FIELD_TOO_LONG", "tag.name", "tag.name: 11 bytes; at most 10 are allowed" },
	{ "an entry over the limit", CREATE_TAG,
		BYTES("\x0a\x0a\x32\x01x\x32\x05"
		      "abcde"),
		"FIELD_TOO_LONG", "tag.aliases[1]",
		"tag.aliases[1]: 5 bytes; at most 4 are allowed" },
	{ "as many entries as allowed", CREATE_TAG, BYTES("\x0a\x09\x32\x01x\x32\x01x\x32\x01x"),
		NULL, "", "" },
	{ "too many entries", CREATE_TAG, BYTES("\x0a\x0c\x32\x01x\x32\x01x\x32\x01x\x32\x01x"),
		"TOO_MANY_ENTRIES", "tag.aliases",
		"tag.aliases: more than 3 entries; send at most 3" },
	{ "too many messages", CREATE_POST,
		BYTES("\x0a\x0a\x6a\x00\x6a\x00\x6a\x00\x6a\x00\x6a\x00"), "TOO_MANY_ENTRIES",
		"post.tags", "post.tags: more than 4 entries; send at most 4" },
	{ "not UTF-8", CREATE_TAG, BYTES("\x0a\x05\x1a\x03\x61\xc3\x28"), "INVALID_UTF8",
		"tag.name", "tag.name: not UTF-8 at byte 1; send UTF-8 text" },
	{ "a surrogate", CREATE_TAG, BYTES("\x0a\x05\x1a\x03\xed\xa0\x80"), "INVALID_UTF8",
		"tag.name", "tag.name: not UTF-8 at byte 0; send UTF-8 text" },
	{ "an overlong slash", CREATE_TAG, BYTES("\x0a\x04\x1a\x02\xc0\xaf"), "INVALID_UTF8",
		"tag.name", "tag.name: not UTF-8 at byte 0; send UTF-8 text" },
	{ "a cut character", CREATE_TAG, BYTES("\x0a\x04\x1a\x02\xe2\x82"), "INVALID_UTF8",
		"tag.name", "tag.name: not UTF-8 at byte 0; send UTF-8 text" },
	{ "a NUL", CREATE_TAG, BYTES("\x0a\x05\x1a\x03\x61\x00\x62"), "EMBEDDED_NUL", "tag.name",
		"tag.name: a NUL at byte 1; a string cannot hold one" },
	{ "a NUL deep inside", CREATE_POST,
		BYTES("\x0a\x0a\x6a\x00\x6a\x00\x6a\x04\x12\x02\x61\x00"), "EMBEDDED_NUL",
		"post.tags[2].slug",
		"post.tags[2].slug: a NUL at byte 1; a string cannot hold one" },
	{ "a message that is cut", CREATE_TAG, BYTES("\x0a\x05\x1a"), "MALFORMED_MESSAGE", "",
		"lectern.v1.CreateTagRequest: the message is malformed or truncated in its last 3 "
		"bytes" },
	{ "an inner message that is cut", CREATE_POST, BYTES("\x0a\x04\x6a\x02\x12\x05"),
		"MALFORMED_MESSAGE", "post.tags[0]",
		"post.tags[0]: the message is malformed or truncated in its last 2 bytes" },
	{ "4 GiB long", CREATE_TAG, BYTES("\x0a\xff\xff\xff\xff\x0f\x01"), "MALFORMED_MESSAGE", "",
		"lectern.v1.CreateTagRequest: the message is malformed or truncated in its last 7 "
		"bytes" },
	{ "a tag of 6 bytes", CREATE_TAG, BYTES("\x90\x80\x80\x80\x80\x00\x01"),
		"MALFORMED_MESSAGE", "",
		"lectern.v1.CreateTagRequest: the message is malformed or truncated in its last 7 "
		"bytes" },
	{ "a group", CREATE_TAG, BYTES("\x0b\x0c"), "MALFORMED_MESSAGE", "",
		"lectern.v1.CreateTagRequest: the message is malformed or truncated in its last 2 "
		"bytes" },
	{ "a number for a text", CREATE_TAG, BYTES("\x0a\x02\x18\x01"), "WRONG_WIRE_TYPE",
		"tag.name",
		"tag.name: has wire type 0 instead of 2; encode it with the server's schema" },
	{ "a text for a number", CREATE_TAG, BYTES("\x0a\x03\x0a\x01x"), "WRONG_WIRE_TYPE",
		"tag.id",
		"tag.id: has wire type 2 instead of 0; encode it with the server's schema" },
	{ "a fixed64 for a message", CREATE_TAG,
		BYTES("\x09"
		      "12345678"),
		"WRONG_WIRE_TYPE", "tag",
		"tag: has wire type 1 instead of 2; encode it with the server's schema" },
	{ "a sub-message twice", CREATE_TAG, BYTES("\x0a\x00\x0a\x00"), "DUPLICATE_FIELD", "tag",
		"tag: is there twice; send it once" },
	{ "a scalar twice", CREATE_TAG, BYTES("\x10\x01\x10\x00"), NULL, "", "" },
	{ "unknown fields", CREATE_TAG, BYTES("\xf8\x07\x01\xfa\x07\x02\xff\x00"), NULL, "", "" },
	{ "a time", CREATE_TAG, BYTES("\x0a\x08\x3a\x06\x08\x80\xb0\xb1\xf2\x05"), NULL, "", "" },
	{ "nanos of a second", CREATE_TAG, BYTES("\x0a\x08\x3a\x06\x10\x80\x94\xeb\xdc\x03"),
		"TIME_OUT_OF_RANGE", "tag.create_time",
		"tag.create_time: 0 s and 1000000000 ns is no time between the years 1 and 9999 "
		"with 0 to 999999999 nanos" },
	{ "negative nanos", CREATE_TAG,
		BYTES("\x0a\x0d\x3a\x0b\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
		"TIME_OUT_OF_RANGE", "tag.create_time",
		"tag.create_time: 0 s and -1 ns is no time between the years 1 and 9999 with 0 to "
		"999999999 nanos" },
	{ "packed numbers", LOCATION, BYTES("\x0a\x05\x01\x02\x03\x80\x01"), NULL, "", "" },
	{ "too many packed numbers", LOCATION, BYTES("\x0a\x06\x01\x02\x03\x04\x05\x06"),
		"TOO_MANY_ENTRIES", "path", "path: more than 5 entries; send at most 5" },
	{ "packed and not packed", LOCATION, BYTES("\x0a\x03\x01\x02\x03\x08\x01\x08\x01"), NULL,
		"", "" },
	{ "too many of both", LOCATION, BYTES("\x0a\x04\x01\x02\x03\x04\x08\x01\x08\x01"),
		"TOO_MANY_ENTRIES", "path", "path: more than 5 entries; send at most 5" },
	{ "a packed number that is cut", LOCATION, BYTES("\x0a\x02\x01\x80"), "MALFORMED_MESSAGE",
		"path", "path: its packed values are malformed or truncated" },
	{ "a packed number of 11 bytes", LOCATION,
		BYTES("\x0a\x0b\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), "MALFORMED_MESSAGE",
		"path", "path: its packed values are malformed or truncated" },
};

static void gives_each_reason(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct error err = { .code = CODE_OK };
		print_message("%s\n", cases[i].label);
		enum code code = validate(
			cases[i].descriptor, slice_of(cases[i].bytes, cases[i].size), &err);
		if (cases[i].reason == NULL) {
			if (code != CODE_OK)
				print_message("  %s\n", err.text);
			assert_int_equal(code, CODE_OK);
			continue;
		}
		assert_int_equal(code, CODE_INVALID_ARGUMENT);
		assert_string_equal(err.reason, cases[i].reason);
		assert_string_equal(err.field, cases[i].field);
		if (cases[i].text != NULL)
			assert_string_equal(err.text, cases[i].text);
	}
}

/* The first and the last second that there is, and one more on each side. */
static void keeps_the_bounds_of_time(void **state)
{
	static const struct {
		int64_t seconds;
		enum code code;
	} times[] = {
		{ INT64_C(-62135596801), CODE_INVALID_ARGUMENT },
		{ INT64_C(-62135596800), CODE_OK },
		{ INT64_C(253402300799), CODE_OK },
		{ INT64_C(253402300800), CODE_INVALID_ARGUMENT },
		{ INT64_MIN, CODE_INVALID_ARGUMENT },
		{ INT64_MAX, CODE_INVALID_ARGUMENT },
	};
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
		time.seconds = times[i].seconds;
		time.nanos = 999999999;
		Lectern__V1__Tag tag = LECTERN__V1__TAG__INIT;
		tag.update_time = &time;
		Lectern__V1__CreateTagRequest request = LECTERN__V1__CREATE_TAG_REQUEST__INIT;
		request.tag = &tag;
		uint8_t bytes[128];
		size_t size = lectern__v1__create_tag_request__pack(&request, bytes);
		assert_int_equal(validate(CREATE_TAG, slice_of(bytes, size), NULL), times[i].code);
	}
}

/* `count` messages of the type DescriptorProto inside each other. */
static enum code validate_nested(size_t count, struct error *err)
{
	uint8_t bytes[4096];
	size_t start = sizeof bytes;
	for (size_t i = 1; i < count; i++) {
		uint8_t head[2 * WIRE_VARINT_BYTES_MAX];
		size_t size = wire_put_bytes_head(head, 3, sizeof bytes - start);
		start -= size;
		memcpy(bytes + start, head, size);
	}
	return validate(MESSAGE_TYPE, slice_of(bytes + start, sizeof bytes - start), err);
}

static void bounds_the_depth(void **state)
{
	struct error err;
	assert_int_equal(validate_nested(LIMIT_MESSAGE_DEPTH, &err), CODE_OK);
	assert_int_equal(validate_nested(LIMIT_MESSAGE_DEPTH + 1, &err), CODE_INVALID_ARGUMENT);
	assert_string_equal(err.reason, "NESTED_TOO_DEEP");
	assert_int_equal(validate_nested(1000, &err), CODE_INVALID_ARGUMENT);
	assert_string_equal(err.reason, "NESTED_TOO_DEEP");
}

/* The same bytes `count` times. */
static enum code validate_repeated(const ProtobufCMessageDescriptor *descriptor, const char *bytes,
	size_t size, size_t count, struct error *err)
{
	uint8_t *data = malloc(size * count);
	assert_non_null(data);
	for (size_t i = 0; i < count; i++)
		memcpy(data + size * i, bytes, size);
	enum code code = validate(descriptor, slice_of(data, size * count), err);
	free(data);
	return code;
}

static void bounds_what_has_no_row(void **state)
{
	struct error err;
	assert_int_equal(validate_repeated(BATCH_GET_TAGS, "\x0a\x00", 2, PLAN_DEFAULT_COUNT, &err),
		CODE_OK);
	assert_int_equal(validate_repeated(BATCH_GET_TAGS, "\x0a\x00", 2, 100000, &err),
		CODE_INVALID_ARGUMENT);
	assert_string_equal(err.reason, "TOO_MANY_ENTRIES");
	assert_string_equal(err.text, "keys: more than 1000 entries; send at most 1000");
	assert_int_equal(
		validate_repeated(CREATE_TAG, "\x10\x01", 2, 100000, &err), CODE_INVALID_ARGUMENT);
	assert_string_equal(err.reason, "TOO_MANY_ENTRIES");
	assert_int_equal(
		validate_repeated(CREATE_TAG, "\x78\x01", 2, LIMIT_UNKNOWN_FIELDS, &err), CODE_OK);
	assert_int_equal(
		validate_repeated(CREATE_TAG, "\x78\x01", 2, LIMIT_UNKNOWN_FIELDS + 1, &err),
		CODE_INVALID_ARGUMENT);
	assert_string_equal(err.reason, "TOO_MANY_UNKNOWN_FIELDS");
}

static const struct {
	const char *label;
	struct rpc_field_limit limit;
	const char *text;
} bad_limits[] = {
	{ "unknown field", { .message = TAG, .field = "nmae", .max_bytes = 1 },
		"limit of lectern.v1.Tag.nmae: the message has no such field" },
	{ "bytes of a number", { .message = TAG, .field = "id", .max_bytes = 1 },
		"limit of lectern.v1.Tag.id: max_bytes of a field that is no string or bytes" },
	{ "count of a single field", { .message = TAG, .field = "name", .max_count = 1 },
		"limit of lectern.v1.Tag.name: max_count of a field that is not repeated" },
	{ "nothing", { .message = TAG, .field = "name" },
		"limit of lectern.v1.Tag.name: neither max_bytes nor max_count" },
};

static void refuses_wrong_limits(void **state)
{
	for (size_t i = 0; i < sizeof bad_limits / sizeof *bad_limits; i++) {
		struct plans *none = NULL;
		struct error err;
		print_message("%s\n", bad_limits[i].label);
		assert_int_equal(
			plans_new(roots, 1, &bad_limits[i].limit, 1, &none, &err), CODE_INTERNAL);
		assert_string_equal(err.text, bad_limits[i].text);
		assert_null(none);
	}
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13; /* xorshift64 (Marsaglia 2003) */
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static size_t pack_sample_post(uint8_t *out)
{
	char title[] = "Attention Is All You Need \xe2\x80\x94 notes";
	char slug[] = "deep-learning";
	char name[] = "Deep Learning";
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	time.seconds = 1700000000;
	time.nanos = 5000;
	Lectern__V1__TermRef term = LECTERN__V1__TERM_REF__INIT;
	term.slug = slug;
	term.name = name;
	Lectern__V1__TermRef *terms[] = { &term, &term };
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	post.title = title;
	post.slug = slug;
	post.publish_time = &time;
	post.n_tags = 2;
	post.tags = terms;
	post.n_categories = 1;
	post.categories = terms;
	Lectern__V1__CreatePostRequest request = LECTERN__V1__CREATE_POST_REQUEST__INIT;
	request.post = &post;
	request.request_id = name;
	request.validate_only = 1;
	return lectern__v1__create_post_request__pack(&request, out);
}

/* What passes must be unpacked by protobuf-c, and nothing may be lost: packed again and checked
 * again it is still good. */
static void check_unpacks(struct slice bytes)
{
	Lectern__V1__CreatePostRequest *request =
		lectern__v1__create_post_request__unpack(NULL, bytes.size, bytes.data);
	assert_non_null(request);
	size_t size = lectern__v1__create_post_request__get_packed_size(request);
	uint8_t *again = malloc(size + 1);
	assert_non_null(again);
	lectern__v1__create_post_request__pack(request, again);
	assert_int_equal(validate(CREATE_POST, slice_of(again, size), NULL), CODE_OK);
	lectern__v1__create_post_request__free_unpacked(request, NULL);
	free(again);
}

static void what_passes_can_be_unpacked(void **state)
{
	const char *given = getenv("LECTERN_SEED");
	uint64_t seed = given == NULL ? (uint64_t)time(NULL) : strtoull(given, NULL, 10);
	print_message("LECTERN_SEED=%llu\n", (unsigned long long)seed);
	seed = seed * 2 + 1;
	uint8_t sample[512];
	size_t sample_size = pack_sample_post(sample);
	size_t passed = 0;
	for (size_t round = 0; round < 20000; round++) {
		uint8_t bytes[512];
		size_t size = sample_size;
		memcpy(bytes, sample, size);
		for (uint64_t changes = next_random(&seed) % 4; changes > 0; changes--)
			bytes[next_random(&seed) % size] = (uint8_t)next_random(&seed);
		if (next_random(&seed) % 8 == 0)
			size = next_random(&seed) % size;
		struct error err;
		if (validate(CREATE_POST, slice_of(bytes, size), &err) == CODE_OK) {
			check_unpacks(slice_of(bytes, size));
			passed++;
		} else {
			assert_int_equal(err.code, CODE_INVALID_ARGUMENT);
			assert_non_null(err.reason);
		}
	}
	assert_true(passed > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_each_reason),
		cmocka_unit_test(keeps_the_bounds_of_time),
		cmocka_unit_test(bounds_the_depth),
		cmocka_unit_test(bounds_what_has_no_row),
		cmocka_unit_test(refuses_wrong_limits),
		cmocka_unit_test(what_passes_can_be_unpacked),
	};
	return cmocka_run_group_tests(tests, make_plans, free_plans);
}
