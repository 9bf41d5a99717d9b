#include "server/observe.h"

#include "base/clock.h"
#include "store/txn.h"
#include "telemetry/telemetry.h"

#include <lectern/version.h>
#include <stdlib.h>

enum { US_PER_S = 1000000, FIRST_COMMIT_BUCKET = 6 /* 64 us */, COMMIT_BOUNDS = 19 };
_Static_assert(COMMIT_BOUNDS <= (int)HISTOGRAM_BOUNDS_MAX, "they fit");
_Static_assert(STORE_BATCH_BUCKETS <= (int)HISTOGRAM_BOUNDS_MAX, "they fit");
_Static_assert(HISTOGRAM_BOUNDS_MAX <= (int)SERVICES_BOUNDS_MAX, "GetStats has room for all");

struct observer {
	struct telemetry *telemetry;
	const struct rpc *rpc;
	struct services *services;
	struct nng_server *transport;
	struct publisher *publisher; /* may be NULL */
	struct serve_http *http;     /* likewise */
	/* Powers of two: seconds from 64 us to 16.8 s, and writes. */
	double commit_bounds[COMMIT_BOUNDS];
	double batch_bounds[STORE_BATCH_BUCKETS];
};

enum code observer_new(const struct server_options *options, struct rpc_options *rpc,
	struct observer **ret, struct error *err)
{
	struct observer *observer = calloc(1, sizeof *observer);
	if (observer == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "start telemetry: out of memory");
	for (size_t i = 0; i < COMMIT_BOUNDS; i++)
		observer->commit_bounds[i] =
			(double)(UINT64_C(1) << (FIRST_COMMIT_BUCKET + i)) / US_PER_S;
	for (size_t i = 0; i < STORE_BATCH_BUCKETS; i++)
		observer->batch_bounds[i] = (double)(1U << i);
	const struct telemetry_options telemetry = { .rpc = rpc,
		.log_calls = options->log_calls,
		.slow_call_us = (uint64_t)options->slow_call_us,
		.version = LECTERN_VERSION,
		.nng_version = nng_server_library_version(),
		.lmdb_version = txn_library_version() };
	enum code code = telemetry_new(&telemetry, &observer->telemetry, err);
	if (code != CODE_OK) {
		observer_free(observer);
		return code;
	}
	rpc->observe = telemetry_observe;
	rpc->observer = observer->telemetry;
	*ret = observer;
	return CODE_OK;
}

void observer_reload(struct observer *observer, const struct server_options *options)
{
	telemetry_set_log_calls(
		observer->telemetry, options->log_calls, (uint64_t)options->slow_call_us);
}

void observer_free(struct observer *observer)
{
	if (observer == NULL)
		return;
	telemetry_free(observer->telemetry);
	free(observer);
}

static void read_calls(void *context, struct services_calls *ret)
{
	struct observer *observer = context;
	struct telemetry_calls calls;
	struct nng_server_stats traffic;
	telemetry_read_calls(observer->telemetry, &calls);
	nng_server_read_stats(observer->transport, &traffic);
	*ret = (struct services_calls){
		.calls = calls.calls,
		.failed = calls.failed,
		.in_flight = (uint32_t)traffic.in_flight,
		.parked = (uint32_t)traffic.parked,
		.connections = (uint32_t)traffic.connections,
		.subscribers = observer->publisher == NULL
				       ? 0
				       : publisher_subscribers(observer->publisher),
		.bound_count = calls.durations.bound_count,
	};
	for (size_t i = 0; i <= calls.durations.bound_count; i++) {
		if (i < calls.durations.bound_count)
			ret->upper_us[i] = (uint64_t)(calls.durations.bounds[i] * US_PER_S + 0.5);
		ret->counts[i] = calls.durations.counts[i];
	}
}

/* The buckets below the first bound become one, and so do those above the last. */
static void fill_commits(
	const struct observer *observer, const struct store_stats *stats, struct histogram *ret)
{
	*ret = (struct histogram){ .bounds = observer->commit_bounds,
		.bound_count = COMMIT_BOUNDS,
		.sum = (double)stats->commit_ns / 1e9 };
	for (size_t i = 0; i < STORE_COMMIT_BUCKETS; i++) {
		size_t bucket = i < FIRST_COMMIT_BUCKET ? 0 : i - FIRST_COMMIT_BUCKET;
		ret->counts[bucket < COMMIT_BOUNDS ? bucket : COMMIT_BOUNDS] +=
			stats->commit_buckets[i];
	}
}

