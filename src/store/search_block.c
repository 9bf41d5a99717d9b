#include "store/search_block.h"

#include "base/wire.h"

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

/* Postings that are being written. */
struct output {
	uint8_t *bytes;
	size_t size;
	uint64_t first_id; /* 0: none yet */
	uint64_t last_id;
};

static void put_bytes(struct output *out, struct slice bytes)
{
	if (bytes.size > 0)
		memcpy(out->bytes + out->size, bytes.data, bytes.size);
	out->size += bytes.size;
}

static void put_posting(struct output *out, struct search_posting posting)
{
	uint8_t *at = out->bytes + out->size;
	size_t size = wire_put_varint(at, (posting.id - out->last_id) << 1 | (posting.weight == 1));
	if (posting.weight != 1)
		size += wire_put_varint(at + size, posting.weight);
	out->size += size;
	out->last_id = posting.id;
	if (out->first_id == 0)
		out->first_id = posting.id;
}

/* Postings that are being read. */
struct input {
	struct search_posting next; /* id 0: there is none */
	uint64_t before;	    /* id of the posting before it, 0 if none */
	struct slice from;	    /* the postings from `next` on */
	struct slice behind;	    /* the postings behind it */
};

static bool read_next(struct input *in)
{
	in->before = in->next.id;
	in->from = in->behind;
	if (in->from.size > 0)
		return search_block_next(&in->behind, &in->next);
	in->next.id = 0;
	return true;
}

/* Copies all postings below an id: but for the first one as they stand. */
static bool copy_below(struct input *in, uint64_t id, struct output *out)
{
	if (in->next.id == 0 || in->next.id >= id)
		return true;
	if (in->before != out->last_id || out->first_id == 0) {
		put_posting(out, in->next);
		if (!read_next(in))
			return false;
	}
	const uint8_t *start = in->from.data;
	while (in->next.id != 0 && in->next.id < id) {
		out->last_id = in->next.id;
		if (!read_next(in))
			return false;
	}
	put_bytes(out, slice_of(start, (size_t)(in->from.data - start)));
	return true;
}

static bool change_one(struct input *in, const struct search_change *change, struct output *out)
{
	bool is_there = in->next.id == change->id;
	if ((is_there ? in->next.weight : 0) != change->before)
		return false;
	if (change->after != 0)
		put_posting(
			out, (struct search_posting){ .id = change->id, .weight = change->after });
	return !is_there || read_next(in);
}

/* All changes lie behind the last posting, as those of new posts do: nothing needs to be read. */
static void copy_all(const struct search_block_view *view, struct output *out)
{
	put_bytes(out, view->postings);
	out->first_id = view->first_id;
	out->last_id = view->last_id;
}

bool search_block_change(struct slice block, const struct search_change *changes, size_t count,
	uint8_t *out_bytes, struct search_changed *ret)
{
	struct search_block_view view = { .last_id = 0 };
	struct input in = { .before = 0 };
	struct output out = { .bytes = out_bytes };
	if (block.size > SEARCH_BLOCK_BYTES_MAX ||
		(block.size > 0 && !search_block_read(block, &view)))
		return false;
	if (changes[0].id > view.last_id)
		copy_all(&view, &out);
	else
		in.behind = view.postings;
	if (!read_next(&in))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!copy_below(&in, changes[i].id, &out) || !change_one(&in, &changes[i], &out))
			return false;
	/* What is left needs no reading: the gaps stay but for the first one. */
	if (in.next.id != 0) {
		if (in.before != out.last_id || out.first_id == 0) {
			put_posting(&out, in.next);
			in.from = in.behind;
		}
		put_bytes(&out, in.from);
		out.last_id = view.last_id;
	}
	*ret = (struct search_changed){ .postings = slice_of(out.bytes, out.size),
		.first_id = out.first_id,
		.last_id = out.last_id };
	return true;
}

void search_pieces_start(
	struct search_pieces *pieces, const struct search_changed *changed, bool at_end)
{
	size_t size = changed->postings.size;
	size_t count = (size + SEARCH_BLOCK_BYTES_MAX - 1) / SEARCH_BLOCK_BYTES_MAX;
	size_t bytes_max = SEARCH_POSTING_BYTES_MAX + (count == 0 ? 0 : size / count);
	if (at_end || bytes_max > SEARCH_BLOCK_BYTES_MAX)
		bytes_max = SEARCH_BLOCK_BYTES_MAX;
	*pieces = (struct search_pieces){
		.changed = changed, .rest = changed->postings, .bytes_max = bytes_max
	};
}

static void set_block(
	struct search_block *block, struct slice postings, uint64_t first_id, uint64_t last_id)
{
	size_t head = wire_put_varint(block->bytes, last_id - first_id);
	memcpy(block->bytes + head, postings.data, postings.size);
	block->size = head + postings.size;
	block->first_id = first_id;
}

/* Everything at once, if it is one block. */
static bool take_all(struct search_pieces *pieces, struct search_block *ret)
{
	const struct search_changed *all = pieces->changed;
	if (pieces->at.id != 0 ||
		wire_varint_size(all->last_id - all->first_id) + all->postings.size >
			SEARCH_BLOCK_BYTES_MAX)
		return false;
	set_block(ret, all->postings, all->first_id, all->last_id);
	pieces->rest.size = 0;
	return true;
}

bool search_pieces_next(struct search_pieces *pieces, struct search_block *ret)
{
	uint8_t bytes[SEARCH_BLOCK_BYTES_MAX];
	struct output out = { .bytes = bytes };
	struct slice from = pieces->rest;
	struct slice rest = from;
	struct search_posting at = pieces->at;
	if (from.size == 0)
		return false;
	if (take_all(pieces, ret))
		return true;
	while (search_block_next(&rest, &at)) {
		size_t head = wire_varint_size(at.id - (out.first_id == 0 ? at.id : out.first_id));
		if (out.first_id == 0) /* its gap is its id */
			put_posting(&out, at);
		else if (head + out.size + (size_t)(rest.data - from.data) <= pieces->bytes_max)
			put_bytes(&out, slice_of(from.data, (size_t)(rest.data - from.data)));
		else
			break;
		out.last_id = at.id;
		from = rest;
		pieces->at = at;
	}
	pieces->rest = from;
	set_block(ret, slice_of(bytes, out.size), out.first_id, out.last_id);
	return true;
}
