/*
 * The checker: compares every index entry with every record, both ways, on one snapshot. What it
 * finds are contradictions inside the store, never a reason to change it.
 */
#pragma once
#include "base/arena.h"
#include "store/progress.h"
#include "store/txn.h"

enum { CHECK_PROBLEMS_KEPT = 100 };

struct check_report {
	uint64_t entries;		     /* records and index entries that were read */
	uint64_t problem_count;		     /* 0 for a sound store */
	char *problems[CHECK_PROBLEMS_KEPT]; /* the first of them, one sentence each; in the arena
					      */
	size_t kept_count;
};

/* How many entries a check of a sound store reads, for progress->total; where it finds differences
 * it reads more. */
uint64_t check_total(struct txn *txn);

/* A failure means that the check could not be done; problems are no failure. UNAVAILABLE, STOPPING
 * if progress, which may be NULL, has ended it. */
enum code check_run(struct txn *txn, struct arena *arena, struct progress *progress,
	struct check_report *ret, struct error *err) NODISCARD;
