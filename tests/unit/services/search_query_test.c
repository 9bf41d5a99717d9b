/* Search queries as clauses, and the texts of their errors. */
#include "services/search_query.h"

#include "base/buffer.h"
#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ARENA_BYTES = 16 << 20 };

static struct arena arena;
static struct analyzer *analyzer;
static struct search_query query;
static struct error err;

static int set_up(void **state)
{
	arena_init(&arena, ARENA_BYTES);
	analyzer = analyzer_new();
	return analyzer == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	analyzer_free(analyzer);
	arena_done(&arena);
	return 0;
}

static enum code parse(const char *text, const char *const *tags, size_t tag_count)
{
	uint8_t languages[ANALYZER_LANGUAGES_MAX];
	arena_reset(&arena);
	for (size_t i = 0; i < tag_count; i++)
		languages[i] = (uint8_t)analyzer_language(tags[i]);
	err = (struct error){ .text = "" };
	return search_query_parse(&arena, analyzer, text, languages, tag_count, &query, &err);
}

static void write_word(struct buffer *out, const struct search_word *word)
{
	buffer_append(out, word->word.data, word->word.size);
	for (size_t i = 0; i < word->term_count; i++) {
		buffer_append_char(out, i == 0 ? '=' : '/');
		buffer_append(out, word->terms[i].data, word->terms[i].size);
	}
}

/* The clauses as a text: "running=run", "-[a=a b=b]" for an excluded phrase, "read=read*". */
static const char *written(void)
{
	static char text[8192];
	struct buffer out;
	buffer_init(&out, sizeof text - 1);
	for (size_t i = 0; i < query.clause_count; i++) {
		const struct search_clause *clause = &query.clauses[i];
		if (i > 0)
			buffer_append_char(&out, ' ');
		if (clause->excluded)
			buffer_append_char(&out, '-');
		if (clause->kind == SEARCH_PHRASE)
			buffer_append_char(&out, '[');
		for (size_t w = 0; w < clause->word_count; w++) {
			if (w > 0)
				buffer_append_char(&out, ' ');
			write_word(&out, &clause->words[w]);
		}
		if (clause->kind == SEARCH_PHRASE)
			buffer_append_char(&out, ']');
		if (clause->kind == SEARCH_PREFIX)
			buffer_append_char(&out, '*');
	}
	snprintf(text, sizeof text, "%s", buffer_text(&out));
	buffer_done(&out);
	return text;
}

static void test_clauses(void **state)
{
	static const struct {
		const char *label, *text, *want;
	} cases[] = {
		{ "a word", "Running", "running=run" },
		{ "words", "  coffee\tShops\n", "coffee=coffe shops=shop" },
		{ "blanks of other scripts",
			"a\xC2\xA0"
			"b\xE3\x80\x80"
			"c",
			"a=a b=b c=c" },
		{ "a phrase", "\"Running shoes\"", "[running=run shoes=shoe]" },
		{ "a phrase of one word", "\"running\"", "[running=run]" },
		{ "a prefix", "runnin*", "runnin=runnin*" },
		{ "several stars", "runnin**", "runnin=runnin*" },
		{ "a word excluded", "tea -coffee", "tea=tea -coffee=coffe" },
		{ "a phrase excluded", "tea -\"coffee shop\"",
			"tea=tea -[coffee=coffe shop=shop]" },
		{ "a prefix excluded", "tea -cof*", "tea=tea -cof=cof*" },
		{ "two dashes", "tea --coffee", "tea=tea -coffee=coffe" },
		{ "dashes that say nothing", "tea - coffee -", "tea=tea coffee=coffe" },
		{ "a dash inside", "e-mail", "[e=e mail=mail]" },
		{ "an excluded word with a dash", "x -e-mail", "x=x -[e=e mail=mail]" },
		{ "quotes inside a run", "tea\"coffee shop\"milk",
			"tea=tea [coffee=coffe shop=shop] milk=milk" },
		{ "what has no word", "& tea -! \"\" -\"\" \"...\" ?", "tea=tea" },
		{ "a star inside a phrase", "\"read* this\"", "[read=read this=this]" },
		{ "an apostrophe", "don't", "dont=dont" },
		{ "a prefix with an apostrophe", "don't*", "dont=dont*" },
		{ "a prefix behind a bracket", "(read*", "read=read*" },
		{ "case, accents and width", "CAF\xC3\x89 \xEF\xBC\xA1", "cafe=cafe a=a" },
		{ "two Chinese characters", "中文", "[中文=中文 文=文]" },
		{ "three Chinese characters", "中文字", "[中文=中文 文字=文字 字=字]" },
		{ "a star behind Chinese", "中文*", "[中文=中文 文=文]" },
		{ "one Chinese character", "中", "中=中*" },
		{ "one Chinese character in quotes", "\"中\"", "中=中*" },
		{ "one Chinese character with a star", "中*", "中=中*" },
		{ "one Chinese character excluded", "tea -中", "tea=tea -中=中*" },
		{ "Latin and Chinese", "iPhone手", "[iphone=iphon 手=手]" },
		{ "the same word twice", "tea tea", "tea=tea tea=tea" },
	};
	const char *const english[] = { "en" };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s\n", cases[i].label);
		assert_int_equal(parse(cases[i].text, english, 1), CODE_OK);
		assert_string_equal(written(), cases[i].want);
	}
}

