/*
 * What the disk gives at most to whoever syncs each write: appends of 4 KiB to a file, each with
 * fdatasync(2), one after the other.
 *
 *   bench.fdatasync DIRECTORY SECONDS
 */
#include "base/clock.h"
#include "client/latency.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { APPEND_BYTES = 4096 };

static int append_for(int file, double seconds, struct latency *latency, double *elapsed)
{
	static char bytes[APPEND_BYTES];
	memset(bytes, 'x', sizeof bytes);
	uint64_t begin = clock_monotonic_ns();
	uint64_t start = begin;
	do {
		if (write(file, bytes, sizeof bytes) != sizeof bytes || fdatasync(file) != 0)
			return -1;
		uint64_t end = clock_monotonic_ns();
		latency_add(latency, end - start);
		start = end;
		*elapsed = (double)(start - begin) / 1e9;
	} while (*elapsed < seconds);
	return 0;
}

int main(int argc, char **argv)
{
	static struct latency latency;
	double elapsed = 0;
	char path[4096];
	if (argc != 3) {
		fputs("usage: bench.fdatasync DIRECTORY SECONDS\n", stderr);
		return 2;
	}
	snprintf(path, sizeof path, "%s/fdatasync.XXXXXX", argv[1]);
	int file = mkstemp(path);
	int rc = file < 0 ? -1 : append_for(file, strtod(argv[2], NULL), &latency, &elapsed);
	if (rc != 0)
		perror(path);
	if (file >= 0) {
		close(file);
		unlink(path);
	}
	uint64_t count = atomic_load(&latency.count);
	if (rc == 0)
		printf("{\"append_bytes\":%d,\"syncs_per_s\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f}"
		       "\n",
			APPEND_BYTES, (double)count / elapsed,
			(double)latency_at(&latency, 0.5) / 1e3,
			(double)latency_at(&latency, 0.99) / 1e3);
	return rc == 0 ? 0 : 1;
}
