#include "cli/command.h"

static const struct command *const children[] = {
	&archive_command,
	&search_command,
	&suggest_command,
	&post_command,
	&tag_command,
	&category_command,
	&author_command,
	&import_command,
	&export_command,
	&watch_command,
	&call_command,
	&batch_command,
	&bench_command,
	&describe_command,
	&health_command,
	&info_command,
	&stats_command,
	&metrics_command,
	&backup_command,
	&check_command,
	&operation_command,
	&token_command,
	&completion_command,
	&help_command,
	&manual_command,
	NULL,
};

const struct command root_command = {
	.name = "lectern",
	.summary = "Read and change the content of a Lectern server",
	.details = "Data goes to standard output, everything else to standard error.\n\n"
		   "-o text is for people; -o json prints the answer of the server as one "
		   "document of proto3 JSON, -o jsonl one item a line. The server is found by "
		   "--server or by the environment's "
		   "LECTERN_SERVER, a token for it by --token-file or LECTERN_TOKEN_FILE. NO_COLOR "
		   "in the environment turns colours off.",
	.children = children,
};
