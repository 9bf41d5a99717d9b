/* Reading one term's posts: the recent changes laid over the blocks. */
#include "store/search_private.h"

/* Keeps the scratch's changes for as long as the reader lives. */
static bool keep_changes(
	struct search_postings *postings, const struct search_reader *reader, size_t count)
{
	struct search_change *changes = arena_calloc(reader->arena, count, sizeof *changes);
	if (changes == NULL)
		return false;
	memcpy(changes, reader->changes, count * sizeof *changes);
	postings->changes = changes;
	postings->change_count = count;
	return true;
}

void search_postings_start(struct search_postings *postings, struct search_reader *reader,
	bool hidden, struct slice term)
{
	*postings = (struct search_postings){ .change = 0 };
	search_blocks_start(&postings->blocks, reader->txn, hidden, term);
	postings->documents = postings->blocks.documents;
	postings->blocks_read = postings->blocks.read;
	size_t count = search_reader_changes(reader, hidden, term);
	if (count > 0 && !keep_changes(postings, reader, count)) {
		txn_fail_memory(reader->txn);
		postings->ended = true;
	}
	for (size_t i = 0; i < postings->change_count; i++) {
		postings->documents += postings->changes[i].after != 0;
		postings->documents -= postings->changes[i].before != 0;
	}
}

static bool end(struct search_postings *postings)
{
	postings->ended = true;
	return false;
}

/* Gives the posting of the blocks or the change that comes next; `ahead` and `change` tell which
 * those are. */
static bool take_next(struct search_postings *postings)
{
	struct search_blocks *blocks = &postings->blocks;
	for (;;) {
		if (!postings->ahead && !blocks->ended)
			postings->ahead = search_blocks_next(blocks);
		postings->blocks_read = blocks->read;
		if (postings->change == postings->change_count ||
			(postings->ahead && blocks->id < postings->changes[postings->change].id)) {
			if (!postings->ahead)
				return end(postings);
			postings->ahead = false;
			postings->id = blocks->id;
			search_weight_unpack(
				blocks->weight, &postings->weight, &postings->in_title);
			return true;
		}
		const struct search_change *change = &postings->changes[postings->change++];
		if (postings->ahead && blocks->id == change->id)
			postings->ahead = false;
		if (change->after != 0) {
			postings->id = change->id;
			search_weight_unpack(change->after, &postings->weight, &postings->in_title);
			return true;
		}
	}
}

bool search_postings_next(struct search_postings *postings)
{
	return !postings->ended && take_next(postings);
}

bool search_postings_seek(struct search_postings *postings, uint64_t id)
{
	if (postings->ended)
		return false;
	if (postings->id >= id && postings->id > 0)
		return true;
	while (postings->change < postings->change_count &&
		postings->changes[postings->change].id < id)
		postings->change++;
	if (!postings->ahead || postings->blocks.id < id)
		postings->ahead = search_blocks_seek(&postings->blocks, id);
	return take_next(postings);
}

void search_postings_end(struct search_postings *postings)
{
	postings->ended = true;
}
