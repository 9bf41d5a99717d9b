/* AdminService, HealthService and ReflectionService: what operators and tools ask. */
#include "base/clock.h"
#include "services/admin_methods.h"
#include "store/change_log.h"
#include "store/posting.h"

#include <cmark-gfm.h>
#include <descriptor_set.h>
#include <glib.h>
#include <lectern/store/v1/record.pb-c.h>
#include <lectern/v1/admin.pb-c.h>
#include <lectern/v1/health.pb-c.h>
#include <lectern/v1/reflection.pb-c.h>
#include <sodium.h>
#include <times.h>
#include <utf8proc.h>

static const struct {
	const char *name;
	uint64_t value;
	const char *description;
} limits[] = {
	{ "request_bytes", LIMIT_REQUEST_BYTES, "A larger request message is not read." },
	{ "response_bytes", LIMIT_RESPONSE_BYTES,
		"Pages end early; other answers fail with RESOURCE_EXHAUSTED." },
	{ "timeout_ms", LIMIT_TIMEOUT_MS, "A longer timeout is lowered to this." },
	{ "page_size", LIMIT_PAGE_SIZE, "A larger page size is lowered to this." },
	{ "batch_keys", LIMIT_BATCH_KEYS, "More keys are INVALID_ARGUMENT." },
	{ "slug_bytes", LIMIT_SLUG_BYTES, "A longer slug is INVALID_ARGUMENT." },
	{ "title_bytes", LIMIT_TITLE_BYTES, "A longer title is INVALID_ARGUMENT." },
	{ "name_bytes", LIMIT_NAME_BYTES, "A longer name of a term is INVALID_ARGUMENT." },
	{ "excerpt_bytes", LIMIT_EXCERPT_BYTES, "A longer excerpt is INVALID_ARGUMENT." },
	{ "description_bytes", LIMIT_DESCRIPTION_BYTES,
		"A longer description is INVALID_ARGUMENT." },
	{ "body_bytes", LIMIT_BODY_BYTES, "A longer body is INVALID_ARGUMENT." },
	{ "url_bytes", LIMIT_URL_BYTES, "A longer URL is INVALID_ARGUMENT." },
	{ "filter_bytes", LIMIT_FILTER_BYTES, "A longer filter is INVALID_ARGUMENT." },
	{ "filter_restrictions_count", LIMIT_FILTER_RESTRICTIONS,
		"A filter of more is INVALID_ARGUMENT." },
	{ "filter_depth_levels", LIMIT_FILTER_DEPTH,
		"More levels of parentheses are INVALID_ARGUMENT." },
	{ "query_bytes", LIMIT_QUERY_BYTES, "A longer search query is INVALID_ARGUMENT." },
	{ "query_clauses_count", LIMIT_QUERY_CLAUSES,
		"More words and phrases in a query are INVALID_ARGUMENT." },
	{ "prefix_words_count", LIMIT_PREFIX_WORDS,
		"A prefix that more words begin with is INVALID_ARGUMENT." },
	{ "search_page_size", LIMIT_SEARCH_PAGE_SIZE, "A larger page size is lowered to this." },
	{ "facet_size", LIMIT_FACET_SIZE, "A larger facet size is lowered to this." },
	{ "related_page_size", LIMIT_RELATED_PAGE_SIZE, "A larger page size is lowered to this." },
	{ "request_id_bytes", LIMIT_REQUEST_ID_BYTES, "A longer id is INVALID_ARGUMENT." },
	{ "note_author_bytes", LIMIT_NOTE_AUTHOR_BYTES,
		"A longer author of a change is INVALID_ARGUMENT." },
	{ "note_summary_bytes", LIMIT_NOTE_SUMMARY_BYTES,
		"A longer summary of a change is INVALID_ARGUMENT." },
	{ "merge_sources_count", LIMIT_MERGE_SOURCES,
		"More sources of a merge are INVALID_ARGUMENT." },
	{ "post_tags_count", LIMIT_POST_TAGS, "More tags on a post are INVALID_ARGUMENT." },
	{ "post_categories_count", LIMIT_POST_CATEGORIES,
		"More categories on a post are INVALID_ARGUMENT." },
	{ "post_authors_count", LIMIT_POST_AUTHORS,
		"More authors of a post are INVALID_ARGUMENT." },
	{ "attributes_count", LIMIT_ATTRIBUTES, "More attributes are INVALID_ARGUMENT." },
	{ "aliases_count", LIMIT_ALIASES, "With one more the oldest former slug is given up." },
	{ "category_depth_levels", LIMIT_CATEGORY_DEPTH, "A deeper tree is FAILED_PRECONDITION." },
	{ "write_queue_count", LIMIT_WRITE_QUEUE,
		"With more writes waiting a write is RESOURCE_EXHAUSTED at once." },
	{ "write_queue_bytes", LIMIT_WRITE_QUEUE_BYTES,
		"With more bytes waiting a write is RESOURCE_EXHAUSTED at once." },
	{ "wait_ms", LIMIT_WAIT_MS,
		"A longer wait for a change or the end of an operation is lowered to this." },
	{ "parked_calls_count", LIMIT_PARKED_CALLS,
		"With more calls waiting a call that would wait is RESOURCE_EXHAUSTED at once." },
};
enum { LIMIT_COUNT = sizeof limits / sizeof *limits };

