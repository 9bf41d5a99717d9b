#include "telemetry/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

enum { FILE_BYTES = 4096, US_PER_S = 1000000 };

static void read_text(const char *path, char out[FILE_BYTES])
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = file < 0 ? 0 : read(file, out, FILE_BYTES - 1);
	out[size < 0 ? 0 : size] = '\0';
	if (file >= 0)
		close(file);
}

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / US_PER_S;
}

/* One of them is that of the directory itself. */
static uint64_t count_fds(void)
{
	uint64_t count = 0;
	DIR *fds = opendir("/proc/self/fd");
	if (fds == NULL)
		return 0;
	for (struct dirent *entry; (entry = readdir(fds)) != NULL;)
		count += entry->d_name[0] != '.';
	closedir(fds);
	return count == 0 ? 0 : count - 1;
}

void process_read(struct process_figures *ret)
{
	char text[FILE_BYTES];
	struct rusage usage;
	struct rlimit limit;
	*ret = (struct process_figures){ .open_fds = count_fds() };
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		ret->cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		ret->max_fds = limit.rlim_cur;
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	read_text("/proc/self/statm", text);
	if (sscanf(text, "%" SCNu64 " %" SCNu64, &ret->virtual_bytes, &ret->resident_bytes) == 2) {
		ret->virtual_bytes *= page_bytes;
		ret->resident_bytes *= page_bytes;
	}
	read_text("/proc/self/status", text);
	const char *threads = strstr(text, "\nThreads:");
	if (threads != NULL)
		(void)sscanf(threads + strlen("\nThreads:"), "%" SCNu64, &ret->threads);
}
