/* For tests that run a server behind io_shim.c: the control file and the server's environment. */
#pragma once
#include "support/io_control.h"

#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct io_faults {
	struct io_control *control;
	char path[128];
	char variables[2][1024];
	char *environment[3];
};

/* A sanitizer's runtime that is a library of its own has to be loaded before the shim. The test is
 * built as the server is. */
static inline int io_faults_find_runtime(struct dl_phdr_info *info, size_t size, void *ret)
{
	(void)size;
	const char **runtime = ret;
	if (strstr(info->dlpi_name, "/libasan.so") != NULL ||
		strstr(info->dlpi_name, "/libtsan.so") != NULL)
		*runtime = info->dlpi_name;
	return *runtime != NULL;
}

static inline void io_faults_open(struct io_faults *faults)
{
	const char *bin = getenv("LECTERN_BIN");
	const char *runtime = NULL;
	strcpy(faults->path, "/tmp/lectern-io-XXXXXX");
	int file = mkstemp(faults->path);
	if (file < 0 || ftruncate(file, sizeof *faults->control) != 0)
		abort();
	void *map =
		mmap(NULL, sizeof *faults->control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (map == MAP_FAILED)
		abort();
	close(file);
	faults->control = map;
	dl_iterate_phdr(io_faults_find_runtime, &runtime);
	snprintf(faults->variables[0], sizeof faults->variables[0],
		"LD_PRELOAD=%s%s%s/../tests/io_shim.so", runtime == NULL ? "" : runtime,
		runtime == NULL ? "" : ":", bin == NULL ? "bin" : bin);
	snprintf(faults->variables[1], sizeof faults->variables[1], IO_CONTROL_VARIABLE "=%s",
		faults->path);
	faults->environment[0] = faults->variables[0];
	faults->environment[1] = faults->variables[1];
	faults->environment[2] = NULL;
}

static inline void io_faults_close(struct io_faults *faults)
{
	munmap(faults->control, sizeof *faults->control);
	unlink(faults->path);
}
