/*
 * What one parse may take of memory and of the processor. The parsers of bodies cannot be told that
 * memory ran out, so their allocator jumps out of them, and does the same when the time is over.
 * Everything that they have allocated lies in one arena and goes with it.
 */
#pragma once
#include "base/arena.h"

#include <setjmp.h>
#include <time.h>

struct parse_budget {
	struct arena arena;
	unsigned calls;
	time_t end_seconds; /* on the clock of the thread's processor time */
	jmp_buf exhausted;  /* for the setjmp() of whoever calls the parser */
};

/* The time runs from now, for this thread. */
void parse_budget_init(struct parse_budget *budget);
void parse_budget_done(struct parse_budget *budget);

/* Forgets what was allocated; the time runs on. */
void parse_budget_reset(struct parse_budget *budget);

/* Zeroed memory aligned to 16 bytes, or longjmp(budget->exhausted, 1). */
void *parse_budget_alloc(struct parse_budget *budget, size_t size_bytes);
