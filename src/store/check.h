/*
 * The checker: compares every index entry with every record, both ways, on one snapshot. What it
 * finds are contradictions inside the store, never a reason to change it.
 */
#pragma once
#include "base/arena.h"
#include "store/txn.h"

enum { CHECK_PROBLEMS_KEPT = 100 };

struct check_report {
	uint64_t entries;		     /* records and index entries that were read */
	uint64_t problem_count;		     /* 0 for a sound store */
	char *problems[CHECK_PROBLEMS_KEPT]; /* the first of them, one sentence each; in the arena
					      */
	size_t kept_count;
};

/* A failure means that the check could not be done; problems are no failure. */
enum code check_run(struct txn *txn, struct arena *arena, struct check_report *ret,
	struct error *err) NODISCARD;
