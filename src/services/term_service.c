#include "services/term_service.h"

#include "services/page.h"
#include "store/posting.h"
#include "store/term.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	/* Field numbers of the responses, the same for all kinds. */
	FIELD_TERM = 1,
	FIELD_FORMER_SLUG = 2,
	FIELD_TERMS = 1,
	FIELD_MISSING = 2,
	FIELD_NEXT_PAGE_TOKEN = 2,
	FIELD_TOTAL_SIZE = 3,
	/* A page ends before this; one term more, the largest there can be, still fits. */
	PAGE_BYTES_MAX = LIMIT_RESPONSE_BYTES - 1024 * 1024,
};

static enum code fail_not_found(
	uint8_t kind, const struct entity_key *key, const char *field, struct error *err)
{
	char text[LIMIT_SLUG_BYTES + 64];
	if (key->id != 0)
		snprintf(text, sizeof text, "with id %" PRIu64, key->id);
	else
		snprintf(text, sizeof text, "with %s \"%s\"", key->slug != NULL ? "slug" : "name",
			key->slug != NULL ? key->slug : key->name);
	return fail_field(err, CODE_NOT_FOUND, "TERM_NOT_FOUND", field, "there is no %s %s",
		term_kind_name(kind), text);
}

enum code term_resolve(struct txn *txn, uint8_t kind, const struct entity_key *key,
	const char *field, uint64_t *ret, bool *former, struct error *err)
{
	bool ambiguous = false;
	uint64_t id = key->id;
	*former = false;
	if (key->slug != NULL)
		id = term_find_slug(txn, kind, slice_of_text(key->slug), former);
	else if (key->name != NULL)
		id = term_find_name(txn, kind, slice_of_text(key->name), &ambiguous);
	struct slice record;
	bool found = id != 0 && term_read(txn, kind, id, &record);
	enum code code = txn_status(txn, err);
	if (code != CODE_OK)
		return code;
	if (!found)
		return fail_not_found(kind, key, field, err);
	if (ambiguous)
		return term_fail_ambiguous(kind, key->name, field, err);
	*ret = id;
	return CODE_OK;
}

enum code reply_term(
	struct rpc_call *call, uint32_t number, uint8_t kind, uint64_t id, struct error *err)
{
	struct txn *txn = snapshot_of(call);
	struct slice parts[2];
	uint8_t *counts = arena_alloc(call->arena, TERM_COUNTS_BYTES);
	if (counts == NULL)
		return fail_out_of_memory(err);
	if (!term_read(txn, kind, id, &parts[0]))
		txn_fail_corrupt(txn, term_kind_name(kind), id);
	parts[1] = slice_of(counts, term_counts(txn, kind, id, counts));
	enum code code = txn_status(txn, err);
	if (code == CODE_OK)
		reply_message(&call->reply, number, parts, 2);
	return code;
}

enum code term_get(
	struct rpc_call *call, uint8_t kind, const struct entity_key *key, struct error *err)
{
	uint64_t id;
	bool former = false;
	enum code code = entity_key_check(key, "key", err);
	if (code == CODE_OK)
		code = term_resolve(snapshot_of(call), kind, key, "key", &id, &former, err);
	if (code == CODE_OK)
		code = reply_term(call, FIELD_TERM, kind, id, err);
	reply_uint(&call->reply, FIELD_FORMER_SLUG, former);
	return code;
}

enum code term_batch_get(struct rpc_call *call, uint8_t kind, Lectern__V1__TermKey *const *keys,
	size_t count, struct error *err)
{
	if (count == 0)
		return fail_field(err, CODE_INVALID_ARGUMENT, "KEY_REQUIRED", "keys",
			"name 1 to %d terms", LIMIT_BATCH_KEYS);
	enum code code = CODE_OK;
	for (size_t i = 0; i < count && code == CODE_OK; i++) {
		struct entity_key key = ID_SLUG_OR_NAME(keys[i]);
		char path[32];
		uint64_t id;
		bool former;
		snprintf(path, sizeof path, "keys[%zu]", i);
		code = entity_key_check(&key, path, err);
		if (code != CODE_OK)
			break;
		code = term_resolve(snapshot_of(call), kind, &key, path, &id, &former, err);
		if (code == CODE_OK) {
			code = reply_term(call, FIELD_TERMS, kind, id, err);
		} else if (code == CODE_NOT_FOUND) {
			reply_pack(&call->reply, FIELD_MISSING, &keys[i]->base);
			code = CODE_OK;
		}
	}
	return code;
}

/* The index that the list is a walk over: names or ranks of one kind. */
static struct page_range range_of(uint8_t kind, bool by_count)
{
	struct page_range range = { .table = by_count ? TABLE_RANK : TABLE_NAME };
	key_kind(&range.first, kind);
	key_kind(&range.end, (uint8_t)(kind + 1));
	return range;
}

static bool read_id(const struct page_walk *page, uint64_t *id)
{
	uint8_t kind;
	uint64_t count;
	struct slice name;
	return page->range->table == TABLE_RANK ? key_read_rank(page->walk.key, &kind, &count, id)
						: key_read_name(page->walk.key, &kind, &name, id);
}

enum code term_list(struct rpc_call *call, uint8_t kind, int32_t page_size, const char *page_token,
	Lectern__V1__TermOrder order, struct error *err)
{
	size_t most;
	enum code code = page_size_of(page_size, DEFAULT_TERM_PAGE_SIZE, &most, err);
	if (code != CODE_OK)
		return code;
	if (order > LECTERN__V1__TERM_ORDER__TERM_ORDER_POST_COUNT || (int)order < 0)
		return fail_field(err, CODE_INVALID_ARGUMENT, "ENUM_INVALID", "order",
			"%d is no order", (int)order);
	struct page_range range =
		range_of(kind, order == LECTERN__V1__TERM_ORDER__TERM_ORDER_POST_COUNT);
	struct page_walk page;
	code = page_walk_start(call, &range, page_token, &page, err);
	if (code != CODE_OK)
		return code;
	bool more = page_walk_next(&page);
	for (size_t i = 0;
		more && i < most && code == CODE_OK && call->reply.size_bytes < PAGE_BYTES_MAX;
		i++) {
		uint64_t id;
		if (!read_id(&page, &id))
			txn_fail_corrupt(snapshot_of(call), "list of terms", kind);
		else
			code = reply_term(call, FIELD_TERMS, kind, id, err);
		more = page_walk_next(&page);
	}
	page_walk_end(&page);
	if (more)
		reply_page_token(call, FIELD_NEXT_PAGE_TOKEN, &page);
	reply_uint(&call->reply, FIELD_TOTAL_SIZE,
		posting_count(snapshot_of(call), POSTING_TERMS, kind));
	return code == CODE_OK ? txn_status(snapshot_of(call), err) : code;
}
