/* Options: one row each, in the table of the command that takes them. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum option_id {
	OPTION_NONE,
	/* For every command. */
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_SERVER,
	OPTION_TOKEN_FILE,
	OPTION_TIMEOUT,
	OPTION_OUTPUT,
	OPTION_TLS_CA,
	OPTION_TLS_CERT,
	OPTION_TLS_KEY,
	/* Reading. */
	OPTION_ALL,
	OPTION_BODY_ONLY,
	OPTION_BY,
	OPTION_DIRECT_ONLY,
	OPTION_EXPLAIN,
	OPTION_FACET,
	OPTION_FACET_SIZE,
	OPTION_FILTER,
	OPTION_KIND,
	OPTION_LIMIT,
	OPTION_MONTH,
	OPTION_NO_TOTAL,
	OPTION_ORDER_BY,
	OPTION_PAGE,
	OPTION_PAGE_SIZE,
	OPTION_PAGE_TOKEN,
	OPTION_TIME_ZONE,
	OPTION_TOTAL,
	OPTION_VIEW,
	OPTION_YEAR,
	/* Content. */
	OPTION_ATTRIBUTE,
	OPTION_AUTHOR,
	OPTION_AVATAR_URL,
	OPTION_BODY_FILE,
	OPTION_BODY_FORMAT,
	OPTION_CANONICAL_URL,
	OPTION_CATEGORY,
	OPTION_COVER_IMAGE_URL,
	OPTION_DESCRIPTION,
	OPTION_EXCERPT,
	OPTION_EXPIRE_TIME,
	OPTION_FEATURED,
	OPTION_LANGUAGE,
	OPTION_NAME,
	OPTION_PARENT,
	OPTION_PART,
	OPTION_PUBLISH_TIME,
	OPTION_SERIES,
	OPTION_SET,
	OPTION_SLUG,
	OPTION_STATE,
	OPTION_TAG,
	OPTION_TITLE,
	OPTION_URL,
	/* Writing. */
	OPTION_ALLOW_MISSING,
	OPTION_CREATE_MISSING,
	OPTION_DRY_RUN,
	OPTION_ETAG,
	OPTION_FORCE,
	OPTION_IN_FLIGHT,
	OPTION_INTERNAL_TAGS,
	OPTION_INTO,
	OPTION_NEWEST_TIME,
	OPTION_NOTE,
	OPTION_NOTE_AUTHOR,
	OPTION_NO_WAIT,
	OPTION_OFFLINE,
	OPTION_PAGES,
	OPTION_REPORT,
	OPTION_REQUEST_ID,
	OPTION_SKIP_CHECK,
	OPTION_STRICT,
	OPTION_VALIDATE_ONLY,
	/* Measuring. */
	OPTION_BURSTS,
	OPTION_CONNECTIONS,
	OPTION_DURATION,
	OPTION_METHOD,
	OPTION_RATE,
	OPTION_REQUEST,
	OPTION_REQUESTS,
	OPTION_WARMUP,
	OPTION_ZIPF,
	/* Tokens. */
	OPTION_COMMENT,
	OPTION_EXPIRES,
	OPTION_SCOPE,
	OPTION_TOKENS,
	/* Following changes. */
	OPTION_EPOCH,
	OPTION_FEED,
	OPTION_INTERVAL,
	OPTION_MOST,
	OPTION_SINCE,
	OPTION_STATE_FILE,
	OPTION_UNTIL,
	OPTION_WATCH,
};

struct option_row {
	enum option_id id;
	const char *name;  /* without the dashes */
	char letter;	   /* 0 for none */
	const char *value; /* "FILE"; NULL for a flag */
	const char *help;  /* one sentence without a full stop */
	/* What the value may be: words separated by blanks, or one of the WORDS_ below; NULL when
	 * nothing is known. */
	const char *words;
	bool open; /* other values than the words may be fine, too */
	bool repeatable;
	/* For options that set a field of the message to be written: its path in the .proto. */
	const char *field;
};

#define WORDS_FILE "@file"
#define WORDS_METHOD "@method"	 /* of a service */
#define WORDS_NAME "@name"	 /* of a service, method, message or enum */
#define WORDS_COMMAND "@command" /* of the tool */

#define VIEW_WORDS "basic html source full"
#define STATE_WORDS "draft scheduled published"
#define ORDER_WORDS "publish_time create_time update_time title series.part"

#define OPTION_ROW_VIEW(text) \
	{ \
		.id = OPTION_VIEW, .name = "view", .value = "VIEW", .words = VIEW_WORDS, \
		.help = text \
	}
#define OPTION_ROW_PAGE_SIZE(text) \
	{ \
		.id = OPTION_PAGE_SIZE, .name = "page-size", .value = "N", .help = text \
	}
#define OPTION_ROW_PAGE_TOKEN \
	{ \
		.id = OPTION_PAGE_TOKEN, .name = "page-token", .value = "TOKEN", \
		.help = "Start at the page that the token of the page before names" \
	}
#define OPTION_ROW_PAGE \
	{ \
		.id = OPTION_PAGE, .name = "page", .value = "N", \
		.help = "Show the Nth page, walking through those before it" \
	}
#define OPTION_ROW_ALL \
	{ \
		.id = OPTION_ALL, .name = "all", .help = "Show this page and all after it" \
	}
#define OPTION_ROW_LIMIT(text) \
	{ \
		.id = OPTION_LIMIT, .name = "limit", .value = "N", .help = text \
	}
#define OPTION_ROW_EXPLAIN \
	{ \
		.id = OPTION_EXPLAIN, .name = "explain", \
		.help = "Tell on standard error how it was found, and what was read for that" \
	}
#define OPTION_ROW_ORDER_BY(text) \
	{ \
		.id = OPTION_ORDER_BY, .name = "order-by", .value = "ORDER", .words = ORDER_WORDS, \
		.open = true, .help = text \
	}
#define OPTION_ROW_REQUEST_ID \
	{ \
		.id = OPTION_REQUEST_ID, .name = "request-id", .value = "ID", \
		.help = "Make a repeat of this very command safe for 24 hours (default: a new id)" \
	}
#define OPTION_ROW_VALIDATE_ONLY \
	{ \
		.id = OPTION_VALIDATE_ONLY, .name = "validate-only", \
		.help = "Check everything, but change nothing" \
	}
#define OPTION_ROW_ETAG \
	{ \
		.id = OPTION_ETAG, .name = "etag", .value = "ETAG", \
		.help = "Fail if it was changed since this etag was read" \
	}
#define OPTION_ROW_ALLOW_MISSING(text) \
	{ \
		.id = OPTION_ALLOW_MISSING, .name = "allow-missing", .help = text \
	}
#define OPTION_ROW_SET \
	{ \
		.id = OPTION_SET, .name = "set", .value = "FIELD=VALUE", .repeatable = true, \
		.help = "Set any field by its name; lists and messages as JSON, nothing after " \
			"the = clears it" \
	}

#define OPTION_COUNT(rows) (sizeof(rows) / sizeof *(rows))

/* The options that every command takes, before or after its name. */
extern const struct option_row global_options[];
extern const size_t global_option_count;
