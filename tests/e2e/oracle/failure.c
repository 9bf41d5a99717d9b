#include "e2e/oracle/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static _Thread_local char doing[16384];

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
	fflush(NULL);
	_exit(EXIT_FAILURE);
}
