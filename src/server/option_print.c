/* The options in the forms of files and documentation. */
#include "server/option_apply.h"

#include <string.h>

enum { VALUE_BYTES_MAX = 4096, COMMENT_WIDTH = 90 };

/* The text in lines that begin with "# ". */
static void print_comment(FILE *out, const char *text)
{
	int column = 0;
	while (*text != '\0') {
		int size = (int)strcspn(text, " ");
		if (column > 0 && column + 1 + size > COMMENT_WIDTH) {
			fputc('\n', out);
			column = 0;
		}
		column += fprintf(out, "%s%.*s", column == 0 ? "# " : " ", size, text);
		text += size + (text[size] == ' ');
	}
	fputc('\n', out);
}

static void print_value(
	FILE *out, const struct server_options *options, const struct option_row *row)
{
	struct buffer value;
	buffer_init(&value, VALUE_BYTES_MAX);
	for (size_t i = 0; i < option_value_count(options, row); i++) {
		buffer_clear(&value);
		option_put_value(options, row, i, &value);
		const char *text = buffer_text(&value);
		fprintf(out, "%s = %s\n", row->name, text == NULL ? "" : text);
	}
	buffer_done(&value);
}

static void print_row_config(FILE *out, const struct server_options *options,
	const struct option_row *row, const char *origin)
{
	fprintf(out, "\n# from %s\n", origin);
	if (option_value_count(options, row) == 0)
		fprintf(out, "# %s is not set%s%s\n", row->name, row->absent == NULL ? "" : ": ",
			row->absent == NULL ? "" : row->absent);
	else
		print_value(out, options, row);
}

void server_options_print_config(const struct server_options *options, FILE *out)
{
	const struct option_row *row;
	const struct option_group *group = NULL;
	if (options->config != NULL)
		fprintf(out, "# with the file %s\n", options->config);
	for (size_t i = 0; (row = option_at(i)) != NULL; i++) {
		if ((row->places & OPTION_IN_FILE) == 0 || row->hidden)
			continue;
		if (option_group_of(row) != group) {
			group = option_group_of(row);
			fprintf(out, "\n[%s]\n", group->name);
		}
		print_row_config(out, options, row, options->origins[i]);
	}
}

void server_options_print_sample(FILE *out)
{
	const struct option_row *row;
	const struct option_group *group = NULL;
	fputs("# Options of lecternd, for --config. Arguments and variables LECTERND_... win over "
	      "it.\n"
	      "# An option that may be given several times has several lines. Values stand "
	      "without\n"
	      "# quotation marks. Each line below shows the default.\n",
		out);
	for (size_t i = 0; (row = option_at(i)) != NULL; i++) {
		if ((row->places & OPTION_IN_FILE) == 0 || row->hidden)
			continue;
		if (option_group_of(row) != group) {
			group = option_group_of(row);
			fprintf(out, "\n[%s]\n", group->name);
		}
		char help[1024];
		snprintf(help, sizeof help, "%s.", row->help);
		fputc('\n', out);
		print_comment(out, help);
		fprintf(out, "# %s = %s\n", row->name, row->initial == NULL ? "" : row->initial);
	}
}

/* In a cell of a table. */
static void print_cell(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '|')
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void print_table_row(FILE *out, const struct option_row *row)
{
	char variable[VARIABLE_BYTES_MAX];
	option_variable(row, variable);
	fprintf(out, "| `--%s%s", row->name, row->argument == NULL ? "" : " ");
	print_cell(out, row->argument == NULL ? "" : row->argument);
	fprintf(out, "` | %s%s%s | ", (row->places & OPTION_IN_ENVIRONMENT) != 0 ? "`" : "",
		(row->places & OPTION_IN_ENVIRONMENT) != 0 ? variable : "",
		(row->places & OPTION_IN_ENVIRONMENT) != 0 ? "`" : "");
	if (row->initial != NULL)
		fprintf(out, "`%s`", row->initial);
	else
		print_cell(out, row->absent == NULL ? "" : row->absent);
	fputs(" | ", out);
	print_cell(out, row->help);
	fprintf(out, "%s%s |\n", row->type == OPTION_LIST ? ". May be given several times" : "",
		row->reloadable ? ". SIGHUP reads it again" : "");
}

void server_options_print_table(FILE *out)
{
	fputs("# Options of lecternd\n\n"
	      "Made by `lecternd --print-options`. An argument wins over its variable, a variable "
	      "over "
	      "the file\nof `--config`, where the option stands without dashes in the section that "
	      "is "
	      "named here;\n[lecternd.ini](../deploy/lecternd.ini) is one to begin with. A "
	      "variable or a "
	      "line of a file may hold\nseveral values, separated by blanks, where an option may "
	      "be given "
	      "several times. An option that\nthere is not is an error, wherever it stands. "
	      "`lecternd "
	      "--print-config` shows the values and where\neach comes from.\n",
		out);
	for (size_t i = 0; option_groups[i] != NULL; i++) {
		const struct option_group *group = option_groups[i];
		if (group->rows->name == NULL)
			continue;
		fprintf(out, "\n## %s\n\n", group->title);
		if (group->name != NULL)
			fprintf(out, "Section `[%s]`.\n\n", group->name);
		fputs("| option | variable | without it | what it does |\n|---|---|---|---|\n",
			out);
		for (const struct option_row *row = group->rows; row->name != NULL; row++)
			if (!row->hidden)
				print_table_row(out, row);
	}
}
