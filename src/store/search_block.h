/*
 * Blocks of the search index: the posts of one term, ascending, as bytes.
 *
 * A posting is varint(gap * 2 + (weight is 1)), where gap is the difference to the id before it in
 * the block (to 0 for the first one), and then, unless the weight is 1, varint(weight). This is how
 * Lucene's first formats kept documents and frequencies: most weights are 1 and cost nothing.
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

/* Reads the next posting; *posting is the one before it, zeroed at the start of a block. False at
 * the end and on damaged bytes: the end is where rest->size is 0 before the call. */
bool search_block_next(struct slice *rest, struct search_posting *posting) NODISCARD;

/* Reads through a block; false if it is damaged. */
bool search_block_measure(struct slice block, uint64_t *count, uint64_t *last_id) NODISCARD;

/* A block that has just been edited: it may be longer than one in the store. */
struct search_block {
	uint8_t bytes[SEARCH_BLOCK_BYTES_MAX + 2 * SEARCH_POSTING_BYTES_MAX];
	size_t size;
	bool at_end; /* the edited posting is or was the last one */
};

/*
 * Copies a block with one posting added, changed or, where weight is 0, removed; was_there tells
 * whether the block should have it already. False if the block is damaged or that is not so.
 */
bool search_block_edit(struct slice old, struct search_posting posting, bool was_there,
	struct search_block *ret) NODISCARD;

/* Cuts a block into two at a posting near its middle, or before its last one if at_end; the id with
 * which the second begins. The block has at least two postings. */
uint64_t search_block_split(
	const struct search_block *block, struct search_block *left, struct search_block *right);
