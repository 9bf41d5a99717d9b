/* JSON to message and back, by tables. */
#include "codec/json.h"

#include "base/limits.h"
#include "codec/schema.h"

#include <google/protobuf/descriptor.pb-c.h>
#include <lectern/rpc/v1/envelope.pb-c.h>
#include <lectern/rpc/v1/status.pb-c.h>
#include <lectern/v1/archive.pb-c.h>
#include <lectern/v1/post.pb-c.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
/* After the headers that it wants. */
#include <cmocka.h>

#define REQUEST "lectern.v1.CreatePostRequest"

/* What `json` comes back as after it was read and printed. */
static const struct {
	const char *label, *message, *json, *want;
} accepted[] = {
	{ "empty", "Post", "{}", "{}" },
	{ "white space", "Post", " \n\t{ \n} \r\n", "{}" },
	{ "camel case", "Post", "{\"coverImageUrl\":\"u\"}", "{\"coverImageUrl\":\"u\"}" },
	{ "name of the proto", "Post", "{\"cover_image_url\":\"u\"}", "{\"coverImageUrl\":\"u\"}" },
	{ "order of the fields", "Post", "{\"title\":\"t\",\"slug\":\"s\"}",
		"{\"slug\":\"s\",\"title\":\"t\"}" },
	{ "null is unset", "Post", "{\"title\":null,\"tags\":null,\"series\":null}", "{}" },
	{ "default is left out", "Post", "{\"title\":\"\",\"featured\":false,\"id\":0}", "{}" },
	{ "64 bits as text", "Post", "{\"id\":\"18446744073709551615\"}",
		"{\"id\":\"18446744073709551615\"}" },
	{ "64 bits as number", "Post", "{\"id\":12}", "{\"id\":\"12\"}" },
	{ "whole real", "Post", "{\"id\":1.5e3}", "{\"id\":\"1500\"}" },
	{ "32 bits as text", "Post", "{\"wordCount\":\"7\"}", "{\"wordCount\":7}" },
	{ "largest of 32 bits", "Post", "{\"wordCount\":4294967295}",
		"{\"wordCount\":4294967295}" },
	{ "smallest int32", "ListPostsRequest", "{\"pageSize\":-2147483648}",
		"{\"pageSize\":-2147483648}" },
	{ "minus zero", "ListPostsRequest", "{\"pageSize\":-0}", "{}" },
	{ "enum by name", "Post", "{\"state\":\"POST_STATE_DRAFT\"}",
		"{\"state\":\"POST_STATE_DRAFT\"}" },
	{ "enum by number", "Post", "{\"state\":3}", "{\"state\":\"POST_STATE_PUBLISHED\"}" },
	{ "enum number of a later version", "Post", "{\"state\":77}", "{\"state\":77}" },
	{ "escapes", "Post",
		"{\"title\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\\u00e9\\ud83d\\ude00\"}",
		"{\"title\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\xC3\xA9\xF0\x9F\x98\x80\"}" },
	{ "controls that terminals obey", "Post", "{\"title\":\"\\u007f\\u009b\\u2028\\u2029\"}",
		"{\"title\":\"\\u007f\\u009b\\u2028\\u2029\"}" },
	{ "lists", "Post", "{\"tags\":[{\"slug\":\"a\"},{},{\"id\":\"2\"}]}",
		"{\"tags\":[{\"slug\":\"a\"},{},{\"id\":\"2\"}]}" },
	{ "empty list", "Post", "{\"tags\":[]}", "{}" },
	{ "empty message is set", "Post", "{\"series\":{}}", "{\"series\":{}}" },
	{ "oneof keeps its default", "GetPostRequest", "{\"id\":0}", "{\"id\":\"0\"}" },
	{ "oneof text", "GetPostRequest", "{\"slug\":\"\"}", "{\"slug\":\"\"}" },
	{ "oneof and null", "GetPostRequest", "{\"slug\":\"a\",\"id\":null}", "{\"slug\":\"a\"}" },
	{ "time", "Post", "{\"publishTime\":\"2026-01-02T03:04:05Z\"}",
		"{\"publishTime\":\"2026-01-02T03:04:05Z\"}" },
	{ "time with an offset", "Post", "{\"publishTime\":\"2026-01-02T03:04:05.5+01:00\"}",
		"{\"publishTime\":\"2026-01-02T02:04:05.500Z\"}" },
	{ "microseconds", "Post", "{\"publishTime\":\"2026-01-02T03:04:05.000001Z\"}",
		"{\"publishTime\":\"2026-01-02T03:04:05.000001Z\"}" },
	{ "nanoseconds", "Post", "{\"publishTime\":\"1969-12-31T23:59:59.999999999Z\"}",
		"{\"publishTime\":\"1969-12-31T23:59:59.999999999Z\"}" },
	{ "first time", "Post", "{\"publishTime\":\"0001-01-01T00:00:00Z\"}",
		"{\"publishTime\":\"0001-01-01T00:00:00Z\"}" },
	{ "last time", "Post", "{\"publishTime\":\"9999-12-31T23:59:59.999999999Z\"}",
		"{\"publishTime\":\"9999-12-31T23:59:59.999999999Z\"}" },
	{ "time by itself", "google.protobuf.Timestamp", "\"1970-01-01T00:00:00Z\"",
		"\"1970-01-01T00:00:00Z\"" },
	{ "duration", "RetryInfo", "{\"retryDelay\":\"1.5s\"}", "{\"retryDelay\":\"1.500s\"}" },
	{ "negative duration", "RetryInfo", "{\"retryDelay\":\"-0.000000001s\"}",
		"{\"retryDelay\":\"-0.000000001s\"}" },
	{ "longest duration", "RetryInfo", "{\"retryDelay\":\"-315576000000s\"}",
		"{\"retryDelay\":\"-315576000000s\"}" },
	{ "mask", "UpdatePostRequest", "{\"updateMask\":\"title,coverImageUrl,series.name\"}",
		"{\"updateMask\":\"title,coverImageUrl,series.name\"}" },
	{ "mask of every field", "UpdatePostRequest", "{\"updateMask\":\"*\"}",
		"{\"updateMask\":\"*\"}" },
	{ "empty mask", "UpdatePostRequest", "{\"updateMask\":\"\"}", "{\"updateMask\":\"\"}" },
	{ "mask in proto names", "UpdatePostRequest", "{\"updateMask\":\"cover_image_url\"}",
		"{\"updateMask\":\"coverImageUrl\"}" },
	{ "bytes", "GetDescriptorSetResponse", "{\"fileDescriptorSet\":\"AP+/\"}",
		"{\"fileDescriptorSet\":\"AP+/\"}" },
	{ "bytes, URL-safe", "GetDescriptorSetResponse", "{\"fileDescriptorSet\":\"AP-_\"}",
		"{\"fileDescriptorSet\":\"AP+/\"}" },
	{ "bytes without padding", "GetDescriptorSetResponse", "{\"fileDescriptorSet\":\"_w\"}",
		"{\"fileDescriptorSet\":\"/w==\"}" },
	{ "no bytes", "GetDescriptorSetResponse", "{\"fileDescriptorSet\":\"\"}", "{}" },
	{ "error details", "lectern.rpc.v1.Status",
		"{\"code\":5,\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\","
		"\"reason\":\"R\",\"metadata\":{\"b\":\"2\",\"a\":\"1\"}},"
		"{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":\"1s\"}]}",
		"{\"code\":5,\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\","
		"\"reason\":\"R\",\"metadata\":{\"a\":\"1\",\"b\":\"2\"}},"
		"{\"@type\":\"type.googleapis.com/"
		"google.rpc.RetryInfo\",\"retryDelay\":\"1s\"}]}" },
	{ "violations", "lectern.rpc.v1.Status",
		"{\"details\":[{\"@type\":\"x/google.rpc.BadRequest\","
		"\"field_violations\":[{\"field\":\"f\"}]}]}",
		"{\"details\":[{\"@type\":\"x/google.rpc.BadRequest\","
		"\"fieldViolations\":[{\"field\":\"f\"}]}]}" },
	{ "details of an unknown type", "lectern.rpc.v1.Status",
		"{\"details\":[{\"@type\":\"x/y.Z\",\"value\":\"AQI=\"}]}",
		"{\"details\":[{\"@type\":\"x/y.Z\",\"value\":\"AQI=\"}]}" },
	{ "details that do not fit their type", "lectern.rpc.v1.Status",
		"{\"details\":[{\"@type\":\"x/google.rpc.ErrorInfo\",\"value\":\"/w==\"}]}",
		"{\"details\":[{\"@type\":\"x/google.rpc.ErrorInfo\",\"value\":\"/w==\"}]}" },
	{ "floating point", "google.protobuf.UninterpretedOption",
		"{\"doubleValue\":0.1,\"name\":[{\"namePart\":\"a\",\"isExtension\":true}]}",
		"{\"name\":[{\"namePart\":\"a\",\"isExtension\":true}],\"doubleValue\":0.1}" },
	{ "negative zero", "google.protobuf.UninterpretedOption", "{\"doubleValue\":-0.0}",
		"{\"doubleValue\":-0.0}" },
	{ "not a number", "google.protobuf.UninterpretedOption", "{\"doubleValue\":\"NaN\"}",
		"{\"doubleValue\":\"NaN\"}" },
	{ "infinite", "google.protobuf.UninterpretedOption", "{\"doubleValue\":\"-Infinity\"}",
		"{\"doubleValue\":\"-Infinity\"}" },
	{ "real as text", "google.protobuf.UninterpretedOption", "{\"doubleValue\":\"1.25e2\"}",
		"{\"doubleValue\":125}" },
	{ "presence of proto2", "google.protobuf.UninterpretedOption",
		"{\"doubleValue\":0,\"positiveIntValue\":0,\"stringValue\":\"\"}",
		"{\"positiveIntValue\":\"0\",\"doubleValue\":0,\"stringValue\":\"\"}" },
};

