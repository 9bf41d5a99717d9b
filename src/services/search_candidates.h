/* The posts that pass a filter, as a sorted array of ids: for filters that name fewer posts than
 * the words of a query do. */
#pragma once
#include "services/deadline.h"
#include "services/filter.h"

struct search_candidates {
	const uint64_t *ids; /* ascending; NULL: there are too many to be listed */
	size_t count;
	bool exact; /* all of them pass; else each must be tested */
};

/* Lists them if the index says that there are at most `most`. The outcome is in the transaction's
 * status. Adds what it reads to *keys_read. */
void search_candidates_list(struct search_candidates *candidates, const struct filter *filter,
	struct txn *txn, struct arena *arena, uint64_t most, struct deadline *deadline,
	uint64_t *keys_read);

/* Moves *at, an index, to the first id that is at least `id`; false if there is none. */
bool search_candidates_seek(const struct search_candidates *candidates, uint64_t id, size_t *at);
