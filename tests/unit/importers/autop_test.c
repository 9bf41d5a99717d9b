#include "importers/autop.h"

#include "importers/wxr_body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

/* What WordPress makes of them, but for tags that do not pair there. */
static const struct {
	const char *label, *html, *want;
	bool once; /* what comes out reads differently */
} cases[] = {
	{ "nothing", "", "" },
	{ "blanks", " \n\n ", "" },
	{ "one line", "One", "<p>One</p>" },
	{ "paragraphs", "One\n\nTwo\n\n\n\nThree", "<p>One</p>\n<p>Two</p>\n<p>Three</p>" },
	{ "a line of blanks", "One\n \t \nTwo", "<p>One</p>\n<p>Two</p>" },
	{ "lines", "One  \ntwo\nthree", "<p>One<br />\ntwo<br />\nthree</p>" },
	{ "CRLF", "One\r\n\r\nTwo\r\nthree", "<p>One</p>\n<p>Two<br />\nthree</p>" },
	{ "a break and a line end", "a<br>\nb<br/>c", "<p>a<br />\nb<br />\nc</p>" },
	{ "two breaks", "a<br><br>b<br /> \n<br />c", "<p>a</p>\n<p>b</p>\n<p>c</p>" },
	{ "breaks at the ends", "<br>a<br>", "<p>a</p>" },
	{ "inline elements", "<b>a</b> <i>b</i>\n\n<a href=\"x\">c</a>",
		"<p><b>a</b> <i>b</i></p>\n<p><a href=\"x\">c</a></p>" },
	{ "an image", "<img src=\"a.png\">", "<p><img src=\"a.png\"></p>" },
	{ "paragraphs that are there", "<p>One</p>\n<p>Two</p>\n", "<p>One</p>\n<p>Two</p>" },
	{ "and lines in them", "<p class=\"x\">a\nb\n\nc</p>d",
		"<p class=\"x\">a<br />\nb</p>\n<p>c</p>\n<p>d</p>" },
	{ "a mixture", "One\n\n<p align=\"right\">Two</p>\n\nThree",
		"<p>One</p>\n<p align=\"right\">Two</p>\n<p>Three</p>" },
	{ "headings", "<h2>A</h2>\ntext\n<h3>B</h3>", "<h2>A</h2>\n<p>text</p>\n<h3>B</h3>" },
	{ "upper case", "a<DIV>b</DIV>c", "<p>a</p>\n<DIV>b</DIV>\n<p>c</p>" },
	{ "a list", "<ul>\n\t<li>a</li>\n\t<li>b\nc</li>\n</ul>",
		"<ul>\n<li>a</li>\n<li>b<br />\nc</li>\n</ul>" },
	{ "a list in a list", "<ol><li>a<ul><li>b</li></ul></li></ol>",
		"<ol><li>a<ul><li>b</li></ul></li></ol>" },
	{ "a quotation", "<blockquote>a\n\nb</blockquote>",
		"<blockquote><p>a</p>\n<p>b</p></blockquote>" },
	{ "a table", "<table><tr><td>a</td>\n<td>b</td></tr></table>",
		"<table><tr><td>a</td>\n<td>b</td></tr></table>" },
	{ "a ruler", "a\n<hr />\nb", "<p>a</p>\n<hr />\n<p>b</p>" },
	{ "a block with space", "<div>\n\na\n\n</div>", "<div>\n<p>a</p>\n</div>" },
	{ "preformatted", "a\n<pre class=\"x\">b\n\n  <i>c</i>\n</pre>\nd",
		"<p>a</p>\n<pre class=\"x\">b\n\n  <i>c</i>\n</pre>\n<p>d</p>" },
	{ "preformatted without end", "<pre>a\n\nb", "<pre>a\n<p>b</p>" },
	{ "a script", "<script>\na\n\nb</script>", "<script>\na\n\nb</script>" },
	{ "a text area", "x <textarea>\na\n\nb</textarea>",
		"<p>x <textarea>\na\n\nb</textarea></p>" },
	{ "a shortcode of code", "[code lang=c]\na\n\n<p>\n[/code]",
		"<p>[code lang=c]\na\n\n<p>\n[/code]</p>" },
	{ "another shortcode", "[gallery]\n\na", "<p>[gallery]</p>\n<p>a</p>" },
	{ "a comment", "a\n\n<!-- b\n\nc -->\n\nd", "<p>a</p>\n<!-- b\n\nc -->\n<p>d</p>" },
	{ "a tag of several lines", "<a\n\nhref='x>y'\n>a</a>", "<p><a\n\nhref='x>y'\n>a</a></p>" },
	{ "a link around a block", "<a href=\"x\"><div>y</div></a>",
		"<a href=\"x\"><div>y</div>\n</a>" },
	{ "no tags", "1 < 2 & 3 > 2 <3 <- < b", "<p>1 < 2 & 3 > 2 <3 <- < b</p>" },
	{ "an open tag", "a <b", "<p>a <b</p>", true },
	{ "an open quotation mark", "<a href=\"x>a</a>\n\nb",
		"<p><a href=\"x>a</a></p>\n<p>b</p>" },
};

