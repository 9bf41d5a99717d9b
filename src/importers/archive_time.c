#include "importers/archive_time.h"

#include "base/rfc3339.h"

#include <stdlib.h>

enum { SECOND_US = 1000 * 1000 };

static void freep(void *pointer)
{
	free(*(void **)pointer);
}

static const struct order_key *key_at(const struct time_input *input, uint32_t index)
{
	return &input->keys[input->sequence[index]];
}

/*
 * Marks the posts that keep their times: a longest run of them that is in the server's order
 * (patience sorting: tails[n] is where the best run of length n + 1 ends).
 */
static bool mark_kept(const struct time_input *input, bool *kept)
{
	AUTO(freep) uint32_t *tails = calloc(input->count + 1u, sizeof *tails);
	AUTO(freep) uint32_t *before = calloc(input->count + 1u, sizeof *before);
	if (tails == NULL || before == NULL)
		return false;
	uint32_t length = 0;
	for (uint32_t i = 0; i < input->count; i++) {
		if (!key_at(input, i)->set)
			continue;
		uint32_t low = 0;
		uint32_t high = length;
		while (low < high) {
			uint32_t middle = low + (high - low) / 2;
			if (order_key_before(key_at(input, tails[middle]), key_at(input, i)))
				low = middle + 1;
			else
				high = middle;
		}
		before[i] = low > 0 ? tails[low - 1] : UINT32_MAX;
		tails[low] = i;
		if (low == length)
			length++;
	}
	for (uint32_t i = length > 0 ? tails[length - 1] : UINT32_MAX; i != UINT32_MAX;
		i = before[i])
		kept[i] = true;
	return true;
}

static int64_t clamp(int64_t time_us)
{
	return time_us < TIME_US_MIN ? TIME_US_MIN : time_us > TIME_US_MAX ? TIME_US_MAX : time_us;
}

/* The distance that lets `count` posts lie between two times; 0 if there is no room. */
static int64_t step_between(int64_t newer_us, int64_t older_us, uint32_t count)
{
	if (newer_us <= older_us)
		return 0;
	int64_t step = (newer_us - older_us) / ((int64_t)count + 1);
	if (step > ARCHIVE_STEP_US)
		return ARCHIVE_STEP_US;
	return step > SECOND_US ? step - step % SECOND_US : step;
}

/* Fills the posts from `first` up to `end`, the first of them at start_us. */
static void fill(const struct time_input *input, uint32_t first, uint32_t end, int64_t start_us,
	int64_t step_us, int64_t *times)
{
	for (uint32_t i = first; i < end; i++)
		times[input->sequence[i]] = clamp(start_us - (int64_t)(i - first) * step_us);
}

/* Posts before the first one that keeps its time, at `end`. False if there is no room. */
static bool fill_above(const struct time_input *input, uint32_t end, int64_t *times)
{
	int64_t count = end;
	int64_t below = key_at(input, end)->time_us;
	if (count == 0)
		return true;
	if (input->newest_us - (count - 1) * ARCHIVE_STEP_US > below) {
		fill(input, 0, end, input->newest_us, ARCHIVE_STEP_US, times);
		return true;
	}
	int64_t step = ARCHIVE_STEP_US;
	if (below > input->now_us - count * step)
		step = step_between(input->now_us, below, end);
	if (step == 0)
		return false;
	fill(input, 0, end, below + count * step, step, times);
	return true;
}

/* Posts between two that keep their times. False if there is no room. */
static bool fill_between(
	const struct time_input *input, uint32_t newer, uint32_t older, int64_t *times)
{
	int64_t above = key_at(input, newer)->time_us;
	uint32_t count = older - newer - 1;
	if (count == 0)
		return true;
	int64_t step = step_between(above, key_at(input, older)->time_us, count);
	if (step == 0)
		return false;
	fill(input, newer + 1, older, above - step, step, times);
	return true;
}

enum code times_assign(const struct time_input *input, int64_t *ret_times_us, struct error *err)
{
	AUTO(freep) bool *kept = calloc(input->count + 1u, sizeof *kept);
	if (kept == NULL || !mark_kept(input, kept))
		return fail(err, CODE_RESOURCE_EXHAUSTED, "assign times: out of memory");
	uint32_t last = UINT32_MAX; /* the one before that keeps its time */
	for (uint32_t i = 0; i < input->count; i++) {
		if (!kept[i])
			continue;
		bool room = last == UINT32_MAX ? fill_above(input, i, ret_times_us)
					       : fill_between(input, last, i, ret_times_us);
		if (!room)
			continue; /* it gets a new time with the others */
		ret_times_us[input->sequence[i]] = key_at(input, i)->time_us;
		last = i;
	}
	if (last == UINT32_MAX)
		fill(input, 0, input->count, input->newest_us, ARCHIVE_STEP_US, ret_times_us);
	else
		fill(input, last + 1, input->count, key_at(input, last)->time_us - ARCHIVE_STEP_US,
			ARCHIVE_STEP_US, ret_times_us);
	return CODE_OK;
}
