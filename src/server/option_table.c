#include "server/option_table.h"

#include "server/address.h"
#include "server/option_value.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

enum {
	CONTEXTS_MAX = 512,
	CONNECTIONS_MAX = 65536,
	IN_FLIGHT_MAX = 512,
	REVISIONS_KEPT_MAX = 10000,
	NEAR_DISTANCE_MAX = 3,
	NAME_BYTES_MAX = 32,
};
#define CHANGES_KEPT_MAX UINT64_C(1000000000000)
#define MAP_BYTES_MIN (UINT64_C(1) << 20)
#define MAP_BYTES_MAX (UINT64_C(1) << 46) /* half of what a process can address */

static enum code apply_data(
	struct server_options *options, const char *value, const char *source, struct error *err)
{
	if (value[0] == '\0')
		return fail(err, CODE_INVALID_ARGUMENT, "%s: names no folder", source);
	options->data = value;
	return CODE_OK;
}

static enum code apply_backup_dir(
	struct server_options *options, const char *value, const char *source, struct error *err)
{
	if (value[0] == '\0')
		return fail(err, CODE_INVALID_ARGUMENT, "%s: names no folder", source);
	options->backup_dir = value;
	return CODE_OK;
}

static enum code apply_restore(
	struct server_options *options, const char *value, const char *source, struct error *err)
{
	if (value[0] == '\0')
		return fail(err, CODE_INVALID_ARGUMENT, "%s: names no file", source);
	options->restore = value;
	if (options->action == SERVER_RUN)
		options->action = SERVER_RESTORE;
	return CODE_OK;
}

static enum code add_url(const char *urls[LIMIT_LISTENERS], size_t *count, const char *value,
	const char *source, struct error *err)
{
	enum code code = address_check(value, err);
	if (code != CODE_OK)
		return wrap(err, code, "%s", source);
	if (*count == LIMIT_LISTENERS)
		return fail(err, CODE_INVALID_ARGUMENT, "%s: more than %d addresses", source,
			LIMIT_LISTENERS);
	urls[(*count)++] = value;
	return CODE_OK;
}

static enum code apply_listen(
	struct server_options *options, const char *value, const char *source, struct error *err)
{
	return add_url(options->urls, &options->url_count, value, source, err);
}

static enum code apply_publish(
	struct server_options *options, const char *value, const char *source, struct error *err)
{
	return add_url(options->publish_urls, &options->publish_url_count, value, source, err);
}

static enum code apply_map_size(
	struct server_options *options, const char *value, const char *source, struct error *err)
{
	return option_read_size(
		value, MAP_BYTES_MIN, MAP_BYTES_MAX, source, &options->map_bytes, err);
}

static enum code apply_contexts(
	struct server_options *options, const char *value, const char *source, struct error *err)
{
	uint64_t number;
	enum code code = option_read_number(value, 1, CONTEXTS_MAX, source, &number, err);
	if (code == CODE_OK)
		options->contexts = (size_t)number;
	return code;
}

static enum code apply_max_connections(
	struct server_options *options, const char *value, const char *source, struct error *err)
{
	uint64_t number;
	enum code code = option_read_number(value, 1, CONNECTIONS_MAX, source, &number, err);
	if (code == CODE_OK)
		options->max_connections = (size_t)number;
	return code;
}

static enum code apply_max_in_flight(
	struct server_options *options, const char *value, const char *source, struct error *err)
{
	uint64_t number;
	enum code code = option_read_number(value, 1, IN_FLIGHT_MAX, source, &number, err);
	if (code == CODE_OK)
		options->max_in_flight = (uint32_t)number;
	return code;
}

static enum code apply_revisions_kept(
	struct server_options *options, const char *value, const char *source, struct error *err)
{
	uint64_t number;
	enum code code = option_read_number(value, 0, REVISIONS_KEPT_MAX, source, &number, err);
	if (code == CODE_OK)
		options->revisions_kept = (uint32_t)number;
	return code;
}

static enum code apply_trash_retention(
	struct server_options *options, const char *value, const char *source, struct error *err)
{
	return option_read_duration(value, source, &options->trash_retention_us, err);
}

