#include "base/clock.h"
#include "rpc/envelope.h"
#include "rpc/plan.h"
#include "rpc/reply_cache.h"
#include "rpc/rpc_private.h"
#include "rpc/validate.h"

#include <inttypes.h>
#include <stdlib.h>

static void rpc_freep(struct rpc **rpc)
{
	rpc_free(*rpc);
}

void rpc_free(struct rpc *rpc)
{
	if (rpc == NULL)
		return;
	names_done(&rpc->names);
	plans_free(rpc->plans);
	reply_cache_free(rpc->cache);
	free(rpc);
}

/* Gives each name the plan of its request message. */
static enum code plan_inputs(struct rpc *rpc, struct error *err)
{
	struct names *names = &rpc->names;
	const ProtobufCMessageDescriptor **roots = calloc(names->count + 1, sizeof(*roots));
	if (roots == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "plan requests: out of memory");
	for (size_t i = 0; i < names->count; i++)
		roots[i] = names->entries[i].method->input;
	enum code code = plans_new(roots, names->count, rpc->options.limits,
		rpc->options.limit_count, &rpc->plans, err);
	for (size_t i = 0; i < names->count && code == CODE_OK; i++)
		names->entries[i].input = plans_find(rpc->plans, roots[i]);
	free(roots);
	return code;
}

enum code rpc_new(const struct rpc_options *options, struct rpc **ret, struct error *err)
{
	AUTO(rpc_freep) struct rpc *rpc = calloc(1, sizeof *rpc);
	if (rpc == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "make dispatcher: out of memory");
	rpc->options = *options;
	enum code code =
		names_init(&rpc->names, options->services_table, options->service_count, err);
	if (code == CODE_OK)
		code = plan_inputs(rpc, err);
	if (code == CODE_OK && options->reply_cache_bytes > 0)
		code = reply_cache_new(options->reply_cache_bytes, &rpc->cache, err);
	if (code != CODE_OK)
		return wrap(err, code, "make dispatcher");
	*ret = rpc;
	rpc = NULL; /* the caller owns it now */
	return CODE_OK;
}

const struct error *rpc_checked(enum code code, struct error *err)
{
	if (err->code != code)
		fail(err, code, "the call failed");
	return err;
}

void rpc_complete(struct rpc_call *call, const struct error *err)
{
	struct error replaced;
	if (err == NULL && call->reply.failed) {
		fail_reason(&replaced, CODE_RESOURCE_EXHAUSTED, "RESPONSE_TOO_LARGE",
			"the response needs more than %d bytes of memory; ask for less",
			LIMIT_ARENA_BYTES);
		err = &replaced;
	} else if (err == NULL && envelope_check_size(call, &replaced) != CODE_OK) {
		err = &replaced;
	}
	const struct rpc_options *options = &call->rpc->options;
	if (options->observe != NULL)
		options->observe(
			options->observer, call, err, clock_monotonic_ns() - call->arrival_ns);
	call->respond(call, err);
}

uint32_t rpc_timeout_ms(const struct rpc_call *call)
{
	uint32_t timeout_ms = call->timeout_ms == 0 ? DEFAULT_TIMEOUT_MS : call->timeout_ms;
	return timeout_ms > LIMIT_TIMEOUT_MS ? LIMIT_TIMEOUT_MS : timeout_ms;
}

static void prepare(const struct rpc *rpc, struct rpc_call *call)
{
	call->rpc = rpc;
	call->row = NULL;
	call->services = rpc->options.services;
	call->snapshot = NULL;
	call->version = 0;
	call->kept = (struct rpc_kept){ .items = NULL };
	call->principal[0] = '\0';
	call->deadline_ns = call->arrival_ns + (uint64_t)rpc_timeout_ms(call) * 1000000;
	call->revision = 0;
	call->pending = false;
	call->wake = NULL;
	atomic_init(&call->wanted, RPC_WANTED);
	call->finished.code = CODE_OK;
	atomic_init(&call->parties, 2);
	reply_init(&call->reply, call->arena);
}

