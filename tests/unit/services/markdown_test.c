#include "services/markdown.h"
#include "support/rendered.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static enum code render(const char *body)
{
	return render_with(markdown_render, body);
}

static void test_html(void **state)
{
	static const struct {
		const char *label, *body, *html;
	} cases[] = {
		{ "empty", "", "" },
		{ "white space", " \n\n\t\n", "" },
		{ "paragraph", "a *b* **c** `d`",
			"<p>a <em>b</em> <strong>c</strong> <code>d</code></p>\n" },
		{ "escapes", "1 < 2 & \"3\"", "<p>1 &lt; 2 &amp; &quot;3&quot;</p>\n" },
		{ "table", "|a|b|\n|-|:-:|\n|1|2|",
			"<table>\n<thead>\n<tr>\n<th>a</th>\n<th "
			"align=\"center\">b</th>\n</tr>\n</thead>\n"
			"<tbody>\n<tr>\n<td>1</td>\n<td "
			"align=\"center\">2</td>\n</tr>\n</tbody>\n</table>\n" },
		{ "strikethrough", "~~gone~~", "<p><del>gone</del></p>\n" },
		{ "task list", "- [x] a\n- [ ] b",
			"<ul>\n<li><input type=\"checkbox\" checked=\"\" disabled=\"\" /> a</li>\n"
			"<li><input type=\"checkbox\" disabled=\"\" /> b</li>\n</ul>\n" },
		{ "autolink", "see https://example.org/ now",
			"<p>see <a href=\"https://example.org/\">https://example.org/</a> "
			"now</p>\n" },
		{ "raw block", "<script>alert(1)</script>", "<!-- raw HTML omitted -->\n" },
		{ "raw inline", "a <b onclick=x>b</b>",
			"<p>a <!-- raw HTML omitted -->b<!-- raw HTML omitted --></p>\n" },
		{ "heading by hand", "<h1>x</h1>\n\n# y",
			"<!-- raw HTML omitted -->\n<h1 id=\"y\">y</h1>\n" },
		{ "heading in code", "```\n<h1>x</h1>\n```\n\n# y",
			"<pre><code>&lt;h1&gt;x&lt;/h1&gt;\n</code></pre>\n<h1 id=\"y\">y</h1>\n" },
		{ "heading in a title", "[a](/b \"<h1>\")\n\n# y",
			"<p><a href=\"/b\" title=\"&lt;h1&gt;\">a</a></p>\n<h1 id=\"y\">y</h1>\n" },
		{ "heading in an address", "[a](</<h1>>)\n\n![<h2>](<h1>)\n\n# y", NULL },
		{ "heading in an info string", "``` <h1>\nx\n```\n\n# y", NULL },
		{ "headings", "# One *two*\n\nText\n\nThree\n-----\n\n###### Six",
			"<h1 id=\"one-two\">One <em>two</em></h1>\n<p>Text</p>\n<h2 "
			"id=\"three\">Three</h2>\n"
			"<h6 id=\"six\">Six</h6>\n" },
		{ "empty heading", "#\n\n##\n",
			"<h1 id=\"section\"></h1>\n<h2 id=\"section-2\"></h2>\n" },
		{ "byte order mark", "\xEF\xBB\xBF# a", "<h1 id=\"a\">a</h1>\n" },
		{ "Windows lines", "# a\r\n\r\nb\r\n", "<h1 id=\"a\">a</h1>\n<p>b</p>\n" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s\n", cases[i].label);
		assert_int_equal(render(cases[i].body), CODE_OK);
		if (cases[i].html != NULL)
			assert_string_equal(post.html, cases[i].html);
		/* Every heading of the outline stands in the html with its anchor, in order. */
		const char *at = post.html;
		for (size_t h = 0; h < post.n_outline; h++) {
			char start[300];
			snprintf(start, sizeof start, "<h%u id=\"%s\">", post.outline[h]->level,
				post.outline[h]->anchor);
			at = strstr(at, start);
			assert_non_null(at);
		}
	}
}

/* What a browser would run must not come out, however it is written. */
static void test_dangerous_links(void **state)
{
	static const char *const urls[] = { "javascript:alert(1)", "JaVaScRiPt:alert(1)",
		" javascript:alert(1)", "javascript&colon;alert(1)", "&#106;avascript:alert(1)",
		"&#x6A;avascript:alert(1)", "java\\script:alert(1)", "vbscript:msgbox(1)",
		"file:///etc/passwd", "data:text/html;base64,PHNjcmlwdD4=", "DATA:text/html,x",
		"data:image/svg+xml;base64,PHN2Zz4=", "javascript:/*--></title>*/alert(1)",
		"\x01javascript:alert(1)", "java\tscript:alert(1)" };
	static const struct {
		const char *before, *after;
	} shapes[] = { { "[x](", ")" }, { "![x](", ")" }, { "[x](<", ">)" }, { "<", ">" },
		{ "[x][r]\n\n[r]: ", "" }, { "[x][r]\n\n[r]: <", ">" } };
	for (size_t u = 0; u < sizeof urls / sizeof *urls; u++) {
		for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
			char body[256];
			char lower[1024];
			snprintf(body, sizeof body, "%s%s%s", shapes[s].before, urls[u],
				shapes[s].after);
			assert_int_equal(render(body), CODE_OK);
			snprintf(lower, sizeof lower, "%s", post.html);
			for (char *c = lower; *c != '\0'; c++)
				*c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
			static const char *const bad[] = { "=\"javascript:", "=\"vbscript:",
				"=\"file:", "=\"data:", "=\" javascript:", "=\"java\tscript:",
				"=\"\x01", "<script" };
			for (size_t b = 0; b < sizeof bad / sizeof *bad; b++) {
				if (strstr(lower, bad[b]) != NULL)
					print_error("%s\n%s\n", body, post.html);
				assert_null(strstr(lower, bad[b]));
			}
		}
	}
	assert_int_equal(render("![x](data:image/png;base64,iVBORw0KGgo=)"), CODE_OK);
	assert_non_null(strstr(post.html, "data:image/png"));
}

