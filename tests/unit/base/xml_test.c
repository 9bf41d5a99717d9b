#include "base/xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
	const char *text, *between_tags, *attribute;
} cases[] = {
	{ "", "", "" },
	{ "plain", "plain", "plain" },
	{ "a < b > c & d", "a &lt; b &gt; c &amp; d", "a &lt; b &gt; c &amp; d" },
	{ "\"quoted\" 'too'", "\"quoted\" 'too'", "&quot;quoted&quot; 'too'" },
	{ "a\tb\r\nc", "a\tb\r\nc", "a&#9;b&#13;&#10;c" },
	{ "\x01\x1F"
	  "a\x0B"
	  "b\x7F",
		"ab\x7F", "ab\x7F" },
	{ "\xEF\xBF\xBE"
	  "a\xEF\xBF\xBF"
	  "b\xEF\xBF\xBD",
		"ab\xEF\xBF\xBD", "ab\xEF\xBF\xBD" },
	{ "]]>", "]]&gt;", "]]&gt;" },
	{ "\xE4\xB8\xAD\xF0\x9F\x98\x80", "\xE4\xB8\xAD\xF0\x9F\x98\x80",
		"\xE4\xB8\xAD\xF0\x9F\x98\x80" },
};

static void escapes(void **state)
{
	struct buffer out;
	buffer_init(&out, 1024);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		buffer_clear(&out);
		xml_put_escaped(&out, slice_of_text(cases[i].text), XML_TEXT);
		assert_string_equal(buffer_text(&out), cases[i].between_tags);
		buffer_clear(&out);
		xml_put_escaped(&out, slice_of_text(cases[i].text), XML_ATTRIBUTE);
		assert_string_equal(buffer_text(&out), cases[i].attribute);
	}
	buffer_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
