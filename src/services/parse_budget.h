/*
 * What one parse may take of memory and of the processor. The parsers of bodies cannot be told that
 * memory ran out, so their allocator jumps out of them, and does the same when the time is over.
 * Everything that they have allocated lies in one arena and goes with it.
 *
 * They also check themselves with assert(), and gumbo 0.10 has assertions that a body can make
 * fail: these are jumped out of, too, so that no body ends the process.
 */
#pragma once
#include "base/arena.h"
#include "base/error.h"

#include <setjmp.h>
#include <time.h>

/* How a parse ended; what setjmp() returns when it was jumped out of. */
enum parse_end {
	PARSE_DONE,
	PARSE_EXHAUSTED, /* memory or time is over */
	PARSE_FAILED,	 /* an assertion of the parser failed */
};

struct parse_budget {
	struct arena arena;
	unsigned calls;
	time_t end_seconds; /* on the clock of the thread's processor time */
	jmp_buf left;	    /* for the setjmp() of whoever calls the parser */
};

/* The time runs from now, for this thread. */
void parse_budget_init(struct parse_budget *budget);
void parse_budget_done(struct parse_budget *budget);

/* Forgets what was allocated; the time runs on. */
void parse_budget_reset(struct parse_budget *budget);

/* Zeroed memory aligned to 16 bytes, or longjmp(budget->left, PARSE_EXHAUSTED). */
void *parse_budget_alloc(struct parse_budget *budget, size_t size_bytes);

/* From here on this thread is in a parser, until it comes back or is jumped out of: an assertion
 * that fails is longjmp(budget->left, PARSE_FAILED) meanwhile. */
void parse_budget_enter(struct parse_budget *budget);
void parse_budget_leave(void);
/* For an allocator that cannot get its memory. */
_Noreturn void parse_budget_jump(struct parse_budget *budget, enum parse_end why);

/* What the caller is told of a body whose parse did not come to its end; OK if it did. */
enum code parse_budget_fail(enum parse_end end, struct error *err);
