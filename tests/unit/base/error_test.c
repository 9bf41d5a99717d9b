#include "base/error.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#undef fail /* cmocka.h has a macro of the name */

/* Texts go on the wire as protobuf strings, which have to be valid UTF-8. */
static void assert_valid(const char *text)
{
	struct slice slice = slice_of_text(text);
	assert_int_equal(text_find_invalid(slice), slice.size);
}

static void test_numbers_are_those_of_google_rpc_code(void **state)
{
	static const char *const names[] = { "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT",
		"DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
		"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
		"UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_string_equal(code_name((enum code)i), names[i]);
	assert_string_equal(code_name((enum code)17), "UNKNOWN");
	assert_string_equal(code_name((enum code) - 1), "UNKNOWN");
}

static void test_a_new_error_forgets_the_old_one(void **state)
{
	struct error err;
	memset(&err, 0x55, sizeof err);
	assert_int_equal(
		fail_field(&err, CODE_ABORTED, "ETAG_MISMATCH", "etag", "is %d", 7), CODE_ABORTED);
	assert_string_equal(err.text, "etag: is 7");
	assert_string_equal(err.field, "etag");
	assert_string_equal(err.reason, "ETAG_MISMATCH");
	err.retry_ms = 5;
	assert_int_equal(
		fail_reason(&err, CODE_NOT_FOUND, "POST_NOT_FOUND", "no post"), CODE_NOT_FOUND);
	assert_string_equal(err.text, "no post");
	assert_string_equal(err.field, "");
	assert_string_equal(err.reason, "POST_NOT_FOUND");
	assert_int_equal(err.retry_ms, 0);
	assert_int_equal(fail(&err, CODE_INTERNAL, "%s", ""), CODE_INTERNAL);
	assert_string_equal(err.text, "");
	assert_null(err.reason);
	assert_int_equal(fail(NULL, CODE_INTERNAL, "nobody asks"), CODE_INTERNAL);
	assert_int_equal(fail_reason(NULL, CODE_INTERNAL, "X", "nobody asks"), CODE_INTERNAL);
	assert_int_equal(fail_field(NULL, CODE_INTERNAL, "X", "f", "nobody asks"), CODE_INTERNAL);
	assert_int_equal(wrap(NULL, CODE_INTERNAL, "nobody asks"), CODE_INTERNAL);
}

static void test_facts_stand_beside_the_text(void **state)
{
	struct error err;
	char long_value[200];
	memset(long_value, 'x', sizeof long_value - 1);
	long_value[sizeof long_value - 1] = '\0';
	memcpy(long_value + ERROR_VALUE_BYTES_MAX - 1, "\xC3\xA9", 2); /* split by the cut */
	fail_reason(&err, CODE_OUT_OF_RANGE, "CHANGES_TRIMMED", "too late");
	error_tell(&err, "revision", "%d", 7);
	error_tell(&err, "long", "%s", long_value);
	assert_int_equal(err.fact_count, 2);
	assert_string_equal(err.facts[0].key, "revision");
	assert_string_equal(err.facts[0].value, "7");
	assert_int_equal(strlen(err.facts[1].value), ERROR_VALUE_BYTES_MAX - 1);
	assert_valid(err.facts[1].value);
	wrap(&err, CODE_OUT_OF_RANGE, "watch");
	assert_int_equal(err.fact_count, 2);
	for (int i = 0; i < ERROR_FACTS_MAX; i++)
		error_tell(&err, "one more", "%d", i);
	assert_int_equal(err.fact_count, ERROR_FACTS_MAX);
	assert_string_equal(err.facts[ERROR_FACTS_MAX - 1].value, "1");
	fail(&err, CODE_INTERNAL, "another error");
	assert_int_equal(err.fact_count, 0);
	error_tell(NULL, "nobody", "asks");
}

static void test_wrap_keeps_all_but_code_and_text(void **state)
{
	struct error err;
	fail_field(&err, CODE_NOT_FOUND, "TERM_NOT_FOUND", "post.tags[0]", "there is no tag");
	err.retry_ms = 9;
	assert_int_equal(wrap(&err, CODE_FAILED_PRECONDITION, "import '%s'", "a.md"),
		CODE_FAILED_PRECONDITION);
	assert_string_equal(err.text, "import 'a.md': post.tags[0]: there is no tag");
	assert_int_equal(err.code, CODE_FAILED_PRECONDITION);
	assert_string_equal(err.reason, "TERM_NOT_FOUND");
	assert_string_equal(err.field, "post.tags[0]");
	assert_int_equal(err.retry_ms, 9);
}

/* Every length around the end of the text, with characters of 1 to 4 bytes. */
static void test_a_long_text_is_cut_at_a_character(void **state)
{
	static const char *const characters[] = { "a", "\xC3\xA9", "\xE4\xB8\xAD",
		"\xF0\x9F\x98\x80" };
	for (size_t c = 0; c < sizeof characters / sizeof *characters; c++) {
		for (size_t lead = 0; lead < 8; lead++) {
			char text[1200] = "";
			struct error err;
			memset(text, 'x', lead);
			for (size_t size = lead; size < 1100; size += strlen(characters[c]))
				memcpy(text + size, characters[c], strlen(characters[c]) + 1);
			fail(&err, CODE_INTERNAL, "%s", text);
			assert_valid(err.text);
			assert_in_range(strlen(err.text), sizeof err.text - 4, sizeof err.text - 1);
			wrap(&err, CODE_INTERNAL, "%.*s", (int)lead, text);
			assert_valid(err.text);
			fail_reason(&err, CODE_INTERNAL, "X", "%s", text);
			wrap(&err, CODE_INTERNAL, "%s", text); /* no room for the cause */
			assert_valid(err.text);
			fail_field(&err, CODE_INTERNAL, "X", "post.title", "%s", text);
			assert_valid(err.text);
			fail_field(&err, CODE_INTERNAL, "X", text, "%s", text);
			assert_valid(err.field);
			assert_valid(err.text);
		}
	}
}

static void test_a_short_text_is_not_cut(void **state)
{
	static const char *const texts[] = { "", "a", "\xC3\xA9", "x\xE4\xB8\xAD",
		"\xF0\x9F\x98\x80", "\xE4\xB8\xAD\xE4\xB8\xAD" };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct error err;
		fail(&err, CODE_INTERNAL, "%s", texts[i]);
		assert_string_equal(err.text, texts[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_are_those_of_google_rpc_code),
		cmocka_unit_test(test_a_new_error_forgets_the_old_one),
		cmocka_unit_test(test_facts_stand_beside_the_text),
		cmocka_unit_test(test_wrap_keeps_all_but_code_and_text),
		cmocka_unit_test(test_a_long_text_is_cut_at_a_character),
		cmocka_unit_test(test_a_short_text_is_not_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
