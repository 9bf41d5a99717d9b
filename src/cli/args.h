/* A command line after parsing. */
#pragma once
#include "base/attributes.h"
#include "cli/command.h"

#include <stdint.h>

enum { OPTIONS_GIVEN_MAX = 1024 };

struct option_given {
	const struct option_row *row;
	const char *value; /* NULL for a flag */
};

struct args {
	const struct command *command; /* the deepest that was named */
	/* The names from the tool's own to the command's: "lectern post create". */
	char path[128];
	char *const *arguments;
	int argument_count;
	struct option_given options[OPTIONS_GIVEN_MAX]; /* in the order of the line */
	size_t option_count;
};

/*
 * Reads the line. Fails with EXIT_STATUS_USAGE and the problem in cli; args->command is set in
 * every case. Arguments are neither counted nor looked at when --help or --version is given.
 */
enum exit_status args_parse(struct cli *cli, struct args *args, int argc, char **argv) NODISCARD;

bool args_flag(const struct args *args, enum option_id id);

/* The last value that was given, or NULL. */
const char *args_text(const struct args *args, enum option_id id);

/* Calls for each value in order: start with *at = 0; NULL at the end. */
const char *args_next(const struct args *args, enum option_id id, size_t *at);

/* For an option with words: which of them were given, by their places from 1, each once in the
 * order of the line. `places` has room for all. Returns how many. */
size_t args_places(const struct args *args, enum option_id id, unsigned *places, size_t capacity);

/* The value as a number from min to max; *ret stays where the option was not given. */
enum exit_status args_number(struct cli *cli, const struct args *args, enum option_id id,
	uint64_t min, uint64_t max, uint64_t *ret) NODISCARD;
