#include "base/clock.h"
#include "rpc/rpc.h"

#include <lectern/v1/health.pb-c.h>
#include <lectern/v1/tag.pb-c.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#undef fail /* cmocka.h has a macro of the name */

/* What the services' side and the transport's side of a test have seen. */
static struct seen {
	int snapshots_open;
	int handled;
	bool piece_kept;
	uint8_t piece_revision;
	int responses;
	bool snapshot_was_open; /* during respond() */
	enum code code;		/* 0 after success */
	struct error err;
	size_t size_bytes;
	uint64_t revision;
	enum code observed;
	enum rpc_scope asked_scope;
	int observations;
} seen;

static uint64_t store_revision = 41;
static uint64_t store_version = 1;
static enum code snapshot_code = CODE_OK;

static enum code snapshot_open(
	void *services, void **ret, uint64_t *ret_revision, struct error *err)
{
	assert_ptr_equal(services, &seen);
	if (snapshot_code != CODE_OK)
		return fail(err, snapshot_code, "no snapshot");
	seen.snapshots_open++;
	*ret = &store_revision;
	*ret_revision = store_revision;
	return CODE_OK;
}

static void snapshot_close(void *services, void *snapshot)
{
	assert_ptr_equal(snapshot, &store_revision);
	seen.snapshots_open--;
}

static void observe(
	void *observer, const struct rpc_call *call, const struct error *err, uint64_t duration_ns)
{
	assert_ptr_equal(observer, &seen);
	assert_int_equal(call->authorization.size, 0);
	seen.observed = err == NULL ? CODE_OK : err->code;
	seen.observations++;
}

/* "Bearer read" may read, and so on. */
static enum code authorize(
	void *authorizer, struct rpc_call *call, enum rpc_scope scope, struct error *err)
{
	assert_ptr_equal(authorizer, &seen);
	assert_string_equal(call->principal, "");
	seen.asked_scope = scope;
	if (call->authorization.size == 0)
		return CODE_UNAUTHENTICATED; /* without a text */
	strcpy(call->principal, "reader");
	if (scope > RPC_SCOPE_READ)
		return fail_reason(err, CODE_PERMISSION_DENIED, "SCOPE", "may only read");
	return CODE_OK;
}

static void respond(struct rpc_call *call, const struct error *err)
{
	seen.responses++;
	seen.snapshot_was_open = seen.snapshots_open == 1;
	seen.code = err == NULL ? CODE_OK : err->code;
	if (err != NULL)
		seen.err = *err;
	seen.size_bytes = call->reply.size_bytes;
	seen.revision = call->revision;
	arena_reset(call->arena);
	/* As a transport may do that handles the next request. */
	memset(&call->reply, 0x55, sizeof call->reply);
	call->pending = true;
	call->row = NULL;
	call->rpc = NULL;
}

static enum code check_health(
	struct rpc_call *call, const ProtobufCMessage *request, struct error *err)
{
	seen.handled++;
	assert_ptr_equal(request->descriptor, &lectern__v1__check_request__descriptor);
	reply_uint(&call->reply, 1, 1);
	return CODE_OK;
}

/* A piece that tells its revision, which many replies have in common. */
static void reply_piece(struct rpc_call *call)
{
	static const char kind = 0;
	uint8_t bytes[] = { 1 << 3, (uint8_t)store_revision };
	struct slice piece = slice_of(bytes, sizeof bytes);
	seen.piece_kept = rpc_kept(call, &kind, slice_of_text("piece"), &piece);
	seen.piece_revision = piece.data[1];
	if (!seen.piece_kept)
		rpc_keep(call, &kind, slice_of_text("piece"), &piece, 1);
	reply_uint(&call->reply, 1, piece.data[1]);
}

static enum code get_tag(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__GetTagRequest *request = (const Lectern__V1__GetTagRequest *)message;
	seen.handled++;
	assert_ptr_equal(call->snapshot, &store_revision);
	assert_int_equal(call->revision, store_revision);
	if (request->key_case != LECTERN__V1__GET_TAG_REQUEST__KEY_SLUG)
		return CODE_INVALID_ARGUMENT; /* without a text */
	if (strcmp(request->slug, "missing") == 0)
		return fail_reason(err, CODE_NOT_FOUND, "TAG_NOT_FOUND", "no tag 'missing'");
	if (strncmp(request->slug, "piece", 5) == 0)
		reply_piece(call);
	else
		reply_text(&call->reply, 1, request->slug);
	return CODE_OK;
}

