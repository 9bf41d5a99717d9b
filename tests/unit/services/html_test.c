/* HTML bodies: what comes out for what goes in, the outline, the words. */
#include "services/html.h"
#include "support/rendered.h"

#include "base/limits.h"
#include "support/safe_html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static enum code render(const char *body)
{
	return render_with(html_render, body);
}

static void test_html(void **state)
{
	static const struct {
		const char *label, *body, *html;
	} cases[] = {
		{ "inline", "<p>a <em>b</em> <strong>c</strong> <code>d</code></p>",
			"<p>a <em>b</em> <strong>c</strong> <code>d</code></p>" },
		{ "text that looks like markup", "1 < 2 & \"3\" &amp; &lt;b&gt;",
			"1 &lt; 2 &amp; \"3\" &amp; &lt;b&gt;" },
		{ "ids and links to them",
			"<h2 id=\"Erste_Schritte\">Erste</h2><a href=\"#Erste_Schritte\">x</a><a "
			"href=\"#erste%5Fschritte\">y</a><a href=\"#top\">z</a>",
			"<h2 id=\"erste-schritte\">Erste</h2><a href=\"#erste-schritte\">x</a><a "
			"href=\"#erste-schritte\">y</a><a href=\"#top\">z</a>" },
		{ "headings with one text",
			"<h2>Intro</h2><h2>Intro</h2><p id=intro-3>x</p><h2>Intro</h2>",
			"<h2 id=\"intro\">Intro</h2><h2 id=\"intro-2\">Intro</h2><p "
			"id=\"intro-3\">x</p><h2 id=\"intro-4\">Intro</h2>" },
		{ "places named as of old",
			"<a name=\"Old\">x</a><i id=old>y</i><a href=\"#old\">z</a>",
			"<a id=\"old\">x</a><i>y</i><a href=\"#old\">z</a>" },
		{ "heading in a heading", "<h1>a<div><h2>b</h2></div> c</h1>",
			"<h1 id=\"a-b-c\">a<div>b</div> c</h1>" },
		{ "white space of a heading", "<h3>  A <br> b&nbsp;c  </h3>",
			"<h3 id=\"a-b-c\">  A <br /> b\xC2"
			"\xA0"
			"c  </h3>" },
		{ "target and rel",
			"<a href=\"https://x.org/?a=1&b=2\" target=_blank rel=\"Me opener\">x</a>",
			"<a href=\"https://x.org/?a=1&amp;b=2\" target=\"_blank\" rel=\"me "
			"noopener\">x</a>" },
		{ "target of a frame", "<a href=x target=_top>x</a>", "<a href=\"x\">x</a>" },
		{ "image",
			"<img src=\"a.jpg\" srcset=\"a.jpg 1x, javascript:x 2x,b.jpg  640w\" "
			"sizes=\"(max-width: 600px) 480px, 100vw\" width=100 height=\"50%\" "
			"loading=LAZY onerror=x>",
			"<img src=\"a.jpg\" srcset=\"a.jpg 1x, b.jpg 640w\" sizes=\"(max-width: "
			"600px) 480px, 100vw\" width=\"100\" height=\"50%\" loading=\"lazy\" />" },
		{ "data",
			"<img src=\"data:image/png;base64,iVBORw0KGgo=\"><a "
			"href=\"data:image/png;base64,iVBO\">x</a><video "
			"poster=\"data:image/png;base64,iVBO\" controls autoplay "
			"src=a.mp4></video>",
			"<img src=\"data:image/png;base64,iVBORw0KGgo=\" /><a>x</a><video "
			"controls=\"\" src=\"a.mp4\"></video>" },
		{ "class, first line of a pre",
			"<pre class=\"language-c wp-block-code evil js-x\">\n\na</pre>",
			"<pre class=\"language-c wp-block-code\">\n\na</pre>" },
		{ "elements of the past",
			"<center>a</center>b<tt>c</tt><strike>d</strike><acronym "
			"title=x>e</acronym>",
			"<div>a</div>b<code>c</code><s>d</s><abbr title=\"x\">e</abbr>" },
		{ "paragraph in a button", "<p><button><p>x", "<p></p><p>x</p><p></p>" },
		{ "unknown elements", "<x-y onclick=z>a<b>b</b></x-y><font color=red>c</font>",
			"a<b>b</b>c" },
		{ "what is no text",
			"<script>alert(1)</script>a<style>b{}</style>c<!-- d -->e<iframe "
			"src=x>f</iframe>g<textarea>h</textarea>i<select><option>j</"
			"select>k<title>l</title>m<template>n</template>o",
			"acegikmo" },
		{ "foreign content", "<svg><desc><p>x</p></desc></svg><math><mi>y</mi></math>z",
			"z" },
		{ "fallbacks",
			"<object data=x><param name=y><p>fallback</p></object><noscript><img "
			"src=a></noscript>",
			"<p>fallback</p><img src=\"a\" />" },
		{ "table",
			"<table><caption>c<tr><th scope=ROW align=Center>a<td colspan=2>b</table>",
			"<table><caption>c</caption><tbody><tr><th scope=\"row\" "
			"align=\"center\">a</th><td colspan=\"2\">b</td></tr></tbody></table>" },
		{ "lists", "<ul><li>a<li>b<ol type=A start=-3 reversed><li value=7>c</ul>",
			"<ul><li>a</li><li>b<ol type=\"A\" start=\"-3\" reversed=\"\"><li "
			"value=\"7\">c</li></ol></li></ul>" },
		{ "definitions, details",
			"<dl><dt>a<dd>b</dl><details open><summary>s</summary>t</details>",
			"<dl><dt>a</dt><dd>b</dd></dl><details "
			"open=\"\"><summary>s</summary>t</details>" },
		{ "direction, attributes that go",
			"<p dir=RTL lang=ar style=\"x:y\" data-x=1 aria-label=z>a",
			"<p dir=\"rtl\" lang=\"ar\">a</p>" },
		{ "xmp", "<xmp><b></xmp>", "<pre>&lt;b&gt;</pre>" },
		{ "picture",
			"<picture><source srcset=\"a.webp 2x\" type=image/webp media=\"(min-width: "
			"9px)\"><img src=a></picture>",
			"<picture><source srcset=\"a.webp 2x\" type=\"image/webp\" "
			"media=\"(min-width: 9px)\" /><img src=\"a\" /></picture>" },
		{ "characters", "a&#x213BBBBBBBBB;b&#1;c&#13;d&#0;e&#xFFFE;f&#xFFFF;g",
			"a\xEF"
			"\xBF"
			"\xBD"
			"bc\nd\xEF"
			"\xBF"
			"\xBD"
			"efg" },
		{ "times and sources",
			"<time datetime=\"2024-01-01T00:00:00+01:00\">x</time><q "
			"cite=\"javascript:x\">y</q><del cite=\"https://a/\" datetime=2024>z</del>",
			"<time datetime=\"2024-01-01T00:00:00+01:00\">x</time><q>y</q><del "
			"cite=\"https://a/\" datetime=\"2024\">z</del>" },
		{ "misnested formatting", "<b><i>x</b>y</i>", "<b><i>x</i></b><i>y</i>" },
		{ "text in a table", "<table>x<b>y<tr><td>z</table>",
			"x<b>y</b><table><tbody><tr><td>z</td></tr></tbody></table>" },
		{ "ruby",
			"<ruby>\xE6"
			"\xBC"
			"\xA2"
			"<rp>(</rp><rt>kan</rt></ruby><bdo dir=rtl>x</bdo><wbr>",
			"<ruby>\xE6"
			"\xBC"
			"\xA2"
			"<rp>(</rp><rt>kan</rt></ruby><bdo dir=\"rtl\">x</bdo><wbr />" },
		{ "form", "<form><label>Name</label><input name=x></form>", "<div>Name</div>" },
		{ "video",
			"<video controls preload=none><source src=a.webm type=\"video/webm; "
			"codecs=vp8\"><track kind=captions src=a.vtt srclang=en label=\"E\" "
			"default>no video</video>",
			"<video controls=\"\" preload=\"none\"><source src=\"a.webm\" "
			"type=\"video/webm; codecs=vp8\" /><track kind=\"captions\" src=\"a.vtt\" "
			"srclang=\"en\" label=\"E\" default=\"\" />no video</video>" },
		{ "empty", "", "" },
		{ "Gutenberg's comments", "<!-- wp:paragraph -->\n<p>x</p>\n<!-- /wp:paragraph -->",
			"\n<p>x</p>\n" },
		{ "an id with a line break", "<h2 id='a&#10;b'>x</h2><a href='#a%0Ab'>y</a>",
			"<h2 id=\"a-b\">x</h2><a href=\"#a-b\">y</a>" },
		{ "headings without letters", "<h2>#!</h2><h2></h2>",
			"<h2 id=\"section\">#!</h2><h2 id=\"section-2\"></h2>" },
		{ "open paragraphs", "<p>a<p>b", "<p>a</p><p>b</p>" },
		{ "an end alone", "</p>", "<p></p>" },
		{ "schemes",
			"<a href='mailto:a@b.c'>m</a><a href='TEL:+1'>t</a><a href='//x/y'>r</a><a "
			"href='ftp://x'>f</a><a href='a:b'>c</a><a href='?q=a:b'>d</a>",
			"<a href=\"mailto:a@b.c\">m</a><a href=\"TEL:+1\">t</a><a "
			"href=\"//x/y\">r</a><a>f</a><a>c</a><a href=\"?q=a:b\">d</a>" },
		{ "classes", "<p class='alignleft WP-x wp-&quot; is-style-x'>x",
			"<p class=\"alignleft is-style-x\">x</p>" },
		{ "a cell without a table", "<td>x</td>", "x" },
		{ "plaintext", "<plaintext><b>x</b>", "<pre>&lt;b&gt;x&lt;/b&gt;</pre>" },
		{ "candidates of srcset", "<img srcset=',,a.jpg,,b 2x 3x, c(1) 2x, d y'>",
			"<img srcset=\"a.jpg,,b 2x 3x, c(1) 2x\" />" },
		{ "tags of the page", "<col><body id=x><html lang=en>x", "x" },
		{ "void elements", "a<br>b<hr>c<wbr>", "a<br />b<hr />c<wbr />" },
		{ "upper case", "<SPAN CLASS=x>X</SPAN>", "<span>X</span>" },
		{ "byte order mark",
			"\xEF"
			"\xBB"
			"\xBF"
			"x",
			"x" },
		{ "a heading's text is what is kept",
			"<h2><svg><text>no</text></svg>yes<script>no</script></h2>",
			"<h2 id=\"yes\">yes</h2>" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[256];
		print_message("%s\n", cases[i].label);
		assert_int_equal(render(cases[i].body), CODE_OK);
		assert_string_equal(post.html, cases[i].html);
		if (!is_safe_html(post.html, text, sizeof text))
			fail_msg("%s", text);
		assert_int_equal(render(cases[i].html), CODE_OK);
		assert_string_equal(post.html, cases[i].html);
	}
}

/* What HTML names with letters alone comes out as those. */
static void test_named_references(void **state)
{
	assert_int_equal(
		render("&eacute;&hellip;&nbsp;&notin;&copy &xyzzy; &#x1F600;&#8217;"), CODE_OK);
	assert_string_equal(post.html, "\xC3\xA9\xE2\x80\xA6\xC2\xA0\xE2\x88\x89\xC2\xA9 "
				       "&amp;xyzzy; \xF0\x9F\x98\x80\xE2\x80\x99");
}

/* A number that no character has is U+FFFD, and nothing behind it is lost. */
static void test_numbers_that_overflow(void **state)
{
	static const struct {
		const char *body, *html;
	} cases[] = {
		{ "a&#xFFFFFFFF;b", "a\xEF\xBF\xBD"
				    "b" },
		{ "a&#4294967295 b", "a\xEF\xBF\xBD b" },
		{ "<p title='&#xffffffff;'>a", "<p title=\"\xEF\xBF\xBD\">a</p>" },
		{ "&#x80000080;", "\xEF\xBF\xBD" },
		{ "&#x100000041;&#4294967361;", "\xEF\xBF\xBD\xEF\xBF\xBD" },
		{ "&#x110000;&#x10FFFD;&#1114112;", "\xEF\xBF\xBD\xF4\x8F\xBF\xBD\xEF\xBF\xBD" },
		{ "&#99999999999999999999999999", "\xEF\xBF\xBD" },
		{ "&#x00000000000000000041;&#0000065", "AA" },
		{ "&#;&#x;&#", "&amp;#;&amp;#x;&amp;#" },
		{ "&#xD800;&#x80;&#0;", "\xEF\xBF\xBD\xE2\x82\xAC\xEF\xBF\xBD" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s\n", cases[i].body);
		assert_int_equal(render(cases[i].body), CODE_OK);
		assert_string_equal(post.html, cases[i].html);
	}
}

/* What is kept of each element; the table of the renderer has to be in order for this. */
static void test_every_element(void **state)
{
	static const char *const kept[] = { "a", "abbr", "address", "article", "aside", "audio",
		"b", "bdi", "bdo", "blockquote", "cite", "code", "del", "details", "dfn", "div",
		"dl", "em", "figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6",
		"header", "i", "ins", "kbd", "li", "mark", "nav", "ol", "p", "picture", "pre", "q",
		"rb", "rp", "rt", "rtc", "ruby", "s", "samp", "section", "small", "span", "strong",
		"sub", "summary", "sup", "time", "u", "ul", "var", "video", "dd", "dt" };
	static const struct {
		const char *name, *written;
	} renamed[] = { { "acronym", "abbr" }, { "center", "div" }, { "dialog", "div" },
		{ "dir", "ul" }, { "fieldset", "div" }, { "hgroup", "div" }, { "legend", "div" },
		{ "listing", "pre" }, { "main", "div" }, { "menu", "ul" }, { "search", "div" },
		{ "strike", "s" }, { "tt", "code" }, { "xmp", "pre" } };
	static const char *const dropped[] = { "datalist", "iframe", "math", "noembed", "noframes",
		"script", "select", "style", "svg", "template", "textarea", "title" };
	char body[64];
	char html[64];
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		snprintf(body, sizeof body, "<%s title=x>x</%s>", kept[i], kept[i]);
		print_message("%s\n", body);
		assert_int_equal(render(body), CODE_OK);
		snprintf(html, sizeof html, "<%s ", kept[i]);
		assert_memory_equal(post.html, html, strlen(html));
		assert_non_null(strstr(post.html, "x</"));
	}
	for (size_t i = 0; i < sizeof renamed / sizeof *renamed; i++) {
		snprintf(body, sizeof body, "<%s>x</%s>", renamed[i].name, renamed[i].name);
		snprintf(html, sizeof html, "<%s>x</%s>", renamed[i].written, renamed[i].written);
		assert_int_equal(render(body), CODE_OK);
		assert_string_equal(post.html, html);
	}
	for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++) {
		snprintf(body, sizeof body, "a<%s>x</%s>b", dropped[i], dropped[i]);
		assert_int_equal(render(body), CODE_OK);
		assert_string_equal(post.html, "ab");
	}
}

