#include "services/post_parts.h"

/* A summary is one record, found as fast as a kept one. */
static bool is_worth_keeping(Lectern__V1__PostView view)
{
	return view > LECTERN__V1__POST_VIEW__POST_VIEW_BASIC;
}

bool read_post_parts(
	struct rpc_call *call, uint64_t id, Lectern__V1__PostView view, struct post_parts *ret)
{
	static const char kind = 0;
	const uint64_t key[] = { id, (uint64_t)view };
	struct slice bytes = slice_of((const uint8_t *)key, sizeof key);
	if (!is_worth_keeping(view))
		return post_read(snapshot_of(call), id, view, ret);
	if (rpc_kept(call, &kind, bytes, &ret->parts[0])) {
		ret->count = 1;
		ret->size_bytes = ret->parts[0].size;
		return true;
	}
	if (!post_read(snapshot_of(call), id, view, ret))
		return false;
	rpc_keep(call, &kind, bytes, ret->parts, ret->count);
	return true;
}
