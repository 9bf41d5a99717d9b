/* What is told from the words of a post and where they stand. */
#include "support/search_clause.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_clauses(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		const char *label, *clause, *text;
		bool want;
	} cases[] = {
		{ "prefix", "ope*", "it opened", true },
		{ "prefix that is a word", "open*", "open", true },
		{ "prefix folded", "CAF*", "le café", true },
		{ "prefix of the stem alone", "happi*", "happy", false },
		{ "prefix within", "pen*", "it opened", false },
		{ "phrase", "\"open source\"", "an open source licence", true },
		{ "case and accents aside", "\"Cafe NOIR\"", "un CAFÉ noir", true },
		{ "forms count in phrases", "\"open source\"", "opened sources", false },
		{ "one quoted word is exact", "\"open\"", "opened", false },
		{ "one quoted word", "\"open\"", "opened, open", true },
		{ "order", "\"open source\"", "source open", false },
		{ "a word between", "\"open source\"", "open, closed source", false },
		{ "punctuation between", "\"open source\"", "open-source", true },
		{ "more punctuation between", "\"open source\"", "(open), \"source\"", true },
		{ "a break between", "\"open source\"", "open\nsource", false },
		{ "after a break", "\"open source\"", "open\nopen source", true },
		{ "repeated words", "\"a b a c\"", "a b a b a c", true },
		{ "repeated words, not there", "\"a b a c\"", "a b a b a b c", false },
		{ "overlapping itself", "\"a a b\"", "a a a b", true },
		{ "at the end only in part", "\"open source\"", "source open", false },
		{ "two characters", "\"中文\"", "中文", true },
		{ "two in a run", "\"中文\"", "学中文字", true },
		{ "two at the end of a run", "\"中文\"", "学中文", true },
		{ "two, apart", "\"中文\"", "中，文", false },
		{ "three in a run", "\"中文字\"", "学中文字母", true },
		{ "three, overlapping", "\"中中文\"", "中中中文", true },
		{ "three, not", "\"中文字\"", "中文，文字", false },
		{ "more", "\"我们的语言很\"", "这是我们的语言很美", true },
		{ "more, not", "\"我们的语言很\"", "这是我们的语言", false },
		{ "one in a run", "中*", "学中文", true },
		{ "one at the end", "中*", "学中", true },
		{ "one quoted", "\"中\"", "学中文", true },
		{ "with Latin", "\"用 C 语言\"", "我用C语言写", true },
		{ "run must end before Latin", "\"中文 C\"", "中文字C", false },
		{ "run must begin after Latin", "\"C 中文\"", "C字中文", false },
		{ "Hangul", "\"한국\"", "대한국어", true },
		{ "Thai", "\"ไทย\"", "ภาษาไทยดี", true },
		{ "apostrophes", "\"dont stop\"", "Don’t stop", true },
		{ "elision", "\"l'eau\"", "de L’EAU", true },
		{ "excluded aside", "-\"open\"", "open", true },
		{ "equal words of two kinds", "\"㊀ 一 x\"", "㊀ 一 x", true },
		{ "and the other way", "\"一 ㊀ x\"", "一 ㊀ x", true },
		{ "a word is no run", "\"x 一\"", "x ㊀a", false },
		{ "empty text", "\"open source\"", "", false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct search_query query = make_query(fixture, cases[i].clause);
		for (int place = 0; place < 2; place++) {
			struct slice text = slice_of_text(cases[i].text);
			struct slice none = slice_of_text("");
			struct search_document post = {
				.title = place == 0 ? text : none,
				.excerpt = place == 1 ? text : none,
			};
			if (clause_holds(fixture, query.clauses, &post) != cases[i].want)
				fail_msg("%s: want %d", cases[i].label, cases[i].want);
		}
		arena_reset(&fixture->arena);
	}
}

