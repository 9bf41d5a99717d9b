/* Random numbers for tests: the same from the same seed, which every run prints. */
#pragma once
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct random {
	uint64_t state;
};

/* From the environment variable LECTERN_TEST_SEED if it is set, else from the clock. */
static inline struct random random_start(void)
{
	const char *given = getenv("LECTERN_TEST_SEED");
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	uint64_t seed = given != NULL ? strtoull(given, NULL, 10)
				      : (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	printf("LECTERN_TEST_SEED=%" PRIu64 "\n", seed);
	fflush(stdout); /* so that it is there when the test ends by a signal */
	return (struct random){ .state = seed };
}

/* SplitMix64 of Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014). */
static inline uint64_t random_next(struct random *random)
{
	uint64_t z = random->state += UINT64_C(0x9E3779B97F4A7C15);
	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

/* 0 to below - 1. */
static inline uint64_t random_below(struct random *random, uint64_t below)
{
	return random_next(random) % below;
}
