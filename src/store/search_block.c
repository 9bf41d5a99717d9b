#include "store/search_block.h"

#include "base/wire.h"

#include <assert.h>

static bool take_varint(struct slice *rest, uint64_t *ret)
{
	uint64_t value = 0;
	for (size_t i = 0; i < rest->size && i < WIRE_VARINT_BYTES_MAX; i++) {
		uint8_t byte = rest->data[i];
		value |= (uint64_t)(byte & 0x7F) << (7 * i);
		if (byte < 0x80) {
			*ret = value;
			*rest = slice_of(rest->data + i + 1, rest->size - i - 1);
			return true;
		}
	}
	return false;
}

bool search_block_next(struct slice *rest, struct search_posting *posting)
{
	uint64_t head;
	uint64_t weight = 1;
	struct slice at = *rest;
	if (!take_varint(&at, &head) || ((head & 1) == 0 && !take_varint(&at, &weight)))
		return false;
	uint64_t gap = head >> 1;
	if (gap == 0 || gap > (UINT64_MAX >> 1) - posting->id || weight == 0 || weight > UINT32_MAX)
		return false;
	posting->id += gap;
	posting->weight = (uint32_t)weight;
	*rest = at;
	return true;
}

bool search_block_measure(struct slice block, uint64_t *count, uint64_t *last_id)
{
	struct search_posting at = { .id = 0 };
	uint64_t found = 0;
	while (search_block_next(&block, &at))
		found++;
	*count = found;
	*last_id = at.id;
	return block.size == 0;
}

static void put_bytes(struct search_block *block, struct slice bytes)
{
	assert(bytes.size <= sizeof block->bytes - block->size);
	if (bytes.size > 0)
		memcpy(block->bytes + block->size, bytes.data, bytes.size);
	block->size += bytes.size;
}

/* Writes a posting behind one with id `before`. */
static void put_posting(struct search_block *block, uint64_t before, struct search_posting posting)
{
	uint8_t bytes[2 * WIRE_VARINT_BYTES_MAX];
	uint64_t gap = posting.id - before;
	size_t size = wire_put_varint(bytes, gap << 1 | (posting.weight == 1));
	if (posting.weight != 1)
		size += wire_put_varint(bytes + size, posting.weight);
	put_bytes(block, slice_of(bytes, size));
}

/* Where a posting stands in a block, or would stand. */
struct place {
	uint64_t before;	  /* id of the posting before it, 0 if none */
	struct search_posting at; /* what stands there now */
	struct slice from;	  /* the block from there on */
	struct slice behind;	  /* the block behind `at`; as `from` where nothing stands there */
};

static bool find_place(struct slice block, uint64_t id, struct place *ret)
{
	*ret = (struct place){ .from = block, .behind = block };
	while (search_block_next(&ret->behind, &ret->at) && ret->at.id < id) {
		ret->before = ret->at.id;
		ret->from = ret->behind;
	}
	bool at_end = ret->behind.size == ret->from.size;
	return !at_end || ret->from.size == 0; /* else something cannot be read */
}

bool search_block_edit(
	struct slice old, struct search_posting posting, bool was_there, struct search_block *ret)
{
	struct place place;
	if (old.size > SEARCH_BLOCK_BYTES_MAX || !find_place(old, posting.id, &place))
		return false;
	bool at_end = place.from.size == 0;
	bool is_there = !at_end && place.at.id == posting.id;
	if (is_there != was_there)
		return false;

	/* The posting that follows gets another gap. */
	struct search_posting next = place.at;
	bool has_next = !at_end;
	if (is_there) {
		has_next = place.behind.size > 0;
		if (has_next && !search_block_next(&place.behind, &next))
			return false;
	}
	ret->size = 0;
	ret->at_end = !has_next;
	put_bytes(ret, slice_of(old.data, old.size - place.from.size));
	if (posting.weight > 0) {
		put_posting(ret, place.before, posting);
		place.before = posting.id;
	}
	if (has_next)
		put_posting(ret, place.before, next);
	put_bytes(ret, place.behind);
	return true;
}

uint64_t search_block_split(
	const struct search_block *block, struct search_block *left, struct search_block *right)
{
	struct slice rest = slice_of(block->bytes, block->size);
	struct slice from = rest; /* from the posting `at` on */
	struct search_posting at = { .id = 0 };
	while (search_block_next(&rest, &at) && rest.size > 0) {
		if (!block->at_end && from.size <= block->size / 2)
			break;
		from = rest;
	}
	left->size = right->size = 0;
	left->at_end = right->at_end = false;
	put_bytes(left, slice_of(block->bytes, block->size - from.size));
	put_posting(right, 0, at);
	put_bytes(right, rest);
	return at.id;
}