/* A response of any size, and one that needs more memory than there is. */
static enum code list_tags(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	static uint8_t megabyte[1024 * 1024];
	const Lectern__V1__ListTagsRequest *request = (const Lectern__V1__ListTagsRequest *)message;
	for (int32_t i = 0; i < request->page_size; i++)
		reply_append(&call->reply, slice_of(megabyte, sizeof megabyte));
	if (request->page_size < 0)
		call->reply.failed = true;
	return CODE_OK;
}

static pthread_t writer;
static bool finish_fails;

static void *finish(void *call)
{
	struct rpc_call *finished = call;
	struct error err;
	fail_reason(&err, CODE_ABORTED, "STALE_ETAG", "the tag has changed");
	if (!finish_fails)
		finished->revision = 42;
	if (!finish_fails)
		reply_uint(&finished->reply, 1, 5);
	rpc_finish(finished, finish_fails ? &err : NULL);
	return NULL;
}

/* Finished by another thread, which may be faster or slower. */
static enum code create_tag(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	seen.handled++;
	call->pending = true;
	assert_int_equal(pthread_create(&writer, NULL, finish, call), 0);
	return CODE_OK;
}

/* The other thread is through before the handler returns. */
static enum code update_tag(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	int responses = seen.responses;
	seen.handled++;
	call->pending = true;
	assert_int_equal(pthread_create(&writer, NULL, finish, call), 0);
	assert_int_equal(pthread_join(writer, NULL), 0);
	assert_int_equal(seen.responses, responses); /* the call is still the handler's */
	return CODE_OK;
}

/* Refused before it was queued, or done without the queue. */
static enum code delete_tag(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__DeleteTagRequest *request =
		(const Lectern__V1__DeleteTagRequest *)message;
	seen.handled++;
	if (request->validate_only)
		return CODE_OK;
	call->pending = true;
	return fail_reason(err, CODE_RESOURCE_EXHAUSTED, "QUEUE_FULL", "too many writes");
}

static const struct rpc_method health_rows[] = {
	{ .name = "Check", .access = RPC_NONE, .handle = check_health, .scope = RPC_SCOPE_PUBLIC },
};
static const struct rpc_method tag_rows[] = {
	{ "CreateTag", RPC_WRITE, create_tag },
	{ "DeleteTag", RPC_WRITE, delete_tag },
	{ "UpdateTag", RPC_WRITE, update_tag },
	{ "MergeTags", RPC_WRITE, NULL },
	{ "BatchGetTags", RPC_READ, NULL },
	{ .name = "GetTag", .access = RPC_READ, .handle = get_tag, .cached = true },
	{ "ListTags", RPC_READ, list_tags },
};
#define COUNT(table) (sizeof table / sizeof *table)
#define HEALTH &lectern__v1__health_service__descriptor
#define TAGS &lectern__v1__tag_service__descriptor

static const struct rpc_service services[] = {
	{ HEALTH, health_rows, COUNT(health_rows) },
	{ TAGS, tag_rows, COUNT(tag_rows) },
};
static const struct rpc_field_limit limits[] = {
	{ .message = &lectern__v1__get_tag_request__descriptor, .field = "slug", .max_bytes = 20 },
};

static struct rpc_options make_options(void)
{
	return (struct rpc_options){
		.services_table = services,
		.service_count = COUNT(services),
		.limits = limits,
		.limit_count = COUNT(limits),
		.services = &seen,
		.snapshot_open = snapshot_open,
		.snapshot_close = snapshot_close,
		.observe = observe,
		.observer = &seen,
	};
}

static struct rpc *rpc;
static struct arena arena;
static struct rpc_call call;

static int set_up(void **state)
{
	struct rpc_options options = make_options();
	struct error err;
	seen = (struct seen){ .code = -1 };
	store_revision = 41;
	snapshot_code = CODE_OK;
	finish_fails = false;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	return rpc_new(&options, &rpc, &err) == CODE_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	assert_int_equal(seen.snapshots_open, 0);
	assert_int_equal(seen.observations, seen.responses);
	rpc_free(rpc);
	arena_done(&arena);
	return 0;
}

