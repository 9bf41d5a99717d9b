/*
 * How far long work over the store has come, and whether it is to end before it is done. The unit
 * is one entry of the store.
 */
#pragma once
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	/* Called now and then by the thread that works; false ends the work. May be NULL. */
	bool (*report)(void *context, uint64_t done, uint64_t total);
	void *context;
	uint64_t done;
	uint64_t total; /* that `done` will reach, as far as it is known */
	uint64_t next_report;
	bool ended; /* report() has said so; stays */
};

enum { PROGRESS_STEP = 128 }; /* entries between two reports; a post takes up to a millisecond */

/* Tells at once. False: the work is to end. */
static inline bool progress_tell(struct progress *progress)
{
	progress->next_report = progress->done + PROGRESS_STEP;
	if (!progress->ended && progress->report != NULL)
		progress->ended =
			!progress->report(progress->context, progress->done, progress->total);
	return !progress->ended;
}

/* The same for work that is done in small pieces. */
static inline bool progress_add(struct progress *progress, uint64_t entries)
{
	progress->done += entries;
	return progress->done < progress->next_report ? !progress->ended : progress_tell(progress);
}
