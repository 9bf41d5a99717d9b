/* Finds the name that a misspelt one was meant to be. */
#pragma once
#include "base/attributes.h"

#include <stdbool.h>
#include <stddef.h>

struct nearest {
	const char *wanted; /* borrowed */
	const char *best;   /* borrowed; the first of the nearest so far */
	size_t best_distance;
};

static inline struct nearest nearest_to(const char *wanted)
{
	return (struct nearest){ .wanted = wanted };
}

/* Compares one candidate, which stays valid until the struct is done with. */
void nearest_offer(struct nearest *nearest, const char *candidate);

/* The nearest candidate, or NULL where none is near enough to be worth a question. */
const char *nearest_best(const struct nearest *nearest);