static const struct {
	const char *label, *message, *json, *text, *field;
} refused[] = {
	{ "nothing", "Post", "", "JSON, line 1, column 0: unexpected token near end of file", "" },
	{ "cut short", "Post", "{\n \"title\": \"a",
		"JSON, line 2, column 12: premature end of input near '\"a'", "" },
	{ "rest", "Post", "{} x", "JSON, line 1, column 4: end of file expected near 'x'", "" },
	{ "two documents", "Post", "{}{}", "JSON, line 1, column 3: end of file expected near '{'",
		"" },
	{ "twice", "Post", "{\"title\":\"a\",\"title\":\"b\"}",
		"JSON, line 1, column 20: duplicate object key near '\"title\"'", "" },
	{ "twice in both spellings", "Post", "{\"coverImageUrl\":\"a\",\"cover_image_url\":\"b\"}",
		"cover_image_url: is given twice, in both spellings", "cover_image_url" },
	{ "NUL", "Post", "{\"title\":\"a\\u0000b\"}",
		"JSON, line 1, column 19: \\u0000 is not allowed in texts", "" },
	{ "NUL in a name", "Post", "{\"title\\u0000\":\"b\"}",
		"JSON, line 1, column 14: \\u0000 is not allowed in texts", "" },
	{ "no UTF-8", "Post", "{\"title\":\"\xFF\"}",
		"JSON, line 1, column 10: unable to decode byte 0xff near '\"'", "" },
	{ "half of a pair", "Post", "{\"title\":\"\\ud83d\"}",
		"JSON, line 1, column 17: invalid Unicode '\\uD83D' near '\"\\ud83d\"'", "" },
	{ "integer too large for JSON", "Post", "{\"id\":99999999999999999999}",
		"JSON, line 1, column 26: too big integer near '99999999999999999999'", "" },
	{ "a list", "Post", "[]", "must be an object, not a list", "" },
	{ "a string", "Post", "\"x\"", "must be an object, not a string", "" },
	{ "unknown, near one", REQUEST, "{\"post\":{\"titel\":\"a\"}}",
		"post.titel: lectern.v1.Post has no such field; did you mean \"title\"?",
		"post.titel" },
	{ "unknown, camel case", "Post", "{\"publishTme\":\"a\"}",
		"publishTme: lectern.v1.Post has no such field; did you mean \"publishTime\"?",
		"publishTme" },
	{ "unknown, proto's spelling", "Post", "{\"publish_tme\":\"a\"}",
		"publish_tme: lectern.v1.Post has no such field; did you mean \"publish_time\"?",
		"publish_tme" },
	{ "unknown and null", "Post", "{\"zzzzz\":null}",
		"zzzzz: lectern.v1.Post has no such field", "zzzzz" },
	{ "in a list", REQUEST, "{\"post\":{\"tags\":[{},{\"slug\":7}]}}",
		"post.tags[1].slug: must be a string, not a number", "post.tags[1].slug" },
	{ "null in a list", "Post", "{\"tags\":[null]}", "tags[0]: must be an object, not null",
		"tags[0]" },
	{ "object for a list", "Post", "{\"tags\":{}}", "tags: must be a list, not an object",
		"tags" },
	{ "list for a message", "Post", "{\"series\":[]}", "series: must be an object, not a list",
		"series" },
	{ "number for a boolean", "Post", "{\"featured\":1}",
		"featured: must be true or false, not a number", "featured" },
	{ "boolean for a number", "Post", "{\"wordCount\":true}",
		"word_count: must be an integer, not a boolean", "word_count" },
	{ "negative", "Post", "{\"wordCount\":-1}",
		"word_count: must be an integer from 0 to 4294967295", "word_count" },
	{ "over 32 bits", "Post", "{\"wordCount\":4294967296}",
		"word_count: must be an integer from 0 to 4294967295", "word_count" },
	{ "over int32", "ListPostsRequest", "{\"pageSize\":2147483648}",
		"page_size: must be an integer from -2147483648 to 2147483647", "page_size" },
	{ "over 64 bits", "Post", "{\"id\":\"18446744073709551616\"}",
		"id: must be an integer from 0 to 18446744073709551615", "id" },
	{ "2 to the 64th", "Post", "{\"id\":18446744073709551616.0}",
		"id: must be an integer from 0 to 18446744073709551615", "id" },
	{ "a fraction", "Post", "{\"id\":1.5}",
		"id: must be an integer from 0 to 18446744073709551615", "id" },
	{ "no number", "Post", "{\"id\":\"12x\"}",
		"id: must be an integer from 0 to 18446744073709551615", "id" },
	{ "empty number", "Post", "{\"id\":\"\"}",
		"id: must be an integer from 0 to 18446744073709551615", "id" },
	{ "leading zero", "Post", "{\"id\":\"012\"}",
		"id: must be an integer from 0 to 18446744073709551615", "id" },
	{ "leading blank", "Post", "{\"id\":\" 12\"}",
		"id: must be an integer from 0 to 18446744073709551615", "id" },
	{ "enum", "Post", "{\"state\":\"DRAFT\"}",
		"state: \"DRAFT\" is none of POST_STATE_UNSPECIFIED, POST_STATE_DRAFT, "
		"POST_STATE_SCHEDULED, POST_STATE_PUBLISHED, POST_STATE_EXPIRED, "
		"POST_STATE_TRASHED",
		"state" },
	{ "enum of another type", "Post", "{\"state\":[]}",
		"state: must be the name of an enum value, not a list", "state" },
	{ "enum out of range", "Post", "{\"state\":2147483648}",
		"state: must be an integer from -2147483648 to 2147483647", "state" },
	{ "two of a oneof", "GetPostRequest", "{\"id\":1,\"slug\":\"a\"}",
		"slug: must not be set together with \"id\": set one of the two", "slug" },
	{ "time", "Post", "{\"publishTime\":\"2026-02-30T00:00:00Z\"}",
		"publish_time: must be a time such as \"2026-01-02T03:04:05Z\"", "publish_time" },
	{ "time with too many digits", "Post",
		"{\"publishTime\":\"2026-01-02T00:00:00.1234567890Z\"}",
		"publish_time: must be a time such as \"2026-01-02T03:04:05Z\"", "publish_time" },
	{ "time as a number", "Post", "{\"publishTime\":1}",
		"publish_time: must be a time such as \"2026-01-02T03:04:05Z\", not a number",
		"publish_time" },
	{ "duration without unit", "RetryInfo", "{\"retryDelay\":\"1\"}",
		"retry_delay: must be a duration such as \"1.5s\"", "retry_delay" },
	{ "duration of a point", "RetryInfo", "{\"retryDelay\":\".s\"}",
		"retry_delay: must be a duration such as \"1.5s\"", "retry_delay" },
	{ "duration too long", "RetryInfo", "{\"retryDelay\":\"315576000001s\"}",
		"retry_delay: must be a duration such as \"1.5s\"", "retry_delay" },
	{ "mask as a list", "UpdatePostRequest", "{\"updateMask\":[\"title\"]}",
		"update_mask: must be names of fields, separated by commas, in a string, not a "
		"list",
		"update_mask" },
	{ "no base64", "GetDescriptorSetResponse", "{\"fileDescriptorSet\":\"a*\"}",
		"file_descriptor_set: must be base64", "file_descriptor_set" },
	{ "base64 cut short", "GetDescriptorSetResponse", "{\"fileDescriptorSet\":\"A\"}",
		"file_descriptor_set: must be base64", "file_descriptor_set" },
	{ "both alphabets", "GetDescriptorSetResponse", "{\"fileDescriptorSet\":\"A+-_\"}",
		"file_descriptor_set: must be base64", "file_descriptor_set" },
	{ "details without a type", "lectern.rpc.v1.Status", "{\"details\":[{\"reason\":\"R\"}]}",
		"details[0]: must have a string \"@type\" that names the message's type",
		"details[0]" },
	{ "fields of an unknown type", "lectern.rpc.v1.Status",
		"{\"details\":[{\"@type\":\"x/y.Z\",\"a\":1}]}",
		"details[0]: \"x/y.Z\" is not a known type: give its bytes as base64 in \"value\"",
		"details[0]" },
	{ "in a map", "lectern.rpc.v1.Status",
		"{\"details\":[{\"@type\":\"x/google.rpc.ErrorInfo\",\"metadata\":{\"k\":1}}]}",
		"details[0].metadata[\"k\"]: must be a string, not a number",
		"details[0].metadata[\"k\"]" },
	{ "map as a list", "ErrorInfo", "{\"metadata\":[]}",
		"metadata: must be an object, not a list", "metadata" },
	{ "real too large", "google.protobuf.UninterpretedOption", "{\"doubleValue\":1e999}",
		"JSON, line 1, column 20: real number overflow near '1e999'", "" },
	{ "no real", "google.protobuf.UninterpretedOption", "{\"doubleValue\":\"0x10\"}",
		"double_value: must be a number, \"NaN\", \"Infinity\" or \"-Infinity\"",
		"double_value" },
};

