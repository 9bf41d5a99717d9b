#include "cli/stats_rates.h"

void stats_counts_read(
	const Lectern__V1__GetStatsResponse *stats, uint64_t at_ns, struct stats_counts *ret)
{
	*ret = (struct stats_counts){ .at_ns = at_ns,
		.calls = stats->calls,
		.failed = stats->failed_calls,
		.writes = stats->writes,
		.commits = stats->commits,
		.revision = stats->revision };
	for (size_t i = 0; i < stats->n_call_durations && i < STATS_BUCKETS_MAX; i++) {
		ret->upper_us[i] = stats->call_durations[i]->upper_us;
		ret->buckets[i] = stats->call_durations[i]->count;
		ret->bucket_count++;
	}
}

/* The bound below which so many of 100 are. */
static uint64_t percentile(
	const struct stats_counts *before, const struct stats_counts *after, unsigned percent)
{
	uint64_t total = 0;
	uint64_t seen = 0;
	for (size_t i = 0; i < after->bucket_count; i++)
		total += after->buckets[i] - before->buckets[i];
	uint64_t wanted = total / 100 * percent + (total % 100 * percent + 99) / 100;
	for (size_t i = 0; i < after->bucket_count && total > 0; i++) {
		seen += after->buckets[i] - before->buckets[i];
		if (seen >= wanted)
			return after->upper_us[i] == 0 ? UINT64_MAX : after->upper_us[i];
	}
	return 0;
}

bool stats_rates_between(const struct stats_counts *before, const struct stats_counts *after,
	struct stats_rates *ret)
{
	if (after->at_ns <= before->at_ns || after->calls < before->calls ||
		after->failed < before->failed || after->writes < before->writes ||
		after->commits < before->commits || after->revision < before->revision ||
		after->bucket_count != before->bucket_count)
		return false;
	for (size_t i = 0; i < after->bucket_count; i++)
		if (after->buckets[i] < before->buckets[i])
			return false;
	double seconds = (double)(after->at_ns - before->at_ns) / 1e9;
	*ret = (struct stats_rates){
		.calls = (double)(after->calls - before->calls) / seconds,
		.failed = (double)(after->failed - before->failed) / seconds,
		.writes = (double)(after->writes - before->writes) / seconds,
		.commits = (double)(after->commits - before->commits) / seconds,
		.revisions = (double)(after->revision - before->revision) / seconds,
		.p50_us = percentile(before, after, 50),
		.p99_us = percentile(before, after, 99),
	};
	return true;
}
