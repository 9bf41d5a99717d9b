/* All metrics, one below the other. docs/operations.md lists them. */
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "telemetry/exposition.h"
#include "telemetry/process.h"
#include "telemetry/telemetry_private.h"

#include <stddef.h>

enum { US_PER_S = 1000000 };

/* One number of struct telemetry_gauges. */
struct gauge_row {
	const char *name;
	const char *type;
	const char *help;
	size_t offset;
};
#define COUNT_ROW(metric, kind, field, text) \
	{ \
		.name = (metric), .type = (kind), .help = (text), \
		.offset = offsetof(struct telemetry_gauges, field) \
	}

static const struct gauge_row traffic_rows[] = {
	COUNT_ROW("lectern_calls_in_flight", "gauge", calls_in_flight,
		"Calls over nng that are received and not answered, parked ones included."),
	COUNT_ROW("lectern_calls_parked", "gauge", calls_parked,
		"Calls over nng that wait by design, for changes or for the end of long work."),
	COUNT_ROW(
		"lectern_calls_queued", "gauge", calls_queued, "Calls that wait for a processor."),
	COUNT_ROW("lectern_connections", "gauge", connections, "Connections for calls over nng."),
	COUNT_ROW("lectern_connection_addresses", "gauge", connection_addresses,
		"Addresses that the connections come from."),
	COUNT_ROW("lectern_connections_accepted_total", "counter", connections_accepted,
		"Connections for calls over nng that were accepted."),
	COUNT_ROW("lectern_reply_queue_bytes", "gauge", reply_queue_bytes,
		"Bytes of replies that wait for their clients to read others."),
	COUNT_ROW("lectern_http_calls_in_flight", "gauge", http_calls_in_flight,
		"Calls over HTTP that are received and not answered, parked ones included."),
	COUNT_ROW("lectern_http_calls_parked", "gauge", http_calls_parked,
		"Calls over HTTP that wait by design."),
	COUNT_ROW("lectern_http_connections", "gauge", http_connections, "Connections over HTTP."),
	COUNT_ROW("lectern_http_body_bytes", "gauge", http_body_bytes,
		"Bytes of bodies of requests and replies over HTTP that are in memory."),
	COUNT_ROW("lectern_feed_waiters", "gauge", feed_waiters,
		"Calls of ListChanges that wait for a change."),
	COUNT_ROW("lectern_feed_subscribers", "gauge", feed_subscribers,
		"Connections to the addresses of --publish."),
	COUNT_ROW("lectern_feed_lag_revisions", "gauge", feed_lag_revisions,
		"Changes that are committed and not yet published."),
};

static const struct gauge_row cache_rows[] = {
	COUNT_ROW("lectern_reply_cache_replies", "gauge", cached_replies, "Replies that are kept."),
	COUNT_ROW("lectern_reply_cache_bytes", "gauge", cached_bytes, "Bytes of them."),
	COUNT_ROW("lectern_reply_cache_hits_total", "counter", cache_hits,
		"Calls that were answered with a reply that was kept."),
	COUNT_ROW("lectern_reply_cache_misses_total", "counter", cache_misses,
		"Calls for which none was there that still holds."),
};

static const struct gauge_row write_rows[] = {
	COUNT_ROW("lectern_write_queue_length", "gauge", write_queue_length,
		"Writes that wait for the writer."),
	COUNT_ROW("lectern_write_queue_bytes", "gauge", write_queue_bytes,
		"Bytes of the writes that wait."),
	COUNT_ROW("lectern_writes_total", "counter", writes,
		"Writes that the writer has taken from its queue, refused ones included."),
	COUNT_ROW("lectern_commits_total", "counter", commits,
		"Transactions of the writer, those that clean up included."),
};

