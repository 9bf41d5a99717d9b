#include "importers/json_unquote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HALF "holds half a surrogate pair, which is no character"
#define ESCAPE "holds an escape that JSON does not have"

static const struct {
	const char *label, *json, *want, *problem;
} cases[] = {
	{ "empty", "\"\"", "", NULL },
	{ "plain", "\"Zoë\"", "Zoë", NULL },
	{ "all short escapes", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", NULL },
	{ "one byte", "\"\\u0041\\u007f\"", "A\x7F", NULL },
	{ "two bytes", "\"\\u00e9\\u07FF\"", "é\xDF\xBF", NULL },
	{ "three bytes", "\"\\u4e2d\\uFFFF\"", "中\xEF\xBF\xBF", NULL },
	{ "four bytes", "\"\\ud83d\\uDE00\"", "\xF0\x9F\x98\x80", NULL },
	{ "the first and the last pair", "\"\\ud800\\udc00\\udbff\\udfff\"",
		"\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", NULL },
	{ "around the surrogates", "\"\\ud7ff\\ue000\"", "\xED\x9F\xBF\xEE\x80\x80", NULL },
	{ "a high half at the end", "\"\\ud83d\"", NULL, HALF },
	{ "a high half before a letter", "\"\\ud83dxxxxxx\"", NULL, HALF },
	{ "two high halves", "\"\\ud83d\\ud83d\"", NULL, HALF },
	{ "a low half", "\"\\ude00\"", NULL, HALF },
	{ "two low halves", "\"\\ude00\\ude00\"", NULL, HALF },
	{ "a half that is cut", "\"\\ud83d\\ude0\"", NULL, HALF },
	{ "NUL", "\"a\\u0000\"", NULL, "holds \\u0000, which is not allowed in texts" },
	{ "three digits", "\"\\u004\"", NULL, ESCAPE },
	{ "another letter", "\"\\u00g0\"", NULL, ESCAPE },
	{ "an unknown escape", "\"\\a\"", NULL, ESCAPE },
	{ "a line break", "\"a\nb\"", NULL, "holds a control character that is not escaped" },
	{ "a surrogate in bytes", "\"\xED\xA0\x80\"", NULL, "holds bytes that are not UTF-8" },
	{ "an overlong form", "\"\xC0\x80\"", NULL, "holds bytes that are not UTF-8" },
	{ "no quotes", "abc", NULL, "is no text" },
	{ "one quote", "\"", NULL, "is no text" },
	{ "nothing", "", NULL, "is no text" },
};

static void test_cases(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t text[128]; /* read and written in place, as records are */
		size_t size = strlen(cases[i].json);
		size_t got = 0;
		memcpy(text, cases[i].json, size);
		const char *problem = unquote(slice_of(text, size), text, &got);
		if (cases[i].problem != NULL) {
			if (problem == NULL || strcmp(problem, cases[i].problem) != 0)
				fail_msg("%s: %s", cases[i].label, problem);
		} else if (problem != NULL ||
			   !slice_equals(slice_of(text, got), slice_of_text(cases[i].want))) {
			fail_msg("%s: %s, '%.*s'", cases[i].label,
				problem == NULL ? "no problem" : problem, (int)got, (char *)text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };
	return cmocka_run_group_tests_name("json_unquote", tests, NULL, NULL);
}