static const ProtobufCMessageDescriptor *find(const char *name)
{
	if (strcmp(name, "google.protobuf.UninterpretedOption") == 0)
		return &google__protobuf__uninterpreted_option__descriptor;
	return schema_find_message(name);
}

static void test_accepted(void **state)
{
	for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
		struct arena arena;
		struct buffer out;
		struct error err;
		ProtobufCMessage *message = NULL;
		arena_init(&arena, LIMIT_ARENA_BYTES);
		buffer_init(&out, 1 << 20);
		enum code code = json_parse(find(accepted[i].message),
			slice_of_text(accepted[i].json), &arena, &message, &err);
		if (code != CODE_OK)
			fail_msg("%s: %s", accepted[i].label, err.text);
		if (json_print(message, JSON_DEFAULT, &out, &err) != CODE_OK)
			fail_msg("%s: %s", accepted[i].label, err.text);
		if (strcmp(buffer_text(&out), accepted[i].want) != 0)
			fail_msg("%s: %s, not %s", accepted[i].label, buffer_text(&out),
				accepted[i].want);
		buffer_done(&out);
		arena_done(&arena);
	}
}

static void test_refused(void **state)
{
	int wrong = 0;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		struct arena arena;
		struct error err = { .code = CODE_OK };
		ProtobufCMessage *message = NULL;
		arena_init(&arena, LIMIT_ARENA_BYTES);
		const ProtobufCMessageDescriptor *descriptor = find(refused[i].message);
		struct slice text = slice_of_text(refused[i].json);
		enum code code = json_parse(descriptor, text, &arena, &message, &err);
		if (code != CODE_INVALID_ARGUMENT || err.code != code ||
			strcmp(err.text, refused[i].text) != 0 ||
			strcmp(err.field, refused[i].field) != 0) {
			print_error("%s: %d \"%s\" in \"%s\", not \"%s\"\n", refused[i].label, code,
				err.text, err.field, refused[i].text);
			wrong++;
		}
		assert_null(message);
		assert_int_equal(json_parse(descriptor, text, &arena, &message, NULL), code);
		arena_done(&arena);
	}
	assert_int_equal(wrong, 0);
}

