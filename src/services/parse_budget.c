#include "services/parse_budget.h"

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
		longjmp(budget->exhausted, 1);
	return block;
}
