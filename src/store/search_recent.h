/*
 * Recent changes of the search index: what the blocks do not hold yet, one record for each post.
 *
 * A record has the half in which the blocks hold the post, the half in which it stands now, and
 * what differs: where both are the same half, the terms whose weight differs; else all terms of
 * either side. The terms are in order of their bytes, each coded as what it adds to the one before;
 * every RECENT_GROUP-th stands in full, and a list of places leads to those, so that one term is
 * found without reading all. A Bloom filter before them tells of most terms that they are not
 * there: a search asks hundreds of records for each of its terms. docs/store-format.md has the
 * bytes.
 */
#pragma once
#include "analysis/analyzer.h"
#include "base/arena.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	RECENT_GROUP = 16,
	/* Of one record. A larger change goes into the blocks at once. */
	RECENT_BYTES_MAX = 32 * 1024,
};

/* Where a post stands; the others are 1 + hidden. */
enum { RECENT_NOWHERE = 0 };

static inline uint8_t recent_half(bool hidden)
{
	return (uint8_t)(1 + hidden);
}

/* One term of a change. */
struct recent_term {
	struct slice term;
	uint32_t before; /* its weight; 0: it is not in it */
	uint32_t after;
};

/* A change to be written. */
struct recent_change {
	uint8_t before; /* halves */
	uint8_t after;
	struct recent_term *terms; /* in order of their bytes */
	size_t count;
};

/* Writes the record; data is NULL when it would be too long or memory is out, and then *too_long
 * tells which. */
struct slice recent_write(struct arena *arena, const struct recent_change *change, bool *too_long)
	NODISCARD;

/* A record that is read. The bytes stay where they are. */
struct recent {
	uint64_t id;
	uint8_t before;
	uint8_t after;
	size_t count;
	struct slice filter;
	struct slice places; /* of the groups */
	struct slice terms;
};

/* False if the bytes are no such record; damage further inside shows later. */
bool recent_read(struct recent *recent, uint64_t id, struct slice value) NODISCARD;

/* What the filter asks of a term. */
uint32_t recent_hash(struct slice term);

static inline bool filter_has(struct slice filter, uint32_t hash)
{
	uint32_t mask = (uint32_t)filter.size * 8 - 1;
	uint32_t a = hash & mask;
	uint32_t b = hash >> 16 & mask;
	return (filter.data[a / 8] >> a % 8 & filter.data[b / 8] >> b % 8 & 1) != 0;
}

/* False: the term is not in the record. */
static inline bool recent_may_have(const struct recent *recent, uint32_t hash)
{
	return filter_has(recent->filter, hash);
}

/* Whether the filter is that of the terms. */
bool recent_check_filter(const struct recent *recent) NODISCARD;

/* A place in a record. */
struct recent_cursor {
	const struct recent *recent;
	struct slice rest;
	size_t index; /* of the next term */
	bool damaged;
	/* The current term. */
	uint32_t before;
	uint32_t after;
	uint8_t size;
	uint8_t term[TERM_BYTES_MAX];
};

void recent_start(struct recent_cursor *cursor, const struct recent *recent);
/* False behind the last term and where bytes cannot be read (`damaged`). */
bool recent_next(struct recent_cursor *cursor);
/* Starts and moves to the first term that is not below the given one. */
bool recent_seek(struct recent_cursor *cursor, const struct recent *recent, struct slice term);

static inline struct slice recent_term(const struct recent_cursor *cursor)
{
	return slice_of(cursor->term, cursor->size);
}

/* The weights of the current term in one half. */
static inline uint32_t recent_before(const struct recent_cursor *cursor, bool hidden)
{
	return cursor->recent->before == recent_half(hidden) ? cursor->before : 0;
}

static inline uint32_t recent_after(const struct recent_cursor *cursor, bool hidden)
{
	return cursor->recent->after == recent_half(hidden) ? cursor->after : 0;
}
