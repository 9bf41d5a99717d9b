/* lectern post list. */
#include "cli/filter.h"
#include "cli/output.h"
#include "cli/pages.h"
#include "cli/post_command.h"
#include "cli/post_text.h"
#include "cli/rpc.h"
#include "cli/view.h"
#include "codec/message.h"

#include <inttypes.h>

static const ProtobufCServiceDescriptor *const service = &lectern__v1__post_service__descriptor;

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
	return output_finish(cli, &out);
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
	return output_finish(cli, &out);
}

static enum exit_status run_list(struct cli *cli, const struct args *args)
{
	Lectern__V1__ListPostsRequest request = LECTERN__V1__LIST_POSTS_REQUEST__INIT;
	const char *filter;
	enum exit_status status = filter_request(cli, args, &filter);
	if (status != EXIT_STATUS_OK)
		return status;
	const char *order = args_text(args, OPTION_ORDER_BY);
	request.filter = (char *)filter;
	if (order != NULL)
		request.order_by = (char *)order;
	request.view = view_of(args, LECTERN__V1__POST_VIEW__POST_VIEW_UNSPECIFIED);
	request.explain = args_flag(args, OPTION_EXPLAIN);
	if (args_flag(args, OPTION_TOTAL))
		return show_total(cli, &request);
	request.skip_total_size = args_flag(args, OPTION_NO_TOTAL);
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
	FILTER_OPTION_ROWS,
	OPTION_ROW_ORDER_BY(
		"The order: a field, \"asc\" or \"desc\" behind it; the parts of one --series by "
		"series.part (default: \"publish_time desc\")"),
	OPTION_ROW_VIEW("How much of each post to show (default: basic)"),
	OPTION_ROW_PAGE_SIZE("Posts on a page (default: 20)"),
	PAGE_OPTION_ROWS,
	{ .id = OPTION_TOTAL, .name = "total", .help = "Show only how many posts there are" },
	{ .id = OPTION_NO_TOTAL,
		.name = "no-total",
		.help = "Spare the server counting: totalSize may be missing" },
	OPTION_ROW_EXPLAIN,
};

const struct command post_list = {
	.name = "list",
	.summary = "List posts, newest first",
	.details = FILTER_TEXT " Without any, all published posts are listed.",
	.options = list_options,
	.option_count = OPTION_COUNT(list_options),
	.run = run_list,
};
