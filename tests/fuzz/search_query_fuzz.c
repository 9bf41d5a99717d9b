/*
 * Search queries: the first byte picks the languages, the rest is the text. What is accepted has
 * a clause that must hold, words in every clause, and terms that the index could hold.
 */
#include "base/limits.h"
#include "base/text.h"
#include "services/search_query.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_word(const struct search_word *word, size_t language_count)
{
	require(word->word.size > 0 && word->word.size <= TERM_BYTES_MAX);
	require(word->term_count <= language_count &&
		(word->term_count > 0 || language_count == 0));
	for (size_t i = 0; i < word->term_count; i++)
		require(word->terms[i].size > 0 && word->terms[i].size <= TERM_BYTES_MAX);
}

static void check_query(const struct search_query *query, size_t language_count)
{
	size_t found = 0;
	require(query->clause_count <= LIMIT_QUERY_CLAUSES);
	for (size_t i = 0; i < query->clause_count; i++) {
		const struct search_clause *clause = &query->clauses[i];
		found += !clause->excluded;
		require(clause->word_count > 0);
		require(clause->kind == SEARCH_PHRASE || clause->word_count == 1);
		for (size_t w = 0; w < clause->word_count; w++)
			check_word(&clause->words[w], language_count);
	}
	require(found > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct analyzer *analyzer;
	if (analyzer == NULL)
		analyzer = analyzer_new();
	require(analyzer != NULL);
	if (size < 1 || size > LIMIT_QUERY_BYTES + 1 ||
		text_find_invalid(slice_of(data + 1, size - 1)) != size - 1)
		return 0;
	uint8_t languages[ANALYZER_LANGUAGES_MAX];
	size_t language_count = 0;
	for (unsigned i = 0; i < ANALYZER_LANGUAGES_MAX; i++)
		if (data[0] == 0xFF || (i < 8 && (data[0] >> i & 1) != 0))
			languages[language_count++] = (uint8_t)i;
	struct arena arena;
	struct search_query query;
	struct error err = { .text = "" };
	arena_init(&arena, LIMIT_ARENA_BYTES);
	const char *text = arena_text(&arena, slice_of(data + 1, size - 1));
	enum code code =
		search_query_parse(&arena, analyzer, text, languages, language_count, &query, &err);
	if (code == CODE_OK)
		check_query(&query, language_count);
	else
		require(code == CODE_INVALID_ARGUMENT && err.text[0] != '\0');
	arena_done(&arena);
	return 0;
}
