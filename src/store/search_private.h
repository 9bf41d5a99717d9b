/* What the files of the search index share, and the checker's part for it. */
#pragma once
#include "store/search_block.h"
#include "store/search_index.h"

/* What blocks and records hold of a term in a post: its weight, and whether it stands in the title,
 * as one number. An ordinary word that occurs once is 1, nothing at all 0. */
static inline uint32_t search_weight_pack(uint32_t weight, bool in_title)
{
	return weight == 0 ? 0 : (weight << 1 | in_title) - 1;
}

static inline void search_weight_unpack(uint32_t packed, uint32_t *weight, bool *in_title)
{
	*weight = (packed + 1) >> 1;
	*in_title = ((packed + 1) & 1) != 0;
}
#include "store/search_recent.h"

/* --- search_blocks.c: reading the blocks alone. --- */

/* The value of a term's first block: varint(how many posts the term has * 2 + (there are further
 * blocks)), then the block. */
struct search_first {
	uint64_t documents;
	bool has_further;
	struct slice block;
};
bool search_first_read(struct slice value, struct search_first *ret) NODISCARD;

void search_blocks_start(
	struct search_blocks *blocks, struct txn *txn, bool hidden, struct slice term);
bool search_blocks_next(struct search_blocks *blocks);
bool search_blocks_seek(struct search_blocks *blocks, uint64_t id);
/* What the blocks have of one post; 0: nothing. */
uint32_t search_blocks_weight(struct txn *txn, bool hidden, struct slice term, uint64_t id);

/* --- search_merge.c: writing them. --- */

/* Changes the postings of one term; the changes are in ascending order of id, and the blocks have
 * what is before them. */
void search_blocks_change(struct txn *txn, bool hidden, struct slice term,
	const struct search_change *changes, size_t count);

/* --- search_reader.c: recent changes of many posts. --- */

/* The recent changes of one term in one half, in ascending order of id; how many there are. */
size_t search_reader_changes(struct search_reader *reader, bool hidden, struct slice term);

/* All terms of the recent changes in one half, from `from` on, in order: a heap of cursors. */
struct recent_walk {
	struct search_reader *reader;
	bool hidden;
	struct recent_cursor *cursors; /* one for each of the recents */
	struct recent_place *heap;     /* of those that are not at their end */
	size_t live;
	/* The current term. */
	struct slice term;
	struct search_change *changes; /* in ascending order of id */
	size_t change_count;
	uint8_t bytes[TERM_BYTES_MAX];
};
/* False when out of memory. */
bool recent_walk_start(struct recent_walk *walk, struct search_reader *reader, bool hidden,
	struct slice from) NODISCARD;
bool recent_walk_next(struct recent_walk *walk);

/* A damaged record. */
void recent_fail(struct txn *txn, const struct recent *recent);

/* --- search_length.c --- */

/* A length as the byte that the store keeps, never 0, and back. */
uint8_t search_length_code(uint64_t length);
uint32_t search_length_of_code(uint8_t code);

/* Writes the byte of a post; 0: it has no text in the index. */
void search_length_put(struct txn *txn, uint64_t id, uint8_t code);
/* The byte of a post, 0 if none. */
uint8_t search_length_get(struct txn *txn, uint64_t id);
enum { SEARCH_LENGTH_CHUNK = 1024 }; /* ids whose bytes stand in one record */
