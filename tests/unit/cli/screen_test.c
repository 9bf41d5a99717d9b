/* Text made fit for a terminal: escaping, width, wrapping, tables. */
#include "cli/screen.h"
#include "cli/table.h"
#include "cli/wrap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
/* After the headers that it wants. */
#include <cmocka.h>

static const struct screen plain = { .columns = 30 };

static void assert_text(struct buffer *out, const char *want)
{
	assert_string_equal(buffer_text(out), want);
	buffer_clear(out);
}

static void test_escaping(void **state)
{
	static const struct {
		const char *label, *text, *line, *lines;
	} cases[] = {
		{ "plain", "a b", "a b", "a b" },
		{ "escape", "\x1b[31mred", "^[[31mred", "^[[31mred" },
		{ "newline and tab", "a\n\tb", "a  b", "a\n\tb" },
		{ "carriage return", "a\r\nb\rc", "a^M b^Mc", "a\nbc" },
		{ "delete", "\x7f", "^?", "^?" },
		{ "C1",
			"\xC2\x9B"
			"31m",
			"<U+009B>31m", "<U+009B>31m" },
		{ "right to left override",
			"\xE2\x80\xAE"
			"abc",
			"<U+202E>abc", "<U+202E>abc" },
		{ "isolate", "\xE2\x81\xA6", "<U+2066>", "<U+2066>" },
		{ "line separator", "\xE2\x80\xA8", "<U+2028>", "<U+2028>" },
		{ "byte-order mark", "\xEF\xBB\xBFz", "<U+FEFF>z", "<U+FEFF>z" },
		{ "no UTF-8", "\xFFz\xC3", "\xEF\xBF\xBDz\xEF\xBF\xBD",
			"\xEF\xBF\xBDz\xEF\xBF\xBD" },
		{ "scripts", "\xC3\xA9 \xE4\xB8\xAD \xF0\x9F\x98\x80",
			"\xC3\xA9 \xE4\xB8\xAD \xF0\x9F\x98\x80",
			"\xC3\xA9 \xE4\xB8\xAD \xF0\x9F\x98\x80" },
	};
	struct buffer out;
	buffer_init(&out, 1 << 16);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s\n", cases[i].label);
		screen_text(&out, slice_of_text(cases[i].text), false);
		assert_text(&out, cases[i].line);
		screen_text(&out, slice_of_text(cases[i].text), true);
		assert_text(&out, cases[i].lines);
	}
	buffer_done(&out);
}

static void test_width(void **state)
{
	assert_int_equal(screen_width(slice_of_text("abc")), 3);
	assert_int_equal(screen_width(slice_of_text("\xE4\xB8\xAD\xE6\x96\x87")), 4);
	assert_int_equal(screen_width(slice_of_text("e\xCC\x81")), 1);
	assert_int_equal(screen_fit(slice_of_text("\xE4\xB8\xAD\xE6\x96\x87"), 3), 3);
	assert_int_equal(screen_fit(slice_of_text("abc"), 2), 2);
	assert_int_equal(screen_fit(slice_of_text("abc"), 9), 3);
}

static void test_words(void **state)
{
	struct buffer out;
	buffer_init(&out, 1 << 16);
	wrap_words(&out, slice_of_text(" one  two three\nfour "), "- ", "  ", 10);
	assert_text(&out, "- one two\n  three\n  four\n");
	wrap_words(&out, slice_of_text("averyverylongword b"), "", "", 5);
	assert_text(&out, "averyverylongword\nb\n");
	wrap_words(&out, slice_of_text(" \n "), "- ", "", 10);
	assert_text(&out, "");
	wrap_words(&out, slice_of(NULL, 0), "- ", "", 10);
	assert_text(&out, "");
	wrap_paragraphs(&out, slice_of_text("a b\nc\n\n\n  x  y\n\nd\n"), " ", 20);
	assert_text(&out, " a b c\n\n   x  y\n\n d\n");
	wrap_paragraphs(&out, slice_of(NULL, 0), " ", 20);
	assert_text(&out, "");
	buffer_done(&out);
}