static void fill_limits(
	Lectern__V1__Limit entries[LIMIT_COUNT], Lectern__V1__Limit *list[LIMIT_COUNT])
{
	for (size_t i = 0; i < LIMIT_COUNT; i++) {
		lectern__v1__limit__init(&entries[i]);
		entries[i].name = (char *)(uintptr_t)limits[i].name;
		entries[i].value = limits[i].value;
		entries[i].description = (char *)(uintptr_t)limits[i].description;
		list[i] = &entries[i];
	}
}

static uint64_t count_posts(struct txn *txn)
{
	uint64_t count = 0;
	for (int state = LECTERN__V1__POST_STATE__POST_STATE_DRAFT;
		state <= LECTERN__V1__POST_STATE__POST_STATE_TRASHED; state++)
		count += posting_count(txn, POSTING_STATE, (uint64_t)state);
	return count;
}

static void fill_counts(struct txn *txn, Lectern__V1__GetServerInfoResponse *info)
{
	info->post_count = count_posts(txn);
	info->published_post_count = posting_count(txn, POSTING_LIVE, 0);
	info->tag_count =
		posting_count(txn, POSTING_TERMS, LECTERN__STORE__V1__TERM_KIND__TERM_KIND_TAG);
	info->category_count = posting_count(
		txn, POSTING_TERMS, LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY);
	info->author_count =
		posting_count(txn, POSTING_TERMS, LECTERN__STORE__V1__TERM_KIND__TERM_KIND_AUTHOR);
}

static enum code get_server_info(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	(void)message;
	const struct services *services = services_of(call);
	Lectern__V1__GetServerInfoResponse info = LECTERN__V1__GET_SERVER_INFO_RESPONSE__INIT;
	Lectern__V1__Limit limit_entries[LIMIT_COUNT];
	Lectern__V1__Limit *limit_list[LIMIT_COUNT];
	Google__Protobuf__Timestamp start_time;
	Google__Protobuf__Timestamp current_time;
	timestamp_from_us(&start_time, services->start_time_us);
	timestamp_from_us(&current_time, clock_realtime_us());
	fill_limits(limit_entries, limit_list);
	char *libraries[] = {
		arena_printf(call->arena, "cmark-gfm %s", cmark_version_string()),
		arena_printf(call->arena, "glib %u.%u.%u", glib_major_version, glib_minor_version,
			glib_micro_version),
		arena_printf(call->arena, "libsodium %s", sodium_version_string()),
		arena_printf(call->arena, "lmdb %s", txn_library_version()),
		arena_printf(call->arena, "protobuf-c %s", protobuf_c_version()),
		/* It tells no version. */
		arena_printf(call->arena, "libstemmer"),
		arena_printf(call->arena, "utf8proc %s", utf8proc_version()),
		arena_printf(call->arena, "xxhash %s", txn_hash_version()),
	};
	info.version = (char *)(uintptr_t)services->version;
	info.store_format = STORE_FORMAT;
	info.start_time = &start_time;
	info.current_time = &current_time;
	info.revision = call->revision;
	fill_counts(snapshot_of(call), &info);
	info.addresses = services->addresses.urls;
	info.n_addresses = services->addresses.count;
	info.publish_addresses = services->publish_addresses.urls;
	info.n_publish_addresses = services->publish_addresses.count;
	char *epoch = arena_text(call->arena, change_log_epoch(snapshot_of(call)));
	if (epoch != NULL)
		info.epoch = epoch;
	info.limits = limit_list;
	info.n_limits = LIMIT_COUNT;
	info.libraries = libraries;
	info.n_libraries = sizeof libraries / sizeof *libraries;
	for (size_t i = 0; i < info.n_libraries; i++)
		if (libraries[i] == NULL)
			info.n_libraries = 0;
	reply_whole(&call->reply, &info.base);
	return txn_status(snapshot_of(call), err);
}

