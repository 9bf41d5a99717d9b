/* Help, made from the tables. */
#pragma once
#include "base/attributes.h"
#include "base/buffer.h"
#include "cli/command.h"

/* Writes the help of a command to standard output. `path` is "lectern post create". */
enum exit_status help_print(struct cli *cli, const struct command *command, const char *path)
	NODISCARD;

enum exit_status help_version(struct cli *cli) NODISCARD;

/* Appends "-o, --output FORMAT". */
void help_option_head(struct buffer *out, const struct option_row *row);

/* What the exit statuses mean, for help and manual: calls for each of them. The number may be a
 * text such as "64 + code". */
void help_each_status(
	void (*visit)(void *context, const char *number, const char *meaning), void *context);
