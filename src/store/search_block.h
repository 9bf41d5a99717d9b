/*
 * Blocks of the search index: some posts of one term, ascending, as bytes.
 *
 * A block is varint(last id - first id) and then its postings. A posting is
 * varint(gap * 2 + (weight is 1)), where gap is the difference to the id before it in the block (to
 * 0 for the first one), and then, unless the weight is 1, varint(weight). This is how Lucene's
 * first formats kept documents and frequencies: most weights are 1 and cost nothing. That the last
 * id is known beforehand makes appending, the usual write, independent of the block's length.
 */
#pragma once
#include "base/attributes.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	/* Of one block in the store. Far below the size from which on LMDB gives a value pages of
	 * its own. */
	SEARCH_BLOCK_BYTES_MAX = 700,
	SEARCH_POSTING_BYTES_MAX = 15,
};

struct search_posting {
	uint64_t id;	 /* 1 to 2^63 - 1 */
	uint32_t weight; /* at least 1 */
};

struct search_block_view {
	uint64_t first_id;
	uint64_t last_id;
	struct slice postings; /* never empty */
};

/* Reads a block's head; false if it is damaged or empty. */
bool search_block_read(struct slice block, struct search_block_view *ret) NODISCARD;

/* Reads the next of a block's postings; *posting is the one before it, zeroed at the start. False
 * at the end and on damaged bytes: the end is where rest->size is 0 before the call. */
bool search_block_next(struct slice *rest, struct search_posting *posting) NODISCARD;

/* A block that has just been edited: it may be longer than one in the store, or empty. */
struct search_block {
	uint8_t bytes[SEARCH_BLOCK_BYTES_MAX + 3 * SEARCH_POSTING_BYTES_MAX];
	size_t size;
	bool appended; /* the last edit has added a posting at the end */
};

static inline struct slice search_block_slice(const struct search_block *block)
{
	return slice_of(block->bytes, block->size);
}

/*
 * Copies a block (empty: none yet) with one posting added, changed or, where weight is 0, removed;
 * was_there tells whether the block should have it already. False if the block is damaged or that
 * is not so.
 */
bool search_block_edit(struct slice old, struct search_posting posting, bool was_there,
	struct search_block *ret) NODISCARD;

/* Cuts an edited block of at least two postings into two: before the last one if it was appended,
 * so that a full block stays behind, else near the middle. Returns the first id of the second. */
uint64_t search_block_split(
	const struct search_block *block, struct search_block *left, struct search_block *right);
