#include "cli/args.h"

#include "base/text.h"
#include "cli/cli.h"
#include "codec/nearest.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	ROWS_MAX = 64,
	LONG_BASE = 0x1000, /* getopt_long() answers with this plus the row's place */
};

/* The rows of a command and the global ones, in the form that getopt_long() reads. */
struct rows {
	const struct option_row *rows[ROWS_MAX];
	struct option longs[ROWS_MAX + 1];
	char letters[2 + 2 * ROWS_MAX + 1];
	size_t count;
};

const struct option_row global_options[] = {
	{ .id = OPTION_SERVER,
		.name = "server",
		.value = "URL",
		.help = "The server, as tcp://HOST:PORT, tls+tcp://HOST:PORT or ipc://PATH "
			"(default: LECTERN_SERVER, else tcp://127.0.0.1:7400)" },
	{ .id = OPTION_TOKEN_FILE,
		.name = "token-file",
		.value = "FILE",
		.words = WORDS_FILE,
		.help = "The file whose first line is the token to show to the server (default: "
			"LECTERN_TOKEN_FILE, else none)" },
	{ .id = OPTION_TIMEOUT,
		.name = "timeout",
		.value = "MS",
		.help = "Milliseconds to wait for each answer (default: 10000)" },
	{ .id = OPTION_OUTPUT,
		.name = "output",
		.letter = 'o',
		.value = "FORMAT",
		.words = "text json jsonl",
		.help = "The form of the output (default: text)" },
	{ .id = OPTION_TLS_CA,
		.name = "tls-ca",
		.value = "FILE",
		.words = WORDS_FILE,
		.help = "With tls+tcp: the authorities that the server's certificate may come "
			"from (default: LECTERN_TLS_CA, else the system's)" },
	{ .id = OPTION_TLS_CERT,
		.name = "tls-cert",
		.value = "FILE",
		.words = WORDS_FILE,
		.help = "With tls+tcp: the client certificate, for servers that ask for one "
			"(default: LECTERN_TLS_CERT)" },
	{ .id = OPTION_TLS_KEY,
		.name = "tls-key",
		.value = "FILE",
		.words = WORDS_FILE,
		.help = "With tls+tcp: the key of the client certificate (default: "
			"LECTERN_TLS_KEY)" },
	{ .id = OPTION_HELP, .name = "help", .letter = 'h', .help = "Show this help and exit" },
	{ .id = OPTION_VERSION, .name = "version", .help = "Show the version and exit" },
};
const size_t global_option_count = OPTION_COUNT(global_options);

static void add_rows(struct rows *rows, const struct option_row *more, size_t count)
{
	for (size_t i = 0; i < count && rows->count < ROWS_MAX; i++) {
		rows->longs[rows->count] = (struct option){
			.name = more[i].name,
			.has_arg = more[i].value == NULL ? no_argument : required_argument,
			.val = LONG_BASE + (int)rows->count,
		};
		if (more[i].letter != 0) {
			char *end = rows->letters + strlen(rows->letters);
			*end++ = more[i].letter;
			if (more[i].value != NULL)
				*end++ = ':';
			*end = '\0';
		}
		rows->rows[rows->count++] = &more[i];
	}
}

static void rows_init(struct rows *rows, const struct command *command)
{
	*rows = (struct rows){ .count = 0 };
	/* A group stops at the name of its command. The colon makes a missing value tell itself
	 * apart from an unknown option. */
	strcpy(rows->letters, command->children != NULL ? "+:" : ":");
	add_rows(rows, command->options, command->option_count);
	add_rows(rows, global_options, global_option_count);
}

static const struct option_row *row_of(const struct rows *rows, int answer)
{
	if (answer >= LONG_BASE)
		return rows->rows[answer - LONG_BASE];
	for (size_t i = 0; i < rows->count; i++) {
		if (rows->rows[i]->letter != 0 && rows->rows[i]->letter == answer)
			return rows->rows[i];
	}
	return NULL;
}