static void assert_printed(const ProtobufCMessage *message, unsigned flags, const char *want)
{
	struct buffer out;
	buffer_init(&out, 1 << 20);
	assert_int_equal(json_print(message, flags, &out, NULL), CODE_OK);
	assert_string_equal(buffer_text(&out), want);
	buffer_done(&out);
}

static void test_indent(void **state)
{
	Lectern__V1__TermRef tag = LECTERN__V1__TERM_REF__INIT;
	tag.slug = (char[]){ "a" };
	Lectern__V1__TermRef empty = LECTERN__V1__TERM_REF__INIT;
	Lectern__V1__TermRef *tags[] = { &tag, &empty };
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	assert_printed(&post.base, JSON_INDENT, "{}");
	post.title = (char[]){ "t" };
	post.tags = tags;
	post.n_tags = 2;
	assert_printed(&post.base, JSON_INDENT,
		"{\n  \"title\": \"t\",\n  \"tags\": [\n    {\n      \"slug\": \"a\"\n    },\n    "
		"{}\n  ]\n}");
}

static void test_emit_defaults(void **state)
{
	Lectern__V1__TermRef term = LECTERN__V1__TERM_REF__INIT;
	assert_printed(
		&term.base, JSON_EMIT_DEFAULTS, "{\"id\":\"0\",\"slug\":\"\",\"name\":\"\"}");
	Lectern__V1__GetArchiveResponse page = LECTERN__V1__GET_ARCHIVE_RESPONSE__INIT;
	assert_printed(&page.base, JSON_EMIT_DEFAULTS,
		"{\"posts\":[],\"nextPageToken\":\"\",\"totalSize\":\"0\",\"parents\":[],"
		"\"children\":[],\"previousPageToken\":\"\",\"formerSlug\":false}");
}

