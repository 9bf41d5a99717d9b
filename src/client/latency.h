/* Times counted in buckets whose width is under two percent of what they hold, as in
 * HdrHistogram. */
#pragma once
#include <stdatomic.h>
#include <stdint.h>

enum {
	LATENCY_STEPS = 64,  /* of each power of two */
	LATENCY_POWERS = 34, /* up to some minutes, in nanoseconds */
	LATENCY_BUCKETS = LATENCY_STEPS * LATENCY_POWERS,
};

/* All zero at first. Several threads may add at once. */
struct latency {
	_Atomic uint64_t buckets[LATENCY_BUCKETS];
	_Atomic uint64_t count;
	_Atomic uint64_t max_ns;
};

void latency_add(struct latency *latency, uint64_t ns);

/* The time that the share of all, from 0 to 1, did not pass; 0 where there are none. */
uint64_t latency_at(const struct latency *latency, double share);
