/* Finds the clauses of a query in a text, as its tokens go by. Linear in the text, whatever the
 * query is. */
#pragma once
#include "services/search_query.h"

#include <stddef.h>
#include <stdint.h>

struct clause_finder {
	const struct search_clause *clause;
	uint16_t *borders; /* of a PHRASE, see clause_finder_init() */
	size_t matched;	   /* how many of its words stand before the next token */
};

/*
 * Knuth, Morris and Pratt, "Fast pattern matching in strings" (1977): borders[n] is how many of the
 * first n words are also their last ones, n itself aside; so many are matched still where the word
 * behind n is another one. `borders` has room for one more than the clause has words.
 */
void clause_find_borders(const struct search_clause *clause, uint16_t *borders);

/* Before each text. `borders` has room for one more than the clause has words, and may be NULL
 * unless it is a PHRASE. */
void clause_finder_init(
	struct clause_finder *finder, const struct search_clause *clause, uint16_t *borders);

/* Takes the next token of the text. Whether the clause is found with it as the last word. */
bool clause_finder_feed(struct clause_finder *finder, const struct token *token);

/* A token, and up to where the query finds it: its end, or that of its first character. */
struct found_token {
	size_t start;
	size_t end;
	size_t found_end; /* 0 if it is not found */
};

/* All clauses of a query that are not excluded. */
struct query_finder {
	struct clause_finder *finders;
	size_t finder_count;
	/* The last tokens, as many as the longest phrase has words; token n is at n % capacity. */
	struct found_token *recent;
	size_t recent_capacity;
	size_t token_count;
};

/* False when out of memory. */
bool query_finder_init(
	struct arena *arena, const struct search_query *query, struct query_finder *ret) NODISCARD;
/* Makes the token the last of those seen; then feed it to the finders. */
void query_finder_push(struct query_finder *finder, const struct token *token);
/* The token that was `back` tokens before the last one, less than the longest phrase. */
struct found_token *query_finder_recent(const struct query_finder *finder, size_t back);
/* Up to where the last token of what a clause finds is found: a Chinese character is found without
 * the one that the index pairs with it. */
size_t found_end(const struct search_clause *clause, struct slice text, const struct token *token);
