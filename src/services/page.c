#include "services/page.h"

#include "services/page_token.h"
#include "store/post.h"

/* Room for what stands beside the posts in a response. */
enum { RESPONSE_MARGIN_BYTES = 1024 * 1024 };

/* What list a token belongs to. */
static void fingerprint(const struct page_range *range, struct page_fingerprint *ret)
{
	const uint8_t head[] = { (uint8_t)range->table, range->reverse };
	const struct slice parts[] = { slice_of(head, sizeof head), key_slice(&range->first),
		key_slice(&range->end) };
	page_fingerprint(ret, parts, sizeof parts / sizeof *parts);
}

void reply_page_token(struct rpc_call *call, uint32_t field, const struct page_walk *page)
{
	struct page_fingerprint query;
	fingerprint(page->range, &query);
	page_token_reply(call, field, &query, key_slice(&page->last));
}

static int compare(struct slice a, struct slice b)
{
	size_t size = a.size < b.size ? a.size : b.size;
	int order = memcmp(a.data, b.data, size);
	return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

enum code page_walk_start(struct rpc_call *call, const struct page_range *range, const char *token,
	struct page_walk *ret, struct error *err)
{
	bool resumed = token[0] != '\0';
	*ret = (struct page_walk){ .range = range };
	struct key from = range->reverse ? range->end : range->first;
	if (resumed) {
		struct page_fingerprint query;
		struct slice position;
		fingerprint(range, &query);
		enum code code = page_token_read(call, token, &query, &position, err);
		if (code != CODE_OK)
			return code;
		from.size = position.size < KEY_BYTES_MAX ? position.size : KEY_BYTES_MAX;
		memcpy(from.bytes, position.data, from.size);
	}
	walk_start(&ret->walk, snapshot_of(call), range->table, key_slice(&from));
	/* A walk down begins below the key by itself; up, the last entry is stepped over if it is
	 * still there. */
	if (resumed && !range->reverse && ret->walk.state == WALK_BEFORE &&
		slice_equals(ret->walk.key, key_slice(&from)))
		(void)walk_next(&ret->walk);
	return CODE_OK;
}

bool page_walk_next(struct page_walk *page)
{
	if (page->walk.state == WALK_AT && page->walk.key.size <= KEY_BYTES_MAX) {
		page->last.size = page->walk.key.size;
		memcpy(page->last.bytes, page->walk.key.data, page->walk.key.size);
	}
	bool found = page->range->reverse ? walk_previous(&page->walk) : walk_next(&page->walk);
	return found && compare(page->walk.key, key_slice(&page->range->first)) >= 0 &&
	       compare(page->walk.key, key_slice(&page->range->end)) < 0;
}

void page_walk_end(struct page_walk *page)
{
	walk_end(&page->walk);
}

static void range_of(const struct page_query *query, struct page_range *ret)
{
	struct posting from = { .kind = query->kind, .number = query->number, .id = UINT64_MAX };
	struct posting end = { .kind = query->kind, .number = query->number, .sort = UINT64_MAX };
	if (query->bounded) {
		from.sort = sort_newest_first(query->until_us - 1);
		end.sort = sort_newest_first(query->from_us);
	}
	/* No post has id 0, so no entry equals the end. */
	ret->table = TABLE_POSTING;
	ret->reverse = query->reverse;
	key_posting(&ret->first, &from);
	key_posting(&ret->end, &end);
}

/* One post of the page; false when the response would become too large for another one. */
static bool add_post(
	struct rpc_call *call, const struct page_query *query, struct slice key, bool first)
{
	struct posting posting;
	struct post_parts parts;
	if (!key_read_posting(key, &posting) ||
		!post_read(snapshot_of(call), posting.id, query->view, &parts)) {
		txn_fail_corrupt(snapshot_of(call), "list of posts", query->number);
		return false;
	}
	size_t size_bytes = 0;
	for (size_t i = 0; i < parts.count; i++)
		size_bytes += parts.parts[i].size;
	if (!first &&
		call->reply.size_bytes + size_bytes > LIMIT_RESPONSE_BYTES - RESPONSE_MARGIN_BYTES)
		return false;
	reply_message(&call->reply, query->posts_field, parts.parts, parts.count);
	return true;
}

enum code reply_page(struct rpc_call *call, const struct page_query *query, struct error *err)
{
	struct page_range range;
	struct page_walk page;
	range_of(query, &range);
	enum code code = page_walk_start(call, &range, query->page_token, &page, err);
	if (code != CODE_OK)
		return code;
	size_t count = 0;
	bool more = page_walk_next(&page);
	while (more && count < query->page_size &&
		add_post(call, query, page.walk.key, count == 0)) {
		count++;
		more = page_walk_next(&page);
	}
	page_walk_end(&page);
	if (more)
		reply_page_token(call, query->token_field, &page);
	return txn_status(snapshot_of(call), err);
}

uint64_t page_count(struct txn *txn, const struct page_query *query)
{
	struct page_range range;
	range_of(query, &range);
	struct page_walk page = { .range = &range };
	uint64_t count = 0;
	walk_start(&page.walk, txn, range.table, key_slice(&range.first));
	while (page_walk_next(&page))
		count++;
	page_walk_end(&page);
	return count;
}
