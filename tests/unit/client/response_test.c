#include "client/response.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ERROR_INFO "type.googleapis.com/google.rpc.ErrorInfo"
#define BAD_REQUEST "type.googleapis.com/google.rpc.BadRequest"
#define RETRY_INFO "type.googleapis.com/google.rpc.RetryInfo"

/* Frames as hexadecimal and quoted text, so that a reader sees what the bytes are. */
static const struct {
	const char *label, *frame;
	enum lectern_code want;
	const char *message, *reason, *field;
	uint32_t retry_after_ms;
} cases[] = {
	{ "empty", "", LECTERN_OK, "", "", "", 0 },
	{ "a payload", "12 03 'abc'", LECTERN_OK, "", "", "", 0 },
	{ "a status without a code", "0a 00", LECTERN_OK, "", "", "", 0 },
	{ "an unknown field", "7a 03 'abc' 12 03 'abc'", LECTERN_OK, "", "", "", 0 },
	{ "a code", "0a 02 08 05", LECTERN_NOT_FOUND, "NOT_FOUND", "", "", 0 },
	{ "a code and a text", "0a 08 08 05 12 04 'none'", LECTERN_NOT_FOUND, "none", "", "", 0 },
	{ "the largest code", "0a 02 08 10", LECTERN_UNAUTHENTICATED, "UNAUTHENTICATED", "", "",
		0 },
	{ "an unknown code", "0a 02 08 11", LECTERN_UNKNOWN, "UNKNOWN", "", "", 0 },
	{ "a negative code", "0a 0b 08 ff ff ff ff ff ff ff ff ff 01", LECTERN_UNKNOWN, "UNKNOWN",
		"", "", 0 },
	{ "the last status counts", "0a 02 08 05 0a 02 08 06", LECTERN_ALREADY_EXISTS,
		"ALREADY_EXISTS", "", "", 0 },
	{ "a text that is not UTF-8", "0a 08 08 05 12 04 'ab' ff 'c'", LECTERN_NOT_FOUND, "ab", "",
		"", 0 },
	{ "a text with a NUL", "0a 08 08 05 12 04 'ab' 00 'c'", LECTERN_NOT_FOUND, "ab", "", "",
		0 },
	{ "ErrorInfo", "0a 3d 08 06 1a 39 0a 28 '" ERROR_INFO "' 12 0d 0a 0b 'SLUG_TAKEN!'",
		LECTERN_ALREADY_EXISTS, "ALREADY_EXISTS", "SLUG_TAKEN!", "", 0 },
	{ "BadRequest", "0a 3e 08 03 1a 3a 0a 29 '" BAD_REQUEST "' 12 0d 0a 0b 0a 09 'post.slug'",
		LECTERN_INVALID_ARGUMENT, "INVALID_ARGUMENT", "", "post.slug", 0 },
	{ "RetryInfo", "0a 38 08 0e 1a 34 0a 28 '" RETRY_INFO "' 12 08 0a 06 08 02 10 80 89 7a",
		LECTERN_UNAVAILABLE, "UNAVAILABLE", "", "", 2002 },
	{ "a negative RetryInfo",
		"0a 3f 08 0e 1a 3b 0a 28 '" RETRY_INFO
		"' 12 0f 0a 0d 08 ff ff ff ff ff ff ff ff ff 01 10 00",
		LECTERN_UNAVAILABLE, "UNAVAILABLE", "", "", 0 },
	{ "a far RetryInfo",
		"0a 3d 08 0e 1a 39 0a 28 '" RETRY_INFO
		"' 12 0d 0a 0b 08 ff ff ff ff ff ff ff ff ff 00",
		LECTERN_UNAVAILABLE, "UNAVAILABLE", "", "", UINT32_MAX },
	{ "a detail of another type", "0a 0d 08 05 1a 09 0a 03 'x/y' 12 02 ff ff",
		LECTERN_NOT_FOUND, "NOT_FOUND", "", "", 0 },
	{ "garbage", "ff ff ff ff", LECTERN_INTERNAL, NULL, "MALFORMED_RESPONSE", "", 0 },
	{ "a length beyond the end", "12 05 'abc'", LECTERN_INTERNAL, NULL, "MALFORMED_RESPONSE",
		"", 0 },
	{ "a huge length", "12 ff ff ff ff ff ff ff ff 7f", LECTERN_INTERNAL, NULL,
		"MALFORMED_RESPONSE", "", 0 },
	{ "a truncated status", "0a 03 08 05 12", LECTERN_INTERNAL, NULL, "MALFORMED_RESPONSE", "",
		0 },
	{ "a truncated detail", "0a 04 1a 02 0a 7f", LECTERN_INTERNAL, NULL, "MALFORMED_RESPONSE",
		"", 0 },
	{ "a group", "13 14", LECTERN_INTERNAL, NULL, "MALFORMED_RESPONSE", "", 0 },
	{ "text", "'HTTP/1.1 400 Bad Request'", LECTERN_INTERNAL, NULL, "MALFORMED_RESPONSE", "",
		0 },
};

static size_t read_frame(const char *text, uint8_t *out)
{
	size_t size = 0;
	while (*text != '\0') {
		if (*text == ' ') {
			text++;
		} else if (*text == '\'') {
			for (text++; *text != '\''; text++)
				out[size++] = (uint8_t)*text;
			text++;
		} else {
			char digits[3] = { text[0], text[1], '\0' };
			out[size++] = (uint8_t)strtoul(digits, NULL, 16);
			text += 2;
		}
	}
	return size;
}

