#include "e2e/oracle/failure.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static _Thread_local char doing[16384];
static int log_fd = -1;

void oracle_show_log(int fd)
{
	log_fd = fd;
}

/* What there is, without waiting for more; a crash of the server closes the pipe. */
static void print_log(void)
{
	char bytes[4096];
	ssize_t size;
	if (log_fd < 0 || fcntl(log_fd, F_SETFL, O_NONBLOCK) != 0)
		return;
	while ((size = read(log_fd, bytes, sizeof bytes)) > 0)
		fwrite(bytes, 1, (size_t)size, stderr);
}

void oracle_doing(const char *fmt, ...)
{
	va_list arguments;
	va_start(arguments, fmt);
	vsnprintf(doing, sizeof doing, fmt, arguments);
	va_end(arguments);
}

void oracle_fail(const char *fmt, ...)
{
	va_list arguments;
	va_start(arguments, fmt);
	flockfile(stderr); /* never unlocked: one failure is told */
	fprintf(stderr, "\nFAILED\n%s\n", doing);
	vfprintf(stderr, fmt, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	print_log();
	fflush(NULL);
	_exit(EXIT_FAILURE);
}