/* Texts from a server that does not check them are printed as JSON all the same. */
static void test_print_invalid_text(void **state)
{
	Lectern__V1__TermRef term = LECTERN__V1__TERM_REF__INIT;
	term.name = (char[]){ "a\xFF\xC3(\xED\xA0\x80z\xC2" };
	assert_printed(&term.base, JSON_DEFAULT,
		"{\"name\":\"a\\ufffd\\ufffd(\\ufffd\\ufffd\\ufffdz\\ufffd\"}");
}

static void test_print_out_of_range(void **state)
{
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	time.nanos = 1000000000;
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	post.publish_time = &time;
	struct buffer out;
	struct error err;
	buffer_init(&out, 1 << 20);
	assert_int_equal(json_print(&post.base, 0, &out, &err), CODE_INVALID_ARGUMENT);
	assert_string_equal(
		err.text, "publish_time: the value is out of range and has no JSON form");
	buffer_done(&out);
}

/* Paths that JSON would change on their way back are refused. */
static void test_print_mask(void **state)
{
	static const char *const paths[] = { "", "aB", "a__b", "a_", "a_1", "a,b" };
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		char *path = (char *)paths[i];
		Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
		struct buffer out;
		mask.paths = &path;
		mask.n_paths = 1;
		buffer_init(&out, 1 << 20);
		assert_int_equal(json_print(&mask.base, 0, &out, NULL), CODE_INVALID_ARGUMENT);
		buffer_done(&out);
	}
}

