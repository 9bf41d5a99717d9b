#include "analysis/html_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The text with headings in [ ]; the html's end is watched by the sanitizer. */
static void expect(const char *label, const char *html, const char *want)
{
	struct arena arena;
	struct html_text text;
	char got[1024];
	size_t size = 0;
	size_t html_size = strlen(html);
	uint8_t *copy = malloc(html_size == 0 ? 1 : html_size);
	memcpy(copy, html, html_size);
	arena_init(&arena, 1 << 20);
	assert_true(html_text(&arena, slice_of(copy, html_size), &text));
	assert_true(text.text.size <= html_size);
	for (size_t i = 0, heading = 0; i <= text.text.size; i++) {
		if (heading < text.heading_count && text.headings[heading].end == i) {
			got[size++] = ']';
			heading++;
		}
		if (heading < text.heading_count && text.headings[heading].start == i)
			got[size++] = '[';
		if (i < text.text.size)
			got[size++] = (char)text.text.data[i];
	}
	got[size] = '\0';
	if (strcmp(got, want) != 0)
		fail_msg("%s: got \"%s\", want \"%s\"", label, got, want);
	arena_done(&arena);
	free(copy);
}

static void test_texts(void **state)
{
	static const struct {
		const char *label, *html, *want;
	} cases[] = {
		{ "empty", "", "" },
		{ "plain", "a b", "a b" },
		{ "paragraphs", "<p>One\n two.</p>\n<p>Three</p>\n", "One two.\nThree" },
		{ "inline", "<p>a <em>b</em><strong>c</strong> <a href=\"x\">d</a></p>", "a bc d" },
		{ "breaks", "a<br />b<BR>c<hr>d", "a\nb\nc\nd" },
		{ "lists", "<ul>\n<li>a\n<ul>\n<li>b</li>\n</ul>\n</li>\n<li>c</li>\n</ul>",
			"a\nb\nc" },
		{ "quotes", "<blockquote>\n<p>a</p>\n</blockquote>b", "a\nb" },
		{ "code", "<pre><code class=\"language-c\">int a;\n\tint b;\n</code></pre>",
			"int a; int b;" },
		{ "tables",
			"<table><thead><tr><th>a</th><th align=\"left\">b</th></tr></thead>"
			"<tbody><tr><td>c</td><td>d</td></tr></tbody></table>",
			"a\nb\nc\nd" },
		{ "white space", "  <p> \t a \r\n b </p>  ", "a b" },
		{ "no-break spaces",
			"a&nbsp;b\xC2\xA0 "
			"c&#160;d&#xa0;",
			"a b c d" },
		{ "comment", "a<!-- <p>x</p> -->b<!---->c<!-- raw HTML omitted -->", "abc" },
		{ "comment with quotes", "a<!-- it's \" -->b", "ab" },
		{ "declarations", "<!DOCTYPE html><?xml a?>b", "b" },
		{ "named", "&lt;b&gt; &amp;amp; &quot;x&quot; &apos; &hellip;&mdash;&rsquo;",
			"<b> &amp; \"x\" ' …—’" },
		{ "numeric", "&#65;&#x42;&#X43;&#8217;&#x1F600;", "ABC’😀" },
		{ "numbers of no character", "&#0;&#xD800;&#x110000;&#99999999;&#x;&#6b;",
			"\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD" },
		{ "numeric white space", "a&#10;b&#32;c", "a b c" },
		{ "unknown", "&foo; &; &amp &#65 a&b", "&foo; &; &amp &#65 a&b" },
		{ "reference at the end", "a&", "a&" },
		{ "less than", "1 < 2 <3 <", "1 < 2 <3 <" },
		{ "'>' in a value", "<a title=\"a>b\" href='c>d'>e</a> > f", "e > f" },
		{ "unterminated tag", "a<p class", "a" },
		{ "unterminated value", "a<p class=\"b>c", "a" },
		{ "unterminated comment", "a<!-- b", "a" },
		{ "end tag without a name", "a</>b</ p>c", "abc" },
		{ "unknown tags", "<x-p>a</x-p><pp>b</pp><h7>c</h7><hp>", "abc" },
		{ "headings", "<h1>A b</h1>\n<p>c</p><h2>D</h2>", "[A b]\nc\n[D]" },
		{ "heading with markup", "<h3 id=\"x\"><a href=\"#\"></a> A <em>&amp;</em> </h3>b",
			"[A &]\nb" },
		{ "empty heading", "<h1></h1>a<h2> </h2>b", "a\nb" },
		{ "heading not closed", "<h1>a<h2>b", "[a]\n[b]" },
		{ "heading closed twice", "<h1>a</h1>b</h1>c", "[a]\nb\nc" },
		{ "headings side by side", "<h1>a</h1><h1>b</h1>", "[a]\n[b]" },
		{ "wrapped Chinese", "<p>我们的\n<em>语</em>  \n  言\n。\nab\n中</p>",
			"我们的语言 。 ab 中" },
		{ "wrapped Japanese", "カタ\nカナ", "カタカナ" },
		{ "wrapped Korean", "한국\n어", "한국 어" },
		{ "spaced Chinese", "中 文", "中 文" },
		{ "Chinese code", "<pre>中\n文</pre>中\n文", "中 文\n中文" },
		{ "Chinese blocks", "<p>中</p>\n<p>文</p>中<br />\n文", "中\n文\n中\n文" },
		{ "multi-byte", "<p>中文 é</p>", "中文 é" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect(cases[i].label, cases[i].html, cases[i].want);
}

static void test_out_of_memory(void **state)
{
	struct arena arena;
	struct html_text text;
	arena_init(&arena, 32);
	assert_false(html_text(&arena, slice_of_text("<p>a text of more than that</p>"), &text));
	arena_done(&arena);
}

/* Quadratic work would take minutes. */
static void test_hostile_html_takes_linear_time(void **state)
{
	static const char *const units[] = { "<", "<a", "<a '", "<!--", "&", "&#", "&amp", "<h1>",
		"<p ", "</", "\"", "<!" };
	enum { SIZE = 2000000 };
	char *html = malloc(SIZE);
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		struct arena arena;
		struct html_text text;
		size_t unit = strlen(units[i]);
		for (size_t at = 0; at < SIZE; at++)
			html[at] = units[i][at % unit];
		arena_init(&arena, 64 << 20);
		assert_true(html_text(&arena, slice_of(html, SIZE), &text));
		assert_true(text.text.size <= SIZE);
		arena_done(&arena);
	}
	free(html);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_hostile_html_takes_linear_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
