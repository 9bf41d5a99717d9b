/* Values of options: numbers, sizes and times with their bounds. `source` names the option or
 * variable for the error's text. */
#pragma once
#include "base/error.h"

#include <stdint.h>

/* "SOURCE: 'VALUE' is not WHAT", INVALID_ARGUMENT. */
enum code option_refuse(struct error *err, const char *source, const char *value, const char *what);

/* A whole number. */
enum code option_read_number(const char *value, uint64_t least, uint64_t most, const char *source,
	uint64_t *ret, struct error *err) NODISCARD;

/* A number of bytes, with K, M, G or T behind it for powers of 1024. */
enum code option_read_size(const char *value, uint64_t least, uint64_t most, const char *source,
	uint64_t *ret, struct error *err) NODISCARD;

/* A time in milliseconds, seconds, minutes, hours or days, "100ms" to "36500d", or "0"; in
 * microseconds. */
enum code option_read_duration(
	const char *value, const char *source, int64_t *ret, struct error *err) NODISCARD;
