#include "cli/progress.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>

enum { INTERVAL_NS = 200 * 1000 * 1000 };

void progress_start(struct progress *progress)
{
	uint64_t now_ns = clock_monotonic_ns();
	*progress = (struct progress){ .start_ns = now_ns, .last_ns = now_ns };
}

void progress_show(struct progress *progress, uint64_t count, const char *noun, double done)
{
	uint64_t now_ns = clock_monotonic_ns();
	if (now_ns - progress->last_ns < INTERVAL_NS)
		return;
	progress->last_ns = now_ns;
	progress->shown = true;
	double seconds = (double)(now_ns - progress->start_ns) / 1e9;
	fprintf(stderr, "\r%" PRIu64 " %s, %.0f a second", count, noun,
		seconds > 0 ? (double)count / seconds : 0);
	if (done > 0 && done <= 1)
		fprintf(stderr, ", %.0f %%, %.0f s left", done * 100, seconds / done - seconds);
	fputs("\x1b[K", stderr);
}

void progress_end(const struct progress *progress)
{
	if (progress->shown)
		fputs("\r\x1b[K", stderr);
}
