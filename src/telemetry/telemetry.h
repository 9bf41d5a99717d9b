/*
 * What operators see of the calls and of everything that is counted: one log line a call, and
 * metrics in the text format of Prometheus.
 */
#pragma once
#include "base/buffer.h"
#include "rpc/rpc.h"
#include "telemetry/histogram.h"

struct telemetry;

/* Which calls get a line in the log. Slow ones do in any case. */
enum telemetry_log_calls { TELEMETRY_LOG_FAILED, TELEMETRY_LOG_ALL, TELEMETRY_LOG_NONE };

struct telemetry_options {
	const struct rpc_options *rpc; /* its tables; borrowed until telemetry_free() */
	enum telemetry_log_calls log_calls;
	uint64_t slow_call_us; /* from which on a call is slow; 0: never */
	/* For lectern_build_info; literals, or borrowed. */
	const char *version;
	const char *nng_version;
	const char *lmdb_version;
};

enum code telemetry_new(const struct telemetry_options *options, struct telemetry **ret,
	struct error *err) NODISCARD;
/* NULL is allowed. */
void telemetry_free(struct telemetry *telemetry);

/* From now on. Any thread. */
void telemetry_set_log_calls(
	struct telemetry *telemetry, enum telemetry_log_calls log_calls, uint64_t slow_call_us);

/* For rpc_options.observe; the context is the telemetry. Never waits: see log_start(). */
void telemetry_observe(
	void *context, const struct rpc_call *call, const struct error *err, uint64_t duration_ns);

enum telemetry_post_state {
	TELEMETRY_DRAFT,
	TELEMETRY_SCHEDULED,
	TELEMETRY_PUBLISHED,
	TELEMETRY_TRASHED,
	TELEMETRY_POST_STATES,
};
enum telemetry_term_kind {
	TELEMETRY_TAGS,
	TELEMETRY_CATEGORIES,
	TELEMETRY_AUTHORS,
	TELEMETRY_TERM_KINDS,
};

/* Why the transport answers a call at once with an error. */
enum telemetry_refusal {
	TELEMETRY_REFUSED_IN_FLIGHT, /* too many of its connection */
	TELEMETRY_REFUSED_QUEUE,     /* too many calls wait for a processor */
	TELEMETRY_REFUSED_LATE,	     /* half of its time went by in that queue */
	TELEMETRY_REFUSED_WAITERS,   /* too many wait by design */
	TELEMETRY_REFUSALS,
};
/* Why it closes a connection. */
enum telemetry_closing {
	TELEMETRY_CLOSED_DISPLACED, /* for a newcomer */
	TELEMETRY_CLOSED_STALLED,   /* the client did not read its replies */
	TELEMETRY_CLOSED_FLOOD,	    /* the client went on after refusals */
	TELEMETRY_CLOSINGS,
};

/* What others count, at the time of a question. The server fills it. */
struct telemetry_gauges {
	/* Connections and calls. */
	uint64_t calls_in_flight; /* parked ones included */
	uint64_t calls_parked;
	uint64_t calls_queued; /* wait for a processor */
	uint64_t connections;
	uint64_t connection_addresses; /* that they come from */
	uint64_t reply_queue_bytes;    /* of replies that wait for their clients to read others */
	uint64_t connections_accepted;
	uint64_t calls_refused[TELEMETRY_REFUSALS];
	uint64_t connections_closed[TELEMETRY_CLOSINGS];
	/* The same over HTTP. */
	uint64_t http_calls_in_flight;
	uint64_t http_calls_parked;
	uint64_t http_connections;
	uint64_t http_body_bytes; /* of requests and replies in memory */
	/* Answers that are kept. */
	uint64_t cached_replies;
	uint64_t cached_bytes;
	uint64_t cache_hits;
	uint64_t cache_misses;
	/* The feed. */
	uint64_t feed_waiters;
	uint64_t feed_subscribers;
	uint64_t feed_lag_revisions; /* changes that are committed and not yet published */
	/* The writer. */
	uint64_t write_queue_length;
	uint64_t write_queue_bytes;
	uint64_t writes;
	uint64_t commits;
	struct histogram commit_durations;
	struct histogram commit_writes; /* of the commits that have any */
	/* The data file. */
	uint64_t store_bytes;
	uint64_t store_map_bytes;
	uint64_t disk_free_bytes;
	uint64_t open_snapshots;
	double oldest_snapshot_seconds;
	uint64_t oldest_snapshot_lag_commits;
	bool store_healthy;
	/* Content; only where it could be read. */
	bool content_known;
	uint64_t store_free_bytes;
	uint64_t posts[TELEMETRY_POST_STATES];
	uint64_t terms[TELEMETRY_TERM_KINDS];
	uint64_t revision;
	uint64_t oldest_change_revision;
	double overdue_seconds;	    /* of the next thing that is due; 0 if it is not yet */
	double last_backup_seconds; /* since 1970; 0: none since the start */
};

/* Appends all metrics, in the text format 0.0.4 with the content type below. */
#define TELEMETRY_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"
enum { TELEMETRY_METRICS_BYTES = 4 * 1024 * 1024 };
void telemetry_write_metrics(
	struct telemetry *telemetry, const struct telemetry_gauges *gauges, struct buffer *out);

/* All calls together, for GetStats. Those of methods that may wait are not among the durations. */
struct telemetry_calls {
	uint64_t calls;
	uint64_t failed;
	struct histogram durations;
};
void telemetry_read_calls(struct telemetry *telemetry, struct telemetry_calls *ret);
