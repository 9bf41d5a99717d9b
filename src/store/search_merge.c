/* Writing the blocks of the search index: each block that changes touch is written once. */
#include "base/wire.h"
#include "store/search_private.h"

enum {
	CHANGED_BYTES_MAX =
		SEARCH_BLOCK_BYTES_MAX + (SEARCH_RECENT_MAX + 1) * SEARCH_POSTING_BYTES_MAX,
};

/* One term at work. */
struct term_change {
	struct txn *txn;
	bool hidden;
	struct slice term;
	/* The first block stays in memory until the others are written. */
	uint64_t documents;
	bool has_further;
	bool lost_further; /* a further block has gone: has_further may be wrong */
	struct search_block first;
	uint8_t bytes[CHANGED_BYTES_MAX]; /* postings of the block that is being changed */
};

static void fail_damaged(const struct term_change *change, uint64_t id)
{
	txn_fail_corrupt(change->txn, "block of the search index with post", id);
}

static bool is_further(const struct term_change *change, const struct walk *walk, uint64_t *floor)
{
	bool hidden;
	bool is_first;
	struct slice term;
	return key_read_search(walk->key, &hidden, &term, &is_first, floor) && !is_first &&
	       hidden == change->hidden && slice_equals(term, change->term);
}

/* The floor of the next block of the term; UINT64_MAX if there is none. */
static uint64_t next_floor(const struct term_change *change, struct walk *walk)
{
	uint64_t floor;
	return walk_next(walk) && is_further(change, walk, &floor) ? floor : UINT64_MAX;
}

/* The second block; false if there is none. The slice is in the store. */
static bool find_second(const struct term_change *change, uint64_t *floor, struct slice *block)
{
	struct key key;
	struct walk walk;
	key_search_block(&key, change->hidden, change->term, 0);
	walk_start(&walk, change->txn, TABLE_SEARCH, key_slice(&key));
	bool found = walk_next(&walk) && is_further(change, &walk, floor);
	*block = walk.value;
	walk_end(&walk);
	return found;
}

/* Reads the first block, if there is one. */
static bool read_first(struct term_change *change)
{
	struct key key;
	struct slice value;
	struct search_first first = { .documents = 0 };
	key_search(&key, change->hidden, change->term);
	if (txn_get(change->txn, TABLE_SEARCH, &key, &value) &&
		(!search_first_read(value, &first) || first.block.size > SEARCH_BLOCK_BYTES_MAX))
		return false;
	change->documents = first.documents;
	change->has_further = first.has_further;
	change->lost_further = false;
	change->first.size = first.block.size;
	if (first.block.size > 0)
		memcpy(change->first.bytes, first.block.data, first.block.size);
	return true;
}

/* How many of the changes are below an id. */
static size_t count_below(const struct search_change *changes, size_t count, uint64_t id)
{
	size_t below = 0;
	while (below < count && changes[below].id < id)
		below++;
	return below;
}

static void put_further(
	struct term_change *change, uint64_t floor, const struct search_block *block)
{
	struct key key;
	key_search_block(&key, change->hidden, change->term, floor);
	txn_put(change->txn, TABLE_SEARCH, &key, search_block_slice(block));
	change->has_further = true;
}

static void delete_further(struct term_change *change, uint64_t floor)
{
	struct key key;
	key_search_block(&key, change->hidden, change->term, floor);
	txn_delete(change->txn, TABLE_SEARCH, &key);
	change->lost_further = true;
}

/* Writes what the changed postings have behind their first piece. */
static void put_pieces(struct term_change *change, struct search_pieces *pieces)
{
	struct search_block piece;
	while (search_pieces_next(pieces, &piece))
		put_further(change, piece.first_id, &piece);
}

static bool change_first(
	struct term_change *change, const struct search_change *changes, size_t count, bool is_last)
{
	struct search_changed changed;
	struct search_pieces pieces;
	if (count == 0)
		return true;
	if (!search_block_change(
		    search_block_slice(&change->first), changes, count, change->bytes, &changed))
		return false;
	search_pieces_start(&pieces, &changed, is_last);
	if (!search_pieces_next(&pieces, &change->first))
		change->first.size = 0;
	put_pieces(change, &pieces);
	return true;
}

/* The block behind the first one in which an id stands if it does, and where the next one begins.
 * The slice is in the store. */
static bool find_further(const struct term_change *change, uint64_t id, uint64_t *floor,
	struct slice *block, uint64_t *next)
{
	struct key key;
	struct walk walk;
	key_search_block(&key, change->hidden, change->term, id + 1);
	walk_start(&walk, change->txn, TABLE_SEARCH, key_slice(&key));
	bool found = walk_previous(&walk) && is_further(change, &walk, floor);
	*block = walk.value;
	*next = found ? next_floor(change, &walk) : UINT64_MAX;
	walk_end(&walk);
	return found;
}

/* Changes the block of the first of the changes; how many of them stand there, 0 if it cannot be
 * read. */
