/* PostService: its table, and the reads of posts that are named. Those of many are in
 * post_batch.c, those that are chosen in post_queries.c, the writes in post_writes.c. */
#include "base/text.h"
#include "services/post_history.h"
#include "services/post_parts.h"
#include "services/post_queries.h"
#include "services/post_writes.h"

#include <lectern/store/v1/command.pb-c.h>
#include <stdio.h>

enum {
	/* Field numbers of the responses. */
	FIELD_POST = 1,
	FIELD_FORMER_SLUG = 2,
};

enum code check_view(Lectern__V1__PostView view, struct error *err)
{
	if (view <= LECTERN__V1__POST_VIEW__POST_VIEW_FULL && (int)view >= 0)
		return CODE_OK;
	return fail_field(
		err, CODE_INVALID_ARGUMENT, "ENUM_INVALID", "view", "%d is no view", (int)view);
}

uint64_t post_find(struct txn *txn, const struct entity_key *key, bool *former)
{
	*former = false;
	if (key->id != 0)
		return key->id;
	if (key->origin != NULL)
		return post_find_origin(txn, slice_of_text(key->origin));
	return key->slug == NULL ? 0 : post_find_slug(txn, slice_of_text(key->slug), former);
}

enum code post_resolve(
	struct txn *txn, const struct entity_key *key, struct post_fields *ret, struct error *err)
{
	bool former;
	enum code code = entity_key_check(key, "key", err);
	if (code != CODE_OK)
		return code;
	uint64_t id = post_find(txn, key, &former);
	bool found = id != 0 && post_fields_get(txn, id, ret);
	code = txn_status(txn, err);
	return code == CODE_OK && !found ? post_fail_missing(key->id, key->origin, key->slug, err)
					 : code;
}

static enum code get_post(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__GetPostRequest *request = (const Lectern__V1__GetPostRequest *)message;
	struct txn *txn = snapshot_of(call);
	struct entity_key key = ID_SLUG_OR_ORIGIN(request, 4);
	struct post_parts parts;
	bool former;
	enum code code = entity_key_check(&key, "key", err);
	if (code == CODE_OK)
		code = check_view(request->view, err);
	if (code != CODE_OK)
		return code;
	Lectern__V1__PostView view = request->view == LECTERN__V1__POST_VIEW__POST_VIEW_UNSPECIFIED
					     ? LECTERN__V1__POST_VIEW__POST_VIEW_FULL
					     : request->view;
	uint64_t id = post_find(txn, &key, &former);
	bool found = id != 0 && post_read(txn, id, view, &parts);
	code = txn_status(txn, err);
	if (code != CODE_OK)
		return code;
	if (!found)
		return post_fail_missing(key.id, key.origin, key.slug, err);
	reply_message(&call->reply, FIELD_POST, parts.parts, parts.count);
	reply_uint(&call->reply, FIELD_FORMER_SLUG, former);
	return CODE_OK;
}

static const struct rpc_method methods[] = {
	{ .name = "GetPost", .access = RPC_READ, .handle = get_post, .cached = true },
	/* Two batches are hardly ever the same; their posts are kept. */
	{ .name = "BatchGetPosts", .access = RPC_READ, .handle = post_batch_get, .in_place = true },
	{ .name = "ListPosts", .access = RPC_READ, .handle = post_list_posts, .cached = true },
	{ .name = "CreatePost", .access = RPC_WRITE, .handle = post_create },
	{ .name = "UpdatePost", .access = RPC_WRITE, .handle = post_update },
	{ .name = "DeletePost", .access = RPC_WRITE, .handle = post_delete },
	{ .name = "UndeletePost",
		.access = RPC_WRITE,
		.handle = post_move,
		.argument = LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_UNTRASH },
	{ .name = "PurgePost", .access = RPC_WRITE, .handle = post_purge },
	{ .name = "PublishPost",
		.access = RPC_WRITE,
		.handle = post_move,
		.argument = LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_PUBLISH },
	{ .name = "SchedulePost", .access = RPC_WRITE, .handle = post_schedule },
	{ .name = "UnpublishPost",
		.access = RPC_WRITE,
		.handle = post_move,
		.argument = LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_UNPUBLISH },
	{ .name = "GetAdjacentPosts",
		.access = RPC_READ,
		.handle = post_get_adjacent,
		.cached = true },
	{ .name = "ListRelatedPosts",
		.access = RPC_READ,
		.handle = post_list_related,
		.cached = true },
	{ .name = "ListPostRevisions",
		.access = RPC_READ,
		.handle = post_list_revisions,
		.cached = true },
	{ .name = "GetPostRevision",
		.access = RPC_READ,
		.handle = post_get_revision,
		.cached = true },
	{ .name = "RollbackPost", .access = RPC_WRITE, .handle = post_rollback },
};

const struct rpc_service post_service = {
	.descriptor = &lectern__v1__post_service__descriptor,
	.methods = methods,
	.method_count = sizeof methods / sizeof *methods,
};