static void check(const char *label, const char *html, const char *want)
{
	struct buffer out;
	buffer_init(&out, 1 << 20);
	assert_true(autop(slice_of_text(html), &out));
	if (strcmp(buffer_text(&out), want) != 0)
		fail_msg("%s: '%s'", label, buffer_text(&out));
	buffer_done(&out);
}

static void test_cases(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		check(cases[i].label, cases[i].html, cases[i].want);
}

/* What comes out once stays as it is. */
static void test_again(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (!cases[i].once)
			check(cases[i].label, cases[i].want, cases[i].want);
}

/* What begins again and again and never ends takes time that grows with the size alone. */
static void test_time(void **state)
{
	static const char *const parts[] = { "<a", "<a href=\"", "<!--", "<pre>", "</pre", "[code]",
		"<", "<br", "<div>", " \n", "<script></scriptx", "</p>", "[", "\n  ", "<p>\n\n" };
	enum { SIZE = 1 << 20 };
	char *html = malloc(SIZE);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		size_t size = strlen(parts[i]);
		for (size_t at = 0; at < SIZE; at++)
			html[at] = parts[i][at % size];
		struct buffer out;
		buffer_init(&out, 16 * SIZE);
		clock_t start = clock();
		assert_true(autop(slice_of(html, SIZE), &out));
		if (clock() - start > 5 * CLOCKS_PER_SEC)
			fail_msg("%s takes too long", parts[i]);
		buffer_done(&out);
	}
	free(html);
}

static void test_maximum(void **state)
{
	struct buffer out;
	buffer_init(&out, 16);
	assert_false(autop(slice_of_text("a\n\nb\n\nc\n\nd"), &out));
	buffer_done(&out);
}

static const struct {
	const char *label, *source, *html;
	size_t teaser;
	const char *block, *shortcode;
} bodies[] = {
	{ "classic", "a\n\nb", "<p>a</p>\n<p>b</p>", 0, "", NULL },
	{ "blocks", "<!-- wp:paragraph -->\n<p>a\nb</p>\n<!-- /wp:paragraph -->", "<p>a\nb</p>", 0,
		"", NULL },
	{ "attributes",
		"<!-- wp:group {\"a\":{\"b\":[1,{\"c\":\"\\u002d\\u002d>\"}]}} -->\n<div>x</div>\n"
		"<!-- /wp:group -->",
		"<div>x</div>", 0, "", NULL },
	{ "nested", "<!-- wp:a --><div><!-- wp:b --><p>x</p><!-- /wp:b --></div><!-- /wp:a -->",
		"<div><p>x</p></div>", 0, "", NULL },
	{ "without content", "<!-- wp:core/archives {\"x\":1} /-->\n\n<p>x</p>", "<p>x</p>", 0,
		"core/archives", NULL },
	{ "more", "a\n\n<!--more-->\n\nb", "<p>a</p>\n<p>b</p>", 3, "", NULL },
	{ "more with a text", "a<!--more Read on-->b<!--more-->", "<p>ab</p>", 1, "", NULL },
	{ "no teaser", "a<!--noteaser-->b", "<p>ab</p>", 1, "", NULL },
	{ "another comment", "<!--moreover--><!-- wp -->a", "<p><!--moreover--><!-- wp -->a</p>", 0,
		"", NULL },
	{ "a comment without end", "a<!-- wp:x", "<p>a<!-- wp:x</p>", 0, "", NULL },
	{ "a shortcode", "[galleryx] [caption id=1]a[/caption]",
		"<p>[galleryx] [caption id=1]a[/caption]</p>", 0, "", "caption" },
};

static void test_bodies(void **state)
{
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		struct buffer out, scratch;
		struct wxr_body body;
		buffer_init(&out, 1 << 16);
		buffer_init(&scratch, 1 << 16);
		assert_true(wxr_body_html(slice_of_text(bodies[i].source), &scratch, &out, &body));
		if (strcmp(buffer_text(&out), bodies[i].html) != 0 ||
			body.teaser.size != bodies[i].teaser ||
			strcmp(body.dynamic_block, bodies[i].block) != 0 ||
			strcmp(body.shortcode == NULL ? "" : body.shortcode,
				bodies[i].shortcode == NULL ? "" : bodies[i].shortcode) != 0)
			fail_msg("%s: '%s', %zu, '%s', %s", bodies[i].label, buffer_text(&out),
				body.teaser.size, body.dynamic_block, body.shortcode);
		buffer_done(&out);
		buffer_done(&scratch);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_maximum),
		cmocka_unit_test(test_bodies),
	};
	return cmocka_run_group_tests_name("autop", tests, NULL, NULL);
}
