#include "server/option_table.h"

#include "server/address.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	CONTEXTS_MAX = 512,
	NEAR_DISTANCE_MAX = 3,
	NAME_BYTES_MAX = 32,
};
#define MAP_BYTES_MIN (UINT64_C(1) << 20)
#define MAP_BYTES_MAX (UINT64_C(1) << 46) /* half of what a process can address */

static enum code refuse(struct error *err, const char *source, const char *value, const char *what)
{
	return fail(err, CODE_INVALID_ARGUMENT, "%s: '%s' is not %s", source, value, what);
}

static enum code apply_data(
	struct server_options *options, const char *value, const char *source, struct error *err)
{
	if (value[0] == '\0')
		return fail(err, CODE_INVALID_ARGUMENT, "%s: names no folder", source);
	options->data = value;
	return CODE_OK;
}

static enum code apply_listen(
	struct server_options *options, const char *value, const char *source, struct error *err)
{
	enum code code = address_check(value, err);
	if (code != CODE_OK)
		return wrap(err, code, "%s", source);
	if (options->url_count == LIMIT_LISTENERS)
		return fail(err, CODE_INVALID_ARGUMENT, "%s: more than %d addresses", source,
			LIMIT_LISTENERS);
	options->urls[options->url_count++] = value;
	return CODE_OK;
}

/* A whole number from 0, all of the text but what *end is left at. */
static bool read_number(const char *text, uint64_t *ret, const char **end)
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

static enum code apply_map_size(
	struct server_options *options, const char *value, const char *source, struct error *err)
{
	static const char suffixes[] = "KMGT";
	uint64_t number;
	const char *end;
	unsigned shift = 0;
	bool valid = read_number(value, &number, &end);
	if (valid && *end != '\0') {
		const char *suffix = strchr(suffixes, toupper((unsigned char)*end));
		valid = suffix != NULL && end[1] == '\0';
		shift = valid ? 10 * (unsigned)(suffix - suffixes + 1) : 0;
	}
	if (!valid)
		return refuse(err, source, value, "a size; write for example 64G (K, M, G or T)");
	if (number > MAP_BYTES_MAX >> shift || number << shift < MAP_BYTES_MIN)
		return refuse(err, source, value, "between 1M and 64T");
	options->map_bytes = number << shift;
	return CODE_OK;
}

static enum code apply_contexts(
	struct server_options *options, const char *value, const char *source, struct error *err)
{
	uint64_t number;
	const char *end;
	if (!read_number(value, &number, &end) || *end != '\0' || number < 1 ||
		number > CONTEXTS_MAX)
		return refuse(err, source, value, "a number from 1 to 512");
	options->contexts = (size_t)number;
	return CODE_OK;
}

static enum code apply_log_format(
	struct server_options *options, const char *value, const char *source, struct error *err)
{
	bool json = strcmp(value, "json") == 0;
	if (!json && strcmp(value, "text") != 0)
		return refuse(err, source, value, "json or text");
	options->log_format = json ? LOG_JSON : LOG_TEXT;
	return CODE_OK;
}

static enum code apply_log_level(
	struct server_options *options, const char *value, const char *source, struct error *err)
{
	if (!log_level_parse(value, &options->log_level))
		return refuse(err, source, value, "debug, info, warn or error");
	return CODE_OK;
}

static enum code apply_insecure(
	struct server_options *options, const char *value, const char *source, struct error *err)
{
	bool on = value == NULL || strcmp(value, "1") == 0 || strcmp(value, "true") == 0;
	if (!on && strcmp(value, "0") != 0 && strcmp(value, "false") != 0)
		return refuse(err, source, value, "1, true, 0 or false");
	options->insecure = on;
	return CODE_OK;
}

static enum code apply_version(
	struct server_options *options, const char *value, const char *source, struct error *err)
{
	(void)value, (void)source, (void)err;
	options->action = SERVER_VERSION;
	return CODE_OK;
}

static enum code apply_help(
	struct server_options *options, const char *value, const char *source, struct error *err)
{
	(void)value, (void)source, (void)err;
	options->action = SERVER_HELP;
	return CODE_OK;
}

static enum code apply_man(
	struct server_options *options, const char *value, const char *source, struct error *err)
{
	(void)value, (void)source, (void)err;
	options->action = SERVER_MAN;
	return CODE_OK;
}

const struct option_row option_table[] = {
	{ .name = "data",
		.argument = "DIR",
		.help = "Folder of the store; made if it is not there. Required",
		.apply = apply_data,
		.environment = true },
	{ .name = "listen",
		.argument = "URL",
		.help = "Address for calls, tcp://HOST:PORT or ipc://PATH. May be given several "
			"times; port 0 takes a free one. The variable holds addresses separated by "
			"blanks",
		.initial = "tcp://127.0.0.1:7400",
		.apply = apply_listen,
		.environment = true },
	{ .name = "map-size",
		.argument = "BYTES",
		.help = "Address space for the store, the most that it can grow to; with K, M, G "
			"or T for powers of 1024. Takes neither memory nor disk by itself",
		.initial = "64G",
		.apply = apply_map_size,
		.environment = true },
	{ .name = "contexts",
		.argument = "N",
		.help = "Requests that are handled at the same time, 1 to 512",
		.initial = "64",
		.apply = apply_contexts,
		.environment = true },
	{ .name = "log-format",
		.argument = "json|text",
		.help = "How log lines are written to standard error",
		.initial = "text on a terminal, else json",
		.apply = apply_log_format,
		.environment = true },
	{ .name = "log-level",
		.argument = "LEVEL",
		.help = "The least level that is logged: debug, info, warn or error",
		.initial = "info",
		.apply = apply_log_level,
		.environment = true },
	{ .name = "insecure",
		.help = "Allow TCP addresses that other machines can reach. Anybody who can reach "
			"them can then read and change everything",
		.apply = apply_insecure,
		.environment = true },
	{ .name = "version", .help = "Print the version and end", .apply = apply_version },
	{ .name = "help", .help = "Print this help and end", .apply = apply_help },
	{ .name = "man",
		.help = "Print the manual page and end",
		.apply = apply_man,
		.hidden = true },
};

const size_t option_count = sizeof option_table / sizeof *option_table;

void option_variable(const struct option_row *row, char out[VARIABLE_BYTES_MAX])
{
	snprintf(out, VARIABLE_BYTES_MAX, "LECTERND_%s", row->name);
	for (char *c = out; *c != '\0'; c++)
		*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
}

/* Levenshtein's distance; both are shorter than NAME_BYTES_MAX. */
static size_t distance(const char *a, const char *b)
{
	size_t row[NAME_BYTES_MAX];
	size_t width = strlen(b);
	for (size_t j = 0; j <= width; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= width; j++) {
			size_t change = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			size_t insert = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
			row[j] = change < insert ? change : insert;
		}
	}
	return row[width];
}

const char *option_nearest(const char *name)
{
	const char *best = NULL;
	size_t best_distance = NEAR_DISTANCE_MAX + 1;
	if (strlen(name) >= NAME_BYTES_MAX)
		return NULL;
	for (size_t i = 0; i < option_count; i++) {
		size_t edits = distance(name, option_table[i].name);
		if (!option_table[i].hidden && edits < best_distance) {
			best = option_table[i].name;
			best_distance = edits;
		}
	}
	return best;
}
