#include "telemetry/call_counters.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	SHARD_COUNT = 16, /* threads beyond that share one with others */
	BUCKET_COUNT = HISTOGRAM_BOUNDS_MAX + 1,
	NS_PER_US = 1000,
};

/* From 50 us to 10 s, and for calls that wait from 1 ms to 5 min. In the units of the exposition:
 * what Prometheus has to parse must be exactly what is compared here, so both are given. */
static const double call_bounds[] = { 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
	0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10 };
static const uint64_t call_bounds_us[] = { 50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000,
	100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000 };
static const double wait_bounds[] = { 0.001, 0.01, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300 };
static const uint64_t wait_bounds_us[] = { 1000, 10000, 100000, 500000, 1000000, 2500000, 5000000,
	10000000, 30000000, 60000000, 120000000, 300000000 };

static const struct bounds {
	const double *seconds;
	const uint64_t *us;
	size_t count;
} bounds_of[] = {
	{ call_bounds, call_bounds_us, sizeof call_bounds / sizeof *call_bounds },
	{ wait_bounds, wait_bounds_us, sizeof wait_bounds / sizeof *wait_bounds },
};

/* Of one method in one shard. */
struct counts {
	_Atomic uint64_t codes[CODE_COUNT];
	_Atomic uint64_t buckets[BUCKET_COUNT];
	_Atomic uint64_t duration_ns;
	_Atomic uint64_t response_bytes;
};

struct method {
	const struct rpc_method *row; /* NULL for "unknown" */
	char *name;		      /* owned */
	bool waits;
};

struct call_counters {
	struct method *methods;
	size_t method_count;
	/* Hash table with open addressing: 1 above the index of the method, 0 for a free place. */
	uint16_t *slots;
	size_t slot_mask;
	struct counts *counts; /* SHARD_COUNT times method_count */
};

static size_t hash_of(const struct rpc_method *row)
{
	return (size_t)(((uint64_t)(uintptr_t)row * UINT64_C(0x9E3779B97F4A7C15)) >> 40);
}

/* The place of the row, or of "unknown", which is the last one. */
static size_t find(const struct call_counters *counters, const struct rpc_method *row)
{
	size_t unknown = counters->method_count - 1;
	if (row == NULL)
		return unknown;
	for (size_t at = hash_of(row) & counters->slot_mask; counters->slots[at] != 0;
		at = (at + 1) & counters->slot_mask) {
		size_t index = counters->slots[at] - 1U;
		if (counters->methods[index].row == row)
			return index;
	}
	return unknown;
}

static bool add_method(
	struct call_counters *counters, const char *service, const struct rpc_method *row)
{
	struct method *method = &counters->methods[counters->method_count];
	if (asprintf(&method->name, "%s%s%s", service, row == NULL ? "" : "/",
		    row == NULL ? "" : row->name) < 0) {
		method->name = NULL;
		return false;
	}
	method->row = row;
	method->waits = row != NULL && row->access == RPC_WAIT;
	counters->method_count++;
	if (row == NULL)
		return true;
	size_t at = hash_of(row) & counters->slot_mask;
	while (counters->slots[at] != 0)
		at = (at + 1) & counters->slot_mask;
	counters->slots[at] = (uint16_t)counters->method_count;
	return true;
}

static bool fill(struct call_counters *counters, const struct rpc_options *options)
{
	size_t count = 1;
	for (size_t i = 0; i < options->service_count; i++)
		count += options->services_table[i].method_count;
	size_t slot_count = 16;
	while (slot_count < 4 * count)
		slot_count *= 2;
	counters->slot_mask = slot_count - 1;
	counters->slots = calloc(slot_count, sizeof *counters->slots);
	counters->methods = calloc(count, sizeof *counters->methods);
	/* The shards of two threads meet in at most one cache line of each method's counts. */
	counters->counts = calloc(SHARD_COUNT * count, sizeof *counters->counts);
	if (counters->slots == NULL || counters->methods == NULL || counters->counts == NULL)
		return false;
	for (size_t i = 0; i < options->service_count; i++) {
		const struct rpc_service *service = &options->services_table[i];
		for (size_t j = 0; j < service->method_count; j++)
			if (!add_method(counters, service->descriptor->name, &service->methods[j]))
				return false;
	}
	return add_method(counters, "unknown", NULL);
}

