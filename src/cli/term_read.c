/* lectern tag|category|author get and list. */
#include "cli/facts.h"
#include "cli/former.h"
#include "cli/output.h"
#include "cli/pages.h"
#include "cli/rpc.h"
#include "cli/table.h"
#include "cli/term_command.h"
#include "cli/wrap.h"
#include "codec/message.h"

#include <inttypes.h>
#include <lectern/v1/term.pb-c.h>
#include <string.h>

enum { COLUMNS = 12 };

static void add_own_fields(struct buffer *out, const ProtobufCMessage *term)
{
	if (message_has_field(term->descriptor, "parent")) {
		const ProtobufCMessage *parent = message_child(term, "parent");
		fact_text(
			out, COLUMNS, "parent", parent == NULL ? "" : message_text(parent, "slug"));
		fact_number(out, COLUMNS, "with below", message_number(term, "subtree_post_count"));
	}
	if (message_has_field(term->descriptor, "url")) {
		fact_text(out, COLUMNS, "url", message_text(term, "url"));
		fact_text(out, COLUMNS, "avatar", message_text(term, "avatar_url"));
	}
}

static void add_lists(struct buffer *out, const ProtobufCMessage *term)
{
	size_t count;
	const char *const *aliases = message_texts(term, "aliases", &count);
	for (size_t i = 0; i < count; i++)
		fact_text(out, COLUMNS, i == 0 ? "aliases" : "", aliases[i]);
	ProtobufCMessage *const *attributes = message_list(term, "attributes", &count);
	for (size_t i = 0; i < count; i++) {
		buffer_printf(out, "%-*s ", COLUMNS, i == 0 ? "attributes" : "");
		screen_text(out, slice_of_text(message_text(attributes[i], "key")), false);
		buffer_append_char(out, '=');
		screen_text(out, slice_of_text(message_text(attributes[i], "value")), false);
		buffer_append_char(out, '\n');
	}
}

static const Google__Protobuf__Timestamp *time_of(const ProtobufCMessage *term, const char *field)
{
	return (const Google__Protobuf__Timestamp *)message_child(term, field);
}

static enum exit_status show_term(struct cli *cli, const ProtobufCMessage *term)
{
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	fact_text(&out, COLUMNS, "name", message_text(term, "name"));
	fact_text(&out, COLUMNS, "slug", message_text(term, "slug"));
	fact_number(&out, COLUMNS, "id", message_number(term, "id"));
	fact_number(&out, COLUMNS, "posts", message_number(term, "post_count"));
	add_own_fields(&out, term);
	add_lists(&out, term);
	fact_time(&out, COLUMNS, "created", time_of(term, "create_time"));
	fact_time(&out, COLUMNS, "updated", time_of(term, "update_time"));
	fact_text(&out, COLUMNS, "etag", message_text(term, "etag"));
	struct buffer text;
	buffer_init(&text, CLI_DOCUMENT_BYTES);
	screen_text(&text, slice_of_text(message_text(term, "description")), true);
	if (text.size > 0)
		buffer_append_char(&out, '\n');
	wrap_paragraphs(&out, slice_of(text.data, text.size), "", cli->screen.columns);
	buffer_done(&text);
	return output_finish(cli, &out);
}

static enum exit_status print_response(
	struct cli *cli, const struct term_kind *kind, const ProtobufCMessage *response)
{
	const ProtobufCMessage *term = message_child(response, kind->name);
	switch (cli->output) {
	case OUTPUT_TEXT:
		return show_term(cli, term);
	case OUTPUT_JSON:
		return output_message(cli, response);
	case OUTPUT_JSONL:
		return output_message(cli, term);
	}
	return EXIT_STATUS_OK;
}

enum exit_status term_run_get(struct cli *cli, const struct args *args)
{
	const struct term_kind *kind = args->command->subject;
	const ProtobufCMessage *response;
	enum exit_status status = term_get(cli, kind, args->arguments[0], &response);
	if (status == EXIT_STATUS_OK)
		status = print_response(cli, kind, response);
	if (status != EXIT_STATUS_OK || message_number(response, "former_slug") == 0)
		return status;
	return former_slug_tell(
		cli, args->arguments[0], message_text(message_child(response, kind->name), "slug"));
}

static enum exit_status show_terms(
	struct cli *cli, const struct pages *pages, const ProtobufCMessage *response, bool first)
{
	(void)first;
	size_t count;
	ProtobufCMessage *const *terms = message_list(response, pages->items, &count);
	bool tree = count > 0 && message_has_field(terms[0]->descriptor, "parent");
	struct table table;
	table_init(&table, tree ? ">POSTS >BELOW SLUG PARENT NAME" : ">POSTS SLUG NAME");
	for (size_t i = 0; i < count; i++) {
		table_number(&table, message_number(terms[i], "post_count"));
		if (tree)
			table_number(&table, message_number(terms[i], "subtree_post_count"));
		table_cell(&table, message_text(terms[i], "slug"));
		const ProtobufCMessage *parent = tree ? message_child(terms[i], "parent") : NULL;
		if (tree)
			table_cell(&table, parent == NULL ? "-" : message_text(parent, "slug"));
		table_cell(&table, message_text(terms[i], "name"));
	}
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	if (count > 0)
		table_print(&table, &cli->screen, &out);
	table_done(&table);
	return output_finish(cli, &out);
}

enum exit_status term_run_list(struct cli *cli, const struct args *args)
{
	const struct term_kind *kind = args->command->subject;
	ProtobufCMessage *request = rpc_request(cli, kind->service, kind->list);
	if (request == NULL)
		return cli->problem.status;
	const char *order = args_text(args, OPTION_ORDER_BY);
	bool by_count = order != NULL && strcmp(order, "count") == 0;
	message_set_number(request, "order",
		by_count ? LECTERN__V1__TERM_ORDER__TERM_ORDER_POST_COUNT
			 : LECTERN__V1__TERM_ORDER__TERM_ORDER_NAME);
	struct pages pages = {
		.service = kind->service,
		.method = kind->list,
		.request = request,
		.items = kind->plural,
		.show = show_terms,
	};
	return pages_run(cli, args, &pages);
}