static enum code check_health(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	(void)message;
	(void)err;
	struct services *services = services_of(call);
	struct error why = { .text = "" };
	struct txn *snapshot = NULL;
	Lectern__V1__CheckResponse response = LECTERN__V1__CHECK_RESPONSE__INIT;
	enum code code = store_health(services->store, &why);
	if (code == CODE_OK)
		code = store_snapshot(services->store, &snapshot, &why);
	if (code == CODE_OK) {
		call->revision = txn_revision(snapshot);
		code = txn_status(snapshot, &why);
		store_release(services->store, snapshot);
	}
	if (code == CODE_OK && atomic_load(&services->stopping))
		code = fail(&why, CODE_UNAVAILABLE, "the server is stopping");
	response.status = code == CODE_OK ? LECTERN__V1__SERVING_STATUS__SERVING_STATUS_SERVING
					  : LECTERN__V1__SERVING_STATUS__SERVING_STATUS_NOT_SERVING;
	response.message = why.text;
	reply_whole(&call->reply, &response.base);
	return CODE_OK;
}

static enum code get_descriptor_set(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	enum { FIELD_FILE_DESCRIPTOR_SET = 1 };
	(void)message;
	(void)err;
	struct slice bytes = slice_of(lectern_descriptor_set, lectern_descriptor_set_size);
	/* A bytes field looks like a message field on the wire. */
	reply_message(&call->reply, FIELD_FILE_DESCRIPTOR_SET, &bytes, 1);
	return CODE_OK;
}

static const struct rpc_method admin_methods[] = {
	{ .name = "GetServerInfo", .access = RPC_READ, .handle = get_server_info },
	{ .name = "GetStats", .access = RPC_NONE, .handle = get_stats },
	{ .name = "GetMetrics", .access = RPC_NONE, .handle = get_metrics },
	{ .name = "CreateBackup",
		.access = RPC_WAIT,
		.handle = create_backup,
		.scope = RPC_SCOPE_ADMIN },
	{ .name = "CheckStore",
		.access = RPC_WAIT,
		.handle = check_store,
		.scope = RPC_SCOPE_ADMIN },
	{ .name = "GetOperation",
		.access = RPC_WAIT,
		.handle = get_operation,
		.scope = RPC_SCOPE_ADMIN },
};

const struct rpc_service admin_service = {
	.descriptor = &lectern__v1__admin_service__descriptor,
	.methods = admin_methods,
	.method_count = sizeof admin_methods / sizeof *admin_methods,
};

static const struct rpc_method health_methods[] = {
	/* Not RPC_READ: a store that does not answer is an answer here. */
	{ .name = "Check", .access = RPC_NONE, .handle = check_health, .scope = RPC_SCOPE_PUBLIC },
};

const struct rpc_service health_service = {
	.descriptor = &lectern__v1__health_service__descriptor,
	.methods = health_methods,
	.method_count = sizeof health_methods / sizeof *health_methods,
};

static const struct rpc_method reflection_methods[] = {
	{ .name = "GetDescriptorSet", .access = RPC_NONE, .handle = get_descriptor_set },
};

const struct rpc_service reflection_service = {
	.descriptor = &lectern__v1__reflection_service__descriptor,
	.methods = reflection_methods,
	.method_count = sizeof reflection_methods / sizeof *reflection_methods,
};
