#include "server/option_table.h"

#include <lectern/version.h>
#include <string.h>

enum { HELP_COLUMN = 24, HELP_WIDTH = 80 };

static const char about[] =
	"Keeps posts, tags, categories and authors in a folder and serves them to other programs.";

/* Writes text in lines of HELP_WIDTH that start at HELP_COLUMN; the cursor stands there. */
static void print_wrapped(FILE *out, const char *text)
{
	int column = HELP_COLUMN;
	while (*text != '\0') {
		int size = (int)strcspn(text, " ");
		if (column > HELP_COLUMN && column + 1 + size > HELP_WIDTH) {
			fprintf(out, "\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
		} else if (column > HELP_COLUMN) {
			fputc(' ', out);
			column++;
		}
		fprintf(out, "%.*s", size, text);
		column += size;
		text += size + (text[size] == ' ');
	}
	fputc('\n', out);
}

static void print_row(FILE *out, const struct option_row *row)
{
	int used = fprintf(out, "  --%s%s%s", row->name, row->argument == NULL ? "" : " ",
		row->argument == NULL ? "" : row->argument);
	fprintf(out, "%*s", used < HELP_COLUMN ? HELP_COLUMN - used : 1, "");
	const char *otherwise = row->initial == NULL ? row->absent : row->initial;
	char text[1024];
	snprintf(text, sizeof text, "%s%s%s%s%s", row->help,
		row->type == OPTION_LIST ? ". May be given several times" : "",
		otherwise == NULL || row->type == OPTION_SWITCH ? "" : ". Without it: ",
		otherwise == NULL || row->type == OPTION_SWITCH ? "" : otherwise, ".");
	print_wrapped(out, text);
}

void server_options_print_help(FILE *out)
{
	fprintf(out, "Usage: lecternd --data DIR [OPTION]...\n%s\n\n", about);
	for (size_t i = 0; option_groups[i] != NULL; i++) {
		const struct option_row *row = option_groups[i]->rows;
		if (row->name != NULL)
			fprintf(out, "%s%s:\n", i == 0 ? "" : "\n", option_groups[i]->title);
		for (; row->name != NULL; row++)
			if (!row->hidden)
				print_row(out, row);
	}
	fputs("\nMost options can also be set by a variable, for example LECTERND_MAP_SIZE=128G\n"
	      "for --map-size, or in the file of --config. An argument wins over a variable, a\n"
	      "variable over the file.\n"
	      "\nSIGTERM and SIGINT finish the calls that are being handled and end the server.\n"
	      "Exit status: 0 stopped by a signal or restored, 1 could not start or restore,\n"
	      "2 wrong options.\n",
		out);
}

/* Text for man(7): dashes as they are, no line that starts with a control character. */
static void print_man_text(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '-' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void print_man_row(FILE *out, const struct option_row *row)
{
	fputs(".TP\n\\fB", out);
	print_man_text(out, "--");
	print_man_text(out, row->name);
	fprintf(out, "\\fR%s%s%s\n", row->argument == NULL ? "" : " \\fI",
		row->argument == NULL ? "" : row->argument, row->argument == NULL ? "" : "\\fR");
	print_man_text(out, row->help);
	fputs(".\n", out);
	const char *otherwise = row->initial == NULL ? row->absent : row->initial;
	if (row->type == OPTION_LIST)
		fputs("May be given several times.\n", out);
	if (otherwise != NULL && row->type != OPTION_SWITCH) {
		fputs("Without it: ", out);
		print_man_text(out, otherwise);
		fputs(".\n", out);
	}
	if ((row->places & OPTION_IN_ENVIRONMENT) != 0) {
		char variable[VARIABLE_BYTES_MAX];
		option_variable(row, variable);
		fprintf(out, "Variable: \\fB%s\\fR.\n", variable);
	}
}

void server_options_print_man(FILE *out)
{
	fprintf(out, ".TH LECTERND 8 \"\" \"Lectern %s\" \"Lectern\"\n", LECTERN_VERSION);
	fputs(".SH NAME\nlecternd \\- content server\n"
	      ".SH SYNOPSIS\n.B lecternd\n\\fB\\-\\-data\\fR \\fIDIR\\fR [\\fIOPTION\\fR]...\n"
	      ".SH DESCRIPTION\n",
		out);
	fprintf(out, "%s\n", about);
	fputs("Programs call it with protobuf messages over nng's request/reply protocol.\n"
	      ".SH OPTIONS\n",
		out);
	for (size_t i = 0; option_groups[i] != NULL; i++) {
		const struct option_row *row = option_groups[i]->rows;
		if (row->name != NULL)
			fprintf(out, ".SS %s\n", option_groups[i]->title);
		for (; row->name != NULL; row++)
			if (!row->hidden)
				print_man_row(out, row);
	}
	fputs(".SH FILE\n"
	      "The file of \\fB\\-\\-config\\fR has sections as \\fB\\-\\-print\\-config\\fR "
	      "shows them, lines \\fINAME\\fR = \\fIVALUE\\fR with the names of the options "
	      "without dashes, and comments, lines that begin with # or ;.\n"
	      ".SH ENVIRONMENT\n"
	      "Variables are named above; one that is empty counts as not set. An argument wins "
	      "over its variable, a variable over the file.\n"
	      "If \\fBNOTIFY_SOCKET\\fR is set, the server tells the service manager when it is "
	      "ready and when it stops, as \\fBsd_notify\\fR(3) does.\n"
	      ".SH SIGNALS\n.TP\n\\fBSIGTERM\\fR, \\fBSIGINT\\fR\n"
	      "Refuse new connections, finish the calls that are being handled, end. A second one "
	      "ends the server at once.\n"
	      ".TP\n\\fBSIGHUP\\fR\nRead file and tokens again. Options that can change without a "
	      "restart do; others are named in the log.\n"
	      ".SH EXIT STATUS\n.TP\n0\nStopped by a signal, or restored.\n.TP\n1\nCould not "
	      "start, or not restore: the log's last line says why.\n.TP\n2\nWrong options.\n"
	      ".SH SEE ALSO\n\\fBlectern\\fR(1)\n",
		out);
}
