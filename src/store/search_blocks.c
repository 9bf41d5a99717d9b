/* Reading the blocks of the search index, without the recent changes. */
#include "base/wire.h"
#include "store/search_private.h"

bool search_first_read(struct slice value, struct search_first *ret)
{
	uint64_t head;
	if (!wire_take_varint(&value, &head))
		return false;
	ret->documents = head >> 1;
	ret->has_further = (head & 1) != 0;
	ret->block = value;
	return ret->documents > 0 && value.size > 0;
}

static void fail_damaged(struct search_blocks *blocks)
{
	txn_fail_corrupt(blocks->txn, "block of the search index with post", blocks->id);
	blocks->ended = true;
}

static void begin_block(struct search_blocks *blocks, struct slice block)
{
	struct search_block_view view;
	if (!search_block_read(block, &view)) {
		fail_damaged(blocks);
		return;
	}
	blocks->rest = view.postings;
	blocks->last_id = view.last_id;
	blocks->block_id = 0;
	blocks->read++;
}

void search_blocks_start(
	struct search_blocks *blocks, struct txn *txn, bool hidden, struct slice term)
{
	struct slice value;
	*blocks = (struct search_blocks){ .txn = txn, .hidden = hidden, .ended = true };
	if (term.size == 0 || term.size > sizeof blocks->term)
		return;
	memcpy(blocks->term, term.data, term.size);
	blocks->term_bytes = (uint8_t)term.size;
	struct key key;
	key_search(&key, hidden, term);
	if (!txn_get(txn, TABLE_SEARCH, &key, &value))
		return;
	blocks->ended = false;
	struct search_first first;
	if (!search_first_read(value, &first)) {
		fail_damaged(blocks);
		return;
	}
	blocks->documents = first.documents;
	blocks->has_further = first.has_further;
	begin_block(blocks, first.block);
}

static struct slice term_of(const struct search_blocks *blocks)
{
	return slice_of(blocks->term, blocks->term_bytes);
}

/* Makes an entry of the table the current block, if it is one of this term behind the current one.
 */
static bool take_block(struct search_blocks *blocks, const struct walk *walk)
{
	bool hidden;
	bool is_first;
	struct slice term;
	uint64_t floor;
	if (!key_read_search(walk->key, &hidden, &term, &is_first, &floor) ||
		hidden != blocks->hidden || is_first || floor <= blocks->floor ||
		!slice_equals(term, term_of(blocks)))
		return false;
	blocks->floor = floor;
	begin_block(blocks, walk->value);
	return true;
}

/* No cursor stays open between two blocks, so any number of terms can be read at once. */
static bool next_block(struct search_blocks *blocks)
{
	if (!blocks->has_further)
		return false;
	struct key key;
	struct walk walk;
	key_search_block(&key, blocks->hidden, term_of(blocks), blocks->floor + 1);
	walk_start(&walk, blocks->txn, TABLE_SEARCH, key_slice(&key));
	bool taken = walk_next(&walk) && take_block(blocks, &walk);
	walk_end(&walk);
	return taken;
}

/* Leaps to the block where an id stands if it stands in the index; stays where that is no leap. */
static void seek_block(struct search_blocks *blocks, uint64_t id)
{
	if (!blocks->has_further)
		return;
	struct key key;
	struct walk walk;
	key_search_block(&key, blocks->hidden, term_of(blocks), id + 1);
	walk_start(&walk, blocks->txn, TABLE_SEARCH, key_slice(&key));
	if (walk_previous(&walk))
		take_block(blocks, &walk);
	walk_end(&walk);
}

/* The next posting of the current block. */
static bool next_in_block(struct search_blocks *blocks)
{
	struct search_posting posting = { .id = blocks->block_id };
	if (blocks->rest.size == 0)
		return false;
	if (!search_block_next(&blocks->rest, &posting) || posting.id <= blocks->id) {
		fail_damaged(blocks);
		return false;
	}
	blocks->block_id = blocks->id = posting.id;
	blocks->weight = posting.weight;
	return true;
}

bool search_blocks_next(struct search_blocks *blocks)
{
	while (!blocks->ended) {
		if (next_in_block(blocks))
			return true;
		if (!blocks->ended && !next_block(blocks))
			blocks->ended = true;
	}
	return false;
}

bool search_blocks_seek(struct search_blocks *blocks, uint64_t id)
{
	if (blocks->id >= id && blocks->id > 0)
		return !blocks->ended;
	if (!blocks->ended && id > blocks->last_id) {
		blocks->rest.size = 0;
		seek_block(blocks, id);
	}
	while (search_blocks_next(blocks))
		if (blocks->id >= id)
			return true;
	return false;
}

uint32_t search_blocks_weight(struct txn *txn, bool hidden, struct slice term, uint64_t id)
{
	struct search_blocks blocks;
	search_blocks_start(&blocks, txn, hidden, term);
	return search_blocks_seek(&blocks, id) && blocks.id == id ? blocks.weight : 0;
}
