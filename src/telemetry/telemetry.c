#include "base/clock.h"
#include "telemetry/call_log.h"
#include "telemetry/telemetry_private.h"

#include <stdlib.h>

enum { NS_PER_US = 1000 };

enum code telemetry_new(
	const struct telemetry_options *options, struct telemetry **ret, struct error *err)
{
	struct telemetry *telemetry = calloc(1, sizeof *telemetry);
	if (telemetry == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "start telemetry: out of memory");
	telemetry->options = *options;
	telemetry->start_us = clock_realtime_us();
	telemetry_set_log_calls(telemetry, options->log_calls, options->slow_call_us);
	enum code code = call_counters_new(options->rpc, &telemetry->counters, err);
	if (code != CODE_OK) {
		telemetry_free(telemetry);
		return code;
	}
	*ret = telemetry;
	return CODE_OK;
}

void telemetry_free(struct telemetry *telemetry)
{
	if (telemetry == NULL)
		return;
	call_counters_free(telemetry->counters);
	free(telemetry);
}

void telemetry_set_log_calls(
	struct telemetry *telemetry, enum telemetry_log_calls log_calls, uint64_t slow_call_us)
{
	atomic_store_explicit(&telemetry->log_calls, (int)log_calls, memory_order_relaxed);
	atomic_store_explicit(&telemetry->slow_call_us, slow_call_us, memory_order_relaxed);
}

/* Calls of methods that may wait take as long as they are to. */
static bool is_slow(struct telemetry *telemetry, const struct rpc_method *row, uint64_t duration_ns)
{
	uint64_t slow_us = atomic_load_explicit(&telemetry->slow_call_us, memory_order_relaxed);
	if (slow_us == 0 || duration_ns / NS_PER_US < slow_us ||
		(row != NULL && row->access == RPC_WAIT))
		return false;
	atomic_fetch_add_explicit(&telemetry->slow_calls, 1, memory_order_relaxed);
	return true;
}

void telemetry_observe(
	void *context, const struct rpc_call *call, const struct error *err, uint64_t duration_ns)
{
	struct telemetry *telemetry = context;
	uint64_t response_bytes = err == NULL ? call->reply.size_bytes : 0;
	int log_calls = atomic_load_explicit(&telemetry->log_calls, memory_order_relaxed);
	bool slow = is_slow(telemetry, call->row, duration_ns);
	call_counters_add(telemetry->counters, call->row, err == NULL ? CODE_OK : err->code,
		duration_ns, response_bytes);
	if (!slow && log_calls != TELEMETRY_LOG_ALL &&
		(err == NULL || log_calls == TELEMETRY_LOG_NONE))
		return;
	const struct call_line line = { .call = call,
		.method = call_counters_name(telemetry->counters, call->row),
		.err = err,
		.duration_us = duration_ns / NS_PER_US,
		.response_bytes = response_bytes,
		.slow = slow };
	call_log_write(&line, log_calls == TELEMETRY_LOG_ALL);
}

void telemetry_read_calls(struct telemetry *telemetry, struct telemetry_calls *ret)
{
	*ret = (struct telemetry_calls){ .calls = 0 };
	for (size_t i = 0; i < call_counters_method_count(telemetry->counters); i++) {
		struct method_figures figures;
		call_counters_read(telemetry->counters, i, &figures);
		ret->calls += figures.calls;
		ret->failed += figures.calls - figures.codes[CODE_OK];
		if (figures.waits)
			continue;
		ret->durations.bounds = figures.durations.bounds;
		ret->durations.bound_count = figures.durations.bound_count;
		ret->durations.sum += figures.durations.sum;
		for (size_t bucket = 0; bucket <= HISTOGRAM_BOUNDS_MAX; bucket++)
			ret->durations.counts[bucket] += figures.durations.counts[bucket];
	}
}