static enum code apply_change_retention(
	struct server_options *options, const char *value, const char *source, struct error *err)
{
	return option_read_duration(value, source, &options->change_retention_us, err);
}

static enum code apply_changes_kept(
	struct server_options *options, const char *value, const char *source, struct error *err)
{
	return option_read_number(value, 0, CHANGES_KEPT_MAX, source, &options->changes_kept, err);
}

static enum code apply_log_format(
	struct server_options *options, const char *value, const char *source, struct error *err)
{
	bool json = strcmp(value, "json") == 0;
	if (!json && strcmp(value, "text") != 0)
		return option_refuse(err, source, value, "json or text");
	options->log_format = json ? LOG_JSON : LOG_TEXT;
	return CODE_OK;
}

static enum code apply_log_level(
	struct server_options *options, const char *value, const char *source, struct error *err)
{
	if (!log_level_parse(value, &options->log_level))
		return option_refuse(err, source, value, "debug, info, warn or error");
	return CODE_OK;
}

static enum code apply_insecure(
	struct server_options *options, const char *value, const char *source, struct error *err)
{
	bool on = value == NULL || strcmp(value, "1") == 0 || strcmp(value, "true") == 0;
	if (!on && strcmp(value, "0") != 0 && strcmp(value, "false") != 0)
		return option_refuse(err, source, value, "1, true, 0 or false");
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
		.environment = true,
		.list_text = offsetof(struct server_options, url_text) },
	{ .name = "publish",
		.argument = "URL",
		.help = "Address where programs can subscribe to changes (nng's PUB), "
			"tcp://HOST:PORT or ipc://PATH. May be given several times; nothing is "
			"published without it",
		.apply = apply_publish,
		.environment = true,
		.list_text = offsetof(struct server_options, publish_url_text) },
	{ .name = "backup-dir",
		.argument = "DIR",
		.help = "Folder for backups; made with the first one",
		.initial = "backups in the folder of the store",
		.apply = apply_backup_dir,
		.environment = true },
	{ .name = "restore",
		.argument = "FILE",
		.help = "Verify a backup, make it the store in the folder of --data, which must "
			"not have one, and end. FILE is only read",
		.apply = apply_restore },
	{ .name = "map-size",
		.argument = "BYTES",
		.help = "Address space for the store, the most that it can grow to; with K, M, G "
			"or T for powers of 1024. Takes neither memory nor disk by itself",
		.initial = "64G",
		.apply = apply_map_size,
		.environment = true },
	{ .name = "contexts",
		.argument = "N",
		.help = "Requests that are taken at the same time, those that wait for a "
			"processor or the disk with them, 1 to 512",
		.initial = "256",
		.apply = apply_contexts,
		.environment = true },
	{ .name = "max-connections",
		.argument = "N",
		.help = "Connections to the addresses of --listen, 1 to 65536. A further one takes "
			"the place of that which has been idle for the longest time, of the "
			"address with the most",
		.initial = "what the limit of open files leaves, at most 16384",
		.apply = apply_max_connections,
		.environment = true },
	{ .name = "max-in-flight",
		.argument = "N",
		.help = "Requests of one connection that wait for their answers, 1 to 512; more "
			"are refused",
		.initial = "64",
		.apply = apply_max_in_flight,
		.environment = true },
	{ .name = "revisions-kept",
		.argument = "N",
		.help = "Former revisions that are kept of each post, 0 to 10000",
		.initial = "100",
		.apply = apply_revisions_kept,
		.environment = true },
	{ .name = "trash-retention",
		.argument = "TIME",
		.help = "How long posts stay in the trash before they are purged, for example 30d, "
			"12h, 15m or 10s; 0 keeps them for ever",
		.initial = "30d",
		.apply = apply_trash_retention,
		.environment = true },
	{ .name = "change-retention",
		.argument = "TIME",
		.help = "How long entries of the change log are kept; 0 keeps them for ever",
		.initial = "30d",
		.apply = apply_change_retention,
		.environment = true },
	{ .name = "changes-kept",
		.argument = "N",
		.help = "The most entries that the change log keeps; 0 means no bound",
		.initial = "1000000",
		.apply = apply_changes_kept,
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
