#include "cli/completion.h"

#include <string.h>

/*
 * The script walks the words of the line to find the command's path, then looks the path up: its
 * commands and options, what its arguments may be, and which options take a value.
 */
static const char head[] =
	"# bash completion for lectern; made by: lectern completion bash\n"
	"_lectern() {\n"
	"\tlocal cur prev path word index words commands arguments option values files more\n"
	"\tcur=${COMP_WORDS[COMP_CWORD]}\n"
	"\tprev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	"\t# bash splits --view=basic at the sign\n"
	"\tif [ \"$cur\" = = ]; then\n"
	"\t\tcur=\n"
	"\telif [ \"$prev\" = = ] && [ \"$COMP_CWORD\" -gt 1 ]; then\n"
	"\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	"\tfi\n"
	"\tCOMPREPLY=()\n"
	"\tpath=\n"
	"\tindex=1\n"
	"\twhile [ \"$index\" -lt \"$COMP_CWORD\" ]; do\n"
	"\t\tword=${COMP_WORDS[index]}\n"
	"\t\t_lectern_table \"$path\"\n"
	"\t\tcase $word in\n"
	"\t\t--*=*) ;;\n"
	"\t\t-*) case \" $values \" in *\" $word \"*) index=$((index + 1)) ;; esac ;;\n"
	"\t\t*) case \" $commands \" in *\" $word \"*) path=\"${path:+$path }$word\" ;; esac ;;\n"
	"\t\tesac\n"
	"\t\tindex=$((index + 1))\n"
	"\tdone\n"
	"\t_lectern_table \"$path\"\n"
	"\tcase \" $values \" in\n"
	"\t*\" $prev \"*)\n"
	"\t\tcase \" $files \" in\n"
	"\t\t*\" $prev \"*)\n"
	"\t\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	"\t\t\tcompopt -o filenames 2>/dev/null || true\n"
	"\t\t\treturn\n"
	"\t\t\t;;\n"
	"\t\tesac\n"
	"\t\toption=$prev\n"
	"\t\t_lectern_values \"$path $option\"\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	"\t\treturn\n"
	"\t\t;;\n"
	"\tesac\n"
	"\tcase $cur in\n"
	"\t-*) mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\") ;;\n"
	"\t*)\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$commands $arguments\" -- \"$cur\")\n"
	"\t\tif [ -n \"$more\" ]; then\n"
	"\t\t\tmapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < <(compgen -f -- \"$cur\")\n"
	"\t\t\tcompopt -o filenames 2>/dev/null || true\n"
	"\t\tfi\n"
	"\t\t;;\n"
	"\tesac\n"
	"}\n";

/* Which of a command's options to list. */
enum which { ALL, WITH_VALUE, WITH_FILE };

static void add_options(
	struct buffer *out, const struct option_row *rows, size_t count, enum which which)
{
	for (size_t i = 0; i < count; i++) {
		if ((which == WITH_VALUE && rows[i].value == NULL) ||
			(which == WITH_FILE && !completion_files(rows[i].words)))
			continue;
		buffer_printf(out, " --%s", rows[i].name);
		if (rows[i].letter != 0)
			buffer_printf(out, " -%c", rows[i].letter);
	}
}

static void add_all_options(struct buffer *out, const struct command *command, enum which which)
{
	add_options(out, command->options, command->option_count, which);
	add_options(out, global_options, global_option_count, which);
}

static void add_row(void *context, const struct completion_entry *entry)
{
	struct buffer *out = context;
	const struct command *command = entry->command;
	buffer_printf(out, "\t'%s')\n\t\twords='", entry->path);
	add_all_options(out, command, ALL);
	buffer_append_text(out, "'\n\t\tvalues='");
	add_all_options(out, command, WITH_VALUE);
	buffer_append_text(out, "'\n\t\tfiles='");
	add_all_options(out, command, WITH_FILE);
	buffer_append_text(out, "'\n\t\tcommands='");
	const struct command *const *at = command->children;
	for (; at != NULL && *at != NULL; at++) {
		if (!(*at)->hidden)
			buffer_printf(out, " %s", (*at)->name);
	}
	buffer_append_text(out, "'\n\t\targuments='");
	completion_words(out, command->words);
	buffer_append_text(out, "'\n\t\tmore=");
	buffer_append_text(out, completion_files(command->words) ? "files" : "");
	buffer_append_text(out, "\n\t\t;;\n");
}

static void add_values(struct buffer *out, const char *path, const struct option_row *row)
{
	if (row->words == NULL || row->words[0] == '@')
		return;
	buffer_printf(out, "\t'%s --%s'", path, row->name);
	if (row->letter != 0)
		buffer_printf(out, " | '%s -%c'", path, row->letter);
	buffer_append_text(out, ") words='");
	completion_words(out, row->words);
	buffer_append_text(out, "' ;;\n");
}

static void add_value_rows(void *context, const struct completion_entry *entry)
{
	for (size_t i = 0; i < entry->command->option_count; i++)
		add_values(context, entry->path, &entry->command->options[i]);
	for (size_t i = 0; i < global_option_count; i++)
		add_values(context, entry->path, &global_options[i]);
}

void completion_bash(struct buffer *out)
{
	buffer_append_text(out, head);
	buffer_append_text(out, "_lectern_table() {\n\tcase $1 in\n");
	completion_each(add_row, out);
	buffer_append_text(out, "\tesac\n}\n_lectern_values() {\n\twords=\n\tcase $1 in\n");
	completion_each(add_value_rows, out);
	buffer_append_text(out, "\tesac\n}\ncomplete -F _lectern lectern\n");
}