/* Lines of scripts without blanks; 1 and 2 are the marks. */
static void test_wide(void **state)
{
	static const struct {
		const char *label, *text, *want;
	} cases[] = {
		{ "between any two", "\xE4\xB8\x80\xE4\xBA\x8C\xE4\xB8\x89\xE5\x9B\x9B",
			"\xE4\xB8\x80\xE4\xBA\x8C\xE4\xB8\x89\n\xE5\x9B\x9B\n" },
		{ "beside a word", "ab\xE4\xB8\x80xyz", "ab\xE4\xB8\x80\nxyz\n" },
		{ "blanks stay", "ab \xE4\xB8\x80 x yz", "ab \xE4\xB8\x80\nx yz\n" },
		{ "not before a comma", "\xE4\xB8\x80\xE4\xBA\x8C\xE4\xB8\x89\xEF\xBC\x8C",
			"\xE4\xB8\x80\xE4\xBA\x8C\n\xE4\xB8\x89\xEF\xBC\x8C\n" },
		{ "not behind a bracket", "\xE4\xB8\x80\xE4\xBA\x8C\xEF\xBC\x88\xE4\xB8\x89",
			"\xE4\xB8\x80\xE4\xBA\x8C\n\xEF\xBC\x88\xE4\xB8\x89\n" },
		{ "not behind an ASCII bracket", "abcd(\xE4\xB8\x80", "abcd(\xE4\xB8\x80\n" },
		{ "not before a mark of the letter", "\xE3\x81\x8B\xE3\x81\x8B\xE3\x82\x99",
			"\xE3\x81\x8B\xE3\x81\x8B\xE3\x82\x99\n" },
		/* Woman, joiner, computer: one picture. */
		{ "not inside of a picture",
			"\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB"
			"\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB",
			"\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB\n"
			"\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB\n" },
		{ "a mark starts with what it marks",
			"\xE4\xB8\x80\xE4\xBA\x8C\xE4\xB8\x89\x01\xE5\x9B\x9B\x02",
			"\xE4\xB8\x80\xE4\xBA\x8C\xE4\xB8\x89\n\x01\xE5\x9B\x9B\x02\n" },
		{ "a mark ends with what it marks",
			"\x01\xE4\xB8\x80\xE4\xBA\x8C\xE4\xB8\x89\x02\xE5\x9B\x9B",
			"\x01\xE4\xB8\x80\xE4\xBA\x8C\xE4\xB8\x89\x02\n\xE5\x9B\x9B\n" },
		{ "marks take no columns",
			"\x01"
			"ab\x02 \x01"
			"cd\x02 e",
			"\x01"
			"ab\x02 \x01"
			"cd\x02\ne\n" },
		{ "long words stay", "abcdefgh", "abcdefgh\n" },
		{ "no UTF-8", "\xFF\xE4\xB8\x80\xE4", "\xFF\xE4\xB8\x80\xE4\n" },
	};
	struct buffer out;
	buffer_init(&out, 1 << 16);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s\n", cases[i].label);
		wrap_words(&out, slice_of_text(cases[i].text), "", "",
			strchr(cases[i].text, ' ') != NULL ? 5 : 6);
		assert_text(&out, cases[i].want);
	}
	buffer_done(&out);
}

static void test_marks(void **state)
{
	static const struct screen colour = { .columns = 30, .terminal = true, .colour = true };
	static const struct {
		const char *label, *text, *plain, *colour;
	} cases[] = {
		{ "none", "a\nb", "a\nb", "a\nb" },
		{ "one",
			"a \x01"
			"b\x02 c",
			"a b c", "a \x1b[7mb\x1b[27m c" },
		{ "over a line",
			"\x01"
			"a\n  b\x02",
			"a\n  b", "\x1b[7ma\x1b[27m\n  \x1b[7mb\x1b[27m" },
		{ "open",
			"\x01"
			"a",
			"a", "\x1b[7ma\x1b[27m" },
		{ "open at the end of a line",
			"\x01"
			"a\n",
			"a\n", "\x1b[7ma\x1b[27m\n" },
		{ "twice",
			"\x01\x01"
			"a\x02\x02",
			"a", "\x1b[7ma\x1b[27m" },
	};
	struct buffer out;
	buffer_init(&out, 1 << 16);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s\n", cases[i].label);
		screen_marked(&plain, &out, slice_of_text(cases[i].text));
		assert_text(&out, cases[i].plain);
		screen_marked(&colour, &out, slice_of_text(cases[i].text));
		assert_text(&out, cases[i].colour);
	}
	buffer_done(&out);
}

