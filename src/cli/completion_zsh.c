#include "cli/completion.h"

#include <string.h>

/* An _arguments specification is in single quotes; brackets and colons in it are escaped. */
static void add_escaped(struct buffer *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (strchr("[]:\\", *text) != NULL)
			buffer_append_char(out, '\\');
		if (*text == '\'')
			buffer_append_text(out, "'\\''");
		else
			buffer_append_char(out, *text);
	}
}

/* ":name:(a b)" or ":name:_files" */
static void add_action(struct buffer *out, const char *name, const char *words)
{
	buffer_append_char(out, ':');
	add_escaped(out, name);
	buffer_append_char(out, ':');
	if (words == NULL) {
		buffer_append_char(out, ' ');
		return;
	}
	bool files = completion_files(words);
	struct buffer found;
	buffer_init(&found, out->max_bytes);
	completion_words(&found, words);
	if (files)
		buffer_append_text(out, found.size > 0 ? "{_files; compadd " : "_files");
	else
		buffer_append_char(out, '(');
	buffer_append(out, found.data, found.size);
	if (!files || found.size > 0)
		buffer_append_char(out, files ? '}' : ')');
	buffer_done(&found);
}

static void add_option(struct buffer *out, const struct option_row *row)
{
	buffer_append_text(out, " \\\n\t\t\t");
	if (row->letter != 0)
		buffer_printf(out, "'(-%c --%s)'{-%c,--%s}", row->letter, row->name, row->letter,
			row->name);
	else
		buffer_printf(out, "%s--%s", row->repeatable ? "\\*" : "", row->name);
	buffer_append_text(out, row->value != NULL ? "'=[" : "'[");
	add_escaped(out, row->help);
	buffer_append_char(out, ']');
	if (row->value != NULL)
		add_action(out, row->value, row->words);
	buffer_append_char(out, '\'');
}

static void add_options(struct buffer *out, const struct command *command)
{
	for (size_t i = 0; i < command->option_count; i++)
		add_option(out, &command->options[i]);
	for (size_t i = 0; i < global_option_count; i++)
		add_option(out, &global_options[i]);
}

static void add_commands(struct buffer *out, const struct command *command)
{
	buffer_append_text(out, "\t\t\tcommands=(\n");
	for (const struct command *const *at = command->children; *at != NULL; at++) {
		if ((*at)->hidden)
			continue;
		buffer_printf(out, "\t\t\t\t'%s:", (*at)->name);
		add_escaped(out, (*at)->summary);
		buffer_append_text(out, "'\n");
	}
	buffer_append_text(
		out, "\t\t\t)\n\t\t\t_describe -t commands 'lectern command' commands\n");
}

static void add_row(void *context, const struct completion_entry *entry)
{
	struct buffer *out = context;
	const struct command *command = entry->command;
	buffer_printf(out, "\t\t'%s')\n", entry->path);
	if (command->children != NULL) {
		buffer_append_text(out, "\t\t_arguments -s");
		add_options(out, command);
		buffer_append_text(out, " \\\n\t\t\t'*::command:->command'\n");
		buffer_append_text(out, "\t\tif ((CURRENT == 1)); then\n");
		add_commands(out, command);
		buffer_printf(out,
			"\t\telse\n\t\t\t_lectern_at '%s%s'\"$words[1]\"\n\t\tfi\n\t\t;;\n",
			entry->path, entry->path[0] == '\0' ? "" : " ");
		return;
	}
	buffer_append_text(out, "\t\t_arguments -s");
	add_options(out, command);
	if (command->arguments_max != 0) {
		buffer_append_text(out, " \\\n\t\t\t'*");
		add_action(out, command->arguments, command->words);
		buffer_append_char(out, '\'');
	}
	buffer_append_text(out, "\n\t\t;;\n");
}

void completion_zsh(struct buffer *out)
{
	buffer_append_text(out,
		"#compdef lectern\n# zsh completion for lectern; made by: lectern completion zsh\n"
		"_lectern_at() {\n\tlocal context state state_descr line\n\tlocal -a commands\n"
		"\ttypeset -A opt_args\n\tcase $1 in\n");
	completion_each(add_row, out);
	buffer_append_text(out,
		"\tesac\n}\n_lectern() {\n\t_lectern_at ''\n}\n"
		"if [ \"$funcstack[1]\" = _lectern ]; then\n\t_lectern \"$@\"\nelse\n"
		"\tcompdef _lectern lectern\nfi\n");
}
