/* Reads: on a snapshot, or what is kept of them. */
#include "rpc/reply_cache.h"
#include "rpc/rpc_private.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
	BEHIND_RETRY_MS = 100, /* how soon a store that is behind min_revision may be there */
	FIRST_KEPT = 16,
};

enum code rpc_open_snapshot(
	const struct rpc_call *call, void **ret, uint64_t *ret_revision, struct error *err)
{
	const struct rpc_options *options = &call->rpc->options;
	*ret = NULL;
	*ret_revision = 0;
	err->code = CODE_OK;
	enum code code = options->snapshot_open(options->services, ret, ret_revision, err);
	if (code != CODE_OK) {
		rpc_checked(code, err);
		return code;
	}
	if (call->min_revision <= *ret_revision)
		return CODE_OK;
	options->snapshot_close(options->services, *ret);
	*ret = NULL;
	fail_reason(err, CODE_UNAVAILABLE, "REVISION_NOT_REACHED",
		"this server's store is at revision %" PRIu64 ", min_revision asks for %" PRIu64
		"; repeat the call later or at another server",
		*ret_revision, call->min_revision);
	err->retry_ms = BEHIND_RETRY_MS;
	return CODE_UNAVAILABLE;
}

/* Whatever has to be checked of a request was checked of the one before. */
bool rpc_answer_again(struct rpc_call *call)
{
	const struct rpc *rpc = call->rpc;
	if (rpc->cache == NULL || call->row->access != RPC_READ)
		return false;
	call->version = rpc->options.version(rpc->options.services);
	if (!call->row->cached)
		return false;
	const struct reply_key key = {
		.kind = call->row, .request = call->payload, .version = call->version
	};
	const struct cached_reply *reply = reply_cache_find(rpc->cache, &key);
	if (reply == NULL)
		return false;
	bool reached = call->min_revision <= reply->revision;
	if (reached) {
		call->revision = reply->revision;
		reply_append(&call->reply, reply->payload);
		rpc_complete(call, NULL);
	}
	reply_cache_release(reply);
	return reached;
}

static void keep_reply(const struct rpc_call *call)
{
	if (call->version == 0 || !call->row->cached || call->reply.failed)
		return;
	const struct reply_key key = {
		.kind = call->row, .request = call->payload, .version = call->version
	};
	reply_cache_offer(
		call->rpc->cache, &key, call->reply.parts, call->reply.count, call->revision);
}

/* Makes room for one more. */
static bool reserve(struct rpc_kept *kept)
{
	if (kept->count < kept->capacity)
		return true;
	size_t capacity = kept->capacity == 0 ? FIRST_KEPT : 2 * kept->capacity;
	const struct cached_reply **items = realloc(kept->items, capacity * sizeof *items);
	if (items == NULL)
		return false;
	kept->items = items;
	kept->capacity = capacity;
	return true;
}

/* A commit may come between the look at the version and the snapshot, so the version says of a
 * reply only that it is not too old. A piece must be of the snapshot itself: of its revision, in
 * the history that the store has been opened with. */
static struct reply_key piece_key(const struct rpc_call *call, const void *kind, struct slice key)
{
	const uint64_t revisions = (UINT64_C(1) << RPC_VERSION_COMMIT_BITS) - 1;
	uint64_t version = (call->version & ~revisions) | (call->revision & revisions);
	return (struct reply_key){ .kind = kind, .request = key, .version = version };
}

bool rpc_kept(struct rpc_call *call, const void *kind, struct slice key, struct slice *ret)
{
	const struct reply_key whole = piece_key(call, kind, key);
	if (call->version == 0 || !reserve(&call->kept))
		return false;
	const struct cached_reply *piece = reply_cache_find(call->rpc->cache, &whole);
	if (piece == NULL)
		return false;
	call->kept.items[call->kept.count++] = piece;
	*ret = piece->payload;
	return true;
}

void rpc_keep(struct rpc_call *call, const void *kind, struct slice key, const struct slice *parts,
	size_t count)
{
	const struct reply_key whole = piece_key(call, kind, key);
	if (call->version != 0)
		reply_cache_offer(call->rpc->cache, &whole, parts, count, call->revision);
}

static void let_go(struct rpc_kept *kept)
{
	for (size_t i = 0; i < kept->count; i++)
		reply_cache_release(kept->items[i]);
	free(kept->items);
}

/* The snapshot stays open until the response has been copied. */
void rpc_run_read(struct rpc_call *call, const ProtobufCMessage *request)
{
	const struct rpc_options *options = &call->rpc->options;
	struct error err;
	void *snapshot;
	if (rpc_open_snapshot(call, &snapshot, &call->revision, &err) != CODE_OK) {
		rpc_complete(call, &err);
		return;
	}
	call->snapshot = snapshot;
	err.code = CODE_OK;
	enum code code = call->row->handle(call, request, &err);
	if (code == CODE_OK)
		keep_reply(call);
	struct rpc_kept kept = call->kept; /* the call is gone when it is complete */
	rpc_complete(call, code == CODE_OK ? NULL : rpc_checked(code, &err));
	let_go(&kept);
	options->snapshot_close(options->services, snapshot);
}

void rpc_read_cache_stats(const struct rpc *rpc, struct rpc_cache_stats *ret)
{
	*ret = (struct rpc_cache_stats){ 0 };
	if (rpc->cache != NULL)
		reply_cache_read_stats(rpc->cache, ret);
}
