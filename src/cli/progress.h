/* A line on the terminal that tells how far long work has come; written over and over. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct progress {
	uint64_t start_ns;
	uint64_t last_ns;
	bool shown;
};

void progress_start(struct progress *progress);

/* Shows "120 items, 60 a second, 40 %, 3 s left", at most five times a second. `done` is the part
 * that is done, from 0 to 1; 0 if it is not known. */
void progress_show(struct progress *progress, uint64_t count, const char *noun, double done);

/* Removes the line, if there is one. */
void progress_end(const struct progress *progress);
