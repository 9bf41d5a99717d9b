/*
 * The rows behind options.h, in groups of one file each: option_rows_GROUP.c. To add an option, add
 * its field to struct server_options, of the type that OPTION_..._FIELD wants, and a row to the
 * file of its group; everything else follows from the row:
 *
 *	{ .name = "slow-call",
 *		.argument = "TIME",
 *		.help = "Calls that take longer are logged with a warning; 0 logs none",
 *		.initial = "1s",
 *		OPTION_DURATION_FIELD(slow_call_us),
 *		.most = 3600 * OPTION_SECOND,
 *		.places = OPTION_ANYWHERE,
 *		.reloadable = true },
 */
#pragma once
#include "server/options.h"

/* What the text of a value is and the type of its field. */
enum option_type {
	OPTION_TEXT,	 /* const char *; not empty */
	OPTION_PATH,	 /* the same, of a file or folder */
	OPTION_LIST,	 /* struct option_list of texts without blanks */
	OPTION_SWITCH,	 /* bool; takes no value as an argument */
	OPTION_NUMBER,	 /* uint64_t */
	OPTION_SIZE,	 /* uint64_t, bytes */
	OPTION_DURATION, /* int64_t, microseconds */
	OPTION_CHOICE,	 /* an enum that counts the words from 0 */
	OPTION_ACTION,	 /* no value: what the program does instead of serving */
};

/* Where an option may be given. */
enum {
	OPTION_IN_ARGUMENTS = 1,
	OPTION_IN_ENVIRONMENT = 2,
	OPTION_IN_FILE = 4,
	OPTION_ANYWHERE = 7,
};

#define OPTION_SECOND INT64_C(1000000)
#define OPTION_DAY (86400 * OPTION_SECOND)

struct option_row {
	const char *name;     /* of the long option, without dashes; NULL ends the rows */
	const char *argument; /* as in help; NULL for switches and actions */
	const char *help;     /* one sentence or more, without a full stop at the end */
	const char *initial;  /* the default, which is read like any other value; NULL: none */
	const char *absent;   /* help's word for what holds without a value, if `initial` is NULL */
	enum option_type type;
	size_t offset; /* of the field in struct server_options */
	/* Bounds of numbers, sizes and durations (microseconds), and how many values a list may
	 * have; `most` 0 means the most that the type can hold. */
	int64_t least;
	int64_t most;
	const char *const
		*words; /* of a choice, in the order of its enum, with a NULL at the end */
	/* Whether one text of OPTION_TEXT, OPTION_PATH or OPTION_LIST can be used; NULL: any. The
	 * error's text is put behind the source of the value. */
	enum code (*check)(const char *value, struct error *err);
	enum server_action action; /* of OPTION_ACTION */
	unsigned places;	   /* OPTION_IN_... */
	bool reloadable;	   /* takes effect with SIGHUP; not for texts and lists */
	bool hidden;		   /* in no documentation */
};

/* Type and place of a field; does not compile where the field has another type. */
#define OPTION_FIELD_(option_type, c_type, field) \
	.type = (option_type), .offset = _Generic(((struct server_options *)0)->field, c_type \
						  : offsetof(struct server_options, field))
#define OPTION_TEXT_FIELD(field) OPTION_FIELD_(OPTION_TEXT, const char *, field)
#define OPTION_PATH_FIELD(field) OPTION_FIELD_(OPTION_PATH, const char *, field)
#define OPTION_LIST_FIELD(field) OPTION_FIELD_(OPTION_LIST, struct option_list, field)
#define OPTION_SWITCH_FIELD(field) OPTION_FIELD_(OPTION_SWITCH, bool, field)
#define OPTION_NUMBER_FIELD(field) OPTION_FIELD_(OPTION_NUMBER, uint64_t, field)
#define OPTION_SIZE_FIELD(field) OPTION_FIELD_(OPTION_SIZE, uint64_t, field)
#define OPTION_DURATION_FIELD(field) OPTION_FIELD_(OPTION_DURATION, int64_t, field)
#define OPTION_CHOICE_FIELD(field, enum_type) OPTION_FIELD_(OPTION_CHOICE, enum_type, field)

/* Rows that belong together, under one heading. */
struct option_group {
	const char *name;  /* of the section in files; NULL: no row of it stands in files */
	const char *title; /* heading in help */
	const struct option_row *rows;
};

extern const struct option_group option_group_general;
extern const struct option_group option_group_store;
extern const struct option_group option_group_network;
extern const struct option_group option_group_security;
extern const struct option_group option_group_http;
extern const struct option_group option_group_log;

/* The groups in the order of help, with a NULL at the end. */
extern const struct option_group *const option_groups[];

/* The rows of all groups, counted from 0; NULL behind the last one. */
const struct option_row *option_at(size_t index);

const struct option_group *option_group_of(const struct option_row *row);

/* By the name of its section; NULL if there is none. */
const struct option_group *option_group_find(const char *section);

/* NULL if there is none; index may be NULL. */
const struct option_row *option_find(const char *name, size_t *index);

enum { VARIABLE_BYTES_MAX = 64, OPTION_NAME_BYTES_MAX = 32 };

/* "LECTERND_MAP_SIZE" for "map-size". */
void option_variable(const struct option_row *row, char out[VARIABLE_BYTES_MAX]);

/* The visible option for which `places` has a bit whose name is nearest to a wrong one; NULL if
 * none is near. */
const struct option_row *option_nearest(const char *name, unsigned places);
