/* AdminService.GetStats and GetMetrics. */
#include "services/admin_methods.h"
#include "services/feed.h"
#include "services/operations.h"
#include "store/apply.h"
#include "store/change_log.h"
#include "store/posting.h"

#include <lectern/v1/admin.pb-c.h>
#include <times.h>

struct tables {
	Lectern__V1__TableStats entries[TABLE_COUNT];
	Lectern__V1__TableStats *list[TABLE_COUNT];
};

static void fill_tables(
	struct txn *snapshot, struct tables *tables, Lectern__V1__GetStatsResponse *response)
{
	for (int table = 0; table < TABLE_COUNT; table++) {
		Lectern__V1__TableStats *entry = &tables->entries[table];
		lectern__v1__table_stats__init(entry);
		entry->name = (char *)(uintptr_t)table_name((enum table)table);
		entry->entries = txn_entries(snapshot, (enum table)table);
		entry->bytes = txn_table_bytes(snapshot, (enum table)table);
		tables->list[table] = entry;
	}
	response->tables = tables->list;
	response->n_tables = TABLE_COUNT;
}

static void fill_changes(struct txn *snapshot, Lectern__V1__GetStatsResponse *response)
{
	response->revision = txn_revision(snapshot);
	response->oldest_change_revision = change_log_oldest(snapshot);
}

static void fill_due(struct txn *snapshot, Google__Protobuf__Timestamp *time,
	Lectern__V1__GetStatsResponse *response)
{
	int64_t time_us;
	if (!apply_next_due_us(snapshot, &time_us))
		return;
	timestamp_from_us(time, time_us);
	response->next_due_time = time;
}

static void fill_pages(
	struct store *store, struct txn *snapshot, Lectern__V1__GetStatsResponse *response)
{
	struct store_pages pages;
	store_pages(store, snapshot, &pages);
	response->free_bytes = pages.free * pages.page_bytes;
}

static void fill_store(struct store *store, Lectern__V1__GetStatsResponse *response)
{
	struct store_stats stats;
	store_stats(store, &stats);
	response->store_bytes = stats.store_bytes;
	response->map_bytes = stats.map_bytes;
	response->disk_free_bytes = stats.disk_free_bytes;
	response->queued_writes = stats.queued_writes;
	response->queued_bytes = stats.queued_bytes;
	response->commits = stats.commits;
	response->commit_p50_us = stats.commit_p50_us;
	response->commit_p99_us = stats.commit_p99_us;
	response->commit_max_us = stats.commit_max_us;
	response->writes = stats.writes;
	response->batch_max = stats.batch_max;
	response->open_snapshots = stats.open_snapshots;
	response->oldest_snapshot_age_ms = stats.oldest_snapshot_ns / 1000000;
	response->oldest_snapshot_lag = stats.oldest_snapshot_lag;
}

struct durations {
	Lectern__V1__DurationBucket entries[SERVICES_BOUNDS_MAX + 1];
	Lectern__V1__DurationBucket *list[SERVICES_BOUNDS_MAX + 1];
};

static void fill_calls(const struct services *services, struct durations *durations,
	Lectern__V1__GetStatsResponse *response)
{
	struct services_calls calls;
	response->feed_lag = feed_lag(services->feed);
	if (services->telemetry.read_calls == NULL)
		return;
	services->telemetry.read_calls(services->telemetry.context, &calls);
	response->calls = calls.calls;
	response->failed_calls = calls.failed;
	response->calls_in_flight = calls.in_flight;
	response->parked_calls = calls.parked;
	response->connections = calls.connections;
	response->subscribers = calls.subscribers;
	for (size_t i = 0; i <= calls.bound_count; i++) {
		Lectern__V1__DurationBucket *entry = &durations->entries[i];
		lectern__v1__duration_bucket__init(entry);
		entry->upper_us = i < calls.bound_count ? calls.upper_us[i] : 0;
		entry->count = calls.counts[i];
		durations->list[i] = entry;
	}
	response->call_durations = durations->list;
	response->n_call_durations = calls.bound_count + 1;
}

/* The snapshot that it reads is its own and not among the open ones that it tells of. */
enum code get_stats(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	(void)message;
	const struct services *services = services_of(call);
	Lectern__V1__GetStatsResponse response = LECTERN__V1__GET_STATS_RESPONSE__INIT;
	Google__Protobuf__Timestamp due;
	Google__Protobuf__Timestamp last_backup;
	struct tables tables;
	struct durations durations;
	struct txn *snapshot;
	fill_store(services->store, &response);
	fill_calls(services, &durations, &response);
	response.change_waiters = feed_waiters(services->feed);
	enum code code = store_snapshot(services->store, &snapshot, err);
	if (code != CODE_OK)
		return code;
	fill_pages(services->store, snapshot, &response);
	fill_tables(snapshot, &tables, &response);
	fill_changes(snapshot, &response);
	fill_due(snapshot, &due, &response);
	response.trashed_post_count =
		posting_count(snapshot, POSTING_STATE, LECTERN__V1__POST_STATE__POST_STATE_TRASHED);
	call->revision = response.revision;
	code = txn_status(snapshot, err);
	store_release(services->store, snapshot);
	int64_t last_backup_us = operations_last_backup_us(services->operations);
	timestamp_from_us(&last_backup, last_backup_us);
	if (last_backup_us != 0)
		response.last_backup_time = &last_backup;
	if (code == CODE_OK)
		reply_whole(&call->reply, &response.base);
	return code;
}

enum code get_metrics(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	(void)message;
	const struct services_telemetry *telemetry = &services_of(call)->telemetry;
	Lectern__V1__GetMetricsResponse response = LECTERN__V1__GET_METRICS_RESPONSE__INIT;
	struct buffer text;
	if (telemetry->write_metrics == NULL)
		return fail(err, CODE_UNIMPLEMENTED, "this server counts nothing");
	buffer_init(&text, LIMIT_RESPONSE_BYTES);
	enum code code = telemetry->write_metrics(telemetry->context, &text);
	response.text = buffer_text(&text);
	if (code == CODE_OK && response.text != NULL)
		reply_whole(&call->reply, &response.base);
	else
		code = fail_out_of_memory(err);
	buffer_done(&text);
	return code;
}