static size_t change_further(
	struct term_change *change, const struct search_change *changes, size_t count)
{
	struct search_changed changed;
	struct search_pieces pieces;
	struct search_block piece;
	struct slice block;
	uint64_t floor;
	uint64_t next;
	if (!find_further(change, changes->id, &floor, &block, &next))
		return 0;
	size_t own = count_below(changes, count, next);
	if (!search_block_change(block, changes, own, change->bytes, &changed))
		return 0;
	search_pieces_start(&pieces, &changed, next == UINT64_MAX);
	if (search_pieces_next(&pieces, &piece))
		put_further(change, floor, &piece);
	else
		delete_further(change, floor);
	put_pieces(change, &pieces);
	return own;
}

/* The first block has lost its last posting: the second one becomes the first. */
static bool take_second(struct term_change *change)
{
	struct slice block;
	uint64_t floor;
	if (!find_second(change, &floor, &block) || block.size > SEARCH_BLOCK_BYTES_MAX)
		return false;
	memcpy(change->first.bytes, block.data, block.size);
	change->first.size = block.size;
	delete_further(change, floor);
	return true;
}

static void store_first(struct term_change *change)
{
	uint8_t value[WIRE_VARINT_BYTES_MAX + SEARCH_BLOCK_BYTES_MAX];
	struct key key;
	struct slice block;
	uint64_t floor;
	if (change->first.size == 0 && !take_second(change)) {
		fail_damaged(change, 0);
		return;
	}
	if (change->lost_further)
		change->has_further = find_second(change, &floor, &block);
	size_t size = wire_put_varint(value, change->documents << 1 | change->has_further);
	memcpy(value + size, change->first.bytes, change->first.size);
	key_search(&key, change->hidden, change->term);
	txn_put(change->txn, TABLE_SEARCH, &key, slice_of(value, size + change->first.size));
}

static bool change_blocks(
	struct term_change *change, const struct search_change *changes, size_t count)
{
	struct slice block;
	uint64_t second = UINT64_MAX;
	if (change->has_further && !find_second(change, &second, &block))
		return false;
	size_t done = count_below(changes, count, second);
	if (!change_first(change, changes, done, second == UINT64_MAX))
		return false;
	while (done < count) {
		size_t own = change_further(change, changes + done, count - done);
		if (own == 0)
			return false;
		done += own;
	}
	for (size_t i = 0; i < count; i++) {
		change->documents += changes[i].after != 0;
		change->documents -= changes[i].before != 0;
	}
	return change->documents > 0 || change->first.size == 0;
}

void search_blocks_change(struct txn *txn, bool hidden, struct slice term,
	const struct search_change *changes, size_t count)
{
	struct term_change change; /* most of it is never touched */
	struct key key;
	change.txn = txn;
	change.hidden = hidden;
	change.term = term;
	if (!read_first(&change)) {
		fail_damaged(&change, changes->id);
		return;
	}
	bool existed = change.documents > 0;
	if (!change_blocks(&change, changes, count)) {
		fail_damaged(&change, changes->id);
	} else if (change.documents > 0) {
		store_first(&change);
	} else if (existed) {
		key_search(&key, hidden, term);
		txn_delete(txn, TABLE_SEARCH, &key);
	}
}

/* --- All recent changes. --- */

/* Copies the records: writing to the store would take them away. */
static bool copy_recents(const struct search_reader *reader)
{
	for (size_t i = 0; i < reader->recent_count; i++) {
		struct recent *recent = &reader->recents[i];
		uint8_t *bytes =
			arena_alloc(reader->arena, recent->places.size + recent->terms.size);
		if (bytes == NULL)
			return false;
		memcpy(bytes, recent->places.data, recent->places.size);
		memcpy(bytes + recent->places.size, recent->terms.data, recent->terms.size);
		recent->places.data = bytes;
		recent->terms.data = bytes + recent->places.size;
	}
	return true;
}

static void merge_half(struct search_reader *reader, bool hidden)
{
	struct recent_walk walk;
	if (!recent_walk_start(&walk, reader, hidden, slice_of(NULL, 0))) {
		txn_fail_memory(reader->txn);
		return;
	}
	while (recent_walk_next(&walk)) {
		if (memchr(walk.term.data, 0, walk.term.size) != NULL)
			txn_fail_corrupt(reader->txn, "recent words: those of a post up to",
				reader->recents[reader->recent_count - 1].id);
		else
			search_blocks_change(
				reader->txn, hidden, walk.term, walk.changes, walk.change_count);
	}
}

void search_index_settle(struct txn *txn, struct arena *arena, uint64_t posts)
{
	if (txn_entries(txn, TABLE_RECENT) < posts)
		return;
	arena_reset(arena);
	search_index_merge(txn, arena);
}

void search_index_merge(struct txn *txn, struct arena *arena)
{
	struct search_reader reader;
	search_reader_open(&reader, txn, arena);
	if (reader.recent_count == 0)
		return;
	if (!copy_recents(&reader)) {
		txn_fail_memory(txn);
		return;
	}
	merge_half(&reader, false);
	merge_half(&reader, true);
	txn_clear(txn, TABLE_RECENT);
}
