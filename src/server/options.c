#include "server/option_apply.h"
#include "server/option_sources.h"
#include "server/reach.h"
#include "server/tls_options.h"

#include <getopt.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_VALUE = 256, TEXTS_BYTES_MAX = 1024 * 1024 };

extern char **environ;

/* getopt's table, with the row's index as value. */
static void fill_long_options(struct option long_options[OPTIONS_MAX + 1])
{
	const struct option_row *row;
	memset(long_options, 0, (OPTIONS_MAX + 1) * sizeof *long_options);
	for (size_t i = 0; (row = option_at(i)) != NULL; i++)
		if ((row->places & OPTION_IN_ARGUMENTS) != 0)
			long_options[i] = (struct option){
				.name = row->name,
				.has_arg = row->argument == NULL ? no_argument : required_argument,
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
	if (option_find(name, NULL) != NULL)
		return fail(err, CODE_INVALID_ARGUMENT, "--%s takes no value", name);
	const struct option_row *nearest = option_nearest(name, OPTION_IN_ARGUMENTS);
	return fail(err, CODE_INVALID_ARGUMENT, "there is no option --%s; %s%s", name,
		nearest == NULL ? "see lecternd --help" : "did you mean --",
		nearest == NULL ? "" : nearest->name);
}

static void set_origin(struct server_options *options, size_t index, const char *origin)
{
	options->origins[index] = origin;
}

enum code options_take(struct server_options *options, size_t index, const char *value,
	const char *source, struct error *err)
{
	const struct option_row *row = option_at(index);
	char *copy = arena_text(&options->texts, slice_of_text(value));
	const char *origin = arena_text(&options->texts, slice_of_text(source));
	if (copy == NULL || origin == NULL)
		return fail_out_of_memory(err);
	set_origin(options, index, origin);
	if (row->type != OPTION_LIST)
		return option_apply(options, row, copy, source, err);
	for (char *item; (item = strsep(&copy, " \t\n")) != NULL;) {
		enum code code =
			item[0] == '\0' ? CODE_OK : option_apply(options, row, item, source, err);
		if (code != CODE_OK)
			return code;
	}
	return CODE_OK;
}

enum code options_read_arguments(int argc, char *const *argv, struct server_options *options,
	struct options_given *given, struct error *err)
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
		size_t index = (size_t)(value - FIRST_VALUE);
		const struct option_row *row = option_at(index);
		const char *source = arena_printf(&options->texts, "--%s", row->name);
		if (source == NULL)
			return fail_out_of_memory(err);
		given->rows[index] = true;
		set_origin(options, index, source);
		enum code code = option_apply(options, row, optarg, source, err);
		if (code != CODE_OK)
			return code;
	}
	if (optind < argc)
		return fail(err, CODE_INVALID_ARGUMENT,
			"'%s' is no option; lecternd takes options only, see lecternd --help",
			argv[optind]);
	return CODE_OK;
}

static bool ends_with(const char *text, const char *end)
{
	size_t size = strlen(text);
	size_t end_bytes = strlen(end);
	return size >= end_bytes && strcmp(text + size - end_bytes, end) == 0;
}

/* Kubernetes tells of a service named "lecternd" by such variables: LECTERND_PORT has a URL,
 * LECTERND_PORT_7400_TCP and so on a port in the name. */
static bool is_of_kubernetes(const char *name, const char *value)
{
	const char *port = strstr(name, "_PORT_");
	return strstr(name, "_SERVICE_HOST") != NULL || strstr(name, "_SERVICE_PORT") != NULL ||
	       (port != NULL && strchr("0123456789", port[6]) != NULL && port[6] != '\0') ||
	       (ends_with(name, "_PORT") && strstr(value, "://") != NULL);
}

static bool is_variable_of(const struct option_row *row, const char *name)
{
	char variable[VARIABLE_BYTES_MAX];
	option_variable(row, variable);
	return (row->places & OPTION_IN_ENVIRONMENT) != 0 && strcmp(variable, name) == 0;
}

