#include "cli/completion.h"

#include <string.h>

/* Inside single quotes fish reads a backslash before a quote or a backslash. */
static void add_quoted(struct buffer *out, const char *text)
{
	buffer_append_char(out, '\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'' || *text == '\\')
			buffer_append_char(out, '\\');
		buffer_append_char(out, *text);
	}
	buffer_append_char(out, '\'');
}

/* __lectern_at tells whether the words before the cursor name this command. */
static const char head[] = "# fish completion for lectern; made by: lectern completion fish\n"
			   "function __lectern_at\n"
			   "\tset -l path\n"
			   "\tset -l skip 0\n"
			   "\tfor word in (commandline -opc)[2..-1]\n"
			   "\t\tif test $skip = 1\n"
			   "\t\t\tset skip 0\n"
			   "\t\t\tcontinue\n"
			   "\t\tend\n"
			   "\t\tswitch $word\n"
			   "\t\t\tcase --server --timeout --output -o\n"
			   "\t\t\t\tset skip 1\n"
			   "\t\t\tcase '-*'\n"
			   "\t\t\tcase '*'\n"
			   "\t\t\t\tset -a path $word\n"
			   "\t\tend\n"
			   "\tend\n"
			   "\tset -l wanted (string split -n ' ' -- $argv[1])\n"
			   "\tset -l count (count $wanted)\n"
			   "\tif test \"$argv[2]\" = exact\n"
			   "\t\ttest (count $path) -eq $count; or return 1\n"
			   "\tend\n"
			   "\ttest $count -eq 0; and return 0\n"
			   "\ttest (count $path) -ge $count; or return 1\n"
			   "\ttest \"$path[1..$count]\" = \"$wanted\"\n"
			   "end\n"
			   "complete -c lectern -f\n";

static void begin(struct buffer *out, const char *path, const char *exact)
{
	buffer_append_text(out, "complete -c lectern -n \"__lectern_at '");
	buffer_printf(out, "%s'%s\"", path, exact);
}

/* -a 'a b' */
static void add_words(struct buffer *out, const char *words)
{
	struct buffer found;
	buffer_init(&found, out->max_bytes);
	completion_words(&found, words);
	const char *text = buffer_text(&found);
	if (found.size > 0)
		buffer_printf(out, " -a '%s'", text);
	buffer_done(&found);
}

static void add_option(struct buffer *out, const char *path, const struct option_row *row)
{
	begin(out, path, "");
	buffer_printf(out, " -l %s", row->name);
	if (row->letter != 0)
		buffer_printf(out, " -s %c", row->letter);
	/* -x is -r without files. */
	if (row->value != NULL)
		buffer_append_text(out, completion_files(row->words) ? " -r -F" : " -x");
	add_words(out, row->words);
	buffer_append_text(out, " -d ");
	add_quoted(out, row->help);
	buffer_append_char(out, '\n');
}

static void add_row(void *context, const struct completion_entry *entry)
{
	struct buffer *out = context;
	const struct command *command = entry->command;
	const struct command *const *at = command->children;
	for (; at != NULL && *at != NULL; at++) {
		if ((*at)->hidden)
			continue;
		begin(out, entry->path, " exact");
		buffer_printf(out, " -a %s -d ", (*at)->name);
		add_quoted(out, (*at)->summary);
		buffer_append_char(out, '\n');
	}
	for (size_t i = 0; i < command->option_count; i++)
		add_option(out, entry->path, &command->options[i]);
	if (command->words == NULL)
		return;
	begin(out, entry->path, "");
	add_words(out, command->words);
	buffer_append_text(out, completion_files(command->words) ? " -F\n" : "\n");
}

void completion_fish(struct buffer *out)
{
	buffer_append_text(out, head);
	for (size_t i = 0; i < global_option_count; i++)
		add_option(out, "", &global_options[i]);
	completion_each(add_row, out);
}
