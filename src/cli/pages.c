#include "cli/pages.h"

#include "cli/output.h"
#include "cli/rpc.h"
#include "codec/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Items of several pages, for one document. */
struct collected {
	ProtobufCMessage **items; /* owned by cli's arena */
	size_t count;
	size_t capacity;
};

static enum exit_status collect(struct cli *cli, const struct pages *pages,
	const ProtobufCMessage *response, struct collected *all)
{
	size_t count;
	ProtobufCMessage *const *items = message_list(response, pages->items, &count);
	if (all->count + count > all->capacity) {
		size_t capacity = (all->count + count) * 2;
		ProtobufCMessage **more = arena_calloc(&cli->arena, capacity, sizeof *more);
		if (more == NULL)
			return problem_tool(cli, "out of memory: use -o jsonl for a long list");
		for (size_t i = 0; i < all->count; i++)
			more[i] = all->items[i];
		all->items = more;
		all->capacity = capacity;
	}
	for (size_t i = 0; i < count; i++)
		all->items[all->count++] = items[i];
	return EXIT_STATUS_OK;
}

static enum exit_status show_page(
	struct cli *cli, const struct pages *pages, const ProtobufCMessage *response, bool first)
{
	switch (cli->output) {
	case OUTPUT_TEXT:
		return pages->show(cli, pages, response, first);
	case OUTPUT_JSON:
		return output_message(cli, response);
	case OUTPUT_JSONL:
		return output_items(cli, response, pages->items);
	}
	return EXIT_STATUS_OK;
}

/* The first response, with the items of all pages in it, is the document. */
static enum exit_status show_collected(struct cli *cli, const struct pages *pages,
	const ProtobufCMessage *response, const struct collected *all)
{
	ProtobufCMessage *document = (ProtobufCMessage *)response;
	message_set_list(document, pages->items, all->items, all->count);
	message_set_text(document, "next_page_token", "");
	if (message_has_field(document->descriptor, "post_after"))
		message_set_child(document, "post_after", NULL);
	return output_message(cli, document);
}

/* A page that is not kept lies in an arena of its own, which the next page takes over. */
struct page {
	struct arena arena;
	char *token;	     /* that the request has; owned */
	struct buffer notes; /* for standard error */
};

static void page_done(struct page *page)
{
	arena_done(&page->arena);
	free(page->token);
	buffer_done(&page->notes);
}

static enum exit_status call(
	struct cli *cli, const struct pages *pages, struct page *page, const ProtobufCMessage **ret)
{
	arena_reset(&page->arena);
	return rpc_call_in(cli, &page->arena, pages->service, pages->method, pages->request, ret);
}

/* Makes the request ask for the next page. False at the last one. */
static bool turn(const struct pages *pages, struct page *page, const ProtobufCMessage *response)
{
	const char *token = message_text(response, "next_page_token");
	if (*token == '\0')
		return false;
	free(page->token);
	page->token = strdup(token);
	message_set_text(pages->request, "page_token", page->token == NULL ? "" : page->token);
	return page->token != NULL;
}

static enum exit_status no_page(struct cli *cli, uint64_t number, uint64_t last)
{
	struct lectern_error err = { .code = LECTERN_OUT_OF_RANGE };
	snprintf(err.message, sizeof err.message,
		"there is no page %" PRIu64 "; the last one is page %" PRIu64, number, last);
	return problem_rpc(cli, &err);
}

/* Goes to the page with this number, 1 for the one that the request names already. */
static enum exit_status walk(
	struct cli *cli, const struct pages *pages, struct page *page, uint64_t number)
{
	for (uint64_t at = 1; at < number; at++) {
		const ProtobufCMessage *response;
		enum exit_status status = call(cli, pages, page, &response);
		if (status != EXIT_STATUS_OK)
			return status;
		if (!turn(pages, page, response))
			return no_page(cli, number, at);
	}
	return EXIT_STATUS_OK;
}

static void note(const struct pages *pages, struct page *page, const ProtobufCMessage *response)
{
	if (pages->note != NULL)
		pages->note(pages, response, &page->notes);
	if (!message_has_field(response->descriptor, "plan"))
		return;
	const ProtobufCMessage *plan = message_child(response, "plan");
	if (plan == NULL)
		return;
	buffer_append_text(&page->notes, "Plan: ");
	screen_text(&page->notes, slice_of_text(message_text(plan, "text")), false);
	buffer_printf(&page->notes, "\nRead: %" PRIu64 " keys, %" PRIu64 " records\n",
		message_number(plan, "keys_read"), message_number(plan, "records_read"));
}