static void test_print_overflow(void **state)
{
	Lectern__V1__TermRef term = LECTERN__V1__TERM_REF__INIT;
	term.name = (char[]){ "0123456789" };
	struct buffer out;
	struct error err;
	buffer_init(&out, 10);
	assert_int_equal(json_print(&term.base, 0, &out, &err), CODE_RESOURCE_EXHAUSTED);
	assert_string_equal(err.text, "the JSON form is larger than 10 bytes");
	buffer_done(&out);
}

/* Google's descriptors nest in themselves: the depth has a bound both ways. */
static void test_depth(void **state)
{
	enum { LEVELS = LIMIT_MESSAGE_DEPTH + 1 };
	Google__Protobuf__DescriptorProto levels[LEVELS];
	Google__Protobuf__DescriptorProto *below[LEVELS];
	struct buffer out;
	struct error err;
	buffer_init(&out, 1 << 20);
	for (int i = LEVELS - 1; i >= 0; i--) {
		google__protobuf__descriptor_proto__init(&levels[i]);
		if (i + 1 < LEVELS) {
			below[i] = &levels[i + 1];
			levels[i].nested_type = &below[i];
			levels[i].n_nested_type = 1;
		}
	}
	assert_int_equal(json_print(&levels[0].base, 0, &out, &err), CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(err.text, "more than 16 levels of messages"));
	buffer_clear(&out);
	assert_int_equal(json_print(&levels[1].base, 0, &out, &err), CODE_OK);

	struct arena arena;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	ProtobufCMessage *message;
	struct slice text = slice_of(out.data, out.size);
	const ProtobufCMessageDescriptor *descriptor =
		&google__protobuf__descriptor_proto__descriptor;
	assert_int_equal(json_parse(descriptor, text, &arena, &message, &err), CODE_OK);
	struct buffer deeper;
	buffer_init(&deeper, 1 << 20);
	buffer_printf(&deeper, "{\"nestedType\":[%s]}", buffer_text(&out));
	assert_int_equal(
		json_parse(descriptor, slice_of(deeper.data, deeper.size), &arena, &message, &err),
		CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(err.text, "nested_type[0].nested_type[0]"));
	assert_non_null(strstr(err.reason, "TOO_DEEP"));
	buffer_done(&deeper);
	buffer_done(&out);
	arena_done(&arena);
}