static void fill_store(const struct observer *observer, const struct store_stats *stats,
	struct telemetry_gauges *ret)
{
	ret->write_queue_length = stats->queued_writes;
	ret->write_queue_bytes = stats->queued_bytes;
	ret->writes = stats->writes;
	ret->commits = stats->commits;
	fill_commits(observer, stats, &ret->commit_durations);
	ret->commit_writes = (struct histogram){ .bounds = observer->batch_bounds,
		.bound_count = STORE_BATCH_BUCKETS,
		.sum = (double)stats->batch_writes };
	memcpy(ret->commit_writes.counts, stats->batch_buckets, sizeof stats->batch_buckets);
	ret->store_bytes = stats->store_bytes;
	ret->store_map_bytes = stats->map_bytes;
	ret->disk_free_bytes = stats->disk_free_bytes;
	ret->open_snapshots = stats->open_snapshots;
	ret->oldest_snapshot_seconds = (double)stats->oldest_snapshot_ns / 1e9;
	ret->oldest_snapshot_lag_commits = stats->oldest_snapshot_lag;
}

static void fill_content(const struct services_figures *figures, struct telemetry_gauges *ret)
{
	_Static_assert(sizeof figures->posts == sizeof ret->posts, "the same states");
	_Static_assert(sizeof figures->terms == sizeof ret->terms, "the same kinds");
	int64_t overdue_us =
		figures->next_due_us == 0 ? 0 : clock_realtime_us() - figures->next_due_us;
	ret->content_known = figures->content_known;
	ret->store_free_bytes = figures->free_bytes;
	memcpy(ret->posts, figures->posts, sizeof ret->posts);
	memcpy(ret->terms, figures->terms, sizeof ret->terms);
	ret->revision = figures->revision;
	ret->oldest_change_revision = figures->oldest_change_revision;
	ret->overdue_seconds = overdue_us > 0 ? (double)overdue_us / US_PER_S : 0;
	ret->last_backup_seconds = (double)figures->last_backup_us / US_PER_S;
}

static void fill_traffic(const struct observer *observer, struct telemetry_gauges *ret)
{
	struct nng_server_stats traffic;
	nng_server_read_stats(observer->transport, &traffic);
	ret->calls_in_flight = traffic.in_flight;
	ret->calls_parked = traffic.parked;
	ret->calls_queued = traffic.queued;
	ret->connections = traffic.connections;
	ret->connection_addresses = traffic.addresses;
	ret->connections_accepted = traffic.connections_accepted;
	ret->reply_queue_bytes = traffic.reply_bytes;
	ret->calls_refused[TELEMETRY_REFUSED_IN_FLIGHT] = traffic.refused_in_flight;
	ret->calls_refused[TELEMETRY_REFUSED_QUEUE] = traffic.refused_queue;
	ret->calls_refused[TELEMETRY_REFUSED_LATE] = traffic.refused_late;
	ret->calls_refused[TELEMETRY_REFUSED_WAITERS] = traffic.refused_waiters;
	ret->connections_closed[TELEMETRY_CLOSED_DISPLACED] = traffic.closed_displaced;
	ret->connections_closed[TELEMETRY_CLOSED_STALLED] = traffic.closed_stalled;
	ret->connections_closed[TELEMETRY_CLOSED_FLOOD] = traffic.closed_flood;
	if (observer->publisher != NULL)
		ret->feed_subscribers = publisher_subscribers(observer->publisher);
}

static void fill_cache(const struct observer *observer, struct telemetry_gauges *ret)
{
	struct rpc_cache_stats stats;
	rpc_read_cache_stats(observer->rpc, &stats);
	ret->cached_replies = stats.replies;
	ret->cached_bytes = stats.bytes;
	ret->cache_hits = stats.hits;
	ret->cache_misses = stats.misses;
}

static void fill_http(const struct observer *observer, struct telemetry_gauges *ret)
{
	struct http_server_stats stats;
	serve_http_read_stats(observer->http, &stats);
	ret->http_calls_in_flight = stats.in_flight;
	ret->http_calls_parked = stats.parked;
	ret->http_connections = stats.connections;
	ret->http_body_bytes = stats.body_bytes;
}

enum code observer_write_metrics(void *context, struct buffer *out)
{
	struct observer *observer = context;
	struct services_figures figures;
	struct telemetry_gauges gauges = { .calls_in_flight = 0 };
	services_read_figures(observer->services, &figures);
	fill_traffic(observer, &gauges);
	fill_http(observer, &gauges);
	fill_cache(observer, &gauges);
	fill_store(observer, &figures.store, &gauges);
	gauges.store_healthy = figures.store_healthy;
	gauges.feed_waiters = figures.change_waiters;
	gauges.feed_lag_revisions = figures.feed_lag;
	fill_content(&figures, &gauges);
	telemetry_write_metrics(observer->telemetry, &gauges, out);
	return out->overflow ? CODE_RESOURCE_EXHAUSTED : CODE_OK;
}

void observer_attach(struct observer *observer, const struct rpc *rpc, struct services *services,
	struct nng_server *transport, struct publisher *publisher, struct serve_http *http)
{
	const struct services_telemetry telemetry = { .context = observer,
		.read_calls = read_calls,
		.write_metrics = observer_write_metrics };
	observer->rpc = rpc;
	observer->services = services;
	observer->transport = transport;
	observer->publisher = publisher;
	observer->http = http;
	services_set_telemetry(services, &telemetry);
}
