/*
 * The fields of a post's summary record that queries ask for, read in place: no unpacking, no
 * allocation. Used to test filters, to order, and to count facets.
 */
#pragma once
#include "base/attributes.h"
#include "base/limits.h"
#include "base/slice.h"
#include "store/txn.h"

#include <stdbool.h>
#include <stdint.h>

struct post_fields {
	uint64_t id;
	uint32_t state; /* PostState */
	bool featured;
	bool has_publish_time, has_expire_time, has_delete_time;
	int64_t publish_us, expire_us, create_us, update_us, delete_us;
	uint64_t series_id; /* 0 if none */
	uint32_t series_part;
	uint32_t tag_count, category_count, author_count;
	uint64_t tags[LIMIT_POST_TAGS];
	uint64_t categories[LIMIT_POST_CATEGORIES];
	uint64_t authors[LIMIT_POST_AUTHORS];
	/* In the record. */
	struct slice slug, title, excerpt, language;
};

/* False if the bytes are no such record. */
bool post_fields_read(struct slice summary, struct post_fields *ret) NODISCARD;

/* Reads a post's summary. False if there is no such post or the transaction has failed. */
bool post_fields_get(struct txn *txn, uint64_t id, struct post_fields *ret) NODISCARD;

/* The time at which lists by publish_time have the post: create_time where it has none. */
int64_t post_fields_sort_us(const struct post_fields *fields);
