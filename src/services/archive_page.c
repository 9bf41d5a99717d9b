#include "services/archive_page.h"

#include "services/page_token.h"
#include "services/post_parts.h"

enum {
	/* Of GetArchiveResponse. */
	FIELD_POSTS = 6,
	FIELD_NEXT_PAGE_TOKEN = 7,
	FIELD_PREVIOUS_PAGE_TOKEN = 11,
	FIELD_POST_BEFORE = 12,
	FIELD_POST_AFTER = 13,
	/* Room for what comes behind the posts: two more, without their texts. */
	MARGIN_BYTES = 2 * 1024 * 1024,
};

/* From a key up to but not including another. */
struct range {
	struct key first;
	struct key end;
};

/* On which side of an entry a page lies; the first byte of a token's position. */
enum side { SIDE_BEHIND, SIDE_BEFORE };

struct place {
	enum side side;
	struct key key;
};

/* The posts of the page in the order in which they were found: from a place of SIDE_BEFORE that is
 * backwards. */
struct found {
	struct post_parts *posts; /* page_size of them */
	size_t count;
	size_t size_bytes;
	struct key nearest; /* to the place */
	struct key farthest;
};

static void range_of(const struct archive_page *page, struct range *ret)
{
	struct posting first = { .kind = page->kind, .number = page->number, .id = UINT64_MAX };
	struct posting end = first;
	if (page->span == NULL) {
		key_posting_list(&ret->first, page->kind, page->number);
		key_posting_list(&ret->end, page->kind, page->number + 1);
		return;
	}
	first.sort = sort_newest_first(page->span->until_us - 1);
	end.sort = sort_newest_first(page->span->from_us - 1);
	key_posting(&ret->first, &first);
	key_posting(&ret->end, &end);
}

static void fingerprint(const struct range *range, struct page_fingerprint *ret)
{
	const struct slice parts[] = { slice_of_text("archive"), key_slice(&range->first),
		key_slice(&range->end) };
	page_fingerprint(ret, parts, sizeof parts / sizeof *parts);
}

static enum code read_place(struct rpc_call *call, const char *token, const struct range *range,
	struct place *ret, struct error *err)
{
	struct page_fingerprint query;
	struct slice position;
	*ret = (struct place){ .side = SIDE_BEHIND, .key = range->first };
	if (token[0] == '\0')
		return CODE_OK;
	fingerprint(range, &query);
	enum code code = page_token_read(call, token, &query, &position, err);
	if (code != CODE_OK)
		return code;
	if (position.size < 1 || position.size - 1 > KEY_BYTES_MAX)
		return CODE_OK; /* we make no such token */
	ret->side = position.data[0] == SIDE_BEFORE ? SIDE_BEFORE : SIDE_BEHIND;
	ret->key.size = position.size - 1;
	memcpy(ret->key.bytes, position.data + 1, ret->key.size);
	return CODE_OK;
}

static void reply_place(
	struct rpc_call *call, uint32_t field, const struct range *range, const struct place *place)
{
	struct page_fingerprint query;
	uint8_t position[1 + KEY_BYTES_MAX] = { (uint8_t)place->side };
	fingerprint(range, &query);
	memcpy(position + 1, place->key.bytes, place->key.size);
	page_token_reply(call, field, &query, slice_of(position, 1 + place->key.size));
}

/* The next entry on that side of a place that the walk was started at. */
static bool step(struct walk *walk, const struct range *range, const struct place *place)
{
	if (place->side == SIDE_BEFORE)
		return walk_previous(walk) &&
		       slice_compare(walk->key, key_slice(&range->first)) >= 0;
	bool found = walk_next(walk);
	if (found && slice_equals(walk->key, key_slice(&place->key)))
		found = walk_next(walk);
	return found && slice_compare(walk->key, key_slice(&range->end)) < 0;
}

static void copy_key(struct key *key, struct slice bytes)
{
	key->size = bytes.size < KEY_BYTES_MAX ? bytes.size : KEY_BYTES_MAX;
	memcpy(key->bytes, bytes.data, key->size);
}

/* The post of an entry; false when the response would become too large for it. */
static bool add_post(struct rpc_call *call, const struct archive_page *page, struct slice key,
	struct found *found)
{
	struct posting posting;
	struct post_parts *post = &found->posts[found->count];
	if (!key_read_posting(key, &posting) ||
		!read_post_parts(call, posting.id, page->view, post)) {
		txn_fail_corrupt(snapshot_of(call), "list of posts", page->number);
		return false;
	}
	size_t size_bytes = found->size_bytes + post->size_bytes;
	if (found->count > 0 &&
		call->reply.size_bytes + size_bytes > LIMIT_RESPONSE_BYTES - MARGIN_BYTES)
		return false;
	if (found->count == 0)
		copy_key(&found->nearest, key);
	copy_key(&found->farthest, key);
	found->size_bytes = size_bytes;
	found->count++;
	return true;
}

static void find_posts(struct rpc_call *call, const struct archive_page *page,
	const struct range *range, const struct place *place, struct found *found)
{
	struct walk walk;
	walk_start(&walk, snapshot_of(call), TABLE_POSTING, key_slice(&place->key));
	while (found->count < page->page_size && step(&walk, range, place) &&
		add_post(call, page, walk.key, found))
		;
	walk_end(&walk);
}

/* The post beside the page and the token that leads there, where there is one. */
static void reply_neighbour(struct rpc_call *call, const struct range *range,
	const struct place *place, uint32_t post_field, uint32_t token_field)
{
	struct txn *txn = snapshot_of(call);
	struct walk walk;
	struct posting posting;
	struct post_parts post;
	walk_start(&walk, txn, TABLE_POSTING, key_slice(&place->key));
	bool found = step(&walk, range, place);
	bool read = found && key_read_posting(walk.key, &posting);
	walk_end(&walk);
	if (!found)
		return;
	if (!read || !post_read(txn, posting.id, LECTERN__V1__POST_VIEW__POST_VIEW_BASIC, &post)) {
		txn_fail_corrupt(txn, "list of posts", 0);
		return;
	}
	reply_message(&call->reply, post_field, post.parts, post.count);
	reply_place(call, token_field, range, place);
}

enum code reply_archive_page(
	struct rpc_call *call, const struct archive_page *page, struct error *err)
{
	struct range range;
	struct place place;
	range_of(page, &range);
	enum code code = read_place(call, page->page_token, &range, &place, err);
	if (code != CODE_OK)
		return code;
	bool backwards = place.side == SIDE_BEFORE;
	struct found found = {
		.posts = arena_calloc(call->arena, page->page_size, sizeof *found.posts),
		/* Where there is nothing on this side, everything is on the other. */
		.nearest = backwards ? range.first : range.end,
		.farthest = backwards ? range.first : range.end,
	};
	if (found.posts == NULL)
		return fail_out_of_memory(err);
	find_posts(call, page, &range, &place, &found);
	for (size_t i = 0; i < found.count; i++) {
		const struct post_parts *post = &found.posts[backwards ? found.count - 1 - i : i];
		reply_message(&call->reply, FIELD_POSTS, post->parts, post->count);
	}
	struct place before = { SIDE_BEFORE, backwards ? found.farthest : found.nearest };
	struct place behind = { SIDE_BEHIND, backwards ? found.nearest : found.farthest };
	reply_neighbour(call, &range, &before, FIELD_POST_BEFORE, FIELD_PREVIOUS_PAGE_TOKEN);
	reply_neighbour(call, &range, &behind, FIELD_POST_AFTER, FIELD_NEXT_PAGE_TOKEN);
	return txn_status(snapshot_of(call), err);
}