static const struct gauge_row store_rows[] = {
	COUNT_ROW("lectern_store_bytes", "gauge", store_bytes,
		"Bytes of the data file in use, free pages inside it included."),
	COUNT_ROW("lectern_store_map_bytes", "gauge", store_map_bytes,
		"Bytes that the data file may grow to."),
	COUNT_ROW("lectern_disk_free_bytes", "gauge", disk_free_bytes,
		"Bytes that are free on the disk of the data directory."),
	COUNT_ROW("lectern_open_snapshots", "gauge", open_snapshots,
		"Read transactions that are open."),
	COUNT_ROW("lectern_oldest_snapshot_lag_commits", "gauge", oldest_snapshot_lag_commits,
		"Commits since the oldest open read transaction began."),
};

static const struct gauge_row content_rows[] = {
	COUNT_ROW("lectern_store_free_bytes", "gauge", store_free_bytes,
		"Bytes of free pages inside the data file."),
	COUNT_ROW("lectern_revision", "gauge", revision, "The revision of the store."),
	COUNT_ROW("lectern_oldest_change_revision", "gauge", oldest_change_revision,
		"The first revision that the change log still has."),
};

static void add_count(
	struct buffer *out, const char *name, const char *type, const char *help, uint64_t value)
{
	exposition_head(out, name, type, help);
	exposition_count(out, name, NULL, value);
}

static void add_value(
	struct buffer *out, const char *name, const char *type, const char *help, double value)
{
	exposition_head(out, name, type, help);
	exposition_value(out, name, NULL, value);
}

static void add_rows(struct buffer *out, const struct telemetry_gauges *gauges,
	const struct gauge_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add_count(out, rows[i].name, rows[i].type, rows[i].help,
			*(const uint64_t *)(const void *)((const char *)gauges + rows[i].offset));
}
#define ADD_ROWS(out, gauges, rows) add_rows(out, gauges, rows, sizeof(rows) / sizeof *(rows))

static void add_histogram(
	struct buffer *out, const char *name, const char *help, const struct histogram *histogram)
{
	exposition_head(out, name, "histogram", help);
	exposition_histogram(out, name, NULL, histogram);
}

/* For each method the calls that were answered, also while there are none; of other codes those
 * that there were. */
static void add_calls(struct buffer *out, const struct call_counters *counters)
{
	struct method_figures figures;
	const char *name = "lectern_calls_total";
	exposition_head(out, name, "counter", "Calls that were answered, by method and code.");
	for (size_t i = 0; i < call_counters_method_count(counters); i++) {
		call_counters_read(counters, i, &figures);
		for (int code = 0; code < CODE_COUNT; code++) {
			const struct exposition_label labels[] = { { "method", figures.name },
				{ "code", code_name((enum code)code) }, { NULL, NULL } };
			if (code == CODE_OK || figures.codes[code] > 0)
				exposition_count(out, name, labels, figures.codes[code]);
		}
	}
}

/* Every code from the start: a rate needs the 0 before the first failure. */
static void add_failures(struct buffer *out, const struct call_counters *counters)
{
	uint64_t codes[CODE_COUNT] = { 0 };
	struct method_figures figures;
	const char *name = "lectern_call_failures_total";
	for (size_t i = 0; i < call_counters_method_count(counters); i++) {
		call_counters_read(counters, i, &figures);
		for (int code = 0; code < CODE_COUNT; code++)
			codes[code] += figures.codes[code];
	}
	exposition_head(out, name, "counter", "Calls that failed, by code, of all methods.");
	for (int code = CODE_OK + 1; code < CODE_COUNT; code++) {
		const struct exposition_label labels[] = { { "code", code_name((enum code)code) },
			{ NULL, NULL } };
		exposition_count(out, name, labels, codes[code]);
	}
}