static void prepare(const char *method, const char *payload, size_t payload_bytes)
{
	memset(&call, 0xAA, sizeof call);
	call.arena = &arena;
	call.method = slice_of_text(method);
	call.payload = slice_of(payload, payload_bytes);
	call.timeout_ms = 0;
	call.min_revision = 0;
	call.arrival_ns = clock_monotonic_ns();
	call.peer = "test";
	rpc_clear_headers(&call);
	call.respond = respond;
	call.park = NULL;
}

#define BYTES(text) text, sizeof text - 1
static void dispatch(const char *method, const char *payload, size_t payload_bytes)
{
	prepare(method, payload, payload_bytes);
	rpc_dispatch(rpc, &call);
}

static void reads_on_a_snapshot(void **state)
{
	dispatch("/lectern.v1.TagService/GetTag", BYTES("\x12\x06python"));
	assert_int_equal(seen.responses, 1);
	assert_int_equal(seen.code, CODE_OK);
	assert_int_equal(seen.size_bytes, 8);
	assert_int_equal(seen.revision, 41);
	assert_true(seen.snapshot_was_open);
	assert_int_equal(seen.observed, CODE_OK);
}

static void asks_who_calls(void **state)
{
	struct rpc_options options = make_options();
	struct error err;
	options.authorize = authorize;
	options.authorizer = &seen;
	rpc_free(rpc);
	assert_int_equal(rpc_new(&options, &rpc, &err), CODE_OK);

	dispatch("/lectern.v1.TagService/GetTag", BYTES("\xFF"));
	assert_int_equal(seen.code, CODE_UNAUTHENTICATED); /* and the payload is not looked at */
	assert_int_equal(seen.asked_scope, RPC_SCOPE_READ);

	prepare("/lectern.v1.TagService/GetTag", BYTES("\x12\x06python"));
	call.authorization = slice_of_text("Bearer read");
	rpc_dispatch(rpc, &call);
	assert_int_equal(seen.code, CODE_OK);
	assert_string_equal(call.principal, "reader");

	prepare("/lectern.v1.TagService/CreateTag", BYTES(""));
	call.authorization = slice_of_text("Bearer read");
	rpc_dispatch(rpc, &call);
	assert_int_equal(seen.code, CODE_PERMISSION_DENIED);
	assert_int_equal(seen.asked_scope, RPC_SCOPE_WRITE);
	assert_int_equal(seen.observed, CODE_PERMISSION_DENIED);

	prepare("/lectern.v1.TagService/GetTag", BYTES("\x12\x06python"));
	call.trusted = true;
	rpc_dispatch(rpc, &call);
	assert_int_equal(seen.code, CODE_OK);
	assert_string_equal(call.principal, "");

	dispatch("lectern.v1.HealthService/Check", BYTES(""));
	assert_int_equal(seen.code, CODE_OK);

	/* Before a payload is there. */
	prepare("lectern.v1.HealthService/Check", BYTES(""));
	assert_true(rpc_admit(rpc, &call));
	prepare("lectern.v1.TagService/Unknown", BYTES(""));
	assert_true(rpc_admit(rpc, &call));
	prepare("/lectern.v1.TagService/GetTag", BYTES(""));
	call.authorization = slice_of_text("Bearer read");
	assert_true(rpc_admit(rpc, &call));
	assert_int_equal(call.authorization.size, 11);
	int responses = seen.responses;
	prepare("/lectern.v1.TagService/CreateTag", BYTES(""));
	call.authorization = slice_of_text("Bearer read");
	assert_false(rpc_admit(rpc, &call));
	assert_int_equal(seen.responses, responses + 1);
	assert_int_equal(seen.code, CODE_PERMISSION_DENIED);
}

static uint64_t version(void *context)
{
	return store_version;
}

