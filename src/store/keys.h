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
	SLUG_POST = 5,
	SLUG_POST_ORIGIN = 6 /* what a post is called where it was imported from */
};

/*
 * Posting lists: ordered sets of posts. A list is named by a kind and a number, its entries are
 * ordered by a sort key and then by id. Published posts stand in the lists of these kinds; all
 * others, which are hidden from readers, in those of the same kinds plus POSTING_HIDDEN. Unless
 * said otherwise the newest publish_time comes first (create_time where there is none), and of
 * equal ones the largest id.
 */
enum posting_kind {
	POSTING_LIVE = 1,  /* number 0: every post */
	POSTING_STATE = 2, /* number: PostState; has no hidden twin */
	POSTING_TAG = 3,   /* number: term id */
	POSTING_CATEGORY = 4,
	POSTING_SUBTREE = 5, /* number: category id; posts in it or below it, each once */
	POSTING_AUTHOR = 6,
	POSTING_SERIES = 7, /* by part, then the smallest id */
	POSTING_MONTH = 8,  /* number: year * 12 + month - 1; counted only, no entries, no twin */
	POSTING_TERMS = 9, /* number: TermKind; how many terms; counted only, no entries, no twin */
	POSTING_CREATED = 10,	  /* number 0: every post, the newest create_time first */
	POSTING_UPDATED = 11,	  /* number 0: every post, the newest update_time first */
	POSTING_TITLE = 12,	  /* number 0: every post by folded title, then the smallest id */
	POSTING_SERIES_TIME = 13, /* number: series id */
	POSTING_LANGUAGE = 14,	  /* number: language_number() */
	POSTING_FEATURED = 15,	  /* number 0 */
	POSTING_TRASHED = 16,	  /* number 0: the oldest delete_time first; has no hidden twin */
	/* Of the search index: counted only. The half is 0 for published posts, 1 for the others.
	 */
	SEARCH_DOCUMENTS = 0x40, /* number: half; how many posts are in it */
	SEARCH_LENGTH = 0x41,	 /* number: half; sum of the lengths of their texts */
	SEARCH_LANGUAGE = 0x42,	 /* number: half * 256 + number of a stemmer; posts that use it */
	POSTING_HIDDEN = 0x80,
};

/* Of a folded title, in POSTING_TITLE. */
enum { TITLE_SORT_BYTES_MAX = 400 };

struct posting {
	uint8_t kind;
	uint64_t number;
	uint64_t sort;	    /* see sort_newest_first(), or a series' part; not for POSTING_TITLE */
	struct slice title; /* POSTING_TITLE only: folded, at most TITLE_SORT_BYTES_MAX */
	uint64_t id;	    /* of the post */
};

/* Kinds whose entries of one sort key are in ascending order of id. */
static inline bool posting_ids_ascend(uint8_t kind)
{
	uint8_t plain = kind & (uint8_t)~POSTING_HIDDEN;
	return plain == POSTING_SERIES || plain == POSTING_TITLE;
}

/* The first 8 bytes of a language tag in lower case: tags of up to 7 bytes have a number of their
 * own, longer ones share theirs with some others. 0 for "". */
uint64_t language_number(struct slice language);

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
/* What follows (kind, number) in such a key: the place in the list. */
void key_posting_position(struct key *key, const struct posting *posting);
/* The post that an entry of a list of this kind names, from the end of its key. */
uint64_t posting_position_id(uint8_t kind, struct slice position);
void key_posting_list(struct key *key, uint8_t kind, uint64_t number);
void key_counter(struct key *key, uint8_t kind, uint64_t number);
void key_rank(struct key *key, uint8_t kind, uint64_t count, uint64_t id);
void key_child(struct key *key, uint64_t parent_id, uint64_t child_id);
void key_due(struct key *key, int64_t time_us, uint64_t id);
void key_change(struct key *key, uint64_t revision);
/* What the history has of a revision, and of a former body (POST_SOURCE, POST_HTML). */
void key_revision(struct key *key, uint64_t post_id, uint64_t revision);
void key_content(struct key *key, uint64_t post_id, uint64_t revision, enum post_part part);
void key_answer(struct key *key, struct slice request_id);
void key_answer_expiry(struct key *key, int64_t time_us, struct slice request_id);
/* The first block of a term's posts in the search index, and the one whose ids begin at `floor`. A
 * term has no NUL. Keys of the blocks of one term stand side by side, before those of longer terms.
 */
void key_search(struct key *key, bool hidden, struct slice term);
void key_search_block(struct key *key, bool hidden, struct slice term, uint64_t floor);
void key_length(struct key *key, uint64_t chunk);
void key_recent(struct key *key, uint64_t id);
void key_positions(struct key *key, uint64_t id);
/* `folded` has at most SUGGEST_KEY_TEXT_BYTES_MAX bytes and no NUL. */
enum { SUGGEST_KEY_TEXT_BYTES_MAX = 64 };
void key_suggest(struct key *key, struct slice folded, uint8_t kind, uint8_t ordinal, uint64_t id);
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
/* Of either of the two; what follows them is left alone. */
bool key_read_revision(struct slice key, uint64_t *post_id, uint64_t *revision);
bool key_read_answer_expiry(struct slice key, int64_t *time_us, struct slice *request_id);
bool key_read_search(
	struct slice key, bool *hidden, struct slice *term, bool *is_first, uint64_t *floor);
bool key_read_length(struct slice key, uint64_t *chunk);
bool key_read_recent(struct slice key, uint64_t *id);
bool key_read_positions(struct slice key, uint64_t *id);
bool key_read_suggest(
	struct slice key, struct slice *folded, uint8_t *kind, uint8_t *ordinal, uint64_t *id);

/* Values that are one number, and the value of a slug. */
enum { VALUE_U64_BYTES = 8, VALUE_SLUG_BYTES = 9 };
void value_u64(uint8_t out[VALUE_U64_BYTES], uint64_t value);
bool value_read_u64(struct slice value, uint64_t *ret);
void value_slug(uint8_t out[VALUE_SLUG_BYTES], uint64_t id, bool former);
bool value_read_slug(struct slice value, uint64_t *id, bool *former);