/* Of the methods that were called. */
static void add_durations(struct buffer *out, const struct call_counters *counters,
	const char *name, const char *help, bool waits)
{
	struct method_figures figures;
	exposition_head(out, name, "histogram", help);
	for (size_t i = 0; i < call_counters_method_count(counters); i++) {
		call_counters_read(counters, i, &figures);
		const struct exposition_label labels[] = { { "method", figures.name },
			{ NULL, NULL } };
		if (figures.waits == waits && figures.calls > 0)
			exposition_histogram(out, name, labels, &figures.durations);
	}
}

static void add_response_bytes(struct buffer *out, const struct call_counters *counters)
{
	struct method_figures figures;
	const char *name = "lectern_response_bytes_total";
	exposition_head(out, name, "counter", "Bytes of response messages, failures not counted.");
	for (size_t i = 0; i < call_counters_method_count(counters); i++) {
		call_counters_read(counters, i, &figures);
		const struct exposition_label labels[] = { { "method", figures.name },
			{ NULL, NULL } };
		if (figures.calls > 0)
			exposition_count(out, name, labels, figures.response_bytes);
	}
}

static void add_reasons(struct buffer *out, const char *name, const char *help,
	const char *const *reasons, const uint64_t *counts, size_t count)
{
	exposition_head(out, name, "counter", help);
	for (size_t i = 0; i < count; i++)
		exposition_count(out, name,
			(const struct exposition_label[]){
				{ "reason", reasons[i] }, { NULL, NULL } },
			counts[i]);
}

static void add_traffic(struct buffer *out, const struct telemetry_gauges *gauges)
{
	static const char *const refusals[] = { "in_flight", "queue", "late", "waiters" };
	static const char *const closings[] = { "displaced", "stalled", "flood" };
	ADD_ROWS(out, gauges, traffic_rows);
	add_reasons(out, "lectern_calls_refused_total",
		"Calls that the transport refused before anything of them was done.", refusals,
		gauges->calls_refused, TELEMETRY_REFUSALS);
	add_reasons(out, "lectern_connections_closed_total", "Connections that the server closed.",
		closings, gauges->connections_closed, TELEMETRY_CLOSINGS);
}

static void add_writer(struct buffer *out, const struct telemetry_gauges *gauges)
{
	ADD_ROWS(out, gauges, write_rows);
	add_count(out, "lectern_write_queue_length_limit", "gauge",
		"Writes that may wait; with more a write is refused.", LIMIT_WRITE_QUEUE);
	add_count(out, "lectern_write_queue_bytes_limit", "gauge",
		"Bytes that may wait; with more a write is refused.", LIMIT_WRITE_QUEUE_BYTES);
	add_histogram(out, "lectern_commit_duration_seconds",
		"How long commits took, the flush to the disk included.",
		&gauges->commit_durations);
	add_histogram(out, "lectern_commit_writes",
		"How many writes were committed together, where there were any.",
		&gauges->commit_writes);
}

static void add_content(struct buffer *out, const struct telemetry_gauges *gauges)
{
	static const char *const states[] = { "draft", "scheduled", "published", "trashed" };
	static const char *const kinds[] = { "tag", "category", "author" };
	if (!gauges->content_known)
		return;
	ADD_ROWS(out, gauges, content_rows);
	exposition_head(out, "lectern_posts", "gauge", "Posts by state.");
	for (size_t i = 0; i < TELEMETRY_POST_STATES; i++)
		exposition_count(out, "lectern_posts",
			(const struct exposition_label[]){ { "state", states[i] }, { NULL, NULL } },
			gauges->posts[i]);
	exposition_head(out, "lectern_terms", "gauge", "Tags, categories and authors.");
	for (size_t i = 0; i < TELEMETRY_TERM_KINDS; i++)
		exposition_count(out, "lectern_terms",
			(const struct exposition_label[]){ { "kind", kinds[i] }, { NULL, NULL } },
			gauges->terms[i]);
	add_value(out, "lectern_overdue_seconds", "gauge",
		"For how long a post has been due to be published or to expire.",
		gauges->overdue_seconds);
	add_value(out, "lectern_last_backup_timestamp_seconds", "gauge",
		"When the newest backup of this server was finished; 0 without one since its "
		"start.",
		gauges->last_backup_seconds);
}

