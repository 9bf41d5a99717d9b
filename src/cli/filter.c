#include "cli/filter.h"

#include <ctype.h>
#include <string.h>

void filter_quote(struct buffer *out, const char *text)
{
	buffer_append_char(out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buffer_append_char(out, '\\');
		buffer_append_char(out, *text);
	}
	buffer_append_char(out, '"');
}

static void add_and(struct buffer *out)
{
	if (out->size > 0)
		buffer_append_text(out, " AND ");
}

static enum exit_status add_terms(struct cli *cli, const struct args *args, enum option_id id,
	filter_slug_of *slug_of, struct buffer *out)
{
	const char *field = id == OPTION_TAG	    ? "tags"
			    : id == OPTION_CATEGORY ? "categories"
						    : "authors";
	size_t at = 0;
	for (const char *text; (text = args_next(args, id, &at)) != NULL;) {
		enum exit_status status = slug_of(cli, id, text, &text);
		if (status != EXIT_STATUS_OK)
			return status;
		add_and(out);
		buffer_printf(out, "%s:", field);
		filter_quote(out, text);
	}
	return EXIT_STATUS_OK;
}

/* Whether the filter has an OR outside of quotes. */
static bool has_or(const char *filter)
{
	bool quoted = false;
	for (const char *at = filter; *at != '\0'; at++) {
		if (*at == '\\' && quoted && at[1] != '\0')
			at++;
		else if (*at == '"')
			quoted = !quoted;
		else if (!quoted && strncmp(at, "OR", 2) == 0)
			return true;
	}
	return false;
}

enum exit_status filter_compose(
	struct cli *cli, const struct args *args, filter_slug_of *slug_of, struct buffer *out)
{
	static const enum option_id terms[] = { OPTION_TAG, OPTION_CATEGORY, OPTION_AUTHOR };
	for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
		enum exit_status status = add_terms(cli, args, terms[i], slug_of, out);
		if (status != EXIT_STATUS_OK)
			return status;
	}
	const char *state = args_text(args, OPTION_STATE);
	if (state != NULL) {
		add_and(out);
		buffer_append_text(out, "state = ");
		for (; *state != '\0'; state++)
			buffer_append_char(out, (char)toupper((unsigned char)*state));
	}
	const char *filter = args_text(args, OPTION_FILTER);
	if (filter == NULL || *filter == '\0')
		return EXIT_STATUS_OK;
	bool grouped = out->size > 0 && has_or(filter);
	add_and(out);
	buffer_append_text(out, grouped ? "(" : "");
	buffer_append_text(out, filter);
	buffer_append_text(out, grouped ? ")" : "");
	return EXIT_STATUS_OK;
}
