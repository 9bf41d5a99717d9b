/* The tables of the commands, and lines that are read with them. */
#include "cli/args.h"

#include "cli/cli.h"
#include "cli/completion.h"
#include "importers/import.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
/* After the headers that it wants. */
#include <cmocka.h>

enum { WORDS_MAX = 16 };

/* A line as a shell would give it, and the problem that it makes. */
static const struct {
	const char *label, *line, *path, *text;
} lines[] = {
	{ "command", "health", "lectern health", "" },
	{ "two levels", "post list", "lectern post list", "" },
	{ "option before", "-o json post list", "lectern post list", "" },
	{ "option between", "post -o json list", "lectern post list", "" },
	{ "option after", "post list -o json", "lectern post list", "" },
	{ "option with a sign", "post list --output=json", "lectern post list", "" },
	{ "argument between options", "post get --view basic hello -o json", "lectern post get",
		"" },
	{ "shortened option", "post list --ord publish_time", "lectern post list", "" },
	{ "end of options", "post get -- --view", "lectern post get", "" },
	{ "repeated", "post list --tag a --tag b", "lectern post list", "" },
	{ "help of a group", "post --help", "lectern post", "" },
	{ "help without arguments", "post get --help", "lectern post get", "" },
	{ "help of the tool", "--help post get", "lectern", "" },
	{ "version", "--version", "lectern", "" },
	{ "nothing", "", "lectern", "lectern: the name of a command is missing" },
	{ "group alone", "post", "lectern post", "lectern post: the name of a command is missing" },
	{ "misspelt command", "pots", "lectern",
		"\"lectern\" has no command \"pots\"; did you mean \"post\"?" },
	{ "misspelt command of a group", "tag lits", "lectern tag",
		"\"lectern tag\" has no command \"lits\"; did you mean \"list\"?" },
	{ "strange command", "qqqqqq", "lectern", "\"lectern\" has no command \"qqqqqq\"" },
	{ "misspelt option", "post list --filtre x", "lectern post list",
		"unknown option --filtre; did you mean --filter?" },
	{ "misspelt option with a value", "post list --filtre=x", "lectern post list",
		"unknown option --filtre; did you mean --filter?" },
	{ "strange option", "health --zzzzzz", "lectern health", "unknown option --zzzzzz" },
	{ "strange letter", "health -z", "lectern health", "unknown option -z" },
	{ "option of another command", "health --filter x", "lectern health",
		"unknown option --filter" },
	{ "ambiguous", "post list --pa x", "lectern post list", "option --pa is ambiguous" },
	{ "value for a flag", "post list --all=yes", "lectern post list",
		"option --all takes no value" },
	{ "no value", "post list --filter", "lectern post list",
		"option --filter needs a value: FILTER" },
	{ "no value for a letter", "post list -o", "lectern post list",
		"option --output needs a value: FORMAT" },
	{ "none of the words", "post list -o xml", "lectern post list",
		"--output xml: must be one of: text json jsonl" },
	{ "two of the words", "post list -o", "lectern post list",
		"option --output needs a value: FORMAT" },
	{ "beginning of a word", "post list --view bas", "lectern post list",
		"--view bas: must be one of: basic html source full" },
	{ "twice", "post list --filter a --filter b", "lectern post list",
		"option --filter is given twice" },
	{ "argument missing", "post get", "lectern post get",
		"lectern post get: an argument is missing: REF..." },
	{ "arguments missing", "tag rename a", "lectern tag rename",
		"lectern tag rename: an argument is missing: FROM TO" },
	{ "argument too many", "post adjacent a b", "lectern post adjacent",
		"lectern post adjacent: too many arguments at \"b\"; it takes: REF" },
	{ "many arguments", "post get a b c", "lectern post get", "" },
	{ "arguments like options", "search a -- -b --facet", "lectern search", "" },
	{ "argument like an option", "search a -b", "lectern search", "unknown option -b" },
	{ "one of the open words", "post list --order-by title", "lectern post list", "" },
	{ "none of the open words", "post list --order-by=x", "lectern post list", "" },
	{ "none of the repeatable words", "suggest a --kind tag --kind tags", "lectern suggest",
		"--kind tags: must be one of: post tag category author" },
	{ "argument where none is", "health x", "lectern health",
		"lectern health: too many arguments at \"x\"; it takes: none" },
};

