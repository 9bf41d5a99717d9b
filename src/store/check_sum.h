/*
 * Sums of hashes of a set's members, for comparing two large sets that are met in different orders:
 * equal sets have equal sums, and different ones have equal sums by chance only, once in 2^64.
 */
#pragma once
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct check_sum {
	uint64_t sum;
	uint64_t count;
};

static inline void check_sum_add(struct check_sum *sum, uint64_t hash)
{
	sum->sum += hash;
	sum->count++;
}

static inline void check_sum_remove(struct check_sum *sum, uint64_t hash)
{
	sum->sum -= hash;
	sum->count--;
}

static inline bool check_sum_equals(const struct check_sum *a, const struct check_sum *b)
{
	return a->sum == b->sum && a->count == b->count;
}

/* Hashes; `seed` is the hash of what the bytes belong to. */
uint64_t check_hash(struct slice bytes, uint64_t seed);

/* The hash of two small numbers that belong to what `seed` is the hash of: the last steps of
 * SplitMix64 (Steele, Lea, Flood 2014). */
static inline uint64_t check_hash_numbers(uint64_t a, uint32_t b, uint64_t seed)
{
	uint64_t hash = seed + a * UINT64_C(0x9E3779B97F4A7C15) + b * UINT64_C(0xD6E8FEB86659FD93);
	hash = (hash ^ hash >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	hash = (hash ^ hash >> 27) * UINT64_C(0x94D049BB133111EB);
	return hash ^ hash >> 31;
}
