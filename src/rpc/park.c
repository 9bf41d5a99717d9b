/* Calls that wait for long. */
#include "rpc/rpc.h"

enum code rpc_park(struct rpc_call *call, void (*wake)(struct rpc_call *call), struct error *err)
{
	call->wake = wake;
	enum code code = call->park == NULL ? CODE_OK : call->park(call, err);
	if (code != CODE_OK)
		return code;
	call->method = slice_of(NULL, 0);
	call->payload = slice_of(NULL, 0);
	arena_done(call->arena);
	reply_init(&call->reply, call->arena);
	return CODE_OK;
}

enum code rpc_check_wanted(const struct rpc_call *call, struct error *err)
{
	switch ((enum rpc_wanted)atomic_load(&call->wanted)) {
	case RPC_WANTED:
		break;
	case RPC_STOPPING:
		return fail_stopping(err);
	case RPC_LEFT:
		return fail(err, CODE_CANCELLED, "the client has gone");
	}
	return CODE_OK;
}

enum code rpc_fail_crowded(struct error *err)
{
	enum { RETRY_MS = 1000 };
	fail_reason(err, CODE_RESOURCE_EXHAUSTED, "TOO_MANY_WAITERS",
		"%d calls are waiting already, more may not; repeat after a pause or do not wait",
		LIMIT_PARKED_CALLS);
	if (err != NULL)
		err->retry_ms = RETRY_MS;
	return CODE_RESOURCE_EXHAUSTED;
}

void rpc_unwanted(struct rpc_call *call, enum rpc_wanted why)
{
	atomic_store(&call->wanted, why);
	if (call->wake != NULL)
		call->wake(call);
}
