#include "importers/plain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
	const char *label, *raw, *want;
} cases[] = {
	{ "empty", "", "" },
	{ "blanks only", " \t\n ", "" },
	{ "runs of blanks", "  a \t b\n\nc  ", "a b c" },
	{ "no references", "“a” & b; c", "“a” & b; c" },
	{ "names", "&amp; &lt;b&gt; &quot; &ldquo;x&rdquo; &hellip;", "& <b> \" “x” …" },
	{ "numbers", "&#8217; &#x2019; &#39;", "’ ’ '" },
	{ "only one level", "&amp;lt;", "&lt;" },
	{ "without a semicolon", "&copy 2024 &amp b", "© 2024 & b" },
	{ "no reference", "AT&T R&D; &; &# &nosuchthing; a&b",
		"AT&T R&D; &; &# &nosuchthing; a&b" },
	{ "markup is text", "&amp; <b>x</b> <!-- y --> </p> <script>z</script>",
		"& <b>x</b> <!-- y --> </p> <script>z</script>" },
	{ "a less-than sign", "a < b &amp;& c <", "a < b && c <" },
	{ "a hard blank stays", "a&nbsp;b",
		"a\xC2\xA0"
		"b" },
	{ "a line feed is a blank", "a&#10;&#9;b&#32;", "a b" },
	{ "numbers that are no characters", "&#0; &#xD800; &#x110000;",
		"\xEF\xBF\xBD \xEF\xBF\xBD \xEF\xBF\xBD" },
	{ "an old code page", "&#147;a&#148;", "“a”" },
};

static void test_texts(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buffer out;
		buffer_init(&out, 1000);
		assert_true(plain_text(slice_of_text(cases[i].raw), &out));
		if (strcmp(buffer_text(&out), cases[i].want) != 0)
			fail_msg("%s: '%s'", cases[i].label, buffer_text(&out));
		buffer_done(&out);
	}
}

static void test_overflow(void **state)
{
	struct buffer out;
	buffer_init(&out, 4);
	assert_false(plain_text(slice_of_text("abcdef"), &out));
	buffer_clear(&out);
	assert_false(plain_text(slice_of_text("abc&amp;def"), &out));
	buffer_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_overflow),
	};
	return cmocka_run_group_tests_name("plain", tests, NULL, NULL);
}
