#include "client/latency.h"

#include <math.h>
#include <stddef.h>

enum { STEP_BITS = 6 }; /* of LATENCY_STEPS */

/* The first two powers have the times one by one. */
static size_t bucket_of(uint64_t ns)
{
	if (ns < 2 * LATENCY_STEPS)
		return (size_t)ns;
	unsigned power = 63 - (unsigned)__builtin_clzll(ns) - STEP_BITS;
	size_t bucket = ((size_t)power + 1) * LATENCY_STEPS + ((ns >> power) - LATENCY_STEPS);
	return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

/* The longest time in it. */
static uint64_t end_of(size_t bucket)
{
	if (bucket < LATENCY_STEPS)
		return bucket;
	unsigned power = (unsigned)(bucket >> STEP_BITS) - 1;
	uint64_t step = LATENCY_STEPS + bucket % LATENCY_STEPS;
	return ((step + 1) << power) - 1;
}

void latency_add(struct latency *latency, uint64_t ns)
{
	atomic_fetch_add_explicit(&latency->buckets[bucket_of(ns)], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&latency->count, 1, memory_order_relaxed);
	uint64_t max = atomic_load(&latency->max_ns);
	while (ns > max && !atomic_compare_exchange_weak(&latency->max_ns, &max, ns))
		;
}

uint64_t latency_at(const struct latency *latency, double share)
{
	uint64_t count = atomic_load(&latency->count);
	uint64_t max = atomic_load(&latency->max_ns);
	uint64_t rank = (uint64_t)ceil(share * (double)count);
	uint64_t seen = 0;
	for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
		seen += atomic_load(&latency->buckets[i]);
		if (seen > 0 && seen >= rank) /* the last one has all that are longer */
			return i < LATENCY_BUCKETS - 1 && end_of(i) < max ? end_of(i) : max;
	}
	return max;
}