/* Splits at blanks, with the tool's name first. `copy` keeps the words. */
static int split(const char *line, char *copy, char *words[WORDS_MAX])
{
	int count = 0;
	char *save;
	strcpy(copy, line);
	words[count++] = (char *)"lectern";
	for (char *word = strtok_r(copy, " ", &save); word != NULL;
		word = strtok_r(NULL, " ", &save))
		words[count++] = word;
	words[count] = NULL;
	return count;
}

static void test_lines(void **state)
{
	struct args *args = calloc(1, sizeof *args);
	int wrong = 0;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct cli cli;
		char copy[256];
		char *words[WORDS_MAX];
		cli_init(&cli);
		int count = split(lines[i].line, copy, words);
		enum exit_status status = args_parse(&cli, args, count, words);
		if (strcmp(cli.problem.message, lines[i].text) != 0 ||
			strcmp(args->path, lines[i].path) != 0 ||
			(status == EXIT_STATUS_OK) != (*lines[i].text == '\0')) {
			print_error("%s: %d %s: %s\n", lines[i].label, status, args->path,
				cli.problem.message);
			wrong++;
		}
		if (status != EXIT_STATUS_OK) {
			char hint[256];
			snprintf(hint, sizeof hint, "see: %s --help", args->path);
			assert_string_equal(cli.problem.hint, hint);
			assert_int_equal(status, EXIT_STATUS_USAGE);
		}
		cli_done(&cli);
	}
	free(args);
	assert_int_equal(wrong, 0);
}

static void test_values(void **state)
{
	struct args *args = calloc(1, sizeof *args);
	struct cli cli;
	char copy[256];
	char *words[WORDS_MAX];
	cli_init(&cli);
	int count =
		split("post list --tag a --page-size 12 --tag b --all --timeout 7x", copy, words);
	assert_int_equal(args_parse(&cli, args, count, words), EXIT_STATUS_OK);
	size_t at = 0;
	assert_string_equal(args_next(args, OPTION_TAG, &at), "a");
	assert_string_equal(args_next(args, OPTION_TAG, &at), "b");
	assert_null(args_next(args, OPTION_TAG, &at));
	assert_string_equal(args_text(args, OPTION_TAG), "b");
	assert_true(args_flag(args, OPTION_ALL));
	assert_false(args_flag(args, OPTION_TOTAL));
	uint64_t number = 5;
	assert_int_equal(args_number(&cli, args, OPTION_PAGE_SIZE, 0, 12, &number), EXIT_STATUS_OK);
	assert_int_equal(number, 12);
	assert_int_equal(args_number(&cli, args, OPTION_YEAR, 0, 1, &number), EXIT_STATUS_OK);
	assert_int_equal(number, 12);
	assert_int_equal(
		args_number(&cli, args, OPTION_PAGE_SIZE, 0, 11, &number), EXIT_STATUS_USAGE);
	assert_string_equal(cli.problem.message, "--page-size 12: must be a number from 0 to 11");
	assert_int_equal(
		args_number(&cli, args, OPTION_TIMEOUT, 0, 11, &number), EXIT_STATUS_USAGE);
	cli_done(&cli);
	free(args);
}

