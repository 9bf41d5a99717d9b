/*
 * Lists of posts: any filter in any order, from any place on.
 *
 * Two ways lead to a page. A list in the wanted order is walked and its posts are tested, or, where
 * the filter leaves few posts, all of these are gathered and the best of them kept. Both give the
 * same posts and the same positions, so pages of one query may be found in different ways.
 */
#pragma once
#include "services/filter.h"
#include "services/order.h"

struct post_list {
	struct filter filter;
	struct order order;
	uint64_t series_id; /* for ORDER_SERIES_PART */
};

/* A post and its place in the order: the bytes that follow the list's prefix in the index. */
struct post_entry {
	uint64_t id;
	struct slice position;
	uint8_t *kept; /* room for any position; NULL where the bytes are the store's */
};

struct post_page {
	struct post_entry *entries; /* in the arena, in order */
	size_t count;
	bool more; /* others follow */
	bool counted;
	uint64_t total; /* posts of the whole list, where counted */
	struct post_iterator_stats stats;
	char *plan; /* where asked for */
};

/* What is wanted of a list. */
struct post_page_request {
	struct slice after; /* a position; empty: from the beginning */
	size_t size;
	bool count; /* the total is wanted, whatever it costs */
	bool explain;
};

/* Reads filter and order of a request. INVALID_ARGUMENT for what is wrong with them. */
enum code post_list_open(struct rpc_call *call, const char *filter, const char *order_by,
	struct post_list *ret, struct error *err) NODISCARD;

enum code post_list_page(struct rpc_call *call, const struct post_list *list,
	const struct post_page_request *request, struct post_page *ret, struct error *err)
	NODISCARD;

/* Where a post stands, or would stand, in the list's order. */
void post_list_position(
	const struct post_list *list, const struct post_fields *post, struct key *ret);

/* Every ~1000 steps: DEADLINE_EXCEEDED once the caller has stopped waiting. */
enum code check_deadline(const struct rpc_call *call, uint64_t steps, struct error *err) NODISCARD;
