/* Where values of options come from. Each reads those options that no source before it has given.
 */
#pragma once
#include "server/option_table.h"

/* The options that were given by the sources so far. */
struct options_given {
	bool rows[OPTIONS_MAX];
};

enum code options_read_arguments(int argc, char *const *argv, struct server_options *options,
	struct options_given *given, struct error *err) NODISCARD;

/* LECTERND_*; a variable that is empty counts as not set, one that is no option's is an error. */
enum code options_read_environment(
	struct server_options *options, struct options_given *given, struct error *err) NODISCARD;

/* The INI file options->config. */
enum code options_read_file(
	struct server_options *options, struct options_given *given, struct error *err) NODISCARD;

enum code options_read_defaults(
	struct server_options *options, struct options_given *given, struct error *err) NODISCARD;

/* A value that may hold several ones, separated by blanks, for a list. Copied. */
enum code options_take(struct server_options *options, size_t index, const char *value,
	const char *source, struct error *err) NODISCARD;
