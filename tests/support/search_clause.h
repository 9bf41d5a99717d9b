/* Clauses of queries as the parser makes them, for tests without a store. */
#pragma once
#include "services/search_proof.h"
#include "services/search_text.h"
#include "store/search_document.h"

#include <lectern/v1/search.pb-c.h>

enum { WORDS_MAX = 64, CLAUSES_MAX = 8, RANGES_MAX = 100, TEXT_MAX = 4096 };

/* What makes them, and holds them until the arena is reset. */
struct fixture {
	struct analyzer *analyzer;
	struct arena arena;
};

/* As cmocka calls them; *state is a struct fixture. */
int clauses_set_up(void **state);
int clauses_tear_down(void **state);

/* False if the text has no word. */
bool make_clause(struct fixture *fixture, enum search_clause_kind kind, struct slice text,
	struct search_clause *ret);

/* Of clauses with '|' between them: "phrase" in quotes, prefix*, -excluded. */
struct search_query make_query(struct fixture *fixture, const char *text);

/* Where the words of a post stand; in the arena. */
void positions_of(
	struct fixture *fixture, const struct search_document *post, struct positions *ret);
/* What search_prove() says of the post; false of one without words. */
bool clause_holds(struct fixture *fixture, const struct search_clause *clause,
	const struct search_document *post);
