/* What is found in a text, and how it is shown. */
#include "support/search_clause.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The text with what was found in [ ]. */
static const char *show(const Lectern__V1__HighlightedText *text)
{
	static char out[2 * TEXT_MAX];
	size_t size = 0;
	size_t range = 0;
	for (size_t at = 0; at <= strlen(text->text); at++) {
		if (range < text->n_ranges && text->ranges[range]->end == at) {
			out[size++] = ']';
			range++;
		}
		if (range < text->n_ranges && text->ranges[range]->start == at)
			out[size++] = '[';
		out[size++] = text->text[at];
	}
	return out;
}

static void test_highlight(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		const char *label, *query, *text, *want;
	} cases[] = {
		{ "nothing", "x", "open source", "open source" },
		{ "empty", "x", "", "" },
		{ "words in their forms", "run|café", "Running Cafes, ran",
			"[Running] [Cafes], ran" },
		{ "prefix", "op*", "open cops opera", "[open] cops [opera]" },
		{ "phrase", "\"open source\"", "open source is open", "[open] [source] is open" },
		{ "phrase and word", "\"open source\"|open", "open, open source",
			"[open], [open] [source]" },
		{ "phrases that overlap", "\"a b\"|\"b c\"", "a b c b", "[a] [b] [c] b" },
		{ "phrase over itself", "\"a b a\"", "a b a b a a", "[a] [b] [a] [b] [a] a" },
		{ "excluded", "-open|source", "open source", "open [source]" },
		{ "apostrophe", "dont", "I don’t", "I [don’t]" },
		{ "accents", "ecole", "l'École.", "l'[École]." },
		{ "decomposed", "cafe", "cafe\u0301s", "[cafe\u0301s]" },
		{ "characters", "\"中文\"", "学中文字", "学[中文]字" },
		{ "characters at the end", "\"中文\"", "学中文", "学[中文]" },
		{ "longer", "\"中文字\"", "学中文字母，中文字", "学[中文字]母，[中文字]" },
		{ "one character", "中*", "学中文中", "学[中]文[中]" },
		{ "one with a mark", "か*", "か\u3099か文", "か\u3099[か]文" },
		{ "beside each other", "\"中文\"|\"字母\"", "中文字母", "[中文字母]" },
		{ "with Latin", "\"用C语\"", "我用C语言", "我[用C语]言" },
		{ "break", "\"a b\"", "a\nb a b", "a\nb [a] [b]" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Lectern__V1__HighlightedText text;
		struct search_query query = make_query(fixture, cases[i].query);
		assert_true(search_text_highlight(&fixture->arena, fixture->analyzer, &query,
			slice_of_text(cases[i].text), "", &text));
		assert_string_equal(text.text, cases[i].text);
		if (strcmp(show(&text), cases[i].want) != 0)
			fail_msg("%s: got \"%s\", want \"%s\"", cases[i].label, show(&text),
				cases[i].want);
		arena_reset(&fixture->arena);
	}
}

static void test_at_most_100_ranges(void **state)
{
	struct fixture *fixture = *state;
	char text[3 * 300 + 1];
	Lectern__V1__HighlightedText got;
	for (size_t i = 0; i < 300; i++)
		memcpy(text + 3 * i, "ab ", 4);
	struct search_query query = make_query(fixture, "ab|\"ab ab ab\"");
	assert_true(search_text_highlight(
		&fixture->arena, fixture->analyzer, &query, slice_of_text(text), "", &got));
	assert_int_equal(got.n_ranges, RANGES_MAX);
	for (size_t i = 0; i < RANGES_MAX; i++) {
		assert_int_equal(got.ranges[i]->start, 3 * i);
		assert_int_equal(got.ranges[i]->end, 3 * i + 2);
	}
	arena_reset(&fixture->arena);
}

static void test_snippet(void **state)
{
	struct fixture *fixture = *state;
	static const double weights[CLAUSES_MAX] = { 1, 2, 4, 2 };
	static const struct {
		const char *label, *query;
		size_t size;
		const char *text, *want;
	} cases[] = {
		{ "short text", "b", 40, "a b c", "a [b] c" },
		{ "nothing found", "x", 12, "one two three four", "one two…" },
		{ "empty text", "x", 12, "", "" },
		{ "in the middle", "five", 20, "one two three four five six seven eight nine",
			"…four [five] six seven…" },
		{ "at the start", "one", 12, "one two three four", "[one] two…" },
		{ "at the end", "four", 12, "one two three four", "…three [four]" },
		{ "breaks", "two", 40, "one\ntwo\nthree", "one [two] three" },
		{ "both", "a|b", 12, "a one two three four five b a six", "…five [b] [a] six" },
		{ "the rarest", "a|b|c", 10, "b a one two three four five c six seven",
			"…[c] six…" },
		{ "weights are of all clauses", "-x|-y|a|b", 6, "b one two three a four five",
			"…[a] four…" },
		{ "both beat the one that is rarer", "a|b|-c", 10,
			"b one two three four five b a six seven", "…[b] [a] six…" },
		{ "phrase", "\"b c\"", 10, "b one two three four b c six seven eight",
			"…[b] [c] six…" },
		{ "phrases are not broken", "\"b c\"", 14, "b\nc three four five six b c seven",
			"…six [b] [c] seven" },
		{ "Chinese", "\"中文\"", 15, "这是我们学习中文的语言课程表", "…习[中文]的语…" },
		{ "long word", "x", 10, "abcdefghijklmnopqrstuvwxyz", "abcdefghij…" },
		{ "prefer blanks", "d", 9, "aaaa bbbb cccc d eeee ffff", "…[d] eeee…" },
		{ "marks stay", "x", 4, "abce\u0301fghijkl", "abc…" },
		{ "nothing fits", "x", 2, "中文", "…" },
		{ "nothing wanted", "x", 0, "ab", "…" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Lectern__V1__HighlightedText text;
		struct search_query query = make_query(fixture, cases[i].query);
		assert_true(search_text_snippet(&fixture->arena, fixture->analyzer, &query, weights,
			slice_of_text(cases[i].text), "", cases[i].size, &text));
		if (strcmp(show(&text), cases[i].want) != 0)
			fail_msg("%s: got \"%s\", want \"%s\"", cases[i].label, show(&text),
				cases[i].want);
		arena_reset(&fixture->arena);
	}
}

static void test_out_of_memory(void **state)
{
	struct fixture *fixture = *state;
	static const double weights[CLAUSES_MAX] = { 1, 1 };
	struct search_query query = make_query(fixture, "a|\"b c\"");
	struct slice text = slice_of_text("some text with a and b c and so on, for 200 bytes");
	size_t failed = 0;
	for (size_t budget = 16; budget < 4096; budget += 16) {
		Lectern__V1__HighlightedText got;
		struct arena arena;
		arena_init(&arena, budget);
		failed += !search_text_highlight(&arena, fixture->analyzer, &query, text, "", &got);
		arena_done(&arena);
		failed += !search_text_snippet(
			&arena, fixture->analyzer, &query, weights, text, "", 30, &got);
		arena_done(&arena);
	}
	assert_true(failed > 10 && failed < 400);
	arena_reset(&fixture->arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_highlight),
		cmocka_unit_test(test_at_most_100_ranges),
		cmocka_unit_test(test_snippet),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, clauses_set_up, clauses_tear_down);
}
