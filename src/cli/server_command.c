/* lectern health, info and stats: for operators. */
#include "cli/cli.h"
#include "cli/facts.h"
#include "cli/output.h"
#include "cli/rpc.h"
#include "cli/stats_watch.h"
#include "cli/table.h"

#include <inttypes.h>
#include <lectern/v1/admin.pb-c.h>
#include <lectern/v1/health.pb-c.h>
#include <stdio.h>

static const ProtobufCServiceDescriptor *const admin = &lectern__v1__admin_service__descriptor;

enum { COLUMNS = 16, STATS_COLUMNS = 24 };

static enum exit_status run_health(struct cli *cli, const struct args *args)
{
	(void)args;
	Lectern__V1__CheckRequest request = LECTERN__V1__CHECK_REQUEST__INIT;
	const ProtobufCMessage *message;
	enum exit_status status = rpc_call(
		cli, &lectern__v1__health_service__descriptor, "Check", &request.base, &message);
	if (status != EXIT_STATUS_OK)
		return status;
	const Lectern__V1__CheckResponse *response = (const Lectern__V1__CheckResponse *)message;
	bool serving = response->status == LECTERN__V1__SERVING_STATUS__SERVING_STATUS_SERVING;
	if (cli->output != OUTPUT_TEXT)
		status = output_message(cli, message);
	else
		status = output_write(
			cli, serving ? "SERVING\n" : "NOT_SERVING\n", serving ? 8 : 12);
	if (status != EXIT_STATUS_OK || serving)
		return status;
	struct lectern_error err = { .code = LECTERN_UNAVAILABLE };
	snprintf(err.message, sizeof err.message, "the server does not serve: %s",
		*response->message == '\0' ? "it gives no reason" : response->message);
	return problem_rpc(cli, &err);
}

const struct command health_command = {
	.name = "health",
	.summary = "Tell whether the server can do its work",
	.details = "Ends with 0 only if the server answers SERVING.",
	.run = run_health,
};

static void add_limits(
	struct cli *cli, struct buffer *out, const Lectern__V1__GetServerInfoResponse *info)
{
	struct table table;
	table_init(&table, "LIMIT >VALUE MEANING");
	for (size_t i = 0; i < info->n_limits; i++) {
		table_cell(&table, info->limits[i]->name);
		table_number(&table, info->limits[i]->value);
		table_cell(&table, info->limits[i]->description);
	}
	if (info->n_limits > 0) {
		buffer_append_char(out, '\n');
		table_print(&table, &cli->screen, out);
	}
	table_done(&table);
}

static enum exit_status show_info(struct cli *cli, const Lectern__V1__GetServerInfoResponse *info)
{
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	fact_text(&out, COLUMNS, "version", info->version);
	fact_number(&out, COLUMNS, "store format", info->store_format);
	fact_time(&out, COLUMNS, "started", info->start_time);
	fact_time(&out, COLUMNS, "server time", info->current_time);
	fact_number(&out, COLUMNS, "revision", info->revision);
	fact_text(&out, COLUMNS, "epoch", info->epoch);
	buffer_printf(&out, "%-*s %" PRIu64 " (%" PRIu64 " published)\n", COLUMNS, "posts",
		info->post_count, info->published_post_count);
	fact_number(&out, COLUMNS, "tags", info->tag_count);
	fact_number(&out, COLUMNS, "categories", info->category_count);
	fact_number(&out, COLUMNS, "authors", info->author_count);
	for (size_t i = 0; i < info->n_addresses; i++)
		fact_text(&out, COLUMNS, i == 0 ? "addresses" : "", info->addresses[i]);
	for (size_t i = 0; i < info->n_publish_addresses; i++)
		fact_text(&out, COLUMNS, i == 0 ? "feed" : "", info->publish_addresses[i]);
	for (size_t i = 0; i < info->n_libraries; i++)
		fact_text(&out, COLUMNS, i == 0 ? "libraries" : "", info->libraries[i]);
	add_limits(cli, &out, info);
	return output_finish(cli, &out);
}

static enum exit_status run_info(struct cli *cli, const struct args *args)
{
	(void)args;
	Lectern__V1__GetServerInfoRequest request = LECTERN__V1__GET_SERVER_INFO_REQUEST__INIT;
	const ProtobufCMessage *message;
	enum exit_status status = rpc_call(cli, admin, "GetServerInfo", &request.base, &message);
	if (status != EXIT_STATUS_OK)
		return status;
	if (cli->output != OUTPUT_TEXT)
		return output_message(cli, message);
	return show_info(cli, (const Lectern__V1__GetServerInfoResponse *)message);
}

const struct command info_command = {
	.name = "info",
	.summary = "Show the server's version, counts, addresses and limits",
	.run = run_info,
};

/* "12 us" */
static void fact_us(struct buffer *out, const char *name, uint64_t value)
{
	buffer_printf(out, "%-*s %" PRIu64 " us\n", STATS_COLUMNS, name, value);
}