static enum code check_deadline(const struct rpc_call *call, struct error *err)
{
	if (clock_monotonic_ns() < call->deadline_ns)
		return CODE_OK;
	return fail(err, CODE_DEADLINE_EXCEEDED,
		"the call's time was over before it could be handled; it had no effect");
}

/* Checks the payload and, unless the handler reads it in place, unpacks it into the call's arena.
 */
static enum code unpack(const struct rpc_call *call, const struct rpc_name *name,
	ProtobufCMessage **ret, struct error *err)
{
	enum code code = validate_message(name->input, call->payload, err);
	if (code != CODE_OK || name->row->in_place)
		return code;
	ProtobufCMessage *request = protobuf_c_message_unpack(name->method->input,
		&call->arena->allocator, call->payload.size, call->payload.data);
	if (request == NULL)
		return fail_reason(err, CODE_RESOURCE_EXHAUSTED, "REQUEST_TOO_COMPLEX",
			"the request needs more than %d bytes of memory; split it",
			LIMIT_ARENA_BYTES);
	*ret = request;
	return CODE_OK;
}

static enum rpc_scope scope_of(const struct rpc_method *row)
{
	if (row->scope != RPC_SCOPE_BY_ACCESS)
		return row->scope;
	return row->access == RPC_WRITE ? RPC_SCOPE_WRITE : RPC_SCOPE_READ;
}

static enum code authorize(const struct rpc *rpc, struct rpc_call *call, struct error *err)
{
	const struct rpc_options *options = &rpc->options;
	enum rpc_scope scope = scope_of(call->row);
	enum code code = CODE_OK;
	err->code = CODE_OK;
	if (scope != RPC_SCOPE_PUBLIC && options->authorize != NULL && !call->trusted)
		code = options->authorize(options->authorizer, call, scope, err);
	call->authorization = slice_of(NULL, 0);
	if (code != CODE_OK)
		rpc_checked(code, err);
	return code;
}

/* Finds the row, if the caller may call it. */
static enum code accept_call(const struct rpc *rpc, struct rpc_call *call,
	const struct rpc_name **ret, struct error *err)
{
	const struct rpc_name *name = names_find(&rpc->names, call->method);
	if (name == NULL)
		return names_refuse(&rpc->names, call->method, err);
	call->row = name->row;
	enum code code = authorize(rpc, call, err);
	if (code != CODE_OK)
		return code;
	if (name->row->handle == NULL)
		return fail_reason(err, CODE_UNIMPLEMENTED, "METHOD_NOT_IMPLEMENTED",
			"%s is not implemented in this version", (const char *)name->full.data);
	*ret = name;
	return CODE_OK;
}

/* One of the two parties to a pending call has done its part; the last one answers. */
static void leave(struct rpc_call *call)
{
	if (atomic_fetch_sub(&call->parties, 1) == 1)
		rpc_complete(call, call->finished.code == CODE_OK ? NULL : &call->finished);
}

static void run(struct rpc_call *call, const ProtobufCMessage *request)
{
	struct error err = { .code = CODE_OK };
	enum code code = call->row->handle(call, request, &err);
	if (code != CODE_OK)
		rpc_complete(call, rpc_checked(code, &err));
	else if (call->pending)
		leave(call);
	else
		rpc_complete(call, NULL);
}

/* The call is its handler's own from here on, unless that fails. */
static void run_wait(struct rpc_call *call, const ProtobufCMessage *request)
{
	struct error err = { .code = CODE_OK };
	atomic_init(&call->parties, 1); /* the one who calls rpc_finish() */
	enum code code = call->row->handle(call, request, &err);
	if (code != CODE_OK)
		rpc_complete(call, rpc_checked(code, &err));
}

