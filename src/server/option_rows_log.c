/* What is logged, and how. */
#include "server/option_table.h"

static const char *const formats[] = { "auto", "text", "json", NULL };
static const char *const levels[] = { "debug", "info", "warn", "error", NULL };
static const char *const calls[] = { "failed", "all", "none", NULL };

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
	{ .name = "log-calls",
		.argument = "WHICH",
		.help = "Which calls get a line in the log: failed, all or none. Of those that "
			"failed no more than 100 a second do",
		.initial = "failed",
		OPTION_CHOICE_FIELD(log_calls, enum telemetry_log_calls),
		.words = calls,
		.places = OPTION_ANYWHERE,
		.reloadable = true },
	{ .name = "slow-call",
		.argument = "TIME",
		.help = "Calls that take so long are logged with a warning, whatever --log-calls "
			"says, unless they wait by design; 0 logs none",
		.initial = "1s",
		OPTION_DURATION_FIELD(slow_call_us),
		.most = 3600 * OPTION_SECOND,
		.places = OPTION_ANYWHERE,
		.reloadable = true },
	{ .name = NULL },
};

const struct option_group option_group_log = { .name = "log", .title = "Log", .rows = rows };
