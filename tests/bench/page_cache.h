/* What the system keeps of a file in memory. */
#pragma once
#include "base/attributes.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Takes the pages of a file out of memory, also those that the process has mapped: from its address
 * space first (process_madvise() with MADV_PAGEOUT, since Linux 5.10), then from the cache
 * (posix_fadvise() with POSIX_FADV_DONTNEED). Nothing else of the machine is touched. pid 0: nobody
 * has it mapped. False with errno.
 */
bool page_cache_drop(const char *path, pid_t pid) NODISCARD;

/* How many bytes of it are in memory; -1 with errno. */
int64_t page_cache_resident(const char *path) NODISCARD;
