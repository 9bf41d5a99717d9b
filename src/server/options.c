#include "server/address.h"
#include "server/option_table.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPTIONS_MAX = 32, FIRST_VALUE = 256 };

/* Which options were among the arguments. */
struct given {
	bool options[OPTIONS_MAX];
};

static const struct server_options defaults = {
	.action = SERVER_RUN,
	.map_bytes = UINT64_C(64) << 30,
	.contexts = 256,
	.max_in_flight = 64,
	.revisions_kept = 100,
	.trash_retention_us = INT64_C(30) * 86400 * 1000000,
	.change_retention_us = INT64_C(30) * 86400 * 1000000,
	.changes_kept = 1000000,
	.log_level = LOG_INFO,
};

/* getopt's table, with the row's index as value. */
static void fill_long_options(struct option long_options[OPTIONS_MAX + 1])
{
	memset(long_options, 0, (OPTIONS_MAX + 1) * sizeof *long_options);
	for (size_t i = 0; i < option_count; i++)
		long_options[i] = (struct option){
			.name = option_table[i].name,
			.has_arg =
				option_table[i].argument == NULL ? no_argument : required_argument,
			.val = FIRST_VALUE + (int)i,
		};
}

static enum code refuse_argument(const char *argument, struct error *err)
{
	if (strncmp(argument, "--", 2) != 0)
		return fail(err, CODE_INVALID_ARGUMENT,
			"'%s': options start with --; see lecternd --help", argument);
	char name[64];
	snprintf(name, sizeof name, "%.*s", (int)strcspn(argument + 2, "="), argument + 2);
	for (size_t i = 0; i < option_count; i++)
		if (strcmp(option_table[i].name, name) == 0)
			return fail(err, CODE_INVALID_ARGUMENT, "--%s takes no value", name);
	const char *nearest = option_nearest(name);
	return fail(err, CODE_INVALID_ARGUMENT, "there is no option --%s; %s%s", name,
		nearest == NULL ? "see lecternd --help" : "did you mean --",
		nearest == NULL ? "" : nearest);
}

static enum code read_arguments(int argc, char *const *argv, struct server_options *options,
	struct given *given, struct error *err)
{
	struct option long_options[OPTIONS_MAX + 1];
	fill_long_options(long_options);
	optind = 0; /* start anew: glibc's extension */
	opterr = 0;
	for (;;) {
		int at = optind == 0 ? 1 : optind;
		int value = getopt_long(argc, argv, "+:", long_options, NULL);
		if (value == -1)
			break;
		if (value == ':')
			return fail(err, CODE_INVALID_ARGUMENT, "%s needs a value", argv[at]);
		if (value == '?')
			return refuse_argument(argv[at], err);
		const struct option_row *row = &option_table[value - FIRST_VALUE];
		char source[64];
		snprintf(source, sizeof source, "--%s", row->name);
		given->options[value - FIRST_VALUE] = true;
		enum code code = row->apply(options, optarg, source, err);
		if (code != CODE_OK)
			return code;
	}
	if (optind < argc)
		return fail(err, CODE_INVALID_ARGUMENT,
			"'%s' is no option; lecternd takes options only, see lecternd --help",
			argv[optind]);
	return CODE_OK;
}

/* One variable may hold several values. */
static enum code read_list(struct server_options *options, const struct option_row *row,
	const char *value, const char *source, struct error *err)
{
	char **text = (char **)((char *)options + row->list_text);
	*text = strdup(value);
	if (*text == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "read options: out of memory");
	char *rest = *text;
	for (char *url; (url = strsep(&rest, " \t\n")) != NULL;) {
		enum code code = url[0] == '\0' ? CODE_OK : row->apply(options, url, source, err);
		if (code != CODE_OK)
			return code;
	}
	return CODE_OK;
}

static enum code read_environment(
	struct server_options *options, const struct given *given, struct error *err)
{
	for (size_t i = 0; i < option_count; i++) {
		const struct option_row *row = &option_table[i];
		char variable[VARIABLE_BYTES_MAX];
		option_variable(row, variable);
		const char *value = getenv(variable);
		if (!row->environment || given->options[i] || value == NULL || value[0] == '\0')
			continue;
		enum code code = row->list_text != 0 ? read_list(options, row, value, variable, err)
						     : row->apply(options, value, variable, err);
		if (code != CODE_OK)
			return code;
	}
	return CODE_OK;
}

static enum code check_reach(const char *const *urls, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if (!address_is_local(urls[i]))
			return fail(err, CODE_INVALID_ARGUMENT,
				"other machines can reach %s, and this version checks nobody's "
				"identity; listen on 127.0.0.1 or ipc, or add --insecure if you "
				"trust the network",
				urls[i]);
	return CODE_OK;
}

/* What the options must be together. */
static enum code check(struct server_options *options, struct error *err)
{
	if (options->data == NULL)
		return fail(err, CODE_INVALID_ARGUMENT,
			"--data is required: the folder of the store, for example "
			"--data /var/lib/lectern");
	if (options->url_count == 0)
		options->urls[options->url_count++] = "tcp://127.0.0.1:7400";
	if (options->insecure || options->action == SERVER_RESTORE) /* listens nowhere */
		return CODE_OK;
	enum code code = check_reach(options->urls, options->url_count, err);
	return code == CODE_OK ? check_reach(options->publish_urls, options->publish_url_count, err)
			       : code;
}

enum code server_options_parse(
	int argc, char *const *argv, struct server_options *ret, struct error *err)
{
	struct given given = { { false } };
	*ret = defaults;
	ret->log_format = isatty(STDERR_FILENO) ? LOG_TEXT : LOG_JSON;
	enum code code = read_arguments(argc, argv, ret, &given, err);
	if (code == CODE_OK && ret->action != SERVER_RUN && ret->action != SERVER_RESTORE)
		return CODE_OK;
	if (code == CODE_OK)
		code = read_environment(ret, &given, err);
	return code == CODE_OK ? check(ret, err) : code;
}

void server_options_done(struct server_options *options)
{
	free(options->url_text);
	free(options->publish_url_text);
	options->url_text = NULL;
	options->publish_url_text = NULL;
}