/* The third of equal requests is answered without the handler, as long as the store is the same. */
static void answers_again(void **state)
{
	struct rpc_options options = make_options();
	struct error err;
	options.reply_cache_bytes = 1024 * 1024;
	options.version = version;
	rpc_free(rpc);
	assert_int_equal(rpc_new(&options, &rpc, &err), CODE_OK);
	for (int i = 1; i <= 4; i++) {
		dispatch("/lectern.v1.TagService/GetTag", BYTES("\x12\x06python"));
		assert_int_equal(seen.responses, i);
		assert_int_equal(seen.code, CODE_OK);
		assert_int_equal(seen.size_bytes, 8);
		assert_int_equal(seen.revision, 41);
		assert_int_equal(seen.handled, i < 2 ? i : 2);
	}
	dispatch("/lectern.v1.TagService/GetTag", BYTES("\x12\x06kernel"));
	assert_int_equal(seen.handled, 3);

	/* Reads that ask for more than was there then look again. */
	prepare("/lectern.v1.TagService/GetTag", BYTES("\x12\x06python"));
	call.min_revision = 42;
	rpc_dispatch(rpc, &call);
	assert_int_equal(seen.code, CODE_UNAVAILABLE);

	store_version++;
	store_revision = 42;
	dispatch("/lectern.v1.TagService/GetTag", BYTES("\x12\x06python"));
	assert_int_equal(seen.handled, 4);
	assert_int_equal(seen.revision, 42);
	dispatch("/lectern.v1.TagService/GetTag", BYTES("\x12\x06python"));
	assert_int_equal(seen.handled, 4);
	assert_int_equal(seen.revision, 42);

	/* Pieces are of the snapshot, also where a commit came after the look at the version. */
	for (int i = 0; i < 3; i++) {
		char request[] = "\x12\x06piece0";
		request[7] = (char)('0' + i);
		dispatch("/lectern.v1.TagService/GetTag", request, 8);
		assert_int_equal(seen.piece_kept, i == 2);
		assert_int_equal(seen.piece_revision, 42);
	}
	store_revision = 43;
	dispatch("/lectern.v1.TagService/GetTag", BYTES("\x12\x06piece3"));
	assert_false(seen.piece_kept);
	assert_int_equal(seen.piece_revision, 43);
	store_revision = 42;
	seen.handled = 4;

	/* Alone, for transports. */
	prepare("/lectern.v1.TagService/GetTag", BYTES("\x12\x06python"));
	assert_true(rpc_dispatch_kept(rpc, &call));
	assert_int_equal(seen.handled, 4);
	assert_int_equal(seen.revision, 42);
	int responses = seen.responses;
	prepare("/lectern.v1.TagService/GetTag", BYTES("\x12\x06kernel"));
	call.authorization = slice_of_text("Bearer read");
	assert_false(rpc_dispatch_kept(rpc, &call));
	assert_int_equal(call.authorization.size, 11);
	prepare("/lectern.v1.TagService/ListTags", BYTES(""));
	assert_false(rpc_dispatch_kept(rpc, &call));
	prepare("/lectern.v1.TagService/Unknown", BYTES(""));
	assert_false(rpc_dispatch_kept(rpc, &call));
	assert_int_equal(seen.responses, responses);

	/* Failures are not kept. */
	for (int i = 0; i < 4; i++)
		dispatch("/lectern.v1.TagService/GetTag", BYTES("\x12\x07missing"));
	assert_int_equal(seen.handled, 8);
	assert_int_equal(seen.code, CODE_NOT_FOUND);

	struct rpc_cache_stats stats;
	rpc_read_cache_stats(rpc, &stats);
	assert_int_equal(stats.replies, 2); /* a piece is one of them */
	assert_int_equal(stats.hits, 6);    /* one of them was too old */
}

static void describes_methods(void **state)
{
	struct rpc_method_info info;
	assert_false(rpc_describe(rpc, slice_of_text("lectern.v1.TagService/Get"), &info));
	assert_true(rpc_describe(rpc, slice_of_text("/lectern.v1.TagService/GetTag"), &info));
	assert_string_equal(info.name, "lectern.v1.TagService/GetTag");
	assert_ptr_equal(info.input, &lectern__v1__get_tag_request__descriptor);
	assert_ptr_equal(info.output, &lectern__v1__get_tag_response__descriptor);
	assert_int_equal(info.access, RPC_READ);
	assert_int_equal(info.scope, RPC_SCOPE_READ);
	assert_true(rpc_describe(rpc, slice_of_text("lectern.v1.TagService/CreateTag"), &info));
	assert_int_equal(info.scope, RPC_SCOPE_WRITE);
	assert_true(rpc_describe(rpc, slice_of_text("lectern.v1.HealthService/Check"), &info));
	assert_int_equal(info.scope, RPC_SCOPE_PUBLIC);
	size_t count = 0;
	while (rpc_describe_at(rpc, count, &info))
		count++;
	assert_int_equal(count, COUNT(health_rows) + COUNT(tag_rows));
}

