#include "cli/help.h"

#include "base/error.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/wrap.h"

#include <stdio.h>
#include <string.h>

enum { HEAD_COLUMNS = 26 }; /* where the texts of options and commands start */

void help_option_head(struct buffer *out, const struct option_row *row)
{
	if (row->letter != 0)
		buffer_printf(out, "-%c, ", row->letter);
	buffer_printf(out, "--%s", row->name);
	if (row->value != NULL)
		buffer_printf(out, " %s", row->value);
}

void help_each_status(
	void (*visit)(void *context, const char *number, const char *meaning), void *context)
{
	char number[16];
	snprintf(number, sizeof number, "%d", EXIT_STATUS_OK);
	visit(context, number, "success");
	snprintf(number, sizeof number, "%d", EXIT_STATUS_FAILED);
	visit(context, number, "the tool itself failed, for example to write its output");
	snprintf(number, sizeof number, "%d", EXIT_STATUS_USAGE);
	visit(context, number, "the command line or the input is wrong");
	for (int code = CODE_CANCELLED; code <= CODE_UNAUTHENTICATED; code++) {
		snprintf(number, sizeof number, "%d", exit_status_of((enum lectern_code)code));
		visit(context, number, code_name((enum code)code));
	}
}

/* "head" and the text beside it, or below it where the head is long. */
static void print_entry(struct buffer *out, const char *head, const char *text, unsigned columns)
{
	char first[HEAD_COLUMNS + 64];
	size_t size = strlen(head);
	bool beside = size + 4 <= HEAD_COLUMNS;
	if (!beside)
		buffer_printf(out, "  %s\n", head);
	snprintf(first, sizeof first, "  %-*s", HEAD_COLUMNS - 2, beside ? head : "");
	char rest[HEAD_COLUMNS + 1];
	snprintf(rest, sizeof rest, "%*s", HEAD_COLUMNS, "");
	/* The head is padded with blanks, which wrap_words() would drop from a text. */
	wrap_words(out, slice_of_text(text), first, rest, columns);
}

static void print_option(struct buffer *out, const struct option_row *row, unsigned columns)
{
	struct buffer head;
	struct buffer text;
	buffer_init(&head, 256);
	buffer_init(&text, 4096);
	help_option_head(&head, row);
	buffer_append_text(&text, row->help);
	if (row->words != NULL && row->words[0] != '@')
		buffer_printf(&text, ": %s", row->words);
	if (row->repeatable)
		buffer_append_text(&text, " (may be repeated)");
	print_entry(out, buffer_text(&head), buffer_text(&text), columns);
	buffer_done(&head);
	buffer_done(&text);
}

struct status_context {
	struct buffer *out;
	unsigned columns;
};

static void print_status(void *context, const char *number, const char *meaning)
{
	const struct status_context *status = context;
	char head[16];
	snprintf(head, sizeof head, "%3s  ", number);
	buffer_append_text(status->out, "  ");
	wrap_words(status->out, slice_of_text(meaning), head, "       ", status->columns);
}

static void print_usage(struct buffer *out, const struct command *command, const char *path)
{
	buffer_printf(out, "Usage: %s", path);
	if (command->children != NULL)
		buffer_append_text(out, " COMMAND");
	if (command->arguments != NULL)
		buffer_printf(out, " %s", command->arguments);
	buffer_append_text(out, " [OPTION...]\n\n");
}

static void print_children(struct buffer *out, const struct command *command, unsigned columns)
{
	buffer_append_text(out, "\nCommands:\n");
	for (const struct command *const *at = command->children; *at != NULL; at++) {
		if (!(*at)->hidden)
			print_entry(out, (*at)->name, (*at)->summary, columns);
	}
}

static void print_options(struct buffer *out, const char *title, const struct option_row *rows,
	size_t count, unsigned columns)
{
	if (count == 0)
		return;
	buffer_printf(out, "\n%s:\n", title);
	for (size_t i = 0; i < count; i++)
		print_option(out, &rows[i], columns);
}

enum exit_status help_print(struct cli *cli, const struct command *command, const char *path)
{
	struct buffer out;
	unsigned columns = cli->screen.columns;
	buffer_init(&out, CLI_FILE_BYTES);
	print_usage(&out, command, path);
	buffer_printf(&out, "%s.\n", command->summary);
	if (command->details != NULL) {
		buffer_append_char(&out, '\n');
		wrap_paragraphs(&out, slice_of_text(command->details), "", columns);
	}
	if (command->children != NULL)
		print_children(&out, command, columns);
	print_options(&out, "Options", command->options, command->option_count, columns);
	print_options(
		&out, "Options of every command", global_options, global_option_count, columns);
	if (command == &root_command) {
		struct status_context status = { &out, columns };
		buffer_append_text(&out, "\nExit status:\n");
		help_each_status(print_status, &status);
	}
	if (command->children != NULL)
		buffer_printf(&out, "\n\"%s COMMAND --help\" tells more about a command.\n", path);
	return output_finish(cli, &out);
}

enum exit_status help_version(struct cli *cli)
{
	static const char text[] = "lectern " LECTERN_VERSION "\n";
	return output_write(cli, text, sizeof text - 1);
}

static enum exit_status run_help(struct cli *cli, const struct args *args)
{
	const struct command *command = &root_command;
	char path[sizeof args->path];
	snprintf(path, sizeof path, "%s", root_command.name);
	for (int i = 0; i < args->argument_count; i++) {
		const struct command *child = command_find(command, args->arguments[i]);
		if (child == NULL) {
			problem_usage(
				cli, "\"%s\" has no command \"%s\"", path, args->arguments[i]);
			return problem_hint(cli, "see: %s --help", path);
		}
		command = child;
		size_t size = strlen(path);
		snprintf(path + size, sizeof path - size, " %s", child->name);
	}
	return help_print(cli, command, path);
}

const struct command help_command = {
	.name = "help",
	.arguments = "[COMMAND...]",
	.summary = "Show help for a command",
	.words = WORDS_COMMAND,
	.arguments_max = ARGUMENTS_ANY,
	.run = run_help,
};
