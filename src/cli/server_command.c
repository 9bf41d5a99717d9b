/* lectern health, info, stats and check: for operators. */
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/post_text.h"
#include "cli/rpc.h"
#include "cli/table.h"
#include "cli/wrap.h"

#include <inttypes.h>
#include <lectern/v1/admin.pb-c.h>
#include <lectern/v1/health.pb-c.h>
#include <stdio.h>

static const ProtobufCServiceDescriptor *const admin = &lectern__v1__admin_service__descriptor;

/* A line "name  value" of a list of facts. */
static void fact(struct buffer *out, const char *name, const char *value)
{
	buffer_printf(out, "%-16s ", name);
	screen_text(out, slice_of_text(value), false);
	buffer_append_char(out, '\n');
}

static void fact_number(struct buffer *out, const char *name, uint64_t value)
{
	buffer_printf(out, "%-16s %" PRIu64 "\n", name, value);
}

static enum exit_status finish(struct cli *cli, struct buffer *out)
{
	enum exit_status status = output_buffer(cli, out);
	buffer_done(out);
	return status;
}

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
	char time[TIME_TEXT_BYTES];
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	fact(&out, "version", info->version);
	fact_number(&out, "store format", info->store_format);
	time_text(info->start_time, time);
	fact(&out, "started", time);
	time_text(info->current_time, time);
	fact(&out, "server time", time);
	fact_number(&out, "revision", info->revision);
	buffer_printf(&out, "%-16s %" PRIu64 " (%" PRIu64 " published)\n", "posts",
		info->post_count, info->published_post_count);
	fact_number(&out, "tags", info->tag_count);
	fact_number(&out, "categories", info->category_count);
	fact_number(&out, "authors", info->author_count);
	for (size_t i = 0; i < info->n_addresses; i++)
		fact(&out, i == 0 ? "addresses" : "", info->addresses[i]);
	for (size_t i = 0; i < info->n_libraries; i++)
		fact(&out, i == 0 ? "libraries" : "", info->libraries[i]);
	add_limits(cli, &out, info);
	return finish(cli, &out);
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

static enum exit_status run_stats(struct cli *cli, const struct args *args)
{
	(void)args;
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
	fact_number(&out, "store bytes", stats->store_bytes);
	fact_number(&out, "map bytes", stats->map_bytes);
	fact_number(&out, "queued writes", stats->queued_writes);
	fact_number(&out, "commits", stats->commits);
	fact_number(&out, "writes", stats->writes);
	fact_number(&out, "open snapshots", stats->open_snapshots);
	return finish(cli, &out);
}

const struct command stats_command = {
	.name = "stats",
	.summary = "Show sizes of the store and lengths of queues",
	.run = run_stats,
};

static enum exit_status show_check(struct cli *cli, const Lectern__V1__CheckStoreResponse *found)
{
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	for (size_t i = 0; i < found->n_problems; i++) {
		screen_text(&out, slice_of_text(found->problems[i]), false);
		buffer_append_char(&out, '\n');
	}
	buffer_printf(&out, "%" PRIu64 " entries read, %" PRIu64 " problem%s\n", found->entries,
		found->problem_count, found->problem_count == 1 ? "" : "s");
	return finish(cli, &out);
}

static enum exit_status run_check(struct cli *cli, const struct args *args)
{
	(void)args;
	Lectern__V1__CheckStoreRequest request = LECTERN__V1__CHECK_STORE_REQUEST__INIT;
	const ProtobufCMessage *message;
	enum exit_status status = rpc_call(cli, admin, "CheckStore", &request.base, &message);
	if (status != EXIT_STATUS_OK)
		return status;
	const Lectern__V1__CheckStoreResponse *found =
		(const Lectern__V1__CheckStoreResponse *)message;
	status = cli->output == OUTPUT_TEXT ? show_check(cli, found) : output_message(cli, message);
	if (status != EXIT_STATUS_OK || found->problem_count == 0)
		return status;
	struct lectern_error err = { .code = LECTERN_DATA_LOSS };
	snprintf(err.message, sizeof err.message, "the store has %" PRIu64 " problem%s",
		found->problem_count, found->problem_count == 1 ? "" : "s");
	return problem_rpc(cli, &err);
}

const struct command check_command = {
	.name = "check",
	.summary = "Compare every index entry of the store with every record",
	.details = "Other requests go on meanwhile. Ends with 0 only if the store is sound. Give a "
		   "large store time with --timeout.",
	.run = run_check,
};