static void add_store(struct buffer *out, const struct telemetry_gauges *gauges)
{
	double map_bytes = (double)gauges->store_map_bytes;
	ADD_ROWS(out, gauges, store_rows);
	add_value(out, "lectern_store_map_used_ratio", "gauge",
		"The part of its greatest size that the data file has reached, 0 to 1.",
		map_bytes > 0 ? (double)gauges->store_bytes / map_bytes : 0);
	add_value(out, "lectern_oldest_snapshot_age_seconds", "gauge",
		"For how long the oldest read transaction has been open.",
		gauges->oldest_snapshot_seconds);
	add_count(out, "lectern_store_healthy", "gauge",
		"1 while the store can be read, 0 after trouble with the disk.",
		gauges->store_healthy ? 1 : 0);
}

static void add_log(struct buffer *out, struct telemetry *telemetry)
{
	struct log_counts counts;
	log_counts(&counts);
	add_count(out, "lectern_slow_calls_total", "counter",
		"Calls that took as long as --slow-call tells, or longer.",
		atomic_load_explicit(&telemetry->slow_calls, memory_order_relaxed));
	add_count(out, "lectern_log_lines_dropped_total", "counter",
		"Lines of the log that were lost because their reader was too slow.",
		counts.dropped);
	add_count(out, "lectern_log_lines_left_out_total", "counter",
		"Lines of the log about calls that were left out because there were too many.",
		counts.left_out);
}

static void add_build(struct buffer *out, const struct telemetry_options *options)
{
	const struct exposition_label labels[] = { { "version", options->version },
		{ "nng", options->nng_version }, { "lmdb", options->lmdb_version },
		{ "protobuf_c", protobuf_c_version() }, { NULL, NULL } };
	exposition_head(out, "lectern_build_info", "gauge",
		"1; the labels tell the version of the server and of its libraries.");
	exposition_count(out, "lectern_build_info", labels, 1);
}

static void add_process(struct buffer *out, int64_t start_us)
{
	struct process_figures process;
	process_read(&process);
	add_value(out, "process_cpu_seconds_total", "counter",
		"Time on the processors, of user and system.", process.cpu_seconds);
	add_count(out, "process_resident_memory_bytes", "gauge",
		"Memory, pages of the data file that were read included.", process.resident_bytes);
	add_count(out, "process_virtual_memory_bytes", "gauge",
		"Address space, the whole map of the store included.", process.virtual_bytes);
	add_count(out, "process_open_fds", "gauge", "Open file descriptors.", process.open_fds);
	add_count(out, "process_max_fds", "gauge", "File descriptors that may be open.",
		process.max_fds);
	add_count(out, "process_threads", "gauge", "Threads.", process.threads);
	add_value(out, "process_start_time_seconds", "gauge",
		"When the server was started, in seconds since 1970.", (double)start_us / US_PER_S);
}

void telemetry_write_metrics(
	struct telemetry *telemetry, const struct telemetry_gauges *gauges, struct buffer *out)
{
	add_build(out, &telemetry->options);
	add_calls(out, telemetry->counters);
	add_failures(out, telemetry->counters);
	add_durations(out, telemetry->counters, "lectern_call_duration_seconds",
		"From the arrival of a call to its response, of methods that do not wait.", false);
	add_durations(out, telemetry->counters, "lectern_waiting_call_duration_seconds",
		"The same for methods that may wait by design.", true);
	add_response_bytes(out, telemetry->counters);
	add_traffic(out, gauges);
	ADD_ROWS(out, gauges, cache_rows);
	add_writer(out, gauges);
	add_store(out, gauges);
	add_content(out, gauges);
	add_log(out, telemetry);
	add_process(out, telemetry->start_us);
}
