#include "page_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { LINE_BYTES = 8192, CHUNK_BYTES = 1 << 30 };

/* The size of the file; a mapping is often larger. */
static bool open_file(const char *path, int *ret, size_t *ret_size)
{
	struct stat stat;
	*ret = open(path, O_RDONLY | O_CLOEXEC);
	if (*ret < 0)
		return false;
	if (fstat(*ret, &stat) == 0) {
		*ret_size = (size_t)stat.st_size;
		return true;
	}
	close(*ret);
	return false;
}

static bool page_out(int process, uintptr_t start, uintptr_t end)
{
	for (uintptr_t at = start; at < end; at += CHUNK_BYTES) {
		const size_t size = end - at < CHUNK_BYTES ? end - at : CHUNK_BYTES;
		const struct iovec chunk = { .iov_base = (void *)at, .iov_len = size };
		if (syscall(SYS_process_madvise, process, &chunk, 1, MADV_PAGEOUT, 0) < 0)
			return false;
	}
	return true;
}

/* Each mapping of the file, up to the file's end. */
static bool page_out_mappings(FILE *maps, int process, const char *path, size_t file_size)
{
	char line[LINE_BYTES];
	while (fgets(line, sizeof line, maps) != NULL) {
		uintptr_t start, end;
		int name = 0;
		uint64_t offset;
		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*s %" SCNx64 " %*s %*s %n", &start,
			    &end, &offset, &name) < 3 ||
			name == 0 || strcmp(line + name, path) != 0 || offset >= file_size)
			continue;
		if (end - start > file_size - offset)
			end = start + (file_size - offset);
		if (!page_out(process, start, end))
			return false;
	}
	return true;
}

static bool unmap(const char *path, pid_t pid, size_t file_size)
{
	char maps_path[64];
	char *real = realpath(path, NULL);
	snprintf(maps_path, sizeof maps_path, "/proc/%d/maps", (int)pid);
	FILE *maps = fopen(maps_path, "re");
	int process = (int)syscall(SYS_pidfd_open, pid, 0);
	bool done = real != NULL && maps != NULL && process >= 0 &&
		    page_out_mappings(maps, process, real, file_size);
	const int cause = errno;
	if (process >= 0)
		close(process);
	if (maps != NULL)
		fclose(maps);
	free(real);
	errno = cause;
	return done;
}

bool page_cache_drop(const char *path, pid_t pid)
{
	int file;
	size_t size;
	if (!open_file(path, &file, &size))
		return false;
	bool done = pid == 0 || unmap(path, pid, size);
	if (done) {
		errno = posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
		done = errno == 0;
	}
	close(file);
	return done;
}

int64_t page_cache_resident(const char *path)
{
	int file;
	size_t size;
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	if (!open_file(path, &file, &size))
		return -1;
	const size_t pages = (size + page - 1) / page;
	int64_t resident = -1;
	unsigned char *states = malloc(pages + 1);
	void *map = size == 0 ? MAP_FAILED : mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0);
	if (states != NULL && map != MAP_FAILED && mincore(map, size, states) == 0) {
		resident = 0;
		for (size_t i = 0; i < pages; i++)
			resident += (states[i] & 1) != 0 ? (int64_t)page : 0;
	}
	if (map != MAP_FAILED)
		munmap(map, size);
	free(states);
	close(file);
	return resident;
}
