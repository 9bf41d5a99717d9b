/*
 * The tables that the tool is made of. A command's table drives parsing, help, completion and the
 * manual page; nothing is listed a second time.
 */
#pragma once
#include "cli/exit_status.h"
#include "cli/option.h"

#include <stddef.h>

struct args;
struct cli;

enum { ARGUMENTS_ANY = -1 };

struct command {
	const char *name;
	const char *arguments; /* for the usage line: "REF", "FROM... TO"; NULL for none */
	const char *summary;   /* one line without a full stop */
	const char *details;   /* paragraphs, separated by empty lines; may be NULL */
	const char *words;     /* what an argument may be, as option_row.words; may be NULL */
	int arguments_min;
	int arguments_max; /* or ARGUMENTS_ANY */
	const struct option_row *options;
	size_t option_count;
	/* For a group: its commands, up to NULL. A group has no run(). */
	const struct command *const *children;
	bool hidden;	     /* not in help, completion and manual */
	const void *subject; /* for functions that serve several commands */
	enum exit_status (*run)(struct cli *cli, const struct args *args);
};

/* The tool itself: the group of all commands. */
extern const struct command root_command;

extern const struct command archive_command;
extern const struct command author_command;
extern const struct command backup_command;
extern const struct command batch_command;
extern const struct command bench_command;
extern const struct command call_command;
extern const struct command category_command;
extern const struct command check_command;
extern const struct command completion_command;
extern const struct command describe_command;
extern const struct command export_command;
extern const struct command health_command;
extern const struct command help_command;
extern const struct command import_command;
extern const struct command info_command;
extern const struct command manual_command;
extern const struct command metrics_command;
extern const struct command operation_command;
extern const struct command post_command;
extern const struct command search_command;
extern const struct command stats_command;
extern const struct command suggest_command;
extern const struct command tag_command;
extern const struct command token_command;
extern const struct command watch_command;

/* The command of that name, or NULL. */
const struct command *command_find(const struct command *group, const char *name);