/* A megabyte of brackets ends in jansson's own limit. */
static void test_brackets(void **state)
{
	enum { COUNT = 1 << 20 };
	char *text = malloc(COUNT);
	memset(text, '[', COUNT);
	struct arena arena;
	struct error err;
	ProtobufCMessage *message;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	assert_int_equal(json_parse(find("Post"), slice_of(text, COUNT), &arena, &message, &err),
		CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(err.text, "maximum parsing depth reached"));
	arena_done(&arena);
	free(text);
}

static void test_arena_budget(void **state)
{
	struct arena arena;
	struct error err;
	ProtobufCMessage *message;
	arena_init(&arena, 64);
	assert_int_equal(json_parse(find("Post"), slice_of_text("{\"title\":\"a\"}"), &arena,
				 &message, &err),
		CODE_RESOURCE_EXHAUSTED);
	assert_string_equal(err.text, "the JSON needs more memory than 64 bytes");
	arena_done(&arena);
}

/* Of entries with one key the last counts, as on the wire. */
static void test_map_with_repeated_keys(void **state)
{
	Lectern__Rpc__V1__ErrorInfo__MetadataEntry entries[3];
	Lectern__Rpc__V1__ErrorInfo__MetadataEntry *list[3];
	const char *values[] = { "first", "other", "last" };
	for (size_t i = 0; i < 3; i++) {
		lectern__rpc__v1__error_info__metadata_entry__init(&entries[i]);
		entries[i].key = i == 1 ? (char *)"b" : (char *)"a";
		entries[i].value = (char *)values[i];
		list[i] = &entries[i];
	}
	Lectern__Rpc__V1__ErrorInfo info = LECTERN__RPC__V1__ERROR_INFO__INIT;
	info.metadata = list;
	info.n_metadata = 3;
	assert_printed(&info.base, JSON_DEFAULT, "{\"metadata\":{\"a\":\"last\",\"b\":\"other\"}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_indent),
		cmocka_unit_test(test_emit_defaults),
		cmocka_unit_test(test_print_invalid_text),
		cmocka_unit_test(test_print_out_of_range),
		cmocka_unit_test(test_print_mask),
		cmocka_unit_test(test_print_overflow),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_brackets),
		cmocka_unit_test(test_arena_budget),
		cmocka_unit_test(test_map_with_repeated_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
