/* What the dispatcher and the reads of it share. Only for dispatch.c and read.c. */
#pragma once
#include "rpc/names.h"
#include "rpc/rpc.h"

struct plans;
struct reply_cache;

struct rpc {
	struct rpc_options options;
	struct names names;
	struct plans *plans;
	struct reply_cache *cache; /* NULL without one */
};

/* Answers the call, which must not be touched afterwards. */
void rpc_complete(struct rpc_call *call, const struct error *err);

/* The error of a handler, also where it has filled nothing in. */
const struct error *rpc_checked(enum code code, struct error *err);

/* Fails with UNAVAILABLE where the store is behind the call's min_revision. */
enum code rpc_open_snapshot(const struct rpc_call *call, void **ret, uint64_t *ret_revision,
	struct error *err) NODISCARD;

/* Answers with what the same request was answered with before, if that still holds. Notes the
 * store's version for rpc_run_read(), which follows else. */
bool rpc_answer_again(struct rpc_call *call);
void rpc_run_read(struct rpc_call *call, const ProtobufCMessage *request);