static void refuses_for_the_transport(void **state)
{
	struct error err;
	fail_reason(&err, CODE_RESOURCE_EXHAUSTED, "TOO_MANY_REQUESTS", "too many");
	prepare("/lectern.v1.TagService/GetTag", BYTES("\x12\x06python"));
	call.authorization = slice_of_text("Bearer read");
	rpc_refuse(rpc, &call, &err);
	assert_int_equal(seen.handled, 0);
	assert_int_equal(seen.code, CODE_RESOURCE_EXHAUSTED);
	assert_int_equal(seen.observed, CODE_RESOURCE_EXHAUSTED);
	prepare("", BYTES(""));
	rpc_refuse(rpc, &call, &err);
	assert_int_equal(seen.responses, 2);
}

static void needs_no_snapshot_for_health(void **state)
{
	snapshot_code = CODE_INTERNAL;
	dispatch("lectern.v1.HealthService/Check", BYTES(""));
	assert_int_equal(seen.code, CODE_OK);
	assert_false(seen.snapshot_was_open);
	assert_int_equal(seen.revision, 0);
}

static void passes_errors_on(void **state)
{
	dispatch("/lectern.v1.TagService/GetTag", BYTES("\x12\x07missing"));
	assert_int_equal(seen.code, CODE_NOT_FOUND);
	assert_string_equal(seen.err.reason, "TAG_NOT_FOUND");
	assert_int_equal(seen.observed, CODE_NOT_FOUND);
	dispatch("/lectern.v1.TagService/GetTag", BYTES(""));
	assert_int_equal(seen.code, CODE_INVALID_ARGUMENT);
	assert_string_equal(seen.err.text, "the call failed");
	snapshot_code = CODE_UNAVAILABLE;
	dispatch("/lectern.v1.TagService/GetTag", BYTES("\x12\x06python"));
	assert_int_equal(seen.code, CODE_UNAVAILABLE);
	assert_string_equal(seen.err.text, "no snapshot");
}

static const struct {
	const char *method;
	const char *reason;
	const char *text;
} unknown[] = {
	{ "/lectern.v1.TagService/GetTga", "UNKNOWN_METHOD",
		"lectern.v1.TagService has no method 'GetTga'; did you mean 'GetTag'?" },
	{ "/lectern.v1.TagService/gettag", "UNKNOWN_METHOD",
		"lectern.v1.TagService has no method 'gettag'; did you mean 'GetTag'?" },
	{ "/lectern.v1.TagService/Frobnicate", "UNKNOWN_METHOD",
		"lectern.v1.TagService has no method 'Frobnicate'" },
	{ "/lectern.v1.TagService/", "UNKNOWN_METHOD", "lectern.v1.TagService has no method ''" },
	{ "/lectern.v1.TagsService/GetTag", "UNKNOWN_SERVICE",
		"there is no service 'lectern.v1.TagsService'; did you mean "
		"'lectern.v1.TagService'?" },
	{ "/grpc.health.v1.Health/Check", "UNKNOWN_SERVICE",
		"there is no service 'grpc.health.v1.Health'" },
	{ "GetTag", "UNKNOWN_METHOD",
		"'GetTag' is no method; name it in full, for example "
		"/lectern.v1.PostService/GetPost" },
	{ "/", "UNKNOWN_METHOD",
		"'' is no method; name it in full, for example /lectern.v1.PostService/GetPost" },
	{ "//lectern.v1.TagService/GetTag", "UNKNOWN_SERVICE", "there is no service ''" },
	{ "/lectern.v1.TagService/MergeTags", "METHOD_NOT_IMPLEMENTED",
		"lectern.v1.TagService/MergeTags is not implemented in this version" },
};

static void names_what_there_is(void **state)
{
	for (size_t i = 0; i < COUNT(unknown); i++) {
		dispatch(unknown[i].method, BYTES(""));
		assert_int_equal(seen.code, CODE_UNIMPLEMENTED);
		assert_string_equal(seen.err.reason, unknown[i].reason);
		assert_string_equal(seen.err.text, unknown[i].text);
	}
	assert_int_equal(seen.handled, 0);
}