/* Each attribute with a value that is kept, written as it comes out. */
static void test_every_attribute(void **state)
{
	static const char *const kept[] = { "<a href=\"x\" hreflang=\"de\" target=\"_blank\" "
					    "rel=\"nofollow noopener\">x</a>",
		"<p align=\"right\" class=\"wp-x\" dir=\"auto\" lang=\"de-AT\" title=\"x\">x</p>",
		"<blockquote cite=\"https://x/\">x</blockquote>",
		"<del cite=\"x\" datetime=\"2024-01-01\">x</del>",
		"<img alt=\"x\" height=\"1\" loading=\"eager\" sizes=\"50vw\" src=\"x\" srcset=\"x "
		"2x\" "
		"width=\"50%\" align=\"left\" />",
		"<video controls=\"\" height=\"1\" loop=\"\" muted=\"\" playsinline=\"\" "
		"poster=\"x\" "
		"preload=\"none\" src=\"x\" width=\"1\"></video>",
		"<picture><source height=\"1\" media=\"(width &gt; 9px)\" sizes=\"1px\" "
		"srcset=\"x\" "
		"type=\"image/webp\" width=\"1\" /></picture>",
		"<video><track default=\"\" kind=\"captions\" label=\"x\" src=\"x\" srclang=\"de\" "
		"/></video>",
		"<details open=\"\">x</details>",
		"<ol reversed=\"\" start=\"3\" type=\"a\"><li value=\"5\">x</li></ol>",
		"<table width=\"9\"><colgroup span=\"2\"><col span=\"1\" width=\"1\" "
		"/></colgroup><tbody>"
		"<tr><th abbr=\"x\" colspan=\"2\" rowspan=\"3\" "
		"scope=\"col\">x</th></tr></tbody></table>",
		"<time datetime=\"P1D\">x</time>" };
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		print_message("%s\n", kept[i]);
		assert_int_equal(render(kept[i]), CODE_OK);
		assert_string_equal(post.html, kept[i]);
	}
}

