/*
 * Posting lists and their exact counters.
 *
 * Which lists a post stands in is a function of its summary record and the category tree
 * (postings_of_post()). A write computes the set before and after and applies the difference, so
 * no list and no counter is ever changed in any other way.
 */
#pragma once
#include "base/arena.h"
#include "store/txn.h"

#include <lectern/v1/post.pb-c.h>

/* At most one entry for each (kind, number). */
struct posting_set {
	struct posting *entries; /* in the arena, sorted by kind and number */
	size_t count;
};

/* The lists that the post stands in; post may be NULL for one that does not exist. False when out
 * of memory. */
bool postings_of_post(struct txn *txn, struct arena *arena, const Lectern__V1__Post *post,
	struct posting_set *ret) NODISCARD;

/* Makes lists, counters and ranks hold `after` instead of `before`. */
void postings_replace(
	struct txn *txn, const struct posting_set *before, const struct posting_set *after);

/* Orders by kind and number, as a set is sorted. */
int posting_compare_lists(const struct posting *a, const struct posting *b);

/* How many entries a list has. */
uint64_t posting_count(struct txn *txn, uint8_t kind, uint64_t number);
/* The same with the hidden ones: the posts that are not published. */
uint64_t posting_count_all(struct txn *txn, uint8_t kind, uint64_t number);

/* Changes a counter that has no list: POSTING_TERMS. */
void counter_add(struct txn *txn, uint8_t kind, uint64_t number, int64_t delta);

/* The posting kind whose counter a term's rank follows; 0 for a kind without ranks. */
uint8_t posting_kind_of_term(uint8_t term_kind);

/* Puts a new term at the end of its kind's ranks, and takes an unused one away. */
void rank_insert(struct txn *txn, uint8_t term_kind, uint64_t id);
void rank_remove(struct txn *txn, uint8_t term_kind, uint64_t id);

/* When a post is due for the writer: to publish a scheduled one, to expire a public one. */
bool post_due_us(const Lectern__V1__Post *post, int64_t *ret);
