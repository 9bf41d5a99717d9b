#include "server/option_value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAYS_MAX = 36500 };
#define SECOND_US INT64_C(1000000)

enum code option_refuse(struct error *err, const char *source, const char *value, const char *what)
{
	return fail(err, CODE_INVALID_ARGUMENT, "%s: '%s' is not %s", source, value, what);
}

/* A whole number from 0, all of the text but what *end is left at. */
static bool read_digits(const char *text, uint64_t *ret, const char **end)
{
	char *stop;
	errno = 0;
	unsigned long long number = strtoull(text, &stop, 10);
	if (!isdigit((unsigned char)text[0]) || errno != 0)
		return false;
	*ret = number;
	*end = stop;
	return true;
}

enum code option_read_number(const char *value, uint64_t least, uint64_t most, const char *source,
	uint64_t *ret, struct error *err)
{
	uint64_t number;
	const char *end;
	char what[80];
	if (read_digits(value, &number, &end) && *end == '\0' && number >= least &&
		number <= most) {
		*ret = number;
		return CODE_OK;
	}
	snprintf(what, sizeof what, "a number from %" PRIu64 " to %" PRIu64, least, most);
	return option_refuse(err, source, value, what);
}

/* "1M" for 1048576. */
static void print_size(uint64_t bytes, char *out, size_t out_bytes)
{
	static const char suffixes[] = " KMGT";
	size_t suffix = 0;
	while (bytes % 1024 == 0 && bytes > 0 && suffixes[suffix + 1] != '\0') {
		bytes /= 1024;
		suffix++;
	}
	snprintf(out, out_bytes, "%" PRIu64 "%.*s", bytes, suffix > 0, suffixes + suffix);
}

enum code option_read_size(const char *value, uint64_t least, uint64_t most, const char *source,
	uint64_t *ret, struct error *err)
{
	static const char suffixes[] = "KMGT";
	uint64_t number;
	const char *end;
	unsigned shift = 0;
	bool valid = read_digits(value, &number, &end);
	if (valid && *end != '\0') {
		const char *suffix = strchr(suffixes, toupper((unsigned char)*end));
		valid = suffix != NULL && end[1] == '\0';
		shift = valid ? 10 * (unsigned)(suffix - suffixes + 1) : 0;
	}
	if (!valid)
		return option_refuse(
			err, source, value, "a size; write for example 64G (K, M, G or T)");
	if (number > most >> shift || number << shift < least) {
		char from[24];
		char to[24];
		char what[64];
		print_size(least, from, sizeof from);
		print_size(most, to, sizeof to);
		snprintf(what, sizeof what, "between %s and %s", from, to);
		return option_refuse(err, source, value, what);
	}
	*ret = number << shift;
	return CODE_OK;
}

enum code option_read_duration(
	const char *value, const char *source, int64_t *ret, struct error *err)
{
	static const struct {
		const char *unit;
		int64_t us;
	} units[] = { { "ms", 1000 }, { "s", SECOND_US }, { "m", 60 * SECOND_US },
		{ "h", 3600 * SECOND_US }, { "d", 86400 * SECOND_US } };
	const int64_t most = 86400 * SECOND_US * DAYS_MAX;
	uint64_t number = 0;
	const char *end = value;
	int64_t us = 0;
	bool valid = read_digits(value, &number, &end);
	for (size_t i = 0; valid && i < sizeof units / sizeof *units; i++)
		if (strcmp(end, units[i].unit) == 0)
			us = units[i].us;
	if (valid && *end == '\0' && number == 0)
		us = 1;
	if (!valid || us == 0)
		return option_refuse(
			err, source, value, "a time; write for example 30d, 12h, 15m or 10s, or 0");
	if (number > (uint64_t)(most / us))
		return option_refuse(err, source, value, "at most 36500d");
	*ret = (int64_t)number * us;
	return CODE_OK;
}
