#include "client/failure.h"

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

enum lectern_code failure(
	struct lectern_error *err, enum lectern_code code, const char *reason, const char *fmt, ...)
{
	if (err == NULL)
		return code;
	*err = (struct lectern_error){ .code = code };
	va_list args;
	va_start(args, fmt);
	vsnprintf(err->message, sizeof err->message, fmt, args);
	va_end(args);
	snprintf(err->reason, sizeof err->reason, "%s",
		reason == NULL ? lectern_code_name(code) : reason);
	return code;
}

const char *lectern_code_name(enum lectern_code code)
{
	return code_name((enum code)code); /* the same numbers */
}

enum lectern_code failure_memory(struct lectern_error *err)
{
	return failure(err, LECTERN_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "out of memory");
}

enum lectern_code failure_interrupted(struct lectern_error *err)
{
	return failure(err, LECTERN_CANCELLED, "WATCH_INTERRUPTED", "the wait was interrupted");
}
