/* What is found in random texts, against a plain search of all tokens. */
#include "base/text.h"
#include "support/random.h"
#include "support/search_clause.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct plain_token {
	enum token_kind kind;
	size_t start, end, first_end;
	bool after_break;
	char word[TERM_BYTES_MAX + 1];
	char term[TERM_BYTES_MAX + 1];
};

struct plain_text {
	struct plain_token tokens[TEXT_MAX];
	size_t count;
};

static void analyse(struct fixture *fixture, struct slice text, struct plain_text *ret)
{
	struct token token;
	ret->count = 0;
	analyzer_start(fixture->analyzer, text, "");
	while (analyzer_next(fixture->analyzer, &token)) {
		struct plain_token *plain = &ret->tokens[ret->count++];
		plain->kind = token.kind;
		plain->start = token.start;
		plain->end = plain->first_end = token.end;
		plain->after_break = token.after_break;
		snprintf(plain->word, sizeof plain->word, "%.*s", (int)token.word.size,
			(const char *)token.word.data);
		snprintf(plain->term, sizeof plain->term, "%.*s", (int)token.term.size,
			(const char *)token.term.data);
		if (ret->count > 1 && plain[-1].kind == TOKEN_PAIR)
			plain[-1].first_end = token.start;
	}
}

static bool same(struct slice a, const char *b)
{
	return slice_equals(a, slice_of_text(b));
}

static bool begins(const char *text, struct slice prefix)
{
	return strncmp(text, (const char *)prefix.data, prefix.size) == 0;
}

/* Whether the clause's first word is found at a token; marks the bytes of all of its words. */
static bool found_at(const struct search_clause *clause, const struct plain_text *text, size_t at,
	uint8_t *marks)
{
	size_t ends[WORDS_MAX];
	if (text->count - at < clause->word_count)
		return false;
	for (size_t i = 0; i < clause->word_count; i++) {
		const struct plain_token *token = &text->tokens[at + i];
		const struct search_word *word = &clause->words[i];
		bool found = false;
		ends[i] = token->end;
		if (clause->kind == SEARCH_PHRASE) {
			found = same(word->word, token->word) && (i == 0 || !token->after_break);
			if (i + 1 == clause->word_count && word->kind == TOKEN_LAST &&
				token->kind != TOKEN_WORD && (i == 0 || !token->after_break))
				found = begins(token->word, word->word);
		} else if (clause->kind == SEARCH_PREFIX) {
			found = begins(token->word, word->word) || begins(token->term, word->word);
		} else {
			for (size_t n = 0; n < word->term_count; n++)
				found = found || same(word->terms[n], token->term);
		}
		if (!found)
			return false;
		if (i + 1 == clause->word_count && word->kind == TOKEN_LAST)
			ends[i] = token->first_end;
	}
	for (size_t i = 0; i < clause->word_count; i++) {
		size_t start = text->tokens[at + i].start;
		memset(marks + start, 1, ends[i] - start);
	}
	return true;
}

static void append_random_text(struct random *random, char *out, size_t *size, size_t pieces)
{
	static const char *const parts[] = { "a", "b", "ab", "running", "run", "runs", "Ärger",
		"cafe\u0301", "don’t", "l'eau", " ", " ", " ", " ", " ", " ", ", ", "-", "\n",
		"\n\n", "中", "文", "字", "中文", "か\u3099", "か", "ｶﾞ", "한", "ไทย", "ด", "ดี",
		"é", "😀", "\u200d", "\uFE0F", "\u0301", "𠀀", "２", "x1", "ſ", "ﷺ" };
	for (size_t i = 0; i < pieces; i++) {
		const char *part = parts[random_below(random, sizeof parts / sizeof *parts)];
		memcpy(out + *size, part, strlen(part) + 1);
		*size += strlen(part);
	}
}

static struct search_query random_query(struct fixture *fixture, struct random *random)
{
	struct search_query query = {
		.clauses = arena_calloc(&fixture->arena, CLAUSES_MAX, sizeof *query.clauses),
	};
	size_t wanted = 1 + random_below(random, 4);
	while (query.clause_count < wanted) {
		char text[512];
		size_t size = 0;
		append_random_text(random, text, &size, 1 + random_below(random, 4));
		struct search_clause *clause = &query.clauses[query.clause_count];
		if (!make_clause(fixture, (enum search_clause_kind)random_below(random, 3),
			    slice_of(text, size), clause))
			continue;
		clause->excluded = random_below(random, 8) == 0;
		query.clause_count++;
	}
	return query;
}