static void test_markdown(void **state)
{
	static const struct {
		const char *label, *text, *want;
	} cases[] = {
		{ "empty", "", "" },
		{ "paragraph", "one two three four five six seven",
			"  one two three four five six\n  seven\n" },
		{ "joined lines", "one\ntwo\n\n\nthree", "  one two\n\n  three\n" },
		{ "heading", "# A title\ntext", "  # A title\n  text\n" },
		{ "heading after text", "text\n## B\n", "  text\n\n  ## B\n" },
		{ "no heading", "#tag", "  #tag\n" },
		{ "list", "- one two three four five six seven\n- b",
			"  - one two three four five\n    six seven\n  - b\n" },
		{ "inner list", "1. a\n   - b c\n2. d", "  1. a\n     - b c\n  2. d\n" },
		{ "code", "```c\nint  a;\n\n  b\n```\nend",
			"  ```c\n  int  a;\n\n    b\n  ```\n  end\n" },
		{ "fence inside a fence", "~~~~\n```\n~~~~\nx  y",
			"  ~~~~\n  ```\n  ~~~~\n  x y\n" },
		{ "open fence", "```\na  b", "  ```\n  a  b\n" },
		{ "indented code", "    a   b\n", "      a   b\n" },
		{ "table", "| a   | b |\n|---|---|", "  | a   | b |\n  |---|---|\n" },
		{ "quote", "> one\n> two", "  > one two\n" },
		{ "emphasis is no list", "*one* two", "  *one* two\n" },
		{ "inline code is no fence", "``a`` b", "  ``a`` b\n" },
	};
	struct buffer out;
	buffer_init(&out, 1 << 16);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s\n", cases[i].label);
		wrap_markdown(&out, slice_of_text(cases[i].text), &plain, "  ");
		assert_text(&out, cases[i].want);
	}
	buffer_done(&out);
}

static void test_colour(void **state)
{
	struct screen colour = { .columns = 30, .terminal = true, .colour = true };
	struct buffer out;
	buffer_init(&out, 1 << 16);
	wrap_markdown(&out, slice_of_text("# A"), &colour, "");
	assert_text(&out, "\x1b[1;36m# A\x1b[0m\n");
	buffer_done(&out);
}

static void test_screen_init(void **state)
{
	struct screen screen;
	setenv("COLUMNS", "5", 1);
	screen_init(&screen, -1);
	assert_int_equal(screen.columns, 20);
	setenv("COLUMNS", "131", 1);
	screen_init(&screen, -1);
	assert_int_equal(screen.columns, 131);
	setenv("COLUMNS", "junk", 1);
	screen_init(&screen, -1);
	assert_int_equal(screen.columns, 80);
	assert_false(screen.terminal);
	assert_false(screen.colour);
	unsetenv("COLUMNS");
}

static void test_table(void **state)
{
	struct buffer out;
	struct table table;
	struct screen terminal = { .columns = 20, .terminal = true };
	buffer_init(&out, 1 << 16);
	table_init(&table, ">N NAME TITLE");
	table_number(&table, 7);
	table_cell(&table, "\xE4\xB8\xAD");
	table_cell(&table, "a\x1b[0m title that is long");
	table_number(&table, 1234);
	table_cell(&table, "");
	table_cell(&table, "t");
	table_print(&table, &plain, &out);
	assert_text(&out, "   N  NAME  TITLE\n"
			  "   7  \xE4\xB8\xAD    a^[[0m title that is long\n"
			  "1234        t\n");
	table_print(&table, &terminal, &out);
	assert_text(&out, "   N  NAME  TITLE\n"
			  "   7  \xE4\xB8\xAD    a^[[0m ti\xE2\x80\xA6\n"
			  "1234        t\n");
	table_done(&table);
	buffer_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escaping),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_wide),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_markdown),
		cmocka_unit_test(test_colour),
		cmocka_unit_test(test_screen_init),
		cmocka_unit_test(test_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
