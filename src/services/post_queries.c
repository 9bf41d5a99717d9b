/* ListPosts and GetAdjacentPosts. */
#include "services/post_queries.h"

#include "services/page_token.h"
#include "services/post_list.h"
#include "services/post_parts.h"

enum {
	/* Field numbers of the responses. */
	FIELD_POSTS = 1,
	FIELD_NEXT_PAGE_TOKEN = 2,
	FIELD_TOTAL_SIZE = 3,
	FIELD_PLAN = 4,
	FIELD_PREVIOUS = 1,
	FIELD_NEXT = 2,
};

bool reply_post(
	struct rpc_call *call, uint32_t number, uint64_t id, Lectern__V1__PostView view, bool first)
{
	struct post_parts parts;
	if (!read_post_parts(call, id, view, &parts)) {
		txn_fail_corrupt(snapshot_of(call), "post", id);
		return false;
	}
	if (!first && call->reply.size_bytes + parts.size_bytes > FULL_PAGE_BYTES)
		return false;
	reply_message(&call->reply, number, parts.parts, parts.count);
	return true;
}

static void fingerprint(const Lectern__V1__ListPostsRequest *request, const struct order *order,
	struct page_fingerprint *ret)
{
	const uint8_t shape[] = { (uint8_t)order->field, order->descending };
	const struct slice parts[] = { slice_of_text("ListPosts"), slice_of(shape, sizeof shape),
		slice_of_text(request->filter) };
	page_fingerprint(ret, parts, sizeof parts / sizeof *parts);
}

static void reply_plan(struct rpc_call *call, const struct post_page *page)
{
	Lectern__V1__QueryPlan plan = LECTERN__V1__QUERY_PLAN__INIT;
	plan.text = page->plan;
	plan.keys_read = page->stats.keys_read;
	plan.records_read = page->stats.records_read;
	reply_pack(&call->reply, FIELD_PLAN, &plan.base);
}

enum code post_list_posts(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__ListPostsRequest *request =
		(const Lectern__V1__ListPostsRequest *)message;
	struct post_page_request wanted = { .count = !request->skip_total_size,
		.explain = request->explain };
	struct post_list list;
	struct post_page page;
	struct page_fingerprint query;
	enum code code =
		page_size_of(request->page_size, DEFAULT_POST_PAGE_SIZE, &wanted.size, err);
	if (code == CODE_OK)
		code = check_view(request->view, err);
	if (code == CODE_OK)
		code = post_list_open(call, request->filter, request->order_by, &list, err);
	if (code != CODE_OK)
		return code;
	fingerprint(request, &list.order, &query);
	if (request->page_token[0] != '\0')
		code = page_token_read(call, request->page_token, &query, &wanted.after, err);
	if (code == CODE_OK)
		code = post_list_page(call, &list, &wanted, &page, err);
	if (code != CODE_OK)
		return code;
	size_t given = 0;
	while (given < page.count &&
		reply_post(call, FIELD_POSTS, page.entries[given].id, request->view, given == 0))
		given++;
	if (given > 0 && (given < page.count || page.more))
		page_token_reply(
			call, FIELD_NEXT_PAGE_TOKEN, &query, page.entries[given - 1].position);
	reply_uint(&call->reply, FIELD_TOTAL_SIZE, page.total);
	if (request->explain)
		reply_plan(call, &page);
	return txn_status(snapshot_of(call), err);
}

/* The post just behind the place in the direction of the list's order. */
static enum code reply_neighbour(struct rpc_call *call, const struct post_list *list,
	struct slice place, uint32_t field, Lectern__V1__PostView view, struct error *err)
{
	struct post_page_request wanted = { .after = place, .size = 1 };
	struct post_page page;
	enum code code = post_list_page(call, list, &wanted, &page, err);
	if (code == CODE_OK && page.count > 0 &&
		!reply_post(call, field, page.entries[0].id, view, true))
		code = txn_status(snapshot_of(call), err);
	return code;
}

enum code post_get_adjacent(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__GetAdjacentPostsRequest *request =
		(const Lectern__V1__GetAdjacentPostsRequest *)message;
	struct entity_key key = ID_OR_SLUG(request);
	struct post_list list;
	struct post_fields post;
	struct key place;
	enum code code = check_view(request->view, err);
	if (code == CODE_OK)
		code = post_list_open(call, request->filter, request->order_by, &list, err);
	if (code == CODE_OK)
		code = post_resolve(snapshot_of(call), &key, &post, err);
	if (code != CODE_OK)
		return code;
	post_list_position(&list, &post, &place);
	list.order.descending = true;
	code = reply_neighbour(call, &list, key_slice(&place), FIELD_PREVIOUS, request->view, err);
	list.order.descending = false;
	if (code == CODE_OK)
		code = reply_neighbour(
			call, &list, key_slice(&place), FIELD_NEXT, request->view, err);
	return code;
}
