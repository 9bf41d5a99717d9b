/* lectern post get and post list. */
#include "base/text.h"
#include "cli/filter.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/pages.h"
#include "cli/post_command.h"
#include "cli/post_ref.h"
#include "cli/post_text.h"
#include "cli/rpc.h"
#include "cli/term.h"
#include "cli/view.h"

#include <inttypes.h>

static const ProtobufCServiceDescriptor *const service = &lectern__v1__post_service__descriptor;

static enum exit_status run_get(struct cli *cli, const struct args *args)
{
	Lectern__V1__GetPostRequest request = LECTERN__V1__GET_POST_REQUEST__INIT;
	enum exit_status status = post_ref_set(cli, args->arguments[0], &request.base);
	if (status != EXIT_STATUS_OK)
		return status;
	/* People are shown the source. */
	bool text = cli->output == OUTPUT_TEXT;
	request.view = view_of(args, text ? LECTERN__V1__POST_VIEW__POST_VIEW_SOURCE
					  : LECTERN__V1__POST_VIEW__POST_VIEW_FULL);
	const ProtobufCMessage *response;
	status = rpc_call(cli, service, "GetPost", &request.base, &response);
	if (status != EXIT_STATUS_OK)
		return status;
	if (cli->output == OUTPUT_JSON)
		return output_message(cli, response);
	const ProtobufCMessage *post = message_child(response, "post");
	if (post == NULL)
		return problem_tool(cli, "the answer holds no post");
	if (cli->output == OUTPUT_JSONL)
		return output_message(cli, post);
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	post_text(&out, &cli->screen, (const Lectern__V1__Post *)post);
	status = output_buffer(cli, &out);
	buffer_done(&out);
	return status;
}

static const struct option_row get_options[] = {
	OPTION_ROW_VIEW("How much of the post to show (default: source for people, else full)"),
};

const struct command post_get = {
	.name = "get",
	.arguments = "REF",
	.summary = "Show one post",
	.details = POST_REF_TEXT " A former slug finds its post, too.",
	.arguments_min = 1,
	.arguments_max = 1,
	.options = get_options,
	.option_count = OPTION_COUNT(get_options),
	.run = run_get,
};

static enum exit_status show_posts(
	struct cli *cli, const struct pages *pages, const ProtobufCMessage *response, bool first)
{
	const Lectern__V1__ListPostsResponse *page =
		(const Lectern__V1__ListPostsResponse *)response;
	bool table =
		message_number(pages->request, "view") <= LECTERN__V1__POST_VIEW__POST_VIEW_BASIC;
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	if (table && page->n_posts > 0)
		post_table(&out, &cli->screen, page->posts, page->n_posts, true);
	for (size_t i = 0; !table && i < page->n_posts; i++) {
		buffer_append_text(&out, first && i == 0 ? "" : "\n");
		post_text(&out, &cli->screen, page->posts[i]);
	}
	enum exit_status status = output_buffer(cli, &out);
	buffer_done(&out);
	return status;
}

static enum exit_status show_total(struct cli *cli, Lectern__V1__ListPostsRequest *request)
{
	request->page_size = 1;
	const ProtobufCMessage *response;
	enum exit_status status = rpc_call(cli, service, "ListPosts", &request->base, &response);
	if (status != EXIT_STATUS_OK)
		return status;
	struct buffer out;
	buffer_init(&out, 64);
	buffer_printf(&out, "%" PRIu64 "\n", message_number(response, "total_size"));
	status = output_buffer(cli, &out);
	buffer_done(&out);
	return status;
}

/* Filters know terms by their slugs; a name is looked up. */
static enum exit_status slug_of(
	struct cli *cli, enum option_id id, const char *text, const char **ret)
{
	*ret = text;
	if (text_is_slug(slice_of_text(text)))
		return EXIT_STATUS_OK;
	const struct term_kind *kind = id == OPTION_TAG	       ? &tag_kind
				       : id == OPTION_CATEGORY ? &category_kind
							       : &author_kind;
	const ProtobufCMessage *term;
	enum exit_status status = term_find(cli, kind, text, &term);
	if (status == EXIT_STATUS_OK)
		*ret = message_text(term, "slug");
	return status;
}

static enum exit_status run_list(struct cli *cli, const struct args *args)
{
	Lectern__V1__ListPostsRequest request = LECTERN__V1__LIST_POSTS_REQUEST__INIT;
	struct buffer filter;
	buffer_init(&filter, CLI_FILE_BYTES);
	enum exit_status status = filter_compose(cli, args, slug_of, &filter);
	const char *text = arena_text(&cli->arena, slice_of(filter.data, filter.size));
	buffer_done(&filter);
	if (status == EXIT_STATUS_OK && text == NULL)
		status = problem_tool(cli, "out of memory");
	if (status != EXIT_STATUS_OK)
		return status;
	const char *order = args_text(args, OPTION_ORDER_BY);
	request.filter = (char *)text;
	if (order != NULL)
		request.order_by = (char *)order;
	request.view = view_of(args, LECTERN__V1__POST_VIEW__POST_VIEW_UNSPECIFIED);
	if (args_flag(args, OPTION_TOTAL))
		return show_total(cli, &request);
	struct pages pages = {
		.service = service,
		.method = "ListPosts",
		.request = &request.base,
		.items = "posts",
		.show = show_posts,
	};
	return pages_run(cli, args, &pages);
}

static const struct option_row list_options[] = {
	{ .id = OPTION_TAG,
		.name = "tag",
		.value = "TAG",
		.repeatable = true,
		.help = "Only posts with this tag; with all of them where several are given" },
	{ .id = OPTION_CATEGORY,
		.name = "category",
		.value = "CATEGORY",
		.repeatable = true,
		.help = "Only posts in this category or one below it" },
	{ .id = OPTION_AUTHOR,
		.name = "author",
		.value = "AUTHOR",
		.repeatable = true,
		.help = "Only posts by this author" },
	{ .id = OPTION_STATE,
		.name = "state",
		.value = "STATE",
		.words = STATE_WORDS " expired trashed",
		.help = "Only posts in this state (default: published)" },
	{ .id = OPTION_FILTER,
		.name = "filter",
		.value = "FILTER",
		.help = "Only posts that fit this filter in the language of AIP-160" },
	{ .id = OPTION_ORDER_BY,
		.name = "order-by",
		.value = "ORDER",
		.help = "The order: \"publish_time desc\" (the default) or \"publish_time\"" },
	OPTION_ROW_VIEW("How much of each post to show (default: basic)"),
	OPTION_ROW_PAGE_SIZE("Posts on a page (default: 20)"),
	PAGE_OPTION_ROWS,
	{ .id = OPTION_TOTAL, .name = "total", .help = "Show only how many posts there are" },
};

const struct command post_list = {
	.name = "list",
	.summary = "List posts, newest first",
	.details = "Conditions are joined by AND: a post must fulfil all of them. Without any, all "
		   "published posts are listed.",
	.options = list_options,
	.option_count = OPTION_COUNT(list_options),
	.run = run_list,
};
