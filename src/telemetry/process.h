/* What the system knows of this process. */
#pragma once
#include <stdint.h>

struct process_figures {
	double cpu_seconds; /* in user and kernel mode */
	uint64_t resident_bytes;
	uint64_t virtual_bytes;
	uint64_t open_fds;
	uint64_t max_fds;
	uint64_t threads;
};

/* What cannot be read is 0. */
void process_read(struct process_figures *ret);
