/*
 * One order for posts that stand on several archives, each of which is in order by itself.
 *
 * Posts are numbers from 0 in the order of their first appearance.
 */
#pragma once
#include "base/attributes.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The posts of one archive, the newest first, each at most once. */
struct order_chain {
	const uint32_t *posts;
	size_t count;
};

/* Where a post stands on the server: newest first, then by id. */
struct order_key {
	bool set; /* the post is there and has a time */
	int64_t time_us;
	uint64_t id;
};

/* Whether a stands before b. Both are set. */
static inline bool order_key_before(const struct order_key *a, const struct order_key *b)
{
	return a->time_us != b->time_us ? a->time_us > b->time_us : a->id < b->id;
}

struct order_input {
	const struct order_chain *chains;
	size_t chain_count;
	const struct order_key *keys; /* of each post */
	uint32_t post_count;
};

/*
 * Merges the chains into one sequence that keeps the order of each of them. Posts that are on the
 * server keep their order there wherever the chains allow it; others stand where they first appear.
 *
 * Chains may contradict each other; then the post that the fewest others should precede goes
 * first, and conflict() is told of it. ret_sequence has room for every post. RESOURCE_EXHAUSTED
 * when out of memory.
 */
enum code order_merge(const struct order_input *input, uint32_t *ret_sequence,
	void (*conflict)(void *arg, uint32_t post), void *arg, struct error *err) NODISCARD;
