/* HTML bodies that are made to cost much: nested deeply, or slow to parse. */
#include "services/html.h"
#include "support/rendered.h"

#include "base/clock.h"
#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static enum code render(const char *body)
{
	return render_with(html_render, body);
}

static char *repeat(const char *before, const char *piece, size_t count)
{
	size_t start = strlen(before);
	size_t size = strlen(piece);
	char *text = malloc(start + size * count + 1);
	memcpy(text, before, start);
	for (size_t i = 0; i < count; i++)
		memcpy(text + start + i * size, piece, size);
	text[start + size * count] = '\0';
	return text;
}

static void test_nesting(void **state)
{
	static const struct {
		const char *piece;
		size_t count;
		enum code code;
	} cases[] = {
		{ "<div>", 256, CODE_OK },
		{ "<div>", 257, CODE_INVALID_ARGUMENT },
		{ "<x-y>", 256, CODE_OK },
		{ "<x-y>", 257, CODE_INVALID_ARGUMENT },
		{ "<ul><li>", 128, CODE_OK },
		{ "<ul><li>", 129, CODE_INVALID_ARGUMENT },
		{ "<p>", 5000, CODE_OK },
		{ "<li>", 5000, CODE_OK },
		{ "<b>x</b>", 5000, CODE_OK },
		{ "<br>", 5000, CODE_OK },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *body = repeat("", cases[i].piece, cases[i].count);
		print_message("%s %zu\n", cases[i].piece, cases[i].count);
		assert_int_equal(render(body), cases[i].code);
		if (cases[i].code != CODE_OK) {
			assert_string_equal(err.reason, "BODY_NESTED_TOO_DEEP");
			assert_string_equal(err.field, "post.body");
			assert_non_null(strstr(err.text, "256 elements"));
		}
		free(body);
	}
}

/* Bodies made to cost a parser all it has: refused or rendered, within bounds. */
static void test_bombs(void **state)
{
	enum { ALL = LIMIT_BODY_BYTES };
	static const struct {
		const char *label, *before, *piece;
		size_t bytes;
		const char *refused; /* the reason, if it has to be refused */
	} cases[] = {
		{ "open b", "", "<b>", 300000, "BODY_NESTED_TOO_DEEP" },
		{ "open div", "", "<div>", ALL, "BODY_NESTED_TOO_DEEP" },
		{ "open lists", "", "<ul><li>", ALL, "BODY_NESTED_TOO_DEEP" },
		{ "foster parents", "<table>", "<b>x", ALL, "BODY_NESTED_TOO_DEEP" },
		{ "open tables", "", "<table><tr><td>", ALL, "BODY_NESTED_TOO_DEEP" },
		{ "open links", "", "<a>", ALL, "BODY_TOO_COMPLEX" },
		{ "open paragraphs", "", "<p>", ALL, "BODY_TOO_COMPLEX" },
		{ "ends", "", "</p>", ALL, "BODY_TOO_COMPLEX" },
		{ "formatting over again", "<b 1><b 2><b 3><b 4><b 5><b 6><b 7>", "<p>x", ALL,
			"BODY_TOO_COMPLEX" },
		{ "attributes of one tag", "<b", " a=b", ALL, NULL },
		{ "comments", "", "<!--", ALL, NULL },
		{ "declarations", "", "<!a", ALL, NULL },
		{ "opening angles", "", "<", ALL, "BODY_TOO_COMPLEX" },
		{ "ampersands", "", "&", ALL, "BODY_TOO_COMPLEX" },
		{ "references", "", "&CounterClockwiseContourIntegral;", ALL, NULL },
		{ "one word", "", "x", ALL, NULL },
		{ "headings", "", "<h1>x</h1>", ALL, NULL },
		{ "a long heading", "<h1>", "x <i>y</i>", ALL / 4, NULL },
		{ "one id", "", "<a id=x href=#x>y</a>", ALL, NULL },
		{ "values", "<option>", "<select><option>", ALL, NULL },
		{ "SVG", "", "<svg><desc>", 20000, NULL },
		{ "templates", "", "<template>", 20000, NULL },
		{ "nobr", "", "<nobr>", ALL, NULL },
		{ "candidates", "<img srcset='", "a 1x,", ALL, NULL },
		{ "classes", "<p class='", "wp-a ", ALL, NULL },
		{ "paragraphs in buttons", "", "<p><button>", 20000, NULL },
		{ "links and paragraphs", "", "<a><p>", 20000, NULL },
		{ "Chinese", "", "\xE4\xB8\xAD", ALL, NULL },
	};
	const char *only = getenv("LECTERN_TEST_BOMB");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (only != NULL && strcmp(only, cases[i].label) != 0)
			continue;
		char *body = repeat(cases[i].before, cases[i].piece,
			(cases[i].bytes - strlen(cases[i].before)) / strlen(cases[i].piece));
		uint64_t start_ns = clock_monotonic_ns();
		enum code code = render(body);
		print_message("%s: %s %d ms\n", cases[i].label,
			code == CODE_OK ? code_name(code) : err.reason,
			(int)((clock_monotonic_ns() - start_ns) / 1000000));
		if (code != CODE_OK) {
			assert_int_equal(code, CODE_INVALID_ARGUMENT);
			assert_string_equal(err.field, "post.body");
		}
		if (cases[i].refused != NULL)
			assert_string_equal(err.reason, cases[i].refused);
		assert_in_range(arena.used_bytes, 0, LIMIT_ARENA_BYTES);
		free(body);
	}
	assert_int_equal(render("<p>a"), CODE_OK);
	assert_string_equal(post.html, "<p>a</p>");
}

/* gumbo 0.10 stops the process at these, by assertions; gumbo 0.13 parses them. */
static void test_what_a_parser_fails_at(void **state)
{
	static const char *const bodies[] = {
		"<table><svg><select><foreignobject><select><tr>",
		"<table><svg><select><title><select><table>",
		"<svg><head><desc><select><select></body>",
	};
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		if (render(bodies[i]) == CODE_OK)
			continue;
		assert_string_equal(err.reason, "BODY_NOT_PARSED");
		assert_string_equal(err.field, "post.body");
	}
	assert_int_equal(render("<p>a"), CODE_OK);
	assert_string_equal(post.html, "<p>a</p>");
}

/* Attributes are compared with all that the tag has: given up after a while. */
static void test_a_body_that_takes_too_long(void **state)
{
	enum { COUNT = 400000 };
	char *body = malloc((size_t)COUNT * 10);
	size_t size = (size_t)sprintf(body, "<p");
	for (int i = 0; i < COUNT; i++)
		size += (size_t)sprintf(body + size, " a%d", i);
	memcpy(body + size, ">", 2);
	assert_int_equal(render(body), CODE_INVALID_ARGUMENT);
	assert_string_equal(err.reason, "BODY_TOO_COMPLEX");
	free(body);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nesting),
		TEST(test_bombs),
		TEST(test_what_a_parser_fails_at),
		TEST(test_a_body_that_takes_too_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