static void validates_before_the_handler(void **state)
{
	dispatch("/lectern.v1.TagService/GetTag", BYTES("\x12\x15"
							"012345678901234567890"));
	assert_int_equal(seen.code, CODE_INVALID_ARGUMENT);
	assert_string_equal(seen.err.text, "slug: 21 bytes; at most 20 are allowed");
	dispatch("/lectern.v1.TagService/GetTag", BYTES("\x12\x02\xff\xfe"));
	assert_string_equal(seen.err.reason, "INVALID_UTF8");
	assert_int_equal(seen.handled, 0);
}

static void bounds_the_memory_of_a_request(void **state)
{
	arena.budget_bytes = 32;
	dispatch("/lectern.v1.TagService/GetTag", BYTES("\x12\x06python"));
	assert_int_equal(seen.code, CODE_RESOURCE_EXHAUSTED);
	assert_string_equal(seen.err.reason, "REQUEST_TOO_COMPLEX");
	assert_int_equal(seen.handled, 0);
}

static void keeps_deadlines(void **state)
{
	prepare("/lectern.v1.TagService/GetTag", BYTES("\x12\x06python"));
	call.arrival_ns -= UINT64_C(20) * 1000000;
	call.timeout_ms = 19;
	rpc_dispatch(rpc, &call);
	assert_int_equal(seen.code, CODE_DEADLINE_EXCEEDED);
	assert_int_equal(seen.handled, 0);

	prepare("/lectern.v1.TagService/GetTag", BYTES("\x12\x06python"));
	uint64_t arrival_ns = call.arrival_ns;
	rpc_dispatch(rpc, &call);
	assert_int_equal(seen.code, CODE_OK);
	assert_true(call.deadline_ns == arrival_ns + UINT64_C(1000000) * DEFAULT_TIMEOUT_MS);

	prepare("/lectern.v1.TagService/GetTag", BYTES("\x12\x06python"));
	call.timeout_ms = UINT32_MAX;
	arrival_ns = call.arrival_ns;
	rpc_dispatch(rpc, &call);
	assert_true(call.deadline_ns == arrival_ns + UINT64_C(1000000) * LIMIT_TIMEOUT_MS);
}

static void waits_for_a_revision(void **state)
{
	static const struct {
		const char *method;
		const char *payload;
		uint64_t min_revision;
		enum code code;
	} cases[] = {
		{ "/lectern.v1.TagService/GetTag", "\x12\x01x", 41, CODE_OK },
		{ "/lectern.v1.TagService/GetTag", "\x12\x01x", 42, CODE_UNAVAILABLE },
		{ "/lectern.v1.TagService/DeleteTag", "\x30\x01", 41, CODE_OK },
		{ "/lectern.v1.TagService/DeleteTag", "\x30\x01", 42, CODE_UNAVAILABLE },
		{ "/lectern.v1.HealthService/Check", "", 42, CODE_OK },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		prepare(cases[i].method, cases[i].payload, strlen(cases[i].payload));
		call.min_revision = cases[i].min_revision;
		rpc_dispatch(rpc, &call);
		assert_int_equal(seen.code, cases[i].code);
		if (cases[i].code == CODE_OK)
			continue;
		assert_string_equal(seen.err.reason, "REVISION_NOT_REACHED");
		assert_int_equal(seen.err.retry_ms, 100);
	}
	assert_int_equal(seen.handled, 3);
}

