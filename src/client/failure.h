/* Filling struct lectern_error. */
#pragma once
#include "base/attributes.h"

#include <lectern/error.h>

/* Fills *err, which may be NULL, and returns the code. `reason` is UPPER_SNAKE; NULL means the
 * code's name. */
enum lectern_code failure(struct lectern_error *err, enum lectern_code code, const char *reason,
	const char *fmt, ...) PRINTF_LIKE(4, 5);

/* RESOURCE_EXHAUSTED, OUT_OF_MEMORY. */
enum lectern_code failure_memory(struct lectern_error *err);

/* CANCELLED, WATCH_INTERRUPTED. */
enum lectern_code failure_interrupted(struct lectern_error *err);
