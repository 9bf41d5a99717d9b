/* One clause of a query in one half of the index: the posts that may satisfy it. */
#pragma once
#include "services/deadline.h"
#include "services/search_query.h"
#include "services/search_union.h"

/* What the clauses of one query are looked up with. */
struct search_lookup {
	struct search_reader *reader;
	struct txn *txn;
	struct arena *arena;
	struct analyzer *analyzer;
	bool hidden; /* the half */
	const uint8_t *languages;
	size_t language_count;
};

struct search_operand {
	const struct search_clause *clause;
	/* All of them have the post: one of a WORD or PREFIX, one for each word of a PHRASE. */
	struct search_union *words;
	size_t word_count;
	uint64_t documents; /* the most posts there may be */
};

/* Whether the clause, `excluded` aside, holds for a post. UNDECIDED: search_prove() tells. */
enum search_verdict { SEARCH_NO, SEARCH_YES, SEARCH_UNDECIDED };

/* INVALID_ARGUMENT, PREFIX_TOO_SHORT, for a prefix that too many words begin with. In any case
 * search_operand_close() must follow. */
enum code search_operand_open(struct search_operand *operand, const struct search_lookup *lookup,
	const struct search_clause *clause, struct error *err) NODISCARD;
/* Returns how many blocks of the index were read. */
uint64_t search_operand_close(struct search_operand *operand);

/* Moves to the first post whose id is at least *id and that has all words; *id becomes that one.
 * False if there is none or the deadline has passed. */
bool search_operand_seek(struct search_operand *operand, uint64_t *id, struct deadline *deadline);

/* About the post that search_operand_seek() has moved to. */
enum search_verdict search_operand_verdict(const struct search_operand *operand);
/* How the clause stands in it: a phrase weighs as much as the lightest of its words, and is in the
 * title if all of them are. */
struct search_presence search_operand_presence(const struct search_operand *operand);