/* "map-sise" for "LECTERND_MAP_SISE", to look for what it was to be. */
static void name_of_variable(const char *variable, char *out, size_t capacity)
{
	snprintf(out, capacity, "%s", variable + strlen("LECTERND_"));
	for (char *c = out; *c != '\0'; c++)
		*c = *c == '_' ? '-' : (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
}

static enum code refuse_variable(const char *variable, struct error *err)
{
	char name[VARIABLE_BYTES_MAX];
	char right[VARIABLE_BYTES_MAX] = "";
	name_of_variable(variable, name, sizeof name);
	const struct option_row *nearest = option_nearest(name, OPTION_IN_ENVIRONMENT);
	if (nearest != NULL)
		option_variable(nearest, right);
	return fail(err, CODE_INVALID_ARGUMENT, "%.80s is the variable of no option; %s%s",
		variable, nearest == NULL ? "see lecternd --help" : "did you mean ", right);
}

static enum code read_variable(struct server_options *options, struct options_given *given,
	const char *name, const char *value, struct error *err)
{
	const struct option_row *row;
	for (size_t i = 0; (row = option_at(i)) != NULL; i++) {
		if (!is_variable_of(row, name))
			continue;
		if (given->rows[i] || value[0] == '\0')
			return CODE_OK;
		given->rows[i] = true;
		return options_take(options, i, value, name, err);
	}
	return is_of_kubernetes(name, value) ? CODE_OK : refuse_variable(name, err);
}

enum code options_read_environment(
	struct server_options *options, struct options_given *given, struct error *err)
{
	for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
		size_t size = strcspn(*entry, "=");
		char name[128];
		if (strncmp(*entry, "LECTERND_", strlen("LECTERND_")) != 0 ||
			(*entry)[size] == '\0')
			continue;
		snprintf(name, sizeof name, "%.*s", (int)size, *entry);
		enum code code = read_variable(options, given, name, *entry + size + 1, err);
		if (code != CODE_OK)
			return code;
	}
	return CODE_OK;
}

enum code options_read_defaults(
	struct server_options *options, struct options_given *given, struct error *err)
{
	const struct option_row *row;
	for (size_t i = 0; (row = option_at(i)) != NULL; i++) {
		if (given->rows[i])
			continue;
		set_origin(options, i, "default");
		enum code code = row->initial == NULL
					 ? CODE_OK
					 : options_take(options, i, row->initial, "default", err);
		if (code != CODE_OK)
			return code;
	}
	return CODE_OK;
}

static enum code check_urls(const struct option_list *urls, enum reach_use use,
	const struct reach_means *means, struct error *err)
{
	enum code code = CODE_OK;
	for (size_t i = 0; i < urls->count && code == CODE_OK; i++)
		code = reach_check(urls->items[i], use, means, err);
	return code;
}

enum code server_options_check_reach(const struct server_options *options, struct error *err)
{
	const struct reach_means means = { .tokens = options->tokens != NULL,
		.client_ca = options->tls_client_ca != NULL };
	enum code code = check_urls(&options->listen, REACH_CALLS, &means, err);
	if (code == CODE_OK)
		code = check_urls(&options->http, REACH_CALLS, &means, err);
	return code == CODE_OK ? check_urls(&options->publish, REACH_FEED, &means, err) : code;
}

enum code server_options_check(const struct server_options *options, struct error *err)
{
	if (options->data == NULL)
		return fail(err, CODE_INVALID_ARGUMENT,
			"--data is required: the folder of the store, for example "
			"--data /var/lib/lectern");
	enum code code = tls_options_check(options, err);
	if (code != CODE_OK)
		return code;
	if (options->insecure || options->action == SERVER_RESTORE) /* listens nowhere */
		return CODE_OK;
	return server_options_check_reach(options, err);
}

static bool needs_values(const struct server_options *options)
{
	return options->action == SERVER_RUN || options->action == SERVER_RESTORE ||
	       options->action == SERVER_PRINT_CONFIG;
}

enum code server_options_parse(
	int argc, char *const *argv, struct server_options *ret, struct error *err)
{
	struct options_given given = { { false } };
	memset(ret, 0, sizeof *ret);
	arena_init(&ret->texts, TEXTS_BYTES_MAX);
	enum code code = options_read_arguments(argc, argv, ret, &given, err);
	if (code == CODE_OK && ret->action == SERVER_RUN && ret->restore != NULL)
		ret->action = SERVER_RESTORE;
	if (code != CODE_OK || !needs_values(ret))
		return code;
	code = options_read_environment(ret, &given, err);
	if (code == CODE_OK && ret->config != NULL)
		code = options_read_file(ret, &given, err);
	if (code == CODE_OK)
		code = options_read_defaults(ret, &given, err);
	return code == CODE_OK ? server_options_check(ret, err) : code;
}

void server_options_done(struct server_options *options)
{
	arena_done(&options->texts);
}

void server_options_start_log(const struct server_options *options)
{
	bool text = options->log_format == SERVER_LOG_TEXT ||
		    (options->log_format == SERVER_LOG_AUTO && isatty(STDERR_FILENO));
	log_configure(text ? LOG_TEXT : LOG_JSON, options->log_level);
}
