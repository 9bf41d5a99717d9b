/* Filters of posts in the language of AIP-160, put together from options. */
#pragma once
#include "base/attributes.h"
#include "base/buffer.h"
#include "cli/args.h"

/* Appends the text as a string literal of the filter language: in double quotes, those and the
 * backslash inside escaped. */
void filter_quote(struct buffer *out, const char *text);

/* Finds the slug of a term that was given by its name; *ret may be `text` itself. */
typedef enum exit_status filter_slug_of(
	struct cli *cli, enum option_id id, const char *text, const char **ret);

/* Appends the filter that --filter, --tag, --category, --author, --series and --state make
 * together: all conditions joined by AND, --filter first, so that positions in it are those that
 * the caller counts. Nothing is appended without any of them. */
enum exit_status filter_compose(struct cli *cli, const struct args *args, filter_slug_of *slug_of,
	struct buffer *out) NODISCARD;

/* The same as a text in cli's arena, names of terms looked up on the server. */
enum exit_status filter_request(struct cli *cli, const struct args *args, const char **ret)
	NODISCARD;

#define FILTER_TEXT \
	"Conditions are joined by AND: a post must fulfil all of them, also of several --tag, " \
	"--category or --author. A condition on the state, also in --filter, makes it a question " \
	"about posts in every state."

/* The options that make a filter. */
#define FILTER_OPTION_ROWS \
	{ .id = OPTION_TAG, \
		.name = "tag", \
		.value = "TAG", \
		.repeatable = true, \
		.help = "Only posts with this tag; with all of them where several are given" }, \
		{ .id = OPTION_CATEGORY, \
			.name = "category", \
			.value = "CATEGORY", \
			.repeatable = true, \
			.help = "Only posts in this category or one below it" }, \
		{ .id = OPTION_AUTHOR, \
			.name = "author", \
			.value = "AUTHOR", \
			.repeatable = true, \
			.help = "Only posts by this author" }, \
		{ .id = OPTION_SERIES, \
			.name = "series", \
			.value = "SERIES", \
			.help = "Only parts of this series" }, \
		{ .id = OPTION_STATE, \
			.name = "state", \
			.value = "STATE", \
			.words = STATE_WORDS " expired trashed", \
			.help = "Only posts in this state (default: published)" }, \
	{ \
		.id = OPTION_FILTER, .name = "filter", .value = "FILTER", \
		.help = "Only posts that fit this filter, for example 'tags:kde AND NOT " \
			"featured = true'" \
	}
