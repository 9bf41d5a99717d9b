#include "cli/filter.h"

#include "base/text.h"
#include "cli/rpc.h"
#include "cli/term.h"
#include "codec/message.h"

#include <ctype.h>
#include <lectern/v1/archive.pb-c.h>
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
	const char *field, filter_slug_of *slug_of, struct buffer *out)
{
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

static bool is_empty(const char *filter)
{
	return filter[strspn(filter, " \t\r\n")] == '\0';
}

enum exit_status filter_compose(
	struct cli *cli, const struct args *args, filter_slug_of *slug_of, struct buffer *out)
{
	static const struct {
		enum option_id id;
		const char *field;
	} terms[] = {
		{ OPTION_TAG, "tags" },
		{ OPTION_CATEGORY, "categories" },
		{ OPTION_AUTHOR, "authors" },
		{ OPTION_SERIES, "series" },
	};
	/* An OR in it needs no parentheses: it binds tighter than AND. */
	const char *filter = args_text(args, OPTION_FILTER);
	if (filter != NULL && !is_empty(filter))
		buffer_append_text(out, filter);
	for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
		enum exit_status status =
			add_terms(cli, args, terms[i].id, terms[i].field, slug_of, out);
		if (status != EXIT_STATUS_OK)
			return status;
	}
	const char *state = args_text(args, OPTION_STATE);
	if (state == NULL)
		return EXIT_STATUS_OK;
	add_and(out);
	buffer_append_text(out, "state = ");
	for (; *state != '\0'; state++)
		buffer_append_char(out, (char)toupper((unsigned char)*state));
	return EXIT_STATUS_OK;
}

/* There is no method that gets a series, but its archive names it. */
static enum exit_status find_series(struct cli *cli, const char *name, const char **ret)
{
	Lectern__V1__TermKey key = LECTERN__V1__TERM_KEY__INIT;
	Lectern__V1__GetArchiveRequest request = LECTERN__V1__GET_ARCHIVE_REQUEST__INIT;
	key.key_case = LECTERN__V1__TERM_KEY__KEY_NAME;
	key.name = (char *)name;
	request.kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_SERIES;
	request.term = &key;
	request.page_size = 1;
	const ProtobufCMessage *response;
	enum exit_status status = rpc_call(cli, &lectern__v1__archive_service__descriptor,
		"GetArchive", &request.base, &response);
	if (status != EXIT_STATUS_OK)
		return status;
	const ProtobufCMessage *series = message_child(response, "series");
	if (series == NULL)
		return problem_tool(cli, "the answer holds no series");
	*ret = message_text(series, "slug");
	return EXIT_STATUS_OK;
}

/* Filters know terms by their slugs; a name is looked up. */
static enum exit_status slug_of(
	struct cli *cli, enum option_id id, const char *text, const char **ret)
{
	*ret = text;
	if (text_is_slug(slice_of_text(text)))
		return EXIT_STATUS_OK;
	if (id == OPTION_SERIES)
		return find_series(cli, text, ret);
	const struct term_kind *kind = id == OPTION_TAG	       ? &tag_kind
				       : id == OPTION_CATEGORY ? &category_kind
							       : &author_kind;
	const ProtobufCMessage *term;
	enum exit_status status = term_find(cli, kind, text, &term);
	if (status == EXIT_STATUS_OK)
		*ret = message_text(term, "slug");
	return status;
}

enum exit_status filter_request(struct cli *cli, const struct args *args, const char **ret)
{
	struct buffer filter;
	buffer_init(&filter, CLI_FILE_BYTES);
	enum exit_status status = filter_compose(cli, args, slug_of, &filter);
	const char *text = arena_text(&cli->arena, slice_of(filter.data, filter.size));
	buffer_done(&filter);
	if (status != EXIT_STATUS_OK)
		return status;
	if (text == NULL)
		return problem_tool(cli, "out of memory");
	*ret = text;
	return EXIT_STATUS_OK;
}