static void refuses_what_is_too_large(void **state)
{
	dispatch("/lectern.v1.TagService/ListTags", BYTES("\x08\x1f"));
	assert_int_equal(seen.code, CODE_OK);
	assert_int_equal(seen.size_bytes, 31 * 1024 * 1024);
	dispatch("/lectern.v1.TagService/ListTags", BYTES("\x08\x20"));
	assert_int_equal(seen.code, CODE_RESOURCE_EXHAUSTED);
	assert_string_equal(seen.err.reason, "RESPONSE_TOO_LARGE");
	assert_int_equal(seen.observed, CODE_RESOURCE_EXHAUSTED);
	dispatch("/lectern.v1.TagService/ListTags",
		BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
	assert_int_equal(seen.code, CODE_RESOURCE_EXHAUSTED);
	assert_string_equal(seen.err.reason, "RESPONSE_TOO_LARGE");
}

static void finishes_writes_from_another_thread(void **state)
{
	for (int i = 0; i < 200; i++) {
		finish_fails = i % 2 == 1;
		dispatch("/lectern.v1.TagService/CreateTag", BYTES("\x0a\x03\x1a\x01x"));
		assert_int_equal(pthread_join(writer, NULL), 0);
		assert_int_equal(seen.responses, i + 1);
		assert_int_equal(seen.code, finish_fails ? CODE_ABORTED : CODE_OK);
		assert_int_equal(seen.revision, finish_fails ? 0 : 42);
		assert_int_equal(seen.size_bytes, finish_fails ? 0 : 2);
	}
}

static void finishes_writes_before_the_handler_returns(void **state)
{
	dispatch("/lectern.v1.TagService/UpdateTag", BYTES("\x0a\x03\x1a\x01x"));
	assert_int_equal(seen.responses, 1);
	assert_int_equal(seen.code, CODE_OK);
	assert_int_equal(seen.revision, 42);
	finish_fails = true;
	dispatch("/lectern.v1.TagService/UpdateTag", BYTES("\x0a\x03\x1a\x01x"));
	assert_int_equal(seen.responses, 2);
	assert_int_equal(seen.code, CODE_ABORTED);
	assert_string_equal(seen.err.reason, "STALE_ETAG");
}

static void answers_writes_that_are_not_queued(void **state)
{
	dispatch("/lectern.v1.TagService/DeleteTag", BYTES(""));
	assert_int_equal(seen.code, CODE_RESOURCE_EXHAUSTED);
	assert_string_equal(seen.err.reason, "QUEUE_FULL");
	dispatch("/lectern.v1.TagService/DeleteTag", BYTES("\x30\x01"));
	assert_int_equal(seen.code, CODE_OK);
	assert_int_equal(seen.responses, 2);
}

static const struct rpc_method no_rows[] = { { "X", RPC_NONE, NULL } };
static const struct rpc_method extra_rows[] = {
	{ "Check", RPC_NONE, check_health },
	{ "Chekc", RPC_NONE, check_health },
};
static const struct rpc_method double_rows[] = {
	{ "Check", RPC_NONE, check_health },
	{ "Check", RPC_NONE, check_health },
};
static const struct {
	const char *label;
	struct rpc_service services[2];
	size_t count;
	const char *text;
} tables[] = {
	{ "missing row", { { HEALTH, no_rows, 0 } }, 1,
		"make dispatcher: lectern.v1.HealthService has no row for 'Check'" },
	{ "extra row", { { HEALTH, extra_rows, 2 } }, 1,
		"make dispatcher: lectern.v1.HealthService has a row for 'Chekc', which is no "
		"method" },
	{ "row twice", { { HEALTH, double_rows, 2 } }, 1,
		"make dispatcher: lectern.v1.HealthService has two rows for 'Check'" },
	{ "service twice", { { HEALTH, health_rows, 1 }, { HEALTH, health_rows, 1 } }, 2,
		"make dispatcher: 'lectern.v1.HealthService/Check' is there twice" },
};

static void checks_the_tables(void **state)
{
	struct rpc *none = NULL;
	struct error err;
	for (size_t i = 0; i < COUNT(tables); i++) {
		struct rpc_options options = make_options();
		options.services_table = tables[i].services;
		options.service_count = tables[i].count;
		print_message("%s\n", tables[i].label);
		assert_int_equal(rpc_new(&options, &none, &err), CODE_INTERNAL);
		assert_string_equal(err.text, tables[i].text);
		assert_null(none);
	}
	static const struct rpc_field_limit unknown_field = {
		.message = &lectern__v1__tag__descriptor,
		.field = "color",
		.max_bytes = 1,
	};
	struct rpc_options options = make_options();
	options.limits = &unknown_field;
	assert_int_equal(rpc_new(&options, &none, &err), CODE_INTERNAL);
	assert_string_equal(err.text,
		"make dispatcher: limit of lectern.v1.Tag.color: the message has no such field");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_on_a_snapshot),
		TEST(asks_who_calls),
		TEST(describes_methods),
		TEST(refuses_for_the_transport),
		TEST(needs_no_snapshot_for_health),
		TEST(passes_errors_on),
		TEST(names_what_there_is),
		TEST(validates_before_the_handler),
		TEST(bounds_the_memory_of_a_request),
		TEST(answers_again),
		TEST(keeps_deadlines),
		TEST(waits_for_a_revision),
		TEST(refuses_what_is_too_large),
		TEST(finishes_writes_from_another_thread),
		TEST(finishes_writes_before_the_handler_returns),
		TEST(answers_writes_that_are_not_queued),
		TEST(checks_the_tables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
