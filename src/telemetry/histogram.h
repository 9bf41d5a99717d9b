/* Distributions as Prometheus has them: how many observations are at most so large. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_BOUNDS_MAX = 20 };

/* One that is read: the counts are not cumulative, counts[bound_count] is of what is larger than
 * the last bound. */
struct histogram {
	const double *bounds; /* ascending, in base units */
	size_t bound_count;   /* at most HISTOGRAM_BOUNDS_MAX */
	uint64_t counts[HISTOGRAM_BOUNDS_MAX + 1];
	double sum;
};
