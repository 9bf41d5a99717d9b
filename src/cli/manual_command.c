/* lectern manual: lectern(1) in man(7) format, made from the tables. */
#include "cli/cli.h"
#include "cli/completion.h"
#include "cli/help.h"
#include "cli/output.h"

#include <string.h>

/* Characters that roff takes for its own are escaped; a line may not start with a point or quote.
 */
static void add_text(struct buffer *out, const char *text)
{
	bool start = out->size == 0 || out->data[out->size - 1] == '\n';
	for (; *text != '\0'; text++) {
		if (start && (*text == '.' || *text == '\''))
			buffer_append_text(out, "\\&");
		if (*text == '\\')
			buffer_append_text(out, "\\e");
		else if (*text == '-')
			buffer_append_text(out, "\\-");
		else if (*text == '\'')
			buffer_append_text(out, "\\(aq");
		else
			buffer_append_char(out, *text);
		start = *text == '\n';
	}
}

/* Paragraphs are separated by empty lines; an indented one is an example. */
static void add_paragraphs(struct buffer *out, const char *text)
{
	while (*text != '\0') {
		const char *end = strstr(text, "\n\n");
		size_t size = end == NULL ? strlen(text) : (size_t)(end - text);
		struct buffer paragraph;
		buffer_init(&paragraph, CLI_FILE_BYTES);
		buffer_append(&paragraph, text, size);
		const char *copy = buffer_text(&paragraph);
		bool example = copy != NULL && copy[0] == ' ';
		buffer_append_text(out, example ? ".PP\n.nf\n" : ".PP\n");
		add_text(out, copy == NULL ? "" : copy);
		buffer_append_text(out, example ? "\n.fi\n" : "\n");
		buffer_done(&paragraph);
		text += size;
		text += strspn(text, "\n");
	}
}

static void add_option(struct buffer *out, const struct option_row *row)
{
	struct buffer head;
	buffer_init(&head, 256);
	help_option_head(&head, row);
	buffer_append_text(out, ".TP\n.B ");
	add_text(out, buffer_text(&head));
	buffer_append_char(out, '\n');
	buffer_done(&head);
	add_text(out, row->help);
	if (row->words != NULL && row->words[0] != '@') {
		buffer_append_text(out, ": ");
		add_text(out, row->words);
	}
	buffer_append_text(out, row->repeatable ? " (may be repeated).\n" : ".\n");
}

static void add_command(void *context, const struct completion_entry *entry)
{
	struct buffer *out = context;
	const struct command *command = entry->command;
	if (command->children != NULL)
		return;
	buffer_append_text(out, ".SS lectern ");
	add_text(out, entry->path);
	if (command->arguments != NULL) {
		buffer_append_char(out, ' ');
		add_text(out, command->arguments);
	}
	buffer_append_char(out, '\n');
	add_text(out, command->summary);
	buffer_append_text(out, ".\n");
	if (command->details != NULL)
		add_paragraphs(out, command->details);
	for (size_t i = 0; i < command->option_count; i++)
		add_option(out, &command->options[i]);
}

static void add_status(void *context, const char *number, const char *meaning)
{
	struct buffer *out = context;
	buffer_append_text(out, ".TP\n.B ");
	add_text(out, number);
	buffer_append_char(out, '\n');
	add_text(out, meaning);
	buffer_append_char(out, '\n');
}

static void add_environment(struct buffer *out)
{
	static const char *const rows[][2] = {
		{ "LECTERN_SERVER", "The server, where --server is not given." },
		{ "LECTERN_TLS_CA, LECTERN_TLS_CERT, LECTERN_TLS_KEY",
			"Files of TLS, where --tls-ca, --tls-cert and --tls-key are not given." },
		{ "NO_COLOR", "Not empty: no colours, also on a terminal." },
		{ "COLUMNS", "The width to wrap text to, where it is not the terminal's." },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buffer_append_text(out, ".TP\n.B ");
		add_text(out, rows[i][0]);
		buffer_append_char(out, '\n');
		add_text(out, rows[i][1]);
		buffer_append_char(out, '\n');
	}
}

static enum exit_status run_manual(struct cli *cli, const struct args *args)
{
	(void)args;
	struct buffer out;
	buffer_init(&out, CLI_FILE_BYTES);
	buffer_append_text(&out, ".TH LECTERN 1 \"\" \"Lectern " LECTERN_VERSION
				 "\" \"Lectern Manual\"\n.SH NAME\nlectern \\- ");
	add_text(&out, "read and change the content of a Lectern server");
	buffer_append_text(&out, "\n.SH SYNOPSIS\n.B lectern\n.I COMMAND\n[\\fIARGUMENT\\fR...] "
				 "[\\fIOPTION\\fR...]\n.SH DESCRIPTION\n");
	add_paragraphs(&out, root_command.details);
	buffer_append_text(&out, ".SH OPTIONS\nThese go with every command.\n");
	for (size_t i = 0; i < global_option_count; i++)
		add_option(&out, &global_options[i]);
	buffer_append_text(&out, ".SH COMMANDS\n");
	completion_each(add_command, &out);
	buffer_append_text(&out, ".SH EXIT STATUS\n");
	help_each_status(add_status, &out);
	buffer_append_text(&out, ".SH ENVIRONMENT\n");
	add_environment(&out);
	buffer_append_text(&out, ".SH SEE ALSO\n.BR lecternd (8),\n.BR jq (1)\n");
	return output_finish(cli, &out);
}

const struct command manual_command = {
	.name = "manual",
	.summary = "Print the manual page",
	.hidden = true,
	.run = run_manual,
};