static enum exit_status unknown_option(
	struct cli *cli, const struct rows *rows, const char *word, int letter)
{
	if (letter != 0 && letter < LONG_BASE)
		return problem_usage(cli, "unknown option -%c", letter);
	char name[64];
	snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="), word + 2);
	if (letter >= LONG_BASE)
		return problem_usage(cli, "option --%s takes no value", name);
	struct nearest nearest = nearest_to(name);
	size_t fitting = 0;
	for (size_t i = 0; i < rows->count; i++) {
		nearest_offer(&nearest, rows->rows[i]->name);
		fitting += strncmp(rows->rows[i]->name, name, strlen(name)) == 0;
	}
	if (fitting > 1)
		return problem_usage(cli, "option --%s is ambiguous", name);
	const char *best = nearest_best(&nearest);
	if (best != NULL)
		return problem_usage(cli, "unknown option --%s; did you mean --%s?", name, best);
	return problem_usage(cli, "unknown option --%s", name);
}

static enum exit_status missing_value(struct cli *cli, const struct rows *rows, int answer)
{
	const struct option_row *row = row_of(rows, answer);
	if (row == NULL)
		return problem_usage(cli, "option -%c needs a value", answer);
	return problem_usage(cli, "option --%s needs a value: %s", row->name, row->value);
}

/* The place from 1 of a word in a blank separated list; 0 where it is none of it. */
static unsigned place_of(const char *words, const char *word)
{
	unsigned place = 1;
	size_t size = strlen(word);
	while (*words != '\0') {
		size_t length = strcspn(words, " ");
		if (length == size && strncmp(words, word, size) == 0)
			return place;
		words += length + (words[length] == ' ');
		place++;
	}
	return 0;
}

static enum exit_status add_option(
	struct cli *cli, struct args *args, const struct option_row *row, const char *value)
{
	if (!row->repeatable && row->value != NULL && args_text(args, row->id) != NULL)
		return problem_usage(cli, "option --%s is given twice", row->name);
	bool closed = row->words != NULL && row->words[0] != '@' && !row->open;
	if (closed && place_of(row->words, value) == 0)
		return problem_usage(
			cli, "--%s %s: must be one of: %s", row->name, value, row->words);
	if (args->option_count == OPTIONS_GIVEN_MAX)
		return problem_usage(cli, "more than %d options", OPTIONS_GIVEN_MAX);
	args->options[args->option_count++] = (struct option_given){ row, value };
	return EXIT_STATUS_OK;
}

/* Reads the options of one level. optind is at the first argument afterwards. */
static enum exit_status parse_options(struct cli *cli, struct args *args, int argc, char **argv)
{
	struct rows rows;
	rows_init(&rows, args->command);
	opterr = 0;
	optind = 0; /* GNU: start anew with argv[1] */
	for (;;) {
		int answer = getopt_long(argc, argv, rows.letters, rows.longs, NULL);
		if (answer == -1)
			return EXIT_STATUS_OK;
		if (answer == '?')
			return unknown_option(cli, &rows, argv[optind - 1], optopt);
		if (answer == ':')
			return missing_value(cli, &rows, optopt);
		enum exit_status status = add_option(cli, args, row_of(&rows, answer), optarg);
		if (status != EXIT_STATUS_OK)
			return status;
		if (args_flag(args, OPTION_HELP) || args_flag(args, OPTION_VERSION))
			return EXIT_STATUS_OK;
	}
}

const struct command *command_find(const struct command *group, const char *name)
{
	for (const struct command *const *at = group->children; at != NULL && *at != NULL; at++) {
		if (strcmp((*at)->name, name) == 0)
			return *at;
	}
	return NULL;
}

static enum exit_status unknown_command(struct cli *cli, const struct args *args, const char *name)
{
	struct nearest nearest = nearest_to(name);
	for (const struct command *const *at = args->command->children; *at != NULL; at++) {
		if (!(*at)->hidden)
			nearest_offer(&nearest, (*at)->name);
	}
	const char *best = nearest_best(&nearest);
	if (best != NULL)
		return problem_usage(cli, "\"%s\" has no command \"%s\"; did you mean \"%s\"?",
			args->path, name, best);
	return problem_usage(cli, "\"%s\" has no command \"%s\"", args->path, name);
}

