#include "services/clause_finder.h"

#include "analysis/characters.h"

static bool is_word(const struct search_word *word, const struct token *token)
{
	return slice_equals(word->word, token->word);
}

/* The last character of a query's run may stand in the middle of a text's. */
static bool is_last_word(const struct search_word *word, const struct token *token)
{
	return is_word(word, token) || (word->kind == TOKEN_LAST && token->kind != TOKEN_WORD &&
					       slice_begins_with(token->word, word->word));
}

static bool has_term(const struct search_word *word, struct slice term)
{
	for (size_t i = 0; i < word->term_count; i++)
		if (slice_equals(word->terms[i], term))
			return true;
	return false;
}

void clause_find_borders(const struct search_clause *clause, uint16_t *borders)
{
	const struct search_word *words = clause->words;
	size_t border = 0;
	borders[0] = 0;
	borders[1] = 0;
	for (size_t i = 1; i < clause->word_count; i++) {
		while (border > 0 && !slice_equals(words[border].word, words[i].word))
			border = borders[border];
		if (slice_equals(words[border].word, words[i].word))
			border++;
		borders[i + 1] = (uint16_t)border;
	}
}

void clause_finder_init(
	struct clause_finder *finder, const struct search_clause *clause, uint16_t *borders)
{
	*finder = (struct clause_finder){ .clause = clause, .borders = borders };
	if (clause->kind == SEARCH_PHRASE)
		clause_find_borders(clause, borders);
}

static bool feed_phrase(struct clause_finder *finder, const struct token *token)
{
	const struct search_word *words = finder->clause->words;
	size_t last = finder->clause->word_count - 1;
	if (token->after_break)
		finder->matched = 0;
	bool found = finder->matched == last && is_last_word(&words[last], token);
	while (finder->matched > 0 && !is_word(&words[finder->matched], token))
		finder->matched = finder->borders[finder->matched];
	if (is_word(&words[finder->matched], token))
		finder->matched++;
	if (finder->matched > last)
		finder->matched = finder->borders[finder->matched];
	return found;
}

bool clause_finder_feed(struct clause_finder *finder, const struct token *token)
{
	const struct search_word *word = finder->clause->words;
	switch (finder->clause->kind) {
	case SEARCH_WORD:
		return has_term(word, token->term);
	case SEARCH_PREFIX:
		return slice_begins_with(token->word, word->word) ||
		       slice_begins_with(token->term, word->word);
	case SEARCH_PHRASE:
		return feed_phrase(finder, token);
	}
	return false;
}

bool query_finder_init(
	struct arena *arena, const struct search_query *query, struct query_finder *ret)
{
	*ret = (struct query_finder){ .recent_capacity = 1 };
	ret->finders = arena_calloc(arena, query->clause_count, sizeof *ret->finders);
	if (ret->finders == NULL)
		return false;
	for (size_t i = 0; i < query->clause_count; i++) {
		const struct search_clause *clause = &query->clauses[i];
		if (clause->excluded)
			continue;
		uint16_t *borders = arena_calloc(arena, clause->word_count + 1, sizeof *borders);
		if (borders == NULL)
			return false;
		clause_finder_init(&ret->finders[ret->finder_count++], clause, borders);
		if (clause->word_count > ret->recent_capacity)
			ret->recent_capacity = clause->word_count;
	}
	ret->recent = arena_calloc(arena, ret->recent_capacity, sizeof *ret->recent);
	return ret->recent != NULL;
}

struct found_token *query_finder_recent(const struct query_finder *finder, size_t back)
{
	return &finder->recent[(finder->token_count - 1 - back) % finder->recent_capacity];
}

void query_finder_push(struct query_finder *finder, const struct token *token)
{
	finder->token_count++;
	*query_finder_recent(finder, 0) =
		(struct found_token){ .start = token->start, .end = token->end };
}

size_t found_end(const struct search_clause *clause, struct slice text, const struct token *token)
{
	const struct search_word *last = &clause->words[clause->word_count - 1];
	if (last->kind == TOKEN_LAST && token->kind == TOKEN_PAIR)
		return dense_character_end(text, token->start);
	return token->end;
}