static void test_frames(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t bytes[400];
		size_t size = read_frame(cases[i].frame, bytes);
		uint8_t *frame = malloc(size == 0 ? 1 : size); /* so that ASan sees its end */
		memcpy(frame, bytes, size);
		struct response response;
		struct lectern_error err = { 0 };
		enum lectern_code code = response_read(slice_of(frame, size), &response, &err);
		if (code != cases[i].want || err.code != cases[i].want ||
			(cases[i].message != NULL && strcmp(err.message, cases[i].message) != 0) ||
			strcmp(err.reason, cases[i].reason) != 0 ||
			strcmp(err.field, cases[i].field) != 0 ||
			err.retry_after_ms != cases[i].retry_after_ms)
			fail_msg("%s: %d '%s' '%s' '%s' %u", cases[i].label, code, err.message,
				err.reason, err.field, err.retry_after_ms);
		free(frame);
	}
}

static void test_payload(void **state)
{
	uint8_t frame[100];
	size_t size = read_frame("20 2a 12 03 'old' 12 03 'new'", frame);
	struct response response;
	assert_int_equal(response_read(slice_of(frame, size), &response, NULL), LECTERN_OK);
	assert_true(slice_equals(response.payload, slice_of_text("new")));
	assert_int_equal(response.revision, 42);
}

/* The last of two keys counts; what is no number is 0. */
static const struct {
	const char *label, *entries; /* of the metadata, as ErrorInfo's bytes */
	const char *etag;
	uint64_t oldest_revision;
} facts[] = {
	{ "none", "", "", 0 },
	{ "whose turn it is", "1a 0e 0a 04 'turn' 12 06 'caller'", "", 0 },
	{ "an etag", "1a 14 0a 0c 'etag_current' 12 04 '1f3a'", "1f3a", 0 },
	{ "the etag that was sent", "1a 11 0a 09 'etag_sent' 12 04 '1f3a'", "", 0 },
	{ "a revision", "1a 15 0a 0f 'oldest_revision' 12 02 '42'", "", 42 },
	{ "both", "1a 15 0a 0f 'oldest_revision' 12 02 '42' 1a 12 0a 0c 'etag_current' 12 02 '1f'",
		"1f", 42 },
	{ "the value first", "1a 15 12 02 '42' 0a 0f 'oldest_revision'", "", 42 },
	{ "twice",
		"1a 14 0a 0f 'oldest_revision' 12 01 '1' 1a 14 0a 0f 'oldest_revision' 12 01 '2'",
		"", 2 },
	{ "no value", "1a 11 0a 0f 'oldest_revision'", "", 0 },
	{ "no number", "1a 15 0a 0f 'oldest_revision' 12 02 '4x'", "", 0 },
	{ "a negative number", "1a 15 0a 0f 'oldest_revision' 12 02 '-4'", "", 0 },
	{ "the largest", "1a 27 0a 0f 'oldest_revision' 12 14 '18446744073709551615'", "",
		UINT64_MAX },
	{ "one more", "1a 27 0a 0f 'oldest_revision' 12 14 '18446744073709551616'", "", 0 },
	{ "an etag that is not UTF-8", "1a 12 0a 0c 'etag_current' 12 02 '1' ff", "1", 0 },
};

static size_t add_head(uint8_t tag, size_t size_bytes, uint8_t *out)
{
	out[0] = tag;
	out[1] = (uint8_t)size_bytes;
	return 2;
}

static void test_facts(void **state)
{
	for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
		uint8_t info[128], frame[256];
		size_t info_size = read_frame(facts[i].entries, info);
		size_t url_size = strlen(ERROR_INFO);
		size_t any_size = 2 + url_size + 2 + info_size;
		size_t size = add_head(0x0a, 2 + 2 + any_size, frame);
		size += add_head(0x08, LECTERN_ABORTED, frame + size);
		size += add_head(0x1a, any_size, frame + size);
		size += add_head(0x0a, url_size, frame + size);
		memcpy(frame + size, ERROR_INFO, url_size);
		size += url_size;
		size += add_head(0x12, info_size, frame + size);
		memcpy(frame + size, info, info_size);
		size += info_size;
		assert_true(size < 128); /* each length is one byte */
		struct response response;
		struct lectern_error err;
		memset(&err, 0x55, sizeof err);
		if (response_read(slice_of(frame, size), &response, &err) != LECTERN_ABORTED ||
			strcmp(err.etag, facts[i].etag) != 0 ||
			err.oldest_revision != facts[i].oldest_revision)
			fail_msg("%s: %d '%s' %" PRIu64, facts[i].label, err.code, err.etag,
				err.oldest_revision);
	}
}

/* A text longer than its place is cut at a character. */
static void test_long_message(void **state)
{
	uint8_t frame[3000] = { 0x0A, 0xD7, 0x0F, 0x08, 0x05, 0x12, 0xD0, 0x0F };
	for (size_t i = 0; i < 2000; i += 2)
		memcpy(frame + 8 + i, "é", 2);
	frame[2008] = 0x08;
	frame[2009] = 0x05;
	struct response response;
	struct lectern_error err;
	assert_int_equal(response_read(slice_of(frame, 2010), &response, &err), LECTERN_NOT_FOUND);
	assert_int_equal(strlen(err.message), 1022);
	assert_int_equal(response_read(slice_of(frame, 2010), &response, NULL), LECTERN_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_payload),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_long_message),
	};
	return cmocka_run_group_tests_name("response", tests, NULL, NULL);
}
