/* The HTTP listener. */
#include "server/option_table.h"

static const struct option_row rows[] = {
	{ .name = NULL },
};

const struct option_group option_group_http = { .name = "http", .title = "HTTP", .rows = rows };
