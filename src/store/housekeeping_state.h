/* What the writer's thread knows about its own work. Part of struct writer. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct housekeeping {
	bool has_due;
	int64_t next_due_us;
	bool has_recent;       /* changes that the blocks of the search index lack */
	int64_t last_write_us; /* when the last commit with changes was */
	uint64_t next_sweep_ns;
	/* Since when the two clocks have kept in step; see housekeeping.c. */
	int64_t clock_offset_us;
	uint64_t steady_since_ns;
};
