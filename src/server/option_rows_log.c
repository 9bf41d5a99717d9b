/* What is logged, and how. */
#include "server/option_table.h"

static const char *const formats[] = { "auto", "text", "json", NULL };
static const char *const levels[] = { "debug", "info", "warn", "error", NULL };

static const struct option_row rows[] = {
	{ .name = "log-format",
		.argument = "FORMAT",
		.help = "How log lines are written to standard error: text, json, or auto, which "
			"is text on a terminal and else json",
		.initial = "auto",
		OPTION_CHOICE_FIELD(log_format, enum server_log_format),
		.words = formats,
		.places = OPTION_ANYWHERE },
	{ .name = "log-level",
		.argument = "LEVEL",
		.help = "The least level that is logged: debug, info, warn or error",
		.initial = "info",
		OPTION_CHOICE_FIELD(log_level, enum log_level),
		.words = levels,
		.places = OPTION_ANYWHERE,
		.reloadable = true },
	{ .name = NULL },
};

const struct option_group option_group_log = { .name = "log", .title = "Log", .rows = rows };
