#include "store/search_block.h"

#include "base/wire.h"

#include <assert.h>

static const uint64_t ID_MAX = UINT64_MAX >> 1;

static inline bool take_varint(struct slice *rest, uint64_t *ret)
{
	if (rest->size == 0 || rest->data[0] >= 0x80)
		return wire_take_varint(rest, ret);
	*ret = rest->data[0]; /* most are of one byte */
	*rest = slice_of(rest->data + 1, rest->size - 1);
	return true;
}

bool search_block_next(struct slice *rest, struct search_posting *posting)
{
	uint64_t head;
	uint64_t weight = 1;
	struct slice at = *rest;
	if (!take_varint(&at, &head) || ((head & 1) == 0 && !take_varint(&at, &weight)))
		return false;
	uint64_t gap = head >> 1;
	if (gap == 0 || gap > ID_MAX - posting->id || weight == 0 || weight > UINT32_MAX)
		return false;
	posting->id += gap;
	posting->weight = (uint32_t)weight;
	*rest = at;
	return true;
}

bool search_block_read(struct slice block, struct search_block_view *ret)
{
	uint64_t span;
	struct search_posting first = { .id = 0 };
	if (!take_varint(&block, &span))
		return false;
	ret->postings = block;
	if (!search_block_next(&block, &first) || span > ID_MAX - first.id)
		return false;
	ret->first_id = first.id;
	ret->last_id = first.id + span;
	return true;
}

static void put_bytes(struct search_block *block, struct slice bytes)
{
	assert(bytes.size <= sizeof block->bytes - block->size);
	if (bytes.size > 0)
		memcpy(block->bytes + block->size, bytes.data, bytes.size);
	block->size += bytes.size;
}

static void put_head(struct search_block *block, uint64_t first_id, uint64_t last_id)
{
	uint8_t bytes[WIRE_VARINT_BYTES_MAX];
	block->size = 0;
	block->appended = false;
	put_bytes(block, slice_of(bytes, wire_put_varint(bytes, last_id - first_id)));
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

static void append(const struct search_block_view *old, struct search_posting posting,
	struct search_block *ret)
{
	put_head(ret, old->first_id, posting.id);
	put_bytes(ret, old->postings);
	put_posting(ret, old->last_id, posting);
	ret->appended = true;
}

/* Where a posting stands in a block, or would stand: never behind the last one. */
struct place {
	uint64_t before;	  /* id of the posting before it, 0 if none */
	struct search_posting at; /* what stands there now */
	struct slice from;	  /* the postings from there on */
	struct slice behind;	  /* the postings behind `at` */
};

static bool find_place(struct slice postings, uint64_t id, struct place *ret)
{
	*ret = (struct place){ .from = postings, .behind = postings };
	while (search_block_next(&ret->behind, &ret->at)) {
		if (ret->at.id >= id)
			return true;
		ret->before = ret->at.id;
		ret->from = ret->behind;
	}
	return false; /* damaged: the head says that there is a larger id */
}

/* Adds or changes a posting that is not above the last one. */
static void put_at(const struct search_block_view *old, const struct place *place,
	struct search_posting posting, struct search_block *ret)
{
	uint64_t first_id = posting.id < old->first_id ? posting.id : old->first_id;
	put_head(ret, first_id, old->last_id);
	put_bytes(ret, slice_of(old->postings.data, old->postings.size - place->from.size));
	put_posting(ret, place->before, posting);
	if (place->at.id != posting.id)
		put_posting(ret, posting.id, place->at);
	put_bytes(ret, place->behind);
}

/* Removes the posting that stands at the place; the one behind it gets another gap. */
static bool remove_at(
	const struct search_block_view *old, const struct place *place, struct search_block *ret)
{
	struct search_posting next = place->at;
	struct slice behind = place->behind;
	bool has_next = behind.size > 0;
	if (has_next && !search_block_next(&behind, &next))
		return false;
	ret->size = 0;
	ret->appended = false;
	if (!has_next && place->before == 0)
		return true;
	put_head(ret, place->before == 0 ? next.id : old->first_id,
		has_next ? old->last_id : place->before);
	put_bytes(ret, slice_of(old->postings.data, old->postings.size - place->from.size));
	if (has_next)
		put_posting(ret, place->before, next);
	put_bytes(ret, behind);
	return true;
}

bool search_block_edit(
	struct slice old, struct search_posting posting, bool was_there, struct search_block *ret)
{
	struct search_block_view view;
	struct place place;
	assert(posting.id > 0 && posting.id <= ID_MAX && (was_there || posting.weight > 0));
	if (old.size == 0) {
		put_head(ret, posting.id, posting.id);
		put_posting(ret, 0, posting);
		return !was_there;
	}
	if (old.size > SEARCH_BLOCK_BYTES_MAX || !search_block_read(old, &view))
		return false;
	if (posting.id > view.last_id) {
		append(&view, posting, ret);
		return !was_there;
	}
	if (!find_place(view.postings, posting.id, &place) ||
		(place.at.id == posting.id) != was_there)
		return false;
	if (posting.weight == 0)
		return remove_at(&view, &place, ret);
	put_at(&view, &place, posting, ret);
	return true;
}

uint64_t search_block_split(
	const struct search_block *block, struct search_block *left, struct search_block *right)
{
	struct search_block_view view;
	bool sound = search_block_read(search_block_slice(block), &view);
	assert(sound);
	(void)sound;
	struct place place = { .from = view.postings, .behind = view.postings };
	while (search_block_next(&place.behind, &place.at) && place.behind.size > 0) {
		if (!block->appended && place.from.size <= view.postings.size / 2)
			break;
		place.before = place.at.id;
		place.from = place.behind;
	}
	put_head(left, view.first_id, place.before);
	put_bytes(left, slice_of(view.postings.data, view.postings.size - place.from.size));
	put_head(right, place.at.id, view.last_id);
	put_posting(right, 0, place.at);
	put_bytes(right, place.behind);
	return place.at.id;
}
