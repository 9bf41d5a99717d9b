/* Filters of posts, put together from options. */
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

/* Appends the filter that --tag, --category, --author, --state and --filter make together: all
 * conditions joined by AND. Nothing is appended without any of them. */
enum exit_status filter_compose(struct cli *cli, const struct args *args, filter_slug_of *slug_of,
	struct buffer *out) NODISCARD;