static void check_ranges(const Lectern__V1__HighlightedText *text)
{
	struct slice all = slice_of_text(text->text);
	size_t last = 0;
	assert_int_equal(text_find_invalid(all), all.size);
	assert_true(text->n_ranges <= RANGES_MAX);
	for (size_t i = 0; i < text->n_ranges; i++) {
		uint32_t start = text->ranges[i]->start;
		uint32_t end = text->ranges[i]->end;
		assert_true(start >= last && start < end && end <= all.size);
		assert_true((text->text[start] & 0xC0) != 0x80 && (text->text[end] & 0xC0) != 0x80);
		last = end;
	}
}

/* What is proved without the text: phrases, and prefixes of words where they are not of stems. */
static void compare_proof(struct fixture *fixture, const struct search_clause *clause,
	const struct plain_text *plain, struct slice text, bool found)
{
	struct search_document post = { .excerpt = text };
	if (clause->kind == SEARCH_WORD)
		return;
	if (clause->kind == SEARCH_PREFIX) {
		found = false;
		for (size_t at = 0; at < plain->count; at++)
			found |= begins(plain->tokens[at].word, clause->words[0].word);
	}
	assert_int_equal(clause_holds(fixture, clause, &post), found);
}

static void compare_with_plain(
	struct fixture *fixture, const struct search_query *query, const char *text)
{
	static struct plain_text plain;
	uint8_t marks[TEXT_MAX] = { 0 };
	Lectern__V1__HighlightedText got;
	struct slice post = slice_of_text(text);
	analyse(fixture, post, &plain);
	for (size_t i = 0; i < query->clause_count; i++) {
		uint8_t own[TEXT_MAX] = { 0 };
		const struct search_clause *clause = &query->clauses[i];
		bool found = false;
		for (size_t at = 0; at < plain.count; at++)
			found |= found_at(clause, &plain, at, clause->excluded ? own : marks);
		compare_proof(fixture, clause, &plain, post, found);
	}
	assert_true(
		search_text_highlight(&fixture->arena, fixture->analyzer, query, post, "", &got));
	check_ranges(&got);
	if (got.n_ranges == RANGES_MAX)
		return;
	for (size_t i = 0; i < got.n_ranges; i++)
		for (size_t at = got.ranges[i]->start; at < got.ranges[i]->end; at++)
			assert_int_equal(marks[at]++, 1);
	for (size_t at = 0; at < TEXT_MAX; at++)
		assert_int_not_equal(marks[at], 1); /* found, but not highlighted */
}

static void check_snippet(struct fixture *fixture, const struct search_query *query,
	const char *text, size_t size_bytes)
{
	enum { ELLIPSES = 6 };
	static const double weights[CLAUSES_MAX] = { 1, 3, 2, 5, 4, 6, 7, 8 };
	Lectern__V1__HighlightedText all, got;
	assert_true(search_text_highlight(
		&fixture->arena, fixture->analyzer, query, slice_of_text(text), "", &all));
	assert_true(search_text_snippet(&fixture->arena, fixture->analyzer, query, weights,
		slice_of_text(text), "", size_bytes, &got));
	check_ranges(&got);
	assert_true(strlen(got.text) <= size_bytes + ELLIPSES);
	assert_null(strpbrk(got.text, "\n\r\t"));
	/* It is a part of the text, its breaks aside. */
	char *copy_of_text = arena_text(&fixture->arena, slice_of_text(text));
	for (char *at = copy_of_text; *at != '\0'; at++)
		*at = *at == '\n' ? ' ' : *at;
	char *part = got.text;
	if (strncmp(part, "…", 3) == 0)
		part += 3;
	if (strlen(part) >= 3 && strcmp(part + strlen(part) - 3, "…") == 0)
		part[strlen(part) - 3] = '\0';
	assert_non_null(strstr(copy_of_text, part));
	/* Where phrases are short, what is found is seen. */
	if (size_bytes >= 200 && all.n_ranges > 0)
		assert_true(got.n_ranges > 0);
}

static void test_random_texts(void **state)
{
	struct fixture *fixture = *state;
	struct random random = random_start();
	for (int round = 0; round < 3000; round++) {
		char text[TEXT_MAX] = "";
		size_t size = 0;
		append_random_text(&random, text, &size, random_below(&random, 150));
		struct search_query query = random_query(fixture, &random);
		compare_with_plain(fixture, &query, text);
		check_snippet(fixture, &query, text, random_below(&random, 300));
		arena_reset(&fixture->arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_texts),
	};
	return cmocka_run_group_tests(tests, clauses_set_up, clauses_tear_down);
}