static void test_phrases_stand_in_one_text(void **state)
{
	struct fixture *fixture = *state;
	struct search_query query = make_query(fixture, "\"open source\"");
	static const struct {
		const char *title, *excerpt, *html;
		bool want;
	} cases[] = {
		{ "open", "source open", "<p>source</p>", false },
		{ "open", "", "<p>source</p>", false },
		{ "open", "", "<p>open</p><p>source</p>", false },
		{ "open", "", "<p>an <b>open</b> source</p>", true },
		{ "", "open source", "<p>open</p>", true },
		{ "open source", "", "", true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct search_document post = { .title = slice_of_text(cases[i].title),
			.excerpt = slice_of_text(cases[i].excerpt),
			.html = slice_of_text(cases[i].html) };
		if (clause_holds(fixture, query.clauses, &post) != cases[i].want)
			fail_msg("case %zu: want %d", i, cases[i].want);
	}
	arena_reset(&fixture->arena);
}

/* A phrase and a text that make a plain search quadratic. */
static void test_hostile_phrases_take_linear_time(void **state)
{
	struct fixture *fixture = *state;
	enum { SIZE = 1000000, PHRASE_WORDS = 500 };
	char *text = malloc(SIZE);
	struct search_word words[PHRASE_WORDS];
	for (size_t at = 0; at < SIZE; at++)
		text[at] = at % 2 == 0 ? 'a' : ' ';
	for (size_t i = 0; i < PHRASE_WORDS; i++)
		words[i] = (struct search_word){ .word = slice_of_text("a") };
	words[PHRASE_WORDS - 1].word = slice_of_text("b");
	struct search_clause clause = {
		.kind = SEARCH_PHRASE, .words = words, .word_count = PHRASE_WORDS
	};
	search_clause_find_first(&clause);
	struct search_document post = { .excerpt = slice_of(text, SIZE) };
	assert_false(clause_holds(fixture, &clause, &post));
	text[SIZE - 2] = 'b';
	assert_true(clause_holds(fixture, &clause, &post));
	free(text);
}

/* The last character of a phrase begins thousands of different runs, which take no memory each. */
static void test_runs_take_no_memory(void **state)
{
	struct fixture *fixture = *state;
	enum { RUNS = 3000, RUN_BYTES = 7, ARENA_BYTES = 4096, FIRST_HAN = 0x4E00 };
	static const struct {
		const char *query;
		bool want;
	} cases[] = { { "\"学 中\"", true }, { "\"字 中\"", false } };
	static char text[RUNS * RUN_BYTES + 32];
	size_t size = (size_t)sprintf(text, "字 ，学 ");
	for (unsigned i = 0; i < RUNS; i++) {
		unsigned han = FIRST_HAN + i;
		size += (size_t)sprintf(text + size, "中%c%c%c ", (char)(0xE0 | han >> 12),
			(char)(0x80 | (han >> 6 & 0x3F)), (char)(0x80 | (han & 0x3F)));
	}
	struct search_document post = { .excerpt = slice_of(text, size) };
	struct positions positions;
	positions_of(fixture, &post, &positions);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct search_query query = make_query(fixture, cases[i].query);
		struct arena arena;
		struct error err;
		bool holds;
		arena_init(&arena, ARENA_BYTES);
		assert_int_equal(
			search_prove(&arena, query.clauses, &positions, &holds, &err), CODE_OK);
		assert_int_equal(holds, cases[i].want);
		arena_done(&arena);
	}
	arena_reset(&fixture->arena);
}

/* Memory that runs out is told, wherever it does. */
static void test_out_of_memory(void **state)
{
	struct fixture *fixture = *state;
	struct search_query query = make_query(fixture, "\"用 C 语\"");
	struct positions positions;
	struct search_document post = { .excerpt = slice_of_text(
						"我用C语言写，语法，语，语文，语音") };
	positions_of(fixture, &post, &positions);
	int failed = 0;
	for (size_t budget = 0; budget < 500; budget++) {
		struct arena arena;
		struct error err;
		bool holds;
		arena_init(&arena, budget);
		enum code code = search_prove(&arena, query.clauses, &positions, &holds, &err);
		if (code == CODE_OK)
			assert_true(holds);
		else
			assert_int_not_equal(code, CODE_DATA_LOSS);
		failed += code != CODE_OK;
		arena_done(&arena);
	}
	assert_true(failed > 10 && failed < 400);
	arena_reset(&fixture->arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clauses),
		cmocka_unit_test(test_phrases_stand_in_one_text),
		cmocka_unit_test(test_hostile_phrases_take_linear_time),
		cmocka_unit_test(test_runs_take_no_memory),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, clauses_set_up, clauses_tear_down);
}
