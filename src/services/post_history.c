#include "services/post_history.h"

#include "base/wire.h"
#include "services/page.h"
#include "services/post_queries.h"
#include "store/history.h"

#include <inttypes.h>
#include <times.h>

enum {
	/* Field numbers. */
	FIELD_REVISIONS = 1,
	FIELD_NEXT_PAGE_TOKEN = 2,
	FIELD_TOTAL_SIZE = 3,
	FIELD_REVISION = 1,
	FIELD_POST = 3, /* of PostRevision */
	POST_PARTS_MAX = 3,
	REVISION_PAGE_SIZE_MAX = 100,
};

/* The summary record that the post had at a revision. */
static bool summary_at(struct txn *txn, uint64_t post_id, const Lectern__Store__V1__Revision *line,
	struct slice *ret)
{
	struct key key;
	*ret = slice_of(line->post.data, line->post.len);
	if (ret->size > 0)
		return true;
	key_post(&key, post_id, POST_SUMMARY);
	return txn_get(txn, TABLE_POST, &key, ret);
}

/* Adds a PostRevision as field `number`: what stands beside the post, then the post as the records
 * that it is made of. */
static void reply_revision(struct rpc_call *call, uint32_t number, uint64_t revision,
	const Lectern__Store__V1__Revision *line, const struct slice *post, size_t post_count)
{
	Lectern__V1__PostRevision head = LECTERN__V1__POST_REVISION__INIT;
	Lectern__V1__ChangeNote note = LECTERN__V1__CHANGE_NOTE__INIT;
	Google__Protobuf__Timestamp time;
	struct slice parts[2 + POST_PARTS_MAX];
	size_t post_bytes = 0;
	timestamp_from_us(&time, line->time_us);
	note.author = line->author;
	note.summary = line->summary;
	head.revision = revision;
	head.create_time = &time;
	head.note = &note;
	for (size_t i = 0; i < post_count; i++) {
		parts[2 + i] = post[i];
		post_bytes += post[i].size;
	}
	uint8_t *tag = arena_alloc(call->arena, 2 * WIRE_VARINT_BYTES_MAX);
	parts[0] = arena_pack(call->arena, &head.base);
	if (tag == NULL || parts[0].data == NULL) {
		call->reply.failed = true;
		return;
	}
	parts[1] = slice_of(tag, wire_put_bytes_head(tag, FIELD_POST, post_bytes));
	reply_message(&call->reply, number, parts, 2 + post_count);
}

/* The page size to use: that of other lists, but no more than a hundred. */
static enum code revision_page_size(int32_t asked, size_t *ret, struct error *err)
{
	enum code code = page_size_of(asked, DEFAULT_POST_PAGE_SIZE, ret, err);
	if (code == CODE_OK && *ret > REVISION_PAGE_SIZE_MAX)
		*ret = REVISION_PAGE_SIZE_MAX;
	return code;
}

static enum code find_id(
	struct rpc_call *call, const struct entity_key *key, uint64_t *ret, struct error *err)
{
	struct post_fields post;
	enum code code = post_resolve(snapshot_of(call), key, &post, err);
	if (code == CODE_OK)
		*ret = post.id;
	return code;
}

static enum code reply_line(struct rpc_call *call, struct page_walk *page, struct error *err)
{
	uint64_t id;
	uint64_t revision;
	struct slice summary;
	struct txn *txn = snapshot_of(call);
	Lectern__Store__V1__Revision *line = NULL;
	if (key_read_revision(page->walk.key, &id, &revision))
		line = history_read(txn, call->arena, id, revision);
	if (line == NULL || !summary_at(txn, id, line, &summary))
		txn_fail_corrupt(txn, "history of post", 0);
	else
		reply_revision(call, FIELD_REVISIONS, revision, line, &summary, 1);
	return txn_status(txn, err);
}

enum code post_list_revisions(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__ListPostRevisionsRequest *request =
		(const Lectern__V1__ListPostRevisionsRequest *)message;
	struct txn *txn = snapshot_of(call);
	struct entity_key key = ID_OR_SLUG(request);
	struct page_range range = { .table = TABLE_REVISION, .reverse = true };
	struct page_walk page;
	size_t page_size;
	uint64_t id;
	enum code code = revision_page_size(request->page_size, &page_size, err);
	if (code == CODE_OK)
		code = find_id(call, &key, &id, err);
	if (code != CODE_OK)
		return code;
	key_revision(&range.first, id, 0);
	key_revision(&range.end, id + 1, 0);
	code = page_walk_start(call, &range, request->page_token, &page, err);
	if (code != CODE_OK)
		return code;
	size_t count = 0;
	bool more = false;
	while (code == CODE_OK && (more = page_walk_next(&page))) {
		if (count == page_size || call->reply.size_bytes > FULL_PAGE_BYTES)
			break;
		code = reply_line(call, &page, err);
		count++;
	}
	if (more && code == CODE_OK)
		reply_page_token(call, FIELD_NEXT_PAGE_TOKEN, &page);
	page_walk_end(&page);
	reply_uint(&call->reply, FIELD_TOTAL_SIZE, history_count(txn, id));
	return code == CODE_OK ? txn_status(txn, err) : code;
}

enum code post_get_revision(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__GetPostRevisionRequest *request =
		(const Lectern__V1__GetPostRevisionRequest *)message;
	struct txn *txn = snapshot_of(call);
	struct entity_key key = ID_OR_SLUG(request);
	struct slice post[POST_PARTS_MAX];
	bool former;
	uint64_t id;
	enum code code = find_id(call, &key, &id, err);
	if (code != CODE_OK)
		return code;
	Lectern__Store__V1__Revision *line = history_read(txn, call->arena, id, request->revision);
	if (line == NULL && txn_status(txn, NULL) == CODE_OK)
		return fail_field(err, CODE_NOT_FOUND, "REVISION_NOT_FOUND", "revision",
			"post %" PRIu64 " has no revision %" PRIu64
			"; the oldest that is kept is %" PRIu64,
			id, request->revision, history_oldest(txn, id));
	bool whole = line != NULL && summary_at(txn, id, line, &post[0]) &&
		     history_content(txn, id, request->revision, &post[1], &post[2], &former);
	if (!whole)
		txn_fail_corrupt(txn, "history of post", id);
	else
		reply_revision(call, FIELD_REVISION, request->revision, line, post, POST_PARTS_MAX);
	return txn_status(txn, err);
}