static void test_outline(void **state)
{
	assert_int_equal(
		render("# The `code` of [a](/b) & *c*\n\n## Caf\xC3\xA9\n\n## Caf\xC3\xA9!\n\n"
		       "### \xE4\xB8\xAD\xE6\x96\x87\n\n> ## In a quote\n\n# caf\xC3\xA9-2\n"),
		CODE_OK);
	static const struct {
		unsigned level;
		const char *text, *anchor;
	} headings[] = {
		{ 1, "The code of a & c", "the-code-of-a-c" },
		{ 2, "Caf\xC3\xA9", "caf\xC3\xA9" },
		{ 2, "Caf\xC3\xA9!", "caf\xC3\xA9-2" },
		{ 3, "\xE4\xB8\xAD\xE6\x96\x87", "\xE4\xB8\xAD\xE6\x96\x87" },
		{ 2, "In a quote", "in-a-quote" },
		{ 1, "caf\xC3\xA9-2", "caf\xC3\xA9-2-2" },
	};
	assert_int_equal(post.n_outline, sizeof headings / sizeof *headings);
	for (size_t i = 0; i < post.n_outline; i++) {
		assert_int_equal(post.outline[i]->level, headings[i].level);
		assert_string_equal(post.outline[i]->text, headings[i].text);
		assert_string_equal(post.outline[i]->anchor, headings[i].anchor);
	}
}

static char *repeat(const char *piece, size_t count)
{
	size_t size = strlen(piece);
	char *text = malloc(size * count + 1);
	for (size_t i = 0; i < count; i++)
		memcpy(text + i * size, piece, size);
	text[size * count] = '\0';
	return text;
}

static void assert_anchors_are_unique(void)
{
	for (size_t i = 0; i < post.n_outline; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(post.outline[i]->anchor, post.outline[j]->anchor);
}

/* Headings that make one anchor, as short and as long as they come. */
static void test_many_equal_headings(void **state)
{
	char word[600];
	static const size_t sizes[] = { 1, 100, 250, 590 };
	for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
		char heading[700];
		memset(word, 'x', sizes[s]);
		word[sizes[s]] = '\0';
		snprintf(heading, sizeof heading, "# %s\n\n", word);
		char *body = repeat(heading, 1100);
		uint64_t start_ns = clock_monotonic_ns();
		assert_int_equal(render(body), CODE_OK);
		print_message("%zu: %d ms\n", sizes[s],
			(int)((clock_monotonic_ns() - start_ns) / 1000000));
		assert_in_range(clock_monotonic_ns() - start_ns, 0, UINT64_C(5000000000));
		assert_int_equal(post.n_outline, LIMIT_OUTLINE);
		assert_anchors_are_unique();
		free(body);
	}
}

