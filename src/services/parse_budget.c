#include "services/parse_budget.h"

#include <stdio.h>
#include <stdlib.h>

static const size_t MEMORY_BYTES_MAX = 256u * 1024 * 1024;
/* Of the processor. cmark needs quadratic time for some paragraphs, "![[]()" over and over for one,
 * gumbo for tags that are never closed; 4 MiB of anything that people write take less than a
 * second. */
static const time_t SECONDS_MAX = 5;

static time_t processor_seconds(void)
{
	struct timespec now = { .tv_sec = 0 };
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec;
}

void parse_budget_init(struct parse_budget *budget)
{
	arena_init(&budget->arena, MEMORY_BYTES_MAX);
	budget->calls = 0;
	budget->end_seconds = processor_seconds() + SECONDS_MAX;
}

void parse_budget_done(struct parse_budget *budget)
{
	arena_done(&budget->arena);
}

void parse_budget_reset(struct parse_budget *budget)
{
	arena_done(&budget->arena);
}

static bool time_is_over(struct parse_budget *budget)
{
	enum { CALLS_BETWEEN = 64 };
	return ++budget->calls % CALLS_BETWEEN == 0 && processor_seconds() >= budget->end_seconds;
}

void *parse_budget_alloc(struct parse_budget *budget, size_t size_bytes)
{
	void *block = time_is_over(budget) ? NULL : arena_calloc(&budget->arena, 1, size_bytes);
	if (block == NULL)
		parse_budget_jump(budget, PARSE_EXHAUSTED);
	return block;
}

/* That a parser of this thread runs with. */
static _Thread_local struct parse_budget *entered;

void parse_budget_enter(struct parse_budget *budget)
{
	entered = budget;
}

void parse_budget_leave(void)
{
	entered = NULL;
}

void parse_budget_jump(struct parse_budget *budget, enum parse_end why)
{
	entered = NULL;
	longjmp(budget->left, (int)why);
}

/*
 * What assert() calls when it fails (Linux Standard Base, "baselib---assert-fail-1"), in the C
 * library's place: the linker finds that of a program before that of a library.
 */
__attribute__((visibility("default"))) _Noreturn void __assert_fail(
	const char *assertion, const char *file, unsigned line, const char *function);

void __assert_fail(const char *assertion, const char *file, unsigned line, const char *function)
{
	if (entered != NULL)
		parse_budget_jump(entered, PARSE_FAILED);
	fprintf(stderr, "%s:%u: %s: Assertion `%s' failed.\n", file, line, function, assertion);
	abort();
}

enum code parse_budget_fail(enum parse_end end, struct error *err)
{
	switch (end) {
	case PARSE_DONE:
		break;
	case PARSE_EXHAUSTED:
		return fail_field(err, CODE_INVALID_ARGUMENT, "BODY_TOO_COMPLEX", "post.body",
			"needs too much memory or time to render; make it simpler or shorter");
	case PARSE_FAILED:
		return fail_field(err, CODE_INVALID_ARGUMENT, "BODY_NOT_PARSED", "post.body",
			"the parser gives up on it; close each element before what is around it");
	}
	return CODE_OK;
}
