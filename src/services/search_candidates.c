#include "services/search_candidates.h"

#include <stdlib.h>

enum { CANDIDATES_MAX = 1000 * 1000 }; /* 8 MB */

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

/* Leaves the filter to be tested where there are more posts than there should be. */
static void read_ids(struct search_candidates *candidates, struct post_iterator *iterator,
	uint64_t *ids, size_t capacity, struct deadline *deadline)
{
	size_t count = 0;
	while (post_iterator_next(iterator) && !deadline_passed(deadline, 1)) {
		if (count == capacity)
			return;
		ids[count++] = post_iterator_id(iterator);
	}
	if (count > 1)
		qsort(ids, count, sizeof *ids, ascending);
	candidates->ids = ids;
	candidates->count = count;
}

void search_candidates_list(struct search_candidates *candidates, const struct filter *filter,
	struct txn *txn, struct arena *arena, uint64_t most, struct deadline *deadline,
	uint64_t *keys_read)
{
	struct post_iterator_stats stats = { 0 };
	const struct post_iterator_context context = {
		.txn = txn, .arena = arena, .deadline_ns = deadline->at_ns, .stats = &stats
	};
	*candidates = (struct search_candidates){ .ids = NULL };
	struct post_iterator *iterator =
		filter_iterator(filter, &context, &candidates->exact, NULL);
	if (iterator == NULL) {
		txn_fail_memory(txn);
		return;
	}
	uint64_t cost = post_iterator_cost(iterator);
	if (cost <= most && cost <= CANDIDATES_MAX) {
		uint64_t *ids = arena_calloc(arena, cost, sizeof *ids);
		if (ids == NULL)
			txn_fail_memory(txn);
		else
			read_ids(candidates, iterator, ids, cost, deadline);
	}
	post_iterator_close(iterator);
	*keys_read += stats.keys_read;
}

bool search_candidates_seek(const struct search_candidates *candidates, uint64_t id, size_t *at)
{
	/* Doubled steps, then halved: Bentley and Yao, "An almost optimal algorithm for unbounded
	 * searching" (1976). */
	size_t step = 1;
	size_t low = *at;
	while (low + step < candidates->count && candidates->ids[low + step] < id)
		step *= 2;
	size_t high = low + step < candidates->count ? low + step : candidates->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (candidates->ids[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	*at = low;
	return low < candidates->count;
}