/* Headings whose anchors are equal up to the place where they are cut, and headings that have the
 * numbered anchors of others. */
static void test_headings_that_collide_by_their_anchors(void **state)
{
	enum { COUNT = 1000 };
	char *body = malloc(COUNT * 300);
	size_t size = 0;
	for (int i = 0; i < COUNT; i++)
		size += (size_t)sprintf(body + size, "# %0240d %d\n\n", 0, i);
	assert_int_equal(render(body), CODE_OK);
	assert_int_equal(post.n_outline, COUNT);
	assert_anchors_are_unique();
	size = 0;
	for (int i = 0; i < COUNT / 2; i++)
		size += (size_t)sprintf(body + size, "# x %d\n\n", i + 2);
	for (int i = 0; i < COUNT / 2; i++) {
		size += (size_t)sprintf(body + size, "# x");
		memset(body + size, '!', (size_t)i % 100); /* other texts, one anchor */
		size += (size_t)i % 100;
		size += (size_t)sprintf(body + size, "\n\n");
	}
	assert_int_equal(render(body), CODE_OK);
	assert_int_equal(post.n_outline, COUNT);
	assert_anchors_are_unique();
	free(body);
}

static void test_words(void **state)
{
	static const struct {
		const char *body;
		uint32_t words, seconds;
	} cases[] = {
		{ "", 0, 0 },
		{ "one", 1, 1 },
		{ "don't stop-gap it\xE2\x80\x99s", 3, 1 },
		{ "# Title\n\nand *four* words", 4, 2 },
		{ "one<br>two", 2, 1 },
		{ "<div>not counted</div>", 0, 0 },
		{ "`code` counts", 2, 1 },
		{ "\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xB8\x96\xE7\x95\x8C", 4, 2 },
		{ "\xE6\xB7\xB1\xE5\xBA\xA6 Deep \xE5\xAD\xA6\xE4\xB9\xA0 2", 6, 2 },
		{ "\xE3\x81\x93\xE3\x82\x93\xE3\x81\xAB\xE3\x81\xA1\xE3\x81\xAF", 5, 2 },
		{ "\xEC\x95\x88\xEB\x85\x95 \xED\x95\x98\xEC\x84\xB8\xEC\x9A\x94", 2, 1 },
		{ "... -- !!! \xF0\x9F\x98\x80", 0, 0 },
		{ "|a b|c|\n|-|-|\n|d|e f|", 6, 2 },
		{ "caf\xC3\xA9 na\xC3\xAFve", 2, 1 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s\n", cases[i].body);
		assert_int_equal(render(cases[i].body), CODE_OK);
		assert_int_equal(post.word_count, cases[i].words);
		assert_int_equal(post.reading_seconds, cases[i].seconds);
	}
	char *body = repeat("word ", 238 * 10 + 1);
	assert_int_equal(render(body), CODE_OK);
	assert_int_equal(post.word_count, 2381);
	assert_int_equal(post.reading_seconds, 601);
	free(body);
}

/* Bodies made to cost a parser all it has: refused or rendered, within bounds. */
static void test_bombs(void **state)
{
	static const struct {
		const char *label, *piece;
		size_t count;
		const char *refused; /* the reason, if it has to be refused */
	} cases[] = {
		{ "quotes", ">", 100000, "BODY_NESTED_TOO_DEEP" },
		{ "quotes with blanks", "> ", 100000, "BODY_NESTED_TOO_DEEP" },
		{ "lists", "- ", 100000, "BODY_NESTED_TOO_DEEP" },
		{ "numbered lists", "1. ", 100000, "BODY_NESTED_TOO_DEEP" },
		{ "mixed", "> * 1) ", 30000, "BODY_NESTED_TOO_DEEP" },
		{ "101 quotes", "> ", 101, "BODY_NESTED_TOO_DEEP" },
		{ "100 quotes", "> ", 100, NULL },
		{ "open brackets", "[", 1000000, NULL },
		{ "images", "![", 500000, NULL },
		{ "brackets", "[]", 500000, NULL },
		{ "links in links", "[a](", 200000, NULL },
		{ "emphasis", "*a **a ", 100000, NULL },
		{ "closing emphasis", "a** ", 200000, NULL },
		{ "emphasis both ways", "_a __b *c **d ", 50000, NULL },
		{ "strikethrough", "~~a ~b ", 100000, NULL },
		{ "backticks", "`a``b", 200000, NULL },
		{ "entities", "&amp;", 200000, NULL },
		{ "autolinks", "https://a.b/ ", 80000, NULL },
		{ "www", "www.a.b ", 100000, NULL },
		{ "mail", "a@b.c ", 100000, NULL },
		{ "at signs", "a@", 100000, NULL },
		{ "opening angles", "<", 1000000, NULL },
		{ "opening tags", "<a ", 300000, NULL },
		{ "comments", "<!--", 250000, NULL },
		{ "declarations", "<!A ", 250000, NULL },
		{ "instructions", "<?", 300000, NULL },
		{ "CDATA", "<![CDATA[", 100000, NULL },
		{ "bars", "|", 500000, NULL },
		{ "tables", "|a|\n|-|\n", 50000, NULL },
		{ "table cells", "|a|b\n-|-\n", 50000, NULL },
		{ "setext lines", "a\n=\n", 100000, NULL },
		{ "reference definitions", "[a]: b\n\n", 100000, NULL },
		{ "task lists", "- [x] a\n", 100000, NULL },
		{ "backslashes", "\\", 1000000, NULL },
		{ "line breaks", "a  \n", 250000, NULL },
		{ "one word", "x", LIMIT_BODY_BYTES, NULL },
		{ "blanks", " ", LIMIT_BODY_BYTES, NULL },
		{ "rules", "---\n\n", 200000, NULL },
		{ "Chinese", "\xE4\xB8\xAD", LIMIT_BODY_BYTES / 3, NULL },
	};
	const char *only = getenv("LECTERN_TEST_BOMB");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (only != NULL && strcmp(only, cases[i].label) != 0)
			continue;
		char *body = repeat(cases[i].piece, cases[i].count);
		uint64_t start_ns = clock_monotonic_ns();
		enum code code = render(body);
		print_message("%s: %s %d ms\n", cases[i].label, code_name(code),
			(int)((clock_monotonic_ns() - start_ns) / 1000000));
		if (code != CODE_OK) {
			assert_int_equal(code, CODE_INVALID_ARGUMENT);
			assert_string_equal(err.field, "post.body");
		}
		if (cases[i].refused != NULL)
			assert_string_equal(err.reason, cases[i].refused);
		else if (code == CODE_OK)
			assert_int_equal(
				text_find_invalid(slice_of_text(post.html)), strlen(post.html));
		assert_in_range(arena.used_bytes, 0, LIMIT_ARENA_BYTES);
		free(body);
	}
}

