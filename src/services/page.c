#include "services/page.h"

#include "store/post.h"

#include <sodium.h>

enum {
	TOKEN_VERSION = 1,
	QUERY_BYTES = 8,
	HEAD_BYTES = 1 + QUERY_BYTES,
	MAC_BYTES = 16,
	TOKEN_BYTES_MAX = HEAD_BYTES + KEY_BYTES_MAX + MAC_BYTES,
	TOKEN_TEXT_BYTES = sodium_base64_ENCODED_LEN(
		TOKEN_BYTES_MAX, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
	/* Room for what stands beside the posts in a response. */
	RESPONSE_MARGIN_BYTES = 1024 * 1024,
};

_Static_assert(
	(int)TOKEN_TEXT_BYTES <= (int)LIMIT_PAGE_TOKEN_BYTES, "every token is accepted again");

/* What list a token belongs to. */
static void fingerprint(const struct page_range *range, uint8_t out[QUERY_BYTES])
{
	uint8_t hash[crypto_generichash_BYTES_MIN];
	const uint8_t head[] = { (uint8_t)range->table, range->reverse, (uint8_t)range->first.size,
		(uint8_t)(range->first.size >> 8) };
	crypto_generichash_state state;
	crypto_generichash_init(&state, NULL, 0, sizeof hash);
	crypto_generichash_update(&state, head, sizeof head);
	crypto_generichash_update(&state, range->first.bytes, range->first.size);
	crypto_generichash_update(&state, range->end.bytes, range->end.size);
	crypto_generichash_final(&state, hash, sizeof hash);
	memcpy(out, hash, QUERY_BYTES);
}

static void sign(const struct services *services, struct slice body, uint8_t mac[MAC_BYTES])
{
	crypto_generichash(mac, MAC_BYTES, body.data, body.size, services->page_token_key,
		sizeof services->page_token_key);
}

void reply_page_token(struct rpc_call *call, uint32_t field, const struct page_walk *page)
{
	uint8_t token[TOKEN_BYTES_MAX] = { TOKEN_VERSION };
	char text[TOKEN_TEXT_BYTES];
	fingerprint(page->range, token + 1);
	memcpy(token + HEAD_BYTES, page->last.bytes, page->last.size);
	size_t size = HEAD_BYTES + page->last.size;
	sign(services_of(call), slice_of(token, size), token + size);
	sodium_bin2base64(text, sizeof text, token, size + MAC_BYTES,
		sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	reply_text(&call->reply, field, text);
}

static enum code read_token(const struct services *services, const char *text,
	const struct page_range *range, struct key *ret, struct error *err)
{
	uint8_t token[TOKEN_BYTES_MAX];
	uint8_t mac[MAC_BYTES];
	uint8_t query[QUERY_BYTES];
	size_t size;
	if (sodium_base642bin(token, sizeof token, text, strlen(text), NULL, &size, NULL,
		    sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
		size < HEAD_BYTES + MAC_BYTES || token[0] != TOKEN_VERSION)
		return fail_field(err, CODE_INVALID_ARGUMENT, "PAGE_TOKEN_MALFORMED", "page_token",
			"is not a token of this server; send next_page_token as you got it");
	size_t body_size = size - MAC_BYTES;
	sign(services, slice_of(token, body_size), mac);
	if (sodium_memcmp(mac, token + body_size, MAC_BYTES) != 0)
		return fail_field(err, CODE_INVALID_ARGUMENT, "PAGE_TOKEN_FORGED", "page_token",
			"was changed or comes from another store; begin with the first page");
	fingerprint(range, query);
	if (memcmp(query, token + 1, QUERY_BYTES) != 0)
		return fail_field(err, CODE_INVALID_ARGUMENT, "PAGE_TOKEN_OTHER_QUERY",
			"page_token", "belongs to another query; repeat the query it came from");
	ret->size = body_size - HEAD_BYTES;
	memcpy(ret->bytes, token + HEAD_BYTES, ret->size);
	return CODE_OK;
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
		enum code code = read_token(services_of(call), token, range, &from, err);
		if (code != CODE_OK)
			return code;
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
