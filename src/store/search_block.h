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

/* What becomes of one posting. */
struct search_change {
	uint64_t id;
	uint32_t before; /* weights; 0: it is not there */
	uint32_t after;
};

/* A block's postings, changed: perhaps too many for one block, perhaps none. */
struct search_changed {
	struct slice postings;
	uint64_t first_id;
	uint64_t last_id;
};

/*
 * Writes a block's postings (empty: none yet) to `out` with changes made to them, whose ids ascend.
 * `out` has room for the block and SEARCH_POSTING_BYTES_MAX for each change and one more. False if
 * the block is damaged or does not have what the changes say that is before them.
 */
bool search_block_change(struct slice block, const struct search_change *changes, size_t count,
	uint8_t *out, struct search_changed *ret) NODISCARD;

/* A block to be written. */
struct search_block {
	uint8_t bytes[SEARCH_BLOCK_BYTES_MAX];
	size_t size;
	uint64_t first_id;
};

static inline struct slice search_block_slice(const struct search_block *block)
{
	return slice_of(block->bytes, block->size);
}

/* Cuts changed postings into blocks. */
struct search_pieces {
	const struct search_changed *changed;
	struct slice rest;
	struct search_posting at; /* the last one that was taken */
	size_t bytes_max;	  /* of one piece */
};
/* `at_end`: ids will be added behind rather than between, so all but the last one are full; else
 * all are about as long. */
void search_pieces_start(
	struct search_pieces *pieces, const struct search_changed *changed, bool at_end);
bool search_pieces_next(struct search_pieces *pieces, struct search_block *ret);
