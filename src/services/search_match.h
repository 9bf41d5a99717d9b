/*
 * The posts that a query finds in one half of the index, in ascending order of id. Clauses that
 * must hold leap from post to post, the rarest ahead; the others, the filter and what only the
 * positions of words can tell are tested on those where all of them meet.
 */
#pragma once
#include "base/limits.h"
#include "services/deadline.h"
#include "services/search_candidates.h"
#include "services/search_operand.h"

/* What was done so far, in both halves. */
struct search_effort {
	uint64_t keys_read;    /* blocks of postings */
	uint64_t records_read; /* to test a filter, to prove a clause or to count */
	uint64_t filtered;     /* posts that were tested with the filter */
	uint64_t proved;       /* posts whose positions were read */
};

struct search_match {
	/* What is searched for. */
	struct search_lookup lookup;
	const struct search_query *query;
	const struct filter *filter;
	struct deadline *deadline;
	struct search_effort *effort;
	bool wants_fields; /* of every post that is found */
	/* Of the filter; without ids it is tested on each post. May be set after the opening. */
	const struct search_candidates *candidates;

	/* The post that was found. */
	uint64_t id;
	struct search_presence presences[LIMIT_QUERY_CLAUSES]; /* of clauses that must hold */
	struct post_fields fields;			       /* where they are wanted */

	struct search_operand operands[LIMIT_QUERY_CLAUSES]; /* one for each clause */
	size_t operand_count;				     /* that are open */
	struct search_operand *required[LIMIT_QUERY_CLAUSES];
	size_t required_count;
	size_t candidate;      /* index in candidates */
	bool has_fields;       /* of the current post */
	struct walk positions; /* of words, in the order of posts */
	bool reads_positions;  /* it is open */
};

/* Opens the clauses; what is searched for is set, all else is 0. In any case search_match_close()
 * must follow. */
enum code search_match_open(struct search_match *match, struct error *err) NODISCARD;
void search_match_close(struct search_match *match);

/* Moves to the next post. False behind the last one, when the transaction has failed and when the
 * deadline has passed. */
bool search_match_next(struct search_match *match);
