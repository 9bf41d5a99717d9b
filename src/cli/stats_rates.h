/* What happened between two answers of GetStats. */
#pragma once
#include <lectern/v1/admin.pb-c.h>
#include <stdbool.h>
#include <stdint.h>

enum { STATS_BUCKETS_MAX = 64 };

/* The figures of one answer that only grow. */
struct stats_counts {
	uint64_t at_ns; /* monotonic */
	uint64_t calls;
	uint64_t failed;
	uint64_t writes;
	uint64_t commits;
	uint64_t revision;
	size_t bucket_count;
	uint64_t upper_us[STATS_BUCKETS_MAX]; /* 0: no bound */
	uint64_t buckets[STATS_BUCKETS_MAX];
};

void stats_counts_read(
	const Lectern__V1__GetStatsResponse *stats, uint64_t at_ns, struct stats_counts *ret);

struct stats_rates {
	/* A second. */
	double calls;
	double failed;
	double writes;
	double commits;
	double revisions;
	/* Of the calls in between, as the bounds of the buckets tell; 0 without any. UINT64_MAX:
	 * above the last bound. */
	uint64_t p50_us;
	uint64_t p99_us;
};

/* False if the server was started anew in between: then there is nothing to compare. */
bool stats_rates_between(const struct stats_counts *before, const struct stats_counts *after,
	struct stats_rates *ret);