/* What takes cmark quadratic time is given up after a while, and the next body is none the worse.
 */
static void test_a_body_that_takes_too_long(void **state)
{
	char *body = repeat("![[]()", LIMIT_BODY_BYTES / 6);
	assert_int_equal(render(body), CODE_INVALID_ARGUMENT);
	assert_string_equal(err.reason, "BODY_TOO_COMPLEX");
	free(body);
	assert_int_equal(render("a ~~b~~ www.example.org"), CODE_OK);
	assert_string_equal(post.html,
		"<p>a <del>b</del> <a href=\"http://www.example.org\">www.example.org</a></p>\n");
}

/* Each line goes as deep as one line may, below the line before. */
static void test_nesting_over_many_lines(void **state)
{
	enum { LINES = 150, STEP = 90 };
	char *body = malloc((size_t)LINES * LINES * STEP * 2);
	size_t size = 0;
	for (int line = 0; line < LINES; line++) {
		memset(body + size, ' ', (size_t)line * STEP * 2);
		size += (size_t)line * STEP * 2;
		for (int i = 0; i < STEP; i++, size += 2)
			memcpy(body + size, "- ", 2);
		body[size++] = 'x';
		body[size++] = '\n';
	}
	body[size] = '\0';
	uint64_t start_ns = clock_monotonic_ns();
	enum code code = render(body);
	print_message("%zu bytes: %s %d ms\n", size, code_name(code),
		(int)((clock_monotonic_ns() - start_ns) / 1000000));
	assert_true(code == CODE_OK || code == CODE_INVALID_ARGUMENT);
	free(body);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_html),
		TEST(test_dangerous_links),
		TEST(test_outline),
		TEST(test_many_equal_headings),
		TEST(test_headings_that_collide_by_their_anchors),
		TEST(test_words),
		TEST(test_nesting_over_many_lines),
		TEST(test_bombs),
		TEST(test_a_body_that_takes_too_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
