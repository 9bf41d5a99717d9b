/*
 * Ordered sets of posts: posting lists, and what becomes of them by AND, OR and NOT, read from the
 * index alone. Search engines call this a DocIdSetIterator or a postings iterator.
 *
 * All lists that meet in one iterator have the same order, so their entries are compared by the
 * bytes that follow the list's prefix in the key: the position, which ends in the post's id. An
 * intersection leaps: whoever stands behind seeks to whoever is ahead.
 */
#pragma once
#include "base/arena.h"
#include "store/keys.h"
#include "store/txn.h"

struct post_iterator;

/* Counts what was read to answer a query. */
struct post_iterator_stats {
	uint64_t keys_read;
	uint64_t records_read; /* counted by those who read them */
};

/* What all iterators of one query share; outlives them. */
struct post_iterator_context {
	struct txn *txn;
	struct arena *arena; /* of the iterators */
	bool reverse;	     /* against the order of the keys */
	/* Of the caller, by the monotonic clock: looked at now and then, because one step of an
	 * intersection may read any number of keys. Then the transaction fails. 0: none. */
	uint64_t deadline_ns;
	struct post_iterator_stats *stats;
};

/* Counts a key that was read, and looks at the clock now and then. */
void post_iterator_count_key(const struct post_iterator_context *context);

/*
 * Each makes an iterator that stands before its first entry. NULL when out of memory or when one of
 * its parts is NULL; the parts belong to it. post_iterator_close() must be called for the whole.
 */

/* One list: the keys of TABLE_POSTING that begin with (kind, number). */
struct post_iterator *post_iterator_list(
	const struct post_iterator_context *context, uint8_t kind, uint64_t number);
/* Posts whose positions in lists of this kind were gathered beforehand, in any order, each once.
 * The array is sorted in place and belongs to the iterator, the bytes stay valid as long. */
struct post_iterator *post_iterator_array(const struct post_iterator_context *context, uint8_t kind,
	struct slice *positions, size_t count);
struct post_iterator *post_iterator_empty(const struct post_iterator_context *context);
/* Posts of any part; each once. */
struct post_iterator *post_iterator_union(
	const struct post_iterator_context *context, struct post_iterator **parts, size_t count);
/* Posts of all of `in` (at least one) and of none of `out`. */
struct post_iterator *post_iterator_intersect(const struct post_iterator_context *context,
	struct post_iterator **in, size_t in_count, struct post_iterator **out, size_t out_count);
/* Only positions in from <= position < until in the order of the keys; a slice without bytes is no
 * bound. The bytes are copied. */
struct post_iterator *post_iterator_bounded(const struct post_iterator_context *context,
	struct post_iterator *part, struct slice from, struct slice until);

/* Moves to the next post; false at the end or when the transaction has failed. */
bool post_iterator_next(struct post_iterator *iterator);
/* Moves to the first post at or behind the position in the iterator's direction. Never moves
 * back. */
bool post_iterator_seek(struct post_iterator *iterator, struct slice position);

/* Of the current post, valid until the next move. */
struct slice post_iterator_position(const struct post_iterator *iterator);
uint64_t post_iterator_id(const struct post_iterator *iterator);

/* How many posts there are at most, from counters. */
uint64_t post_iterator_cost(const struct post_iterator *iterator);

/* Gives the cursors back; NULL is allowed. */
void post_iterator_close(struct post_iterator *iterator);
