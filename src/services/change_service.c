/* ChangeService: what was changed, now or as soon as there is something. */
#include "base/clock.h"
#include "services/deadline.h"
#include "services/feed.h"

#include <lectern/v1/change.pb-c.h>

static void wake(struct rpc_call *call)
{
	feed_wake(services_of(call)->feed);
}

static enum code read_query(
	const Lectern__V1__ListChangesRequest *request, struct change_query *ret, struct error *err)
{
	*ret = (struct change_query){
		.after_revision = request->after_revision,
		.view = request->view,
		.bytes_max = FULL_PAGE_BYTES,
	};
	enum code code =
		page_size_of(request->page_size, DEFAULT_CHANGE_PAGE_SIZE, &ret->page_size, err);
	return code == CODE_OK ? check_view(request->view, err) : code;
}

/* Answers from a snapshot of its own, unless there is nothing yet and the call may wait: then
 * *waits is set and the call as it was. */
static enum code answer_now(struct rpc_call *call, const struct change_query *query,
	const char *epoch, bool may_wait, bool *waits, struct error *err)
{
	struct store *store = services_of(call)->store;
	struct txn *snapshot;
	size_t count;
	enum code code = store_snapshot(store, &snapshot, err);
	if (code != CODE_OK)
		return code;
	code = change_query_check(snapshot, query, epoch, err);
	*waits = may_wait && txn_revision(snapshot) == query->after_revision;
	if (code == CODE_OK && !*waits)
		code = change_page_reply(snapshot, &call->reply, query, &count, err);
	if (code == CODE_OK && !*waits) {
		call->revision = txn_revision(snapshot);
		rpc_finish(call, NULL);
	}
	store_release(store, snapshot);
	return code;
}

static enum code list_changes(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__ListChangesRequest *request =
		(const Lectern__V1__ListChangesRequest *)message;
	struct change_query query;
	uint64_t until_ns = deadline_wait_until_ns(call, request->wait_ms);
	bool may_wait = until_ns > clock_monotonic_ns();
	bool waits = false;
	enum code code = read_query(request, &query, err);
	if (code == CODE_OK)
		code = answer_now(call, &query, request->epoch, may_wait, &waits, err);
	if (code != CODE_OK || !waits)
		return code;
	query.bytes_max = WAITED_PAGE_BYTES;
	code = rpc_park(call, wake, err);
	return code == CODE_OK ? feed_wait(services_of(call)->feed, call, &query, until_ns, err)
			       : code;
}

static const struct rpc_method change_methods[] = {
	{ .name = "ListChanges", .access = RPC_WAIT, .handle = list_changes },
};

const struct rpc_service change_service = {
	.descriptor = &lectern__v1__change_service__descriptor,
	.methods = change_methods,
	.method_count = sizeof change_methods / sizeof *change_methods,
};
