/* SearchPostsRequest.query, parsed to clauses and analysed. */
#pragma once
#include "analysis/analyzer.h"
#include "base/arena.h"
#include "base/error.h"

enum search_clause_kind { SEARCH_WORD, SEARCH_PREFIX, SEARCH_PHRASE };

struct search_word {
	enum token_kind kind;
	struct slice word; /* folded */
	uint16_t first;	   /* the place in the clause where the same bytes stand first */
	/* What the index may hold for it: the stem of each language asked for, each once. */
	struct slice *terms;
	size_t term_count;
};

struct search_clause {
	enum search_clause_kind kind;
	bool excluded;		   /* must not occur */
	struct search_word *words; /* WORD and PREFIX: one. In order for a PHRASE */
	size_t word_count;
};

struct search_query {
	struct search_clause *clauses; /* at least one is not excluded */
	size_t clause_count;
};

/* Sets `first` of all words. */
void search_clause_find_first(struct search_clause *clause);

/*
 * Parses the query for the stemmers with the given numbers (analyzer_language()). What the analyzer
 * makes several tokens of ("e-mail", a run of Chinese) becomes a phrase; a lone Chinese character a
 * prefix. INVALID_ARGUMENT with the position in bytes, from 1: QUERY_INVALID for an open quote or a
 * query without a word to find, QUERY_TOO_LONG for too many clauses. All memory is the arena's.
 */
enum code search_query_parse(struct arena *arena, struct analyzer *analyzer, const char *text,
	const uint8_t *languages, size_t language_count, struct search_query *ret,
	struct error *err) NODISCARD;