static void test_places(void **state)
{
	struct args *args = calloc(1, sizeof *args);
	struct cli cli;
	char copy[256];
	char *words[WORDS_MAX];
	unsigned places[4];
	cli_init(&cli);
	int count =
		split("search a --facet month --facet tag --facet month --tag tag", copy, words);
	assert_int_equal(args_parse(&cli, args, count, words), EXIT_STATUS_OK);
	assert_int_equal(args_places(args, OPTION_FACET, places, 4), 2);
	assert_int_equal(places[0], 4);
	assert_int_equal(places[1], 1);
	assert_int_equal(args_places(args, OPTION_KIND, places, 4), 0);
	assert_int_equal(args_places(args, OPTION_FACET, places, 1), 1);
	cli_done(&cli);
	free(args);
}

/* Many options are refused, not written over the end of the list. */
static void test_too_many_options(void **state)
{
	enum { COUNT = 2 * (OPTIONS_GIVEN_MAX + 1) + 3 };
	char **words = calloc(COUNT + 1, sizeof *words);
	struct args *args = calloc(1, sizeof *args);
	struct cli cli;
	cli_init(&cli);
	words[0] = (char *)"lectern";
	words[1] = (char *)"post";
	words[2] = (char *)"list";
	for (int i = 3; i < COUNT; i += 2) {
		words[i] = (char *)"--tag";
		words[i + 1] = (char *)"a";
	}
	assert_int_equal(args_parse(&cli, args, COUNT, words), EXIT_STATUS_USAGE);
	assert_string_equal(cli.problem.message, "more than 1024 options");
	cli_done(&cli);
	free(args);
	free(words);
}

static void check_option(const char *path, const struct option_row *row)
{
	if (row->id == OPTION_NONE || row->name == NULL || row->help == NULL || *row->help == '\0')
		fail_msg("%s: an option without id, name or help", path);
	if (!isupper((unsigned char)row->help[0]))
		fail_msg("%s --%s: help starts with a small letter", path, row->name);
	if (row->help[strlen(row->help) - 1] == '.')
		fail_msg("%s --%s: help ends with a full stop", path, row->name);
	if (row->words != NULL && row->value == NULL)
		fail_msg("%s --%s: words for a flag", path, row->name);
}

static void check_options(const struct completion_entry *entry)
{
	const struct command *command = entry->command;
	for (size_t i = 0; i < command->option_count; i++) {
		check_option(entry->path, &command->options[i]);
		for (size_t j = 0; j < i; j++) {
			assert_int_not_equal(command->options[i].id, command->options[j].id);
			assert_string_not_equal(command->options[i].name, command->options[j].name);
		}
		for (size_t j = 0; j < global_option_count; j++)
			assert_string_not_equal(command->options[i].name, global_options[j].name);
	}
}

static void visit_command(void *context, const struct completion_entry *entry)
{
	const struct command *command = entry->command;
	int *count = context;
	(*count)++;
	if (command->summary == NULL || !isupper((unsigned char)command->summary[0]))
		fail_msg("%s: no summary", entry->path);
	if (command->summary[strlen(command->summary) - 1] == '.')
		fail_msg("%s: the summary ends with a full stop", entry->path);
	if ((command->run == NULL) == (command->children == NULL))
		fail_msg("%s: neither or both of a command and a group", entry->path);
	if ((command->arguments == NULL) != (command->arguments_max == 0))
		fail_msg("%s: arguments are not named", entry->path);
	if (command->arguments_max != ARGUMENTS_ANY)
		assert_true(command->arguments_min <= command->arguments_max);
	check_options(entry);
}

static void test_tables(void **state)
{
	int count = 0;
	completion_each(visit_command, &count);
	assert_true(count > 50);
	for (size_t i = 0; i < global_option_count; i++)
		check_option("lectern", &global_options[i]);
}

/* The formats that completion offers are those that there are. */
static void test_import_formats(void **state)
{
	char words[256] = "auto";
	for (const char *const *name = import_format_names(); *name != NULL; name++) {
		strcat(words, " ");
		strcat(words, *name);
		assert_non_null(strstr(import_command.details, *name));
	}
	strcat(words, " " WORDS_FILE);
	assert_string_equal(words, import_command.words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_too_many_options),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_import_formats),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