enum code call_counters_new(
	const struct rpc_options *options, struct call_counters **ret, struct error *err)
{
	struct call_counters *counters = calloc(1, sizeof *counters);
	if (counters == NULL || !fill(counters, options)) {
		call_counters_free(counters);
		return fail(err, CODE_RESOURCE_EXHAUSTED, "count calls: out of memory");
	}
	*ret = counters;
	return CODE_OK;
}

void call_counters_free(struct call_counters *counters)
{
	if (counters == NULL)
		return;
	for (size_t i = 0; i < counters->method_count; i++)
		free(counters->methods[i].name);
	free(counters->methods);
	free(counters->slots);
	free(counters->counts);
	free(counters);
}

static size_t my_shard(void)
{
	static atomic_uint next;
	static _Thread_local unsigned mine; /* 1 above the shard; 0: none yet */
	if (mine == 0)
		mine = atomic_fetch_add_explicit(&next, 1, memory_order_relaxed) % SHARD_COUNT + 1;
	return mine - 1;
}

static size_t bucket_of(const struct bounds *bounds, uint64_t duration_ns)
{
	/* Rounded up: 50.001 us is not at most 50 us. */
	uint64_t us = duration_ns / NS_PER_US + (duration_ns % NS_PER_US != 0);
	size_t bucket = 0;
	while (bucket < bounds->count && us > bounds->us[bucket])
		bucket++;
	return bucket;
}

static void add(_Atomic uint64_t *counter, uint64_t more)
{
	atomic_fetch_add_explicit(counter, more, memory_order_relaxed);
}

void call_counters_add(struct call_counters *counters, const struct rpc_method *row, enum code code,
	uint64_t duration_ns, uint64_t response_bytes)
{
	size_t index = find(counters, row);
	struct counts *counts = &counters->counts[my_shard() * counters->method_count + index];
	const struct bounds *bounds = &bounds_of[counters->methods[index].waits];
	size_t known = (unsigned)code < CODE_COUNT ? (size_t)code : CODE_UNKNOWN;
	add(&counts->codes[known], 1);
	add(&counts->buckets[bucket_of(bounds, duration_ns)], 1);
	add(&counts->duration_ns, duration_ns);
	add(&counts->response_bytes, response_bytes);
}

size_t call_counters_method_count(const struct call_counters *counters)
{
	return counters->method_count;
}

static uint64_t load(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

void call_counters_read(
	const struct call_counters *counters, size_t index, struct method_figures *ret)
{
	const struct method *method = &counters->methods[index];
	const struct bounds *bounds = &bounds_of[method->waits];
	uint64_t duration_ns = 0;
	*ret = (struct method_figures){ .name = method->name, .waits = method->waits };
	ret->durations.bounds = bounds->seconds;
	ret->durations.bound_count = bounds->count;
	for (size_t shard = 0; shard < SHARD_COUNT; shard++) {
		const struct counts *counts =
			&counters->counts[shard * counters->method_count + index];
		for (size_t code = 0; code < CODE_COUNT; code++)
			ret->codes[code] += load(&counts->codes[code]);
		for (size_t bucket = 0; bucket <= bounds->count; bucket++)
			ret->durations.counts[bucket] += load(&counts->buckets[bucket]);
		duration_ns += load(&counts->duration_ns);
		ret->response_bytes += load(&counts->response_bytes);
	}
	for (size_t code = 0; code < CODE_COUNT; code++)
		ret->calls += ret->codes[code];
	ret->durations.sum = (double)duration_ns / 1e9;
}

const char *call_counters_name(const struct call_counters *counters, const struct rpc_method *row)
{
	return counters->methods[find(counters, row)].name;
}
