/* lectern search */
#include "cli/fields.h"
#include "cli/filter.h"
#include "cli/output.h"
#include "cli/pages.h"
#include "cli/post_text.h"
#include "cli/rpc.h"
#include "cli/search_text.h"
#include "cli/view.h"
#include "codec/message.h"

#include <inttypes.h>
#include <lectern/v1/search.pb-c.h>
#include <stdio.h>
#include <string.h>

static const ProtobufCServiceDescriptor *const service = &lectern__v1__search_service__descriptor;

enum { FACET_KINDS = 4 };

/* "-" alone stands for standard input. */
static enum exit_status read_query(struct cli *cli, struct buffer *out)
{
	struct slice text;
	enum exit_status status = fields_read_file(cli, "-", &text);
	if (status != EXIT_STATUS_OK)
		return status;
	if (memchr(text.data, '\0', text.size) != NULL)
		return problem_usage(cli, "the query has a NUL character");
	while (text.size > 0 && text.data[text.size - 1] == '\n')
		text.size--;
	buffer_append(out, text.data, text.size);
	return EXIT_STATUS_OK;
}

static enum exit_status join_query(struct cli *cli, const struct args *args, const char **ret)
{
	struct buffer query;
	enum exit_status status = EXIT_STATUS_OK;
	buffer_init(&query, CLI_FILE_BYTES);
	if (args->argument_count == 1 && strcmp(args->arguments[0], "-") == 0) {
		status = read_query(cli, &query);
	} else {
		for (int i = 0; i < args->argument_count; i++) {
			buffer_append_text(&query, i == 0 ? "" : " ");
			buffer_append_text(&query, args->arguments[i]);
		}
	}
	*ret = arena_text(&cli->arena, slice_of(query.data, query.size));
	buffer_done(&query);
	if (status != EXIT_STATUS_OK)
		return status;
	return *ret == NULL ? problem_tool(cli, "out of memory") : EXIT_STATUS_OK;
}

/* What is told behind the last hit. */
struct search_end {
	struct buffer facets;
	uint64_t total;
};

static enum exit_status show_hits(
	struct cli *cli, const struct pages *pages, const ProtobufCMessage *response, bool first)
{
	const Lectern__V1__SearchPostsResponse *page =
		(const Lectern__V1__SearchPostsResponse *)response;
	struct search_end *end = pages->state;
	bool whole =
		message_number(pages->request, "view") > LECTERN__V1__POST_VIEW__POST_VIEW_BASIC;
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	for (size_t i = 0; i < page->n_hits; i++) {
		const Lectern__V1__SearchHit *hit = page->hits[i];
		buffer_append_text(&out, first && i == 0 ? "" : "\n");
		if (whole && hit->post != NULL)
			post_text(&out, &cli->screen, hit->post);
		else
			hit_text(&out, &cli->screen, hit);
	}
	if (first) {
		facet_tables(&end->facets, &cli->screen, page->facets, page->n_facets);
		end->total = page->total_size;
	}
	return output_finish(cli, &out);
}

static enum exit_status finish_search(struct cli *cli, const struct pages *pages)
{
	struct search_end *end = pages->state;
	enum exit_status status = output_buffer(cli, &end->facets);
	if (status == EXIT_STATUS_OK)
		status = output_flush(cli);
	if (status == EXIT_STATUS_OK)
		fprintf(stderr, "%" PRIu64 " post%s\n", end->total, end->total == 1 ? "" : "s");
	return status;
}

static enum exit_status set_facets(struct cli *cli, const struct args *args,
	Lectern__V1__SearchPostsRequest *request, Lectern__V1__FacetKind facets[FACET_KINDS])
{
	unsigned places[FACET_KINDS];
	uint64_t size = 0;
	request->n_facets = args_places(args, OPTION_FACET, places, FACET_KINDS);
	request->facets = facets;
	for (size_t i = 0; i < request->n_facets; i++)
		facets[i] = (Lectern__V1__FacetKind)places[i];
	if (request->n_facets > 0 && cli->output == OUTPUT_JSONL)
		return problem_usage(
			cli, "--facet and -o jsonl exclude each other: the lines are posts");
	enum exit_status status = args_number(cli, args, OPTION_FACET_SIZE, 1, INT32_MAX, &size);
	request->facet_size = (int32_t)size;
	return status;
}

static enum exit_status run_search(struct cli *cli, const struct args *args)
{
	Lectern__V1__SearchPostsRequest request = LECTERN__V1__SEARCH_POSTS_REQUEST__INIT;
	Lectern__V1__FacetKind facets[FACET_KINDS];
	const char *query;
	const char *filter;
	enum exit_status status = set_facets(cli, args, &request, facets);
	if (status == EXIT_STATUS_OK)
		status = join_query(cli, args, &query);
	if (status == EXIT_STATUS_OK)
		status = filter_request(cli, args, &filter);
	if (status != EXIT_STATUS_OK)
		return status;
	const char *language = args_text(args, OPTION_LANGUAGE);
	request.query = (char *)query;
	request.filter = (char *)filter;
	if (language != NULL)
		request.language = (char *)language;
	request.view = view_of(args, LECTERN__V1__POST_VIEW__POST_VIEW_UNSPECIFIED);
	request.explain = args_flag(args, OPTION_EXPLAIN);
	struct search_end end = { .total = 0 };
	buffer_init(&end.facets, CLI_DOCUMENT_BYTES);
	struct pages pages = {
		.service = service,
		.method = "SearchPosts",
		.request = &request.base,
		.items = "hits",
		.show = show_hits,
		.finish = finish_search,
		.state = &end,
	};
	status = pages_run(cli, args, &pages);
	buffer_done(&end.facets);
	return status;
}

static const struct option_row search_options[] = {
	FILTER_OPTION_ROWS,
	{ .id = OPTION_LANGUAGE,
		.name = "language",
		.value = "TAG",
		.help = "The language of the query as a BCP 47 tag (default: every language that "
			"posts have)" },
	{ .id = OPTION_FACET,
		.name = "facet",
		.value = "KIND",
		.words = "tag category author month", /* FacetKind from 1 */
		.repeatable = true,
		.help = "Count the found posts by this, too" },
	{ .id = OPTION_FACET_SIZE,
		.name = "facet-size",
		.value = "N",
		.help = "At most so many values of each facet, up to 100 (default: 10)" },
	OPTION_ROW_VIEW("How much of each post to show (default: basic, which for people is title "
			"and snippet)"),
	OPTION_ROW_PAGE_SIZE("Posts on a page, up to 100 (default: 10)"),
	PAGE_OPTION_ROWS,
	OPTION_ROW_EXPLAIN,
};

const struct command search_command = {
	.name = "search",
	.arguments = "QUERY...",
	.summary = "Find posts by their words, the best first",
	.details = "Every word must occur in a post, in any form that its language gives it. "
		   "\"several "
		   "words\" in double quotes must stand there just so, word* is every word that "
		   "begins "
		   "so, -word must not occur. Arguments are joined by blanks; a lone - reads the "
		   "query "
		   "from standard input. Quotes and a minus have to get past the shell and the "
		   "options:\n\n"
		   "  lectern search --tag databases -- '\"page cache\"' 'index*' "
		   "-mysql\n\n" FILTER_TEXT "\n\n"
		   "With --all, facets and the plan are those of the first page.",
	.arguments_min = 1,
	.arguments_max = ARGUMENTS_ANY,
	.options = search_options,
	.option_count = OPTION_COUNT(search_options),
	.run = run_search,
};
