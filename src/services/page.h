/*
 * Pages of index lists: keyset paging on the index key itself, so that entries that come and go
 * never make a reader skip or repeat one. A token holds the key of the last entry that was given,
 * is bound to its list and authenticated with a key that the store keeps.
 */
#pragma once
#include "services/services_private.h"

/* A part of a table that is read in pages: the keys from `first` up to but not including `end`. */
struct page_range {
	enum table table;
	struct key first;
	struct key end;
	bool reverse; /* from the last key down */
};

struct page_walk {
	const struct page_range *range;
	struct walk walk;
	struct key last; /* of the entry before the current one: what a token would hold */
};

/* Begins behind the place that the token names, or at the beginning for an empty one. */
enum code page_walk_start(struct rpc_call *call, const struct page_range *range, const char *token,
	struct page_walk *ret, struct error *err) NODISCARD;
/* Moves to the next entry: walk.key and walk.value. False at the end. */
bool page_walk_next(struct page_walk *page);
void page_walk_end(struct page_walk *page);

/* Adds the token for the page after the entries that were taken: the current entry comes next. */
void reply_page_token(struct rpc_call *call, uint32_t field, const struct page_walk *page);