/* What is the same for all pages is told with the first one. */
static void ask_no_more(ProtobufCMessage *request)
{
	if (message_has_field(request->descriptor, "explain"))
		message_set_number(request, "explain", 0);
	if (message_has_field(request->descriptor, "facets"))
		message_set_list(request, "facets", NULL, 0);
}

/* What comes behind the items. `token` is that of the next page, "" for none. */
static enum exit_status finish(
	struct cli *cli, const struct pages *pages, const struct page *page, const char *token)
{
	enum exit_status status = EXIT_STATUS_OK;
	if (cli->output == OUTPUT_TEXT && pages->finish != NULL)
		status = pages->finish(cli, pages);
	if (status != EXIT_STATUS_OK || cli->output == OUTPUT_JSON)
		return status;
	status = output_flush(cli);
	if (page->notes.size > 0)
		fwrite(page->notes.data, 1, page->notes.size, stderr);
	if (*token != '\0')
		fprintf(stderr, "There is more: --page-token %s\n", token);
	return status;
}

/* Each page is shown and forgotten. */
static enum exit_status stream(struct cli *cli, const struct pages *pages, struct page *page)
{
	const ProtobufCMessage *response;
	bool first = true;
	do {
		enum exit_status status = call(cli, pages, page, &response);
		if (status == EXIT_STATUS_OK)
			status = show_page(cli, pages, response, first);
		if (status != EXIT_STATUS_OK)
			return status;
		if (first)
			note(pages, page, response);
		ask_no_more(pages->request);
		first = false;
	} while (turn(pages, page, response));
	return finish(cli, pages, page, "");
}

/* All pages make one document. */
static enum exit_status merge(struct cli *cli, const struct pages *pages, struct page *page)
{
	struct collected all = { .count = 0 };
	const ProtobufCMessage *first = NULL;
	const ProtobufCMessage *response;
	do {
		enum exit_status status =
			rpc_call(cli, pages->service, pages->method, pages->request, &response);
		if (status == EXIT_STATUS_OK)
			status = collect(cli, pages, response, &all);
		if (status != EXIT_STATUS_OK)
			return status;
		if (first == NULL)
			first = response;
		ask_no_more(pages->request);
	} while (turn(pages, page, response));
	return show_collected(cli, pages, first, &all);
}

static enum exit_status show_one(struct cli *cli, const struct pages *pages, struct page *page)
{
	const ProtobufCMessage *response;
	enum exit_status status = call(cli, pages, page, &response);
	if (status == EXIT_STATUS_OK)
		status = show_page(cli, pages, response, true);
	if (status != EXIT_STATUS_OK)
		return status;
	note(pages, page, response);
	return finish(cli, pages, page, message_text(response, "next_page_token"));
}

enum exit_status pages_run(struct cli *cli, const struct args *args, const struct pages *pages)
{
	uint64_t size = 0;
	uint64_t number = 1;
	enum exit_status status = args_number(cli, args, OPTION_PAGE_SIZE, 0, INT32_MAX, &size);
	if (status == EXIT_STATUS_OK)
		status = args_number(cli, args, OPTION_PAGE, 1, INT32_MAX, &number);
	if (status != EXIT_STATUS_OK)
		return status;
	const char *token = args_text(args, OPTION_PAGE_TOKEN);
	if (token != NULL && args_text(args, OPTION_PAGE) != NULL)
		return problem_usage(cli, "--page and --page-token exclude each other");
	message_set_number(pages->request, "page_size", size);
	if (token != NULL)
		message_set_text(pages->request, "page_token", token);
	AUTO(page_done) struct page page = { .token = NULL };
	arena_init(&page.arena, CLI_ARENA_BYTES);
	buffer_init(&page.notes, CLI_FILE_BYTES);
	status = walk(cli, pages, &page, number);
	if (status != EXIT_STATUS_OK)
		return status;
	if (!args_flag(args, OPTION_ALL))
		return show_one(cli, pages, &page);
	return cli->output == OUTPUT_JSON ? merge(cli, pages, &page) : stream(cli, pages, &page);
}
