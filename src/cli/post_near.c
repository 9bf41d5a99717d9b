/* lectern post adjacent and post related: what to read next. */
#include "cli/filter.h"
#include "cli/output.h"
#include "cli/post_command.h"
#include "cli/post_ref.h"
#include "cli/post_text.h"
#include "cli/rpc.h"
#include "cli/table.h"
#include "cli/view.h"

#include <stdio.h>

static const ProtobufCServiceDescriptor *const service = &lectern__v1__post_service__descriptor;

static bool is_whole(Lectern__V1__PostView view)
{
	return view > LECTERN__V1__POST_VIEW__POST_VIEW_BASIC;
}

static void add_row(struct table *table, const char *which, const Lectern__V1__Post *post)
{
	char time[TIME_TEXT_BYTES];
	if (post == NULL)
		return;
	time_text(post->publish_time, time);
	table_cell(table, which);
	table_number(table, post->id);
	table_cell(table, *time == '\0' ? "-" : time);
	table_cell(table, post->slug);
	table_cell(table, post->title);
}

static void add_whole(struct buffer *out, const struct screen *screen, const char *which,
	const Lectern__V1__Post *post)
{
	if (post == NULL)
		return;
	buffer_append_text(out, out->size == 0 ? "" : "\n");
	screen_style(screen, out, STYLE_HEADING);
	buffer_append_text(out, which);
	screen_plain(screen, out);
	buffer_append_char(out, '\n');
	post_text(out, screen, post);
}

static enum exit_status show_adjacent(struct cli *cli, Lectern__V1__PostView view,
	const Lectern__V1__GetAdjacentPostsResponse *found)
{
	if (found->previous == NULL && found->next == NULL) {
		fprintf(stderr, "There is neither a previous nor a next post\n");
		return EXIT_STATUS_OK;
	}
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	if (is_whole(view)) {
		add_whole(&out, &cli->screen, "Previous:", found->previous);
		add_whole(&out, &cli->screen, "Next:", found->next);
	} else {
		struct table table;
		table_init(&table, "PLACE >ID PUBLISHED SLUG TITLE");
		add_row(&table, "previous", found->previous);
		add_row(&table, "next", found->next);
		table_print(&table, &cli->screen, &out);
		table_done(&table);
	}
	return output_finish(cli, &out);
}

static enum exit_status run_adjacent(struct cli *cli, const struct args *args)
{
	Lectern__V1__GetAdjacentPostsRequest request =
		LECTERN__V1__GET_ADJACENT_POSTS_REQUEST__INIT;
	enum exit_status status = post_ref_set(cli, args->arguments[0], &request.base);
	const char *filter;
	if (status == EXIT_STATUS_OK)
		status = filter_request(cli, args, &filter);
	if (status != EXIT_STATUS_OK)
		return status;
	const char *order = args_text(args, OPTION_ORDER_BY);
	request.filter = (char *)filter;
	if (order != NULL)
		request.order_by = (char *)order;
	request.view = view_of(args, LECTERN__V1__POST_VIEW__POST_VIEW_UNSPECIFIED);
	const ProtobufCMessage *response;
	status = rpc_call(cli, service, "GetAdjacentPosts", &request.base, &response);
	if (status != EXIT_STATUS_OK)
		return status;
	if (cli->output != OUTPUT_TEXT)
		return output_message(cli, response);
	return show_adjacent(
		cli, request.view, (const Lectern__V1__GetAdjacentPostsResponse *)response);
}

static const struct option_row adjacent_options[] = {
	FILTER_OPTION_ROWS,
	OPTION_ROW_ORDER_BY("The order in which posts are neighbours; the parts of one --series by "
			    "series.part (default: publish_time)"),
	OPTION_ROW_VIEW("How much of each post to show (default: basic)"),
};

const struct command post_adjacent = {
	.name = "adjacent",
	.arguments = "REF",
	.summary = "Show the posts before and after a post",
	.details = POST_REF_TEXT "\n\n" FILTER_TEXT
				 " The post itself need not fulfil them. The previous post is the "
				 "older one, or the part before.",
	.arguments_min = 1,
	.arguments_max = 1,
	.options = adjacent_options,
	.option_count = OPTION_COUNT(adjacent_options),
	.run = run_adjacent,
};

static enum exit_status show_related(struct cli *cli, Lectern__V1__PostView view,
	const Lectern__V1__ListRelatedPostsResponse *found)
{
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	if (!is_whole(view) && found->n_posts > 0)
		post_table(&out, &cli->screen, found->posts, found->n_posts, false);
	for (size_t i = 0; is_whole(view) && i < found->n_posts; i++) {
		buffer_append_text(&out, i == 0 ? "" : "\n");
		post_text(&out, &cli->screen, found->posts[i]);
	}
	return output_finish(cli, &out);
}

static enum exit_status run_related(struct cli *cli, const struct args *args)
{
	Lectern__V1__ListRelatedPostsRequest request =
		LECTERN__V1__LIST_RELATED_POSTS_REQUEST__INIT;
	uint64_t limit = 0;
	enum exit_status status = post_ref_set(cli, args->arguments[0], &request.base);
	if (status == EXIT_STATUS_OK)
		status = args_number(cli, args, OPTION_LIMIT, 1, INT32_MAX, &limit);
	if (status != EXIT_STATUS_OK)
		return status;
	request.page_size = (int32_t)limit;
	request.view = view_of(args, LECTERN__V1__POST_VIEW__POST_VIEW_UNSPECIFIED);
	const ProtobufCMessage *response;
	status = rpc_call(cli, service, "ListRelatedPosts", &request.base, &response);
	if (status != EXIT_STATUS_OK)
		return status;
	switch (cli->output) {
	case OUTPUT_TEXT:
		return show_related(
			cli, request.view, (const Lectern__V1__ListRelatedPostsResponse *)response);
	case OUTPUT_JSON:
		return output_message(cli, response);
	case OUTPUT_JSONL:
		return output_items(cli, response, "posts");
	}
	return EXIT_STATUS_OK;
}

static const struct option_row related_options[] = {
	OPTION_ROW_LIMIT("At most so many posts, up to 100 (default: 5)"),
	OPTION_ROW_VIEW("How much of each post to show (default: basic)"),
};

const struct command post_related = {
	.name = "related",
	.arguments = "REF",
	.summary = "List published posts that share tags, categories or authors with a post",
	.details = POST_REF_TEXT
	"\n\n"
	"Rare terms count more than frequent ones; the most related post comes "
	"first.",
	.arguments_min = 1,
	.arguments_max = 1,
	.options = related_options,
	.option_count = OPTION_COUNT(related_options),
	.run = run_related,
};