static void test_stems_of_every_language(void **state)
{
	const char *const none[] = { "zh" };
	const char *const three[] = { "en", "de", "zh" };
	assert_int_equal(analyzer_language("zh"), 0);
	assert_int_equal(parse("running", none, 1), CODE_OK);
	assert_string_equal(written(), "running=running");
	assert_int_equal(parse("running laufen", three, 3), CODE_OK);
	assert_string_equal(written(), "running=run/running laufen=laufen/lauf");
	/* An index without posts has no languages, and nothing can be found in it. */
	assert_int_equal(parse("running \"a b\"", none, 0), CODE_OK);
	assert_string_equal(written(), "running [a b]");
}

static void test_errors(void **state)
{
	static const struct {
		const char *label, *text, *reason, *want;
	} cases[] = {
		{ "nothing", "", "QUERY_INVALID",
			"query: at byte 1: there is no word to find; write at least one" },
		{ "no word", " ... ", "QUERY_INVALID",
			"query: at byte 1: there is no word to find; write at least one" },
		{ "only exclusions", "-a -\"b c\"", "QUERY_INVALID",
			"query: at byte 1: there are only words that must not occur; add one to "
			"find" },
		{ "an open quote", "tea \"coffee shop", "QUERY_INVALID",
			"query: at byte 5: the quote that opens here is not closed; put another \" "
			"behind the phrase" },
		{ "an open quote at the end", "tea -\"", "QUERY_INVALID",
			"query: at byte 6: the quote that opens here is not closed; put another \" "
			"behind the phrase" },
		{ "a star inside a word", "tea co*fee", "QUERY_INVALID",
			"query: at byte 7: a * stands only at the end of a word, as in read*" },
		{ "a star before a word", "*tea", "QUERY_INVALID",
			"query: at byte 1: a * stands only at the end of a word, as in read*" },
		{ "a star alone", "tea *", "QUERY_INVALID",
			"query: at byte 5: a * stands only at the end of a word, as in read*" },
		{ "a star behind a phrase", "\"tea\"*", "QUERY_INVALID",
			"query: at byte 6: a * stands only at the end of a word, as in read*" },
		{ "a star behind two words", "my e-mail*", "QUERY_INVALID",
			"query: at byte 4: a * stands only at the end of one word, as in read*, "
			"and \"e-mail\" is not one word" },
		{ "a star behind no letter", "c++*", "QUERY_INVALID",
			"query: at byte 1: a * stands only at the end of one word, as in read*, "
			"and \"c++\" is not one word" },
	};
	const char *const english[] = { "en" };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s\n", cases[i].label);
		assert_int_equal(parse(cases[i].text, english, 1), CODE_INVALID_ARGUMENT);
		assert_string_equal(err.text, cases[i].want);
		assert_string_equal(err.reason, cases[i].reason);
		assert_string_equal(err.field, "query");
	}
}

static void test_too_many_clauses(void **state)
{
	const char *const english[] = { "en" };
	char text[LIMIT_QUERY_BYTES + 1] = "";
	for (int i = 0; i < LIMIT_QUERY_CLAUSES; i++)
		strcat(text, i % 2 == 0 ? "a " : "-b ");
	assert_int_equal(parse(text, english, 1), CODE_OK);
	assert_int_equal(query.clause_count, LIMIT_QUERY_CLAUSES);
	strcat(text, "... c");
	assert_int_equal(parse(text, english, 1), CODE_INVALID_ARGUMENT);
	assert_string_equal(
		err.text, "query: at byte 85: more than 32 words and phrases; ask for fewer");
	assert_string_equal(err.reason, "QUERY_TOO_LONG");
}

static void test_the_longest_phrase(void **state)
{
	uint8_t all[ANALYZER_LANGUAGES_MAX];
	char text[LIMIT_QUERY_BYTES + 1];
	for (size_t i = 0; i < sizeof all; i++)
		all[i] = (uint8_t)i;
	memset(text, ' ', sizeof text);
	for (size_t i = 1; i < LIMIT_QUERY_BYTES - 1; i += 2)
		text[i] = 'a';
	text[0] = '"';
	text[LIMIT_QUERY_BYTES - 1] = '"';
	text[LIMIT_QUERY_BYTES] = '\0';
	arena_reset(&arena);
	assert_int_equal(
		search_query_parse(&arena, analyzer, text, all, sizeof all, &query, &err), CODE_OK);
	assert_int_equal(query.clause_count, 1);
	assert_int_equal(query.clauses[0].word_count, (LIMIT_QUERY_BYTES - 2) / 2);
	assert_in_range(arena.used_bytes, 1, ARENA_BYTES / 8);
}

static void test_out_of_memory(void **state)
{
	uint8_t languages[] = { 0, 7 };
	enum code code = CODE_RESOURCE_EXHAUSTED;
	for (size_t budget = 0; code == CODE_RESOURCE_EXHAUSTED; budget += 16) {
		struct arena small;
		assert_in_range(budget, 0, ARENA_BYTES);
		arena_init(&small, budget);
		code = search_query_parse(&small, analyzer, "a -\"b c d e f\" run*", languages,
			sizeof languages, &query, &err);
		if (code != CODE_OK)
			assert_string_equal(err.reason, "OUT_OF_MEMORY");
		arena_done(&small);
	}
	assert_int_equal(code, CODE_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clauses),
		cmocka_unit_test(test_stems_of_every_language),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_too_many_clauses),
		cmocka_unit_test(test_the_longest_phrase),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
