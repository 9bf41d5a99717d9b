/* Who may reach the server, and how they prove it. */
#include "server/option_table.h"

static const struct option_row rows[] = {
	{ .name = "insecure",
		.help = "Allow TCP addresses that other machines can reach. Anybody who can reach "
			"them can then read and change everything",
		.initial = "false",
		OPTION_SWITCH_FIELD(insecure),
		.places = OPTION_ANYWHERE },
	{ .name = NULL },
};

const struct option_group option_group_security = {
	.name = "security", .title = "Security", .rows = rows
};