static void enter(struct args *args, const struct command *command)
{
	size_t size = strlen(args->path);
	args->command = command;
	snprintf(args->path + size, sizeof args->path - size, "%s%s", size == 0 ? "" : " ",
		command->name);
}

static enum exit_status check_arguments(struct cli *cli, const struct args *args)
{
	const struct command *command = args->command;
	const char *wanted = command->arguments == NULL ? "none" : command->arguments;
	if (args->argument_count < command->arguments_min)
		return problem_usage(cli, "%s: an argument is missing: %s", args->path, wanted);
	if (command->arguments_max != ARGUMENTS_ANY &&
		args->argument_count > command->arguments_max)
		return problem_usage(cli, "%s: too many arguments at \"%s\"; it takes: %s",
			args->path, args->arguments[command->arguments_max], wanted);
	return EXIT_STATUS_OK;
}

static enum exit_status parse(struct cli *cli, struct args *args, int argc, char **argv)
{
	for (;;) {
		enum exit_status status = parse_options(cli, args, argc, argv);
		if (status != EXIT_STATUS_OK)
			return status;
		if (args_flag(args, OPTION_HELP) || args_flag(args, OPTION_VERSION))
			return EXIT_STATUS_OK;
		/* Move on so that the word before optind takes the place of argv[0]. */
		args->arguments = argv + optind;
		args->argument_count = argc - optind;
		if (args->command->children == NULL)
			return check_arguments(cli, args);
		if (args->argument_count == 0)
			return problem_usage(
				cli, "%s: the name of a command is missing", args->path);
		const struct command *child = command_find(args->command, argv[optind]);
		if (child == NULL)
			return unknown_command(cli, args, argv[optind]);
		enter(args, child);
		argc -= optind;
		argv += optind;
	}
}

enum exit_status args_parse(struct cli *cli, struct args *args, int argc, char **argv)
{
	*args = (struct args){ .command = NULL };
	enter(args, &root_command);
	enum exit_status status = parse(cli, args, argc, argv);
	if (status != EXIT_STATUS_OK)
		problem_hint(cli, "see: %s --help", args->path);
	return status;
}

bool args_flag(const struct args *args, enum option_id id)
{
	for (size_t i = 0; i < args->option_count; i++) {
		if (args->options[i].row->id == id)
			return true;
	}
	return false;
}

const char *args_text(const struct args *args, enum option_id id)
{
	const char *value = NULL;
	for (size_t i = 0; i < args->option_count; i++) {
		if (args->options[i].row->id == id)
			value = args->options[i].value;
	}
	return value;
}

const char *args_next(const struct args *args, enum option_id id, size_t *at)
{
	while (*at < args->option_count) {
		const struct option_given *given = &args->options[(*at)++];
		if (given->row->id == id)
			return given->value;
	}
	return NULL;
}

size_t args_places(const struct args *args, enum option_id id, unsigned *places, size_t capacity)
{
	size_t count = 0;
	for (size_t i = 0; i < args->option_count; i++) {
		const struct option_given *given = &args->options[i];
		if (given->row->id != id)
			continue;
		unsigned place = place_of(given->row->words, given->value);
		size_t known = 0;
		while (known < count && places[known] != place)
			known++;
		if (known == count && count < capacity)
			places[count++] = place;
	}
	return count;
}

enum exit_status args_number(struct cli *cli, const struct args *args, enum option_id id,
	uint64_t min, uint64_t max, uint64_t *ret)
{
	const char *text = args_text(args, id);
	if (text == NULL)
		return EXIT_STATUS_OK;
	const char *name = "";
	for (size_t i = 0; i < args->option_count; i++) {
		if (args->options[i].row->id == id)
			name = args->options[i].row->name;
	}
	uint64_t number;
	if (!text_number(slice_of_text(text), &number) || number < min || number > max)
		return problem_usage(cli, "--%s %s: must be a number from %" PRIu64 " to %" PRIu64,
			name, text, min, max);
	*ret = number;
	return EXIT_STATUS_OK;
}
