/*
 * Keys of every table: built and read here and nowhere else. Numbers are big-endian, so that LMDB's
 * byte order is the order of the numbers. docs/store-format.md draws them.
 */
#pragma once
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { KEY_BYTES_MAX = 511 }; /* LMDB's compiled-in maximum */

struct key {
	size_t size;
	uint8_t bytes[KEY_BYTES_MAX];
};

static inline struct slice key_slice(const struct key *key)
{
	return slice_of(key->bytes, key->size);
}

/* Records of a post. In this order they stand side by side. */
enum post_part { POST_SUMMARY = 1, POST_SOURCE = 2, POST_HTML = 3 };

/* What a slug belongs to. Those of terms are the numbers of store.v1.TermKind. */
enum slug_space {
	SLUG_TAG = 1,
	SLUG_CATEGORY = 2,
	SLUG_AUTHOR = 3,
	SLUG_SERIES = 4,
	SLUG_POST = 5
};

/*
 * Posting lists: ordered sets of posts. A list is named by a kind and a number, its entries are
 * ordered by a sort key and then by id. POSTING_HIDDEN is added to the kind of a term's list for
 * the posts that are not public.
 */
enum posting_kind {
	POSTING_LIVE = 1,  /* number 0: published posts, newest first */
	POSTING_STATE = 2, /* number: PostState; every post, newest first */
	POSTING_TAG = 3,   /* number: term id, newest first */
	POSTING_CATEGORY = 4,
	POSTING_SUBTREE = 5, /* number: category id; posts in it or below it, each once */
	POSTING_AUTHOR = 6,
	POSTING_SERIES = 7, /* by part, then newest first */
	POSTING_MONTH = 8,  /* number: year * 12 + month - 1; counted only, no entries */
	POSTING_TERMS = 9,  /* number: TermKind; how many terms; counted only, no entries */
	POSTING_HIDDEN = 0x80,
};

struct posting {
	uint8_t kind;
	uint64_t number;
	uint64_t sort; /* see sort_newest_first(), or a series' part */
	uint64_t id;   /* of the post */
};

/* Times in key order: earlier is smaller, times before 1970 included. */
uint64_t sort_oldest_first(int64_t time_us);
uint64_t sort_newest_first(int64_t time_us);
int64_t time_of_newest_first(uint64_t sort);

void key_meta(struct key *key, const char *name);
void key_post(struct key *key, uint64_t id, enum post_part part);
void key_term(struct key *key, uint8_t kind, uint64_t id);
void key_slug(struct key *key, enum slug_space space, struct slice slug);
/* The folded name is cut to what a key can hold. */
void key_name(struct key *key, uint8_t kind, struct slice folded, uint64_t id);
void key_name_prefix(struct key *key, uint8_t kind, struct slice folded);
void key_posting(struct key *key, const struct posting *posting);
void key_posting_list(struct key *key, uint8_t kind, uint64_t number);
void key_counter(struct key *key, uint8_t kind, uint64_t number);
void key_rank(struct key *key, uint8_t kind, uint64_t count, uint64_t id);
void key_child(struct key *key, uint64_t parent_id, uint64_t child_id);
void key_due(struct key *key, int64_t time_us, uint64_t id);
void key_change(struct key *key, uint64_t revision);
void key_answer(struct key *key, struct slice request_id);
void key_answer_expiry(struct key *key, int64_t time_us, struct slice request_id);
/* One byte, the kind: where a scan of all keys of a kind begins. */
void key_kind(struct key *key, uint8_t kind);

/* The reverse. False if the bytes are no such key. */
bool key_read_post(struct slice key, uint64_t *id, enum post_part *part);
bool key_read_term(struct slice key, uint8_t *kind, uint64_t *id);
bool key_read_slug(struct slice key, enum slug_space *space, struct slice *slug);
bool key_read_name(struct slice key, uint8_t *kind, struct slice *folded, uint64_t *id);
bool key_read_posting(struct slice key, struct posting *posting);
bool key_read_counter(struct slice key, uint8_t *kind, uint64_t *number);
bool key_read_rank(struct slice key, uint8_t *kind, uint64_t *count, uint64_t *id);
bool key_read_child(struct slice key, uint64_t *parent_id, uint64_t *child_id);
bool key_read_due(struct slice key, int64_t *time_us, uint64_t *id);
bool key_read_change(struct slice key, uint64_t *revision);
bool key_read_answer_expiry(struct slice key, int64_t *time_us, struct slice *request_id);

/* Values that are one number, and the value of a slug. */
enum { VALUE_U64_BYTES = 8, VALUE_SLUG_BYTES = 9 };
void value_u64(uint8_t out[VALUE_U64_BYTES], uint64_t value);
bool value_read_u64(struct slice value, uint64_t *ret);
void value_slug(uint8_t out[VALUE_SLUG_BYTES], uint64_t id, bool former);
bool value_read_slug(struct slice value, uint64_t *id, bool *former);