static void test_outline(void **state)
{
	assert_int_equal(
		render("<h1>The <code>code</code> of <a href=/b>a</a> &amp; <i>c</i></h1>"
		       "<h2>Caf\xC3\xA9</h2><h2>Caf\xC3\xA9!</h2><p id='caf\xC3\xA9-3'>x</p>"
		       "<h2>Caf\xC3\xA9?</h2><blockquote><h3>In a quote</h3></blockquote>"
		       "<h4 ID='Own_Name'>Other</h4><h5>Own name</h5><h6 id='own-name'>6</h6>"
		       "<h2>\n  Two\n  lines<br>three\n</h2>"),
		CODE_OK);
	static const struct {
		unsigned level;
		const char *text, *anchor;
	} headings[] = {
		{ 1, "The code of a & c", "the-code-of-a-c" },
		{ 2, "Caf\xC3\xA9", "caf\xC3\xA9" },
		{ 2, "Caf\xC3\xA9!", "caf\xC3\xA9-2" },
		{ 2, "Caf\xC3\xA9?", "caf\xC3\xA9-4" },
		{ 3, "In a quote", "in-a-quote" },
		{ 4, "Other", "own-name" },
		{ 5, "Own name", "own-name-2" },
		{ 6, "6", "6" },
		{ 2, "Two lines three", "two-lines-three" },
	};
	assert_int_equal(post.n_outline, sizeof headings / sizeof *headings);
	for (size_t i = 0; i < post.n_outline; i++) {
		char tag[300];
		assert_int_equal(post.outline[i]->level, headings[i].level);
		assert_string_equal(post.outline[i]->text, headings[i].text);
		assert_string_equal(post.outline[i]->anchor, headings[i].anchor);
		snprintf(tag, sizeof tag, "<h%u id=\"%s\">", headings[i].level, headings[i].anchor);
		assert_non_null(strstr(post.html, tag));
	}
}

static void test_words(void **state)
{
	static const struct {
		const char *body;
		uint32_t words, seconds;
	} cases[] = {
		{ "", 0, 0 },
		{ "<p>one</p>", 1, 1 },
		{ "<p>don't stop-gap it\xE2\x80\x99s</p>", 3, 1 },
		{ "<h1>Title</h1>\n<p>and <i>four</i> words", 4, 2 },
		{ "one<br>two", 2, 1 },
		{ "<div>counted</div><script>not counted</script><!-- nor this -->", 1, 1 },
		{ "<img alt='not counted' src=x>", 0, 0 },
		{ "<p>&#20320;&#22909; Deep", 3, 1 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s\n", cases[i].body);
		assert_int_equal(render(cases[i].body), CODE_OK);
		assert_int_equal(post.word_count, cases[i].words);
		assert_int_equal(post.reading_seconds, cases[i].seconds);
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_html),
		TEST(test_named_references),
		TEST(test_numbers_that_overflow),
		TEST(test_every_element),
		TEST(test_every_attribute),
		TEST(test_outline),
		TEST(test_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
