/* lectern suggest */
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/rpc.h"
#include "cli/search_text.h"
#include "cli/table.h"

#include <lectern/v1/search.pb-c.h>

static const ProtobufCServiceDescriptor *const service = &lectern__v1__search_service__descriptor;

enum { SUGGESTION_KINDS = 4 };

static const char *kind_word(Lectern__V1__SuggestionKind kind)
{
	switch (kind) {
	case LECTERN__V1__SUGGESTION_KIND__SUGGESTION_KIND_POST:
		return "post";
	case LECTERN__V1__SUGGESTION_KIND__SUGGESTION_KIND_TAG:
		return "tag";
	case LECTERN__V1__SUGGESTION_KIND__SUGGESTION_KIND_CATEGORY:
		return "category";
	case LECTERN__V1__SUGGESTION_KIND__SUGGESTION_KIND_AUTHOR:
		return "author";
	case LECTERN__V1__SUGGESTION_KIND__SUGGESTION_KIND_UNSPECIFIED:
	case _LECTERN__V1__SUGGESTION_KIND_IS_INT_SIZE:
		break;
	}
	return "unknown";
}

static enum exit_status show_suggestions(
	struct cli *cli, const Lectern__V1__SuggestTermsResponse *found)
{
	struct table table;
	struct buffer text;
	struct buffer out;
	buffer_init(&text, CLI_FILE_BYTES);
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	table_init(&table, "KIND >POSTS SLUG TEXT");
	for (size_t i = 0; i < found->n_suggestions; i++) {
		const Lectern__V1__Suggestion *suggestion = found->suggestions[i];
		table_cell(&table, kind_word(suggestion->kind));
		if (suggestion->kind == LECTERN__V1__SUGGESTION_KIND__SUGGESTION_KIND_POST)
			table_cell(&table, "-");
		else
			table_number(&table, suggestion->post_count);
		table_cell(&table, suggestion->slug);
		buffer_clear(&text);
		mark_text(&text, suggestion->text);
		table_cell_marked(&table, slice_of(text.data, text.size));
	}
	buffer_clear(&text);
	if (found->n_suggestions > 0)
		table_print(&table, &cli->screen, &text);
	screen_marked(&cli->screen, &out, slice_of(text.data, text.size));
	enum exit_status status = output_buffer(cli, &out);
	table_done(&table);
	buffer_done(&text);
	buffer_done(&out);
	return status;
}

static enum exit_status run_suggest(struct cli *cli, const struct args *args)
{
	Lectern__V1__SuggestTermsRequest request = LECTERN__V1__SUGGEST_TERMS_REQUEST__INIT;
	Lectern__V1__SuggestionKind kinds[SUGGESTION_KINDS];
	unsigned places[SUGGESTION_KINDS];
	uint64_t limit = 0;
	enum exit_status status = args_number(cli, args, OPTION_LIMIT, 1, INT32_MAX, &limit);
	if (status != EXIT_STATUS_OK)
		return status;
	request.prefix = args->arguments[0];
	request.n_kinds = args_places(args, OPTION_KIND, places, SUGGESTION_KINDS);
	request.kinds = kinds;
	for (size_t i = 0; i < request.n_kinds; i++)
		kinds[i] = (Lectern__V1__SuggestionKind)places[i];
	request.page_size = (int32_t)limit;
	const ProtobufCMessage *response;
	status = rpc_call(cli, service, "SuggestTerms", &request.base, &response);
	if (status != EXIT_STATUS_OK)
		return status;
	switch (cli->output) {
	case OUTPUT_TEXT:
		return show_suggestions(cli, (const Lectern__V1__SuggestTermsResponse *)response);
	case OUTPUT_JSON:
		return output_message(cli, response);
	case OUTPUT_JSONL:
		return output_items(cli, response, "suggestions");
	}
	return EXIT_STATUS_OK;
}

static const struct option_row suggest_options[] = {
	{ .id = OPTION_KIND,
		.name = "kind",
		.value = "KIND",
		.words = "post tag category author", /* SuggestionKind from 1 */
		.repeatable = true,
		.help = "Suggest these only (default: all)" },
	OPTION_ROW_LIMIT("At most so many suggestions, up to 100 (default: 10)"),
};

const struct command suggest_command = {
	.name = "suggest",
	.arguments = "PREFIX",
	.summary = "Complete what was typed to titles and names of tags, categories and authors",
	.details =
		"The titles of published posts and the names in which a word begins with PREFIX. "
		"Case, accents and width do not matter.",
	.arguments_min = 1,
	.arguments_max = 1,
	.options = suggest_options,
	.option_count = OPTION_COUNT(suggest_options),
	.run = run_suggest,
};