static void add_store(struct buffer *out, const Lectern__V1__GetStatsResponse *stats)
{
	fact_bytes(out, STATS_COLUMNS, "store bytes", stats->store_bytes);
	fact_bytes(out, STATS_COLUMNS, "free in the store", stats->free_bytes);
	fact_bytes(out, STATS_COLUMNS, "map bytes", stats->map_bytes);
	fact_bytes(out, STATS_COLUMNS, "free on the disk", stats->disk_free_bytes);
	fact_number(out, STATS_COLUMNS, "revision", stats->revision);
	fact_number(out, STATS_COLUMNS, "oldest change", stats->oldest_change_revision);
	fact_number(out, STATS_COLUMNS, "posts in the trash", stats->trashed_post_count);
	fact_time(out, STATS_COLUMNS, "next due", stats->next_due_time);
	fact_time(out, STATS_COLUMNS, "last backup", stats->last_backup_time);
}

static void add_work(struct buffer *out, const Lectern__V1__GetStatsResponse *stats)
{
	fact_number(out, STATS_COLUMNS, "queued writes", stats->queued_writes);
	fact_bytes(out, STATS_COLUMNS, "queued bytes", stats->queued_bytes);
	fact_number(out, STATS_COLUMNS, "writes", stats->writes);
	fact_number(out, STATS_COLUMNS, "commits", stats->commits);
	fact_number(out, STATS_COLUMNS, "most writes in one", stats->batch_max);
	fact_us(out, "half of the commits", stats->commit_p50_us);
	fact_us(out, "99 of 100 commits", stats->commit_p99_us);
	fact_us(out, "longest commit", stats->commit_max_us);
	fact_number(out, STATS_COLUMNS, "open snapshots", stats->open_snapshots);
	buffer_printf(out, "%-*s %" PRIu64 " ms, %" PRIu64 " commits behind\n", STATS_COLUMNS,
		"oldest snapshot", stats->oldest_snapshot_age_ms, stats->oldest_snapshot_lag);
	fact_number(out, STATS_COLUMNS, "waiting for changes", stats->change_waiters);
}

static void add_calls(struct buffer *out, const Lectern__V1__GetStatsResponse *stats)
{
	fact_number(out, STATS_COLUMNS, "calls", stats->calls);
	fact_number(out, STATS_COLUMNS, "failed calls", stats->failed_calls);
	fact_number(out, STATS_COLUMNS, "calls in flight", stats->calls_in_flight);
	fact_number(out, STATS_COLUMNS, "connections", stats->connections);
	fact_number(out, STATS_COLUMNS, "subscribers", stats->subscribers);
	fact_number(out, STATS_COLUMNS, "not published yet", stats->feed_lag);
}

static void add_tables(
	struct cli *cli, struct buffer *out, const Lectern__V1__GetStatsResponse *stats)
{
	struct table table;
	if (stats->n_tables == 0)
		return;
	table_init(&table, "TABLE >ENTRIES >BYTES");
	for (size_t i = 0; i < stats->n_tables; i++) {
		table_cell(&table, stats->tables[i]->name);
		table_number(&table, stats->tables[i]->entries);
		table_number(&table, stats->tables[i]->bytes);
	}
	buffer_append_char(out, '\n');
	table_print(&table, &cli->screen, out);
	table_done(&table);
}

static enum exit_status run_stats(struct cli *cli, const struct args *args)
{
	if (args_flag(args, OPTION_WATCH) || args_text(args, OPTION_INTERVAL) != NULL)
		return stats_watch(cli, args);
	Lectern__V1__GetStatsRequest request = LECTERN__V1__GET_STATS_REQUEST__INIT;
	const ProtobufCMessage *message;
	enum exit_status status = rpc_call(cli, admin, "GetStats", &request.base, &message);
	if (status != EXIT_STATUS_OK)
		return status;
	if (cli->output != OUTPUT_TEXT)
		return output_message(cli, message);
	const Lectern__V1__GetStatsResponse *stats = (const Lectern__V1__GetStatsResponse *)message;
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	add_store(&out, stats);
	add_work(&out, stats);
	add_calls(&out, stats);
	add_tables(cli, &out, stats);
	return output_finish(cli, &out);
}

static const struct option_row stats_options[] = {
	{ .id = OPTION_WATCH,
		.name = "watch",
		.help = "Show what happens, again and again, until Ctrl-C" },
	{ .id = OPTION_INTERVAL,
		.name = "interval",
		.value = "TIME",
		.help = "Time between two looks, for example 500ms, 2s or 1m (default: 2s); "
			"implies "
			"--watch" },
};

const struct command stats_command = {
	.name = "stats",
	.summary = "Show sizes of the store and its tables, times of commits, lengths of queues",
	.details = "With --watch a terminal shows calls, writes and the store, and what they do in "
		   "a second; elsewhere each look is one line, with -o json or jsonl an object. A "
		   "server that cannot be reached meanwhile is waited for. SIGINT and SIGTERM end "
		   "it with 0.",
	.options = stats_options,
	.option_count = OPTION_COUNT(stats_options),
	.run = run_stats,
};