void rpc_finish(struct rpc_call *call, const struct error *err)
{
	if (err != NULL) {
		call->finished = *err;
		if (err->code == CODE_OK)
			fail(&call->finished, CODE_INTERNAL, "the call failed without a reason");
	}
	leave(call);
}

/* A write is not even queued at a server that is behind, and nobody waits there. */
static enum code check_min_revision(const struct rpc_call *call, struct error *err)
{
	if (call->min_revision == 0)
		return CODE_OK;
	const struct rpc_options *options = &call->rpc->options;
	void *snapshot;
	uint64_t revision;
	enum code code = rpc_open_snapshot(call, &snapshot, &revision, err);
	if (code == CODE_OK)
		options->snapshot_close(options->services, snapshot);
	return code;
}

void rpc_dispatch(const struct rpc *rpc, struct rpc_call *call)
{
	prepare(rpc, call);
	struct error err;
	const struct rpc_name *name = NULL;
	ProtobufCMessage *request = NULL;
	enum code code = accept_call(rpc, call, &name, &err);
	if (code == CODE_OK) {
		if (rpc_answer_again(call))
			return;
		code = unpack(call, name, &request, &err);
	}
	if (code == CODE_OK)
		code = check_deadline(call, &err);
	if (code == CODE_OK && (call->row->access == RPC_WRITE || call->row->access == RPC_WAIT))
		code = check_min_revision(call, &err);
	if (code != CODE_OK) {
		rpc_complete(call, &err);
		return;
	}
	switch (call->row->access) {
	case RPC_READ:
		rpc_run_read(call, request);
		return;
	case RPC_NONE:
	case RPC_WRITE:
		run(call, request);
		return;
	case RPC_WAIT:
		run_wait(call, request);
		return;
	}
}

bool rpc_dispatch_kept(const struct rpc *rpc, struct rpc_call *call)
{
	struct error err;
	struct slice authorization = call->authorization;
	const struct rpc_name *name = names_find(&rpc->names, call->method);
	if (name == NULL || !name->row->cached || rpc->cache == NULL)
		return false;
	prepare(rpc, call);
	call->row = name->row;
	bool answered = authorize(rpc, call, &err) == CODE_OK && rpc_answer_again(call);
	if (!answered)
		call->authorization = authorization;
	return answered;
}

bool rpc_admit(const struct rpc *rpc, struct rpc_call *call)
{
	struct error err;
	struct slice authorization = call->authorization;
	const struct rpc_name *name = names_find(&rpc->names, call->method);
	if (name == NULL)
		return true; /* is refused for that */
	prepare(rpc, call);
	call->row = name->row;
	bool admitted = authorize(rpc, call, &err) == CODE_OK;
	if (admitted)
		call->authorization = authorization;
	else
		rpc_complete(call, &err);
	return admitted;
}

void rpc_refuse(const struct rpc *rpc, struct rpc_call *call, const struct error *err)
{
	prepare(rpc, call);
	const struct rpc_name *name = names_find(&rpc->names, call->method);
	if (name != NULL)
		call->row = name->row;
	call->authorization = slice_of(NULL, 0);
	rpc_complete(call, err);
}

static void describe(const struct rpc_name *name, struct rpc_method_info *ret)
{
	*ret = (struct rpc_method_info){
		.name = (const char *)name->full.data,
		.input = name->method->input,
		.output = name->method->output,
		.access = name->row->access,
		.scope = scope_of(name->row),
	};
}

bool rpc_describe(const struct rpc *rpc, struct slice method, struct rpc_method_info *ret)
{
	const struct rpc_name *name = names_find(&rpc->names, method);
	if (name == NULL)
		return false;
	describe(name, ret);
	return true;
}

bool rpc_describe_at(const struct rpc *rpc, size_t index, struct rpc_method_info *ret)
{
	if (index >= rpc->names.count)
		return false;
	describe(&rpc->names.entries[index], ret);
	return true;
}
