/* Who may reach the server, and how they prove it. */
#include "server/option_table.h"

static const struct option_row rows[] = {
	{ .name = "tokens",
		.argument = "FILE",
		.help = "Answer only callers with a token of this file, which lectern token makes; "
			"SIGHUP reads it again. Without it everybody who can connect may do "
			"everything",
		OPTION_PATH_FIELD(tokens),
		.places = OPTION_ANYWHERE },
	{ .name = "insecure",
		.help = "Allow addresses that other machines can reach without TLS or without "
			"tokens. Others can then read and change everything",
		.initial = "false",
		OPTION_SWITCH_FIELD(insecure),
		.places = OPTION_ANYWHERE },
	{ .name = NULL },
};

const struct option_group option_group_security = {
	.name = "security", .title = "Security", .rows = rows
};
