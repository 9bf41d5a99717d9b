#include "services/page.h"

#include "services/page_token.h"

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
	return found && slice_compare(page->walk.key, key_slice(&page->range->first)) >= 0 &&
	       slice_compare(page->walk.key, key_slice(&page->range->end)) < 0;
}

void page_walk_end(struct page_walk *page)
{
	walk_end(&page->walk);
}
