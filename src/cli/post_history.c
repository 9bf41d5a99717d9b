/* lectern post history and post revision: the states that a post was in. */
#include "cli/output.h"
#include "cli/pages.h"
#include "cli/post_command.h"
#include "cli/post_ref.h"
#include "cli/post_text.h"
#include "cli/rpc.h"
#include "cli/table.h"
#include "cli/view.h"
#include "codec/message.h"

#include <inttypes.h>

static const ProtobufCServiceDescriptor *const service = &lectern__v1__post_service__descriptor;

static const char *note_author(const Lectern__V1__PostRevision *revision)
{
	return revision->note == NULL ? "" : revision->note->author;
}

static const char *note_summary(const Lectern__V1__PostRevision *revision)
{
	return revision->note == NULL ? "" : revision->note->summary;
}

static enum exit_status show_revisions(
	struct cli *cli, const struct pages *pages, const ProtobufCMessage *response, bool first)
{
	(void)pages;
	(void)first;
	const Lectern__V1__ListPostRevisionsResponse *page =
		(const Lectern__V1__ListPostRevisionsResponse *)response;
	struct table table;
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	table_init(&table, ">REVISION TIME AUTHOR SUMMARY");
	for (size_t i = 0; i < page->n_revisions; i++) {
		const Lectern__V1__PostRevision *revision = page->revisions[i];
		char time[TIME_TEXT_BYTES];
		time_text(revision->create_time, time);
		table_number(&table, revision->revision);
		table_cell(&table, time);
		table_cell(&table, *note_author(revision) == '\0' ? "-" : note_author(revision));
		table_cell(&table, note_summary(revision));
	}
	if (page->n_revisions > 0)
		table_print(&table, &cli->screen, &out);
	table_done(&table);
	return output_finish(cli, &out);
}

static enum exit_status run_history(struct cli *cli, const struct args *args)
{
	Lectern__V1__ListPostRevisionsRequest request =
		LECTERN__V1__LIST_POST_REVISIONS_REQUEST__INIT;
	enum exit_status status = post_ref_set(cli, args->arguments[0], &request.base);
	if (status != EXIT_STATUS_OK)
		return status;
	struct pages pages = {
		.service = service,
		.method = "ListPostRevisions",
		.request = &request.base,
		.items = "revisions",
		.show = show_revisions,
	};
	return pages_run(cli, args, &pages);
}

static const struct option_row history_options[] = {
	OPTION_ROW_PAGE_SIZE("Revisions on a page, up to 100 (default: 20)"),
	PAGE_OPTION_ROWS,
};

const struct command post_history = {
	.name = "history",
	.arguments = "REF",
	.summary = "List the revisions of a post, newest first",
	.details = POST_REF_TEXT
	"\n\n"
	"Each change that is visible makes a revision: who made it, as they said themselves, and "
	"what it was. \"post revision\" shows one, \"post diff\" compares two, \"post rollback\" "
	"brings one back.",
	.arguments_min = 1,
	.arguments_max = 1,
	.options = history_options,
	.option_count = OPTION_COUNT(history_options),
	.run = run_history,
};

/* The server answers with everything. */
static void keep_view(Lectern__V1__Post *post, Lectern__V1__PostView view)
{
	bool source = view == LECTERN__V1__POST_VIEW__POST_VIEW_SOURCE;
	bool html = view == LECTERN__V1__POST_VIEW__POST_VIEW_HTML;
	if (view == LECTERN__V1__POST_VIEW__POST_VIEW_FULL)
		source = html = true;
	if (!source) {
		post->body_format = LECTERN__V1__BODY_FORMAT__BODY_FORMAT_UNSPECIFIED;
		message_set_text(&post->base, "body", "");
	}
	if (!html) {
		post->n_outline = 0;
		message_set_text(&post->base, "html", "");
	}
}

/* "Revision 3 of 2026-01-02 03:04 by anna: title changed" */
static void add_head(
	struct buffer *out, const struct screen *screen, const Lectern__V1__PostRevision *revision)
{
	char time[TIME_TEXT_BYTES];
	time_text(revision->create_time, time);
	screen_style(screen, out, STYLE_HEADING);
	buffer_printf(out, "Revision %" PRIu64, revision->revision);
	if (*time != '\0')
		buffer_printf(out, " of %s", time);
	if (*note_author(revision) != '\0') {
		buffer_append_text(out, " by ");
		screen_text(out, slice_of_text(note_author(revision)), false);
	}
	if (*note_summary(revision) != '\0') {
		buffer_append_text(out, ": ");
		screen_text(out, slice_of_text(note_summary(revision)), false);
	}
	screen_plain(screen, out);
	buffer_append_char(out, '\n');
}

static enum exit_status show_revision(struct cli *cli, const Lectern__V1__PostRevision *revision)
{
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	add_head(&out, &cli->screen, revision);
	post_text(&out, &cli->screen, revision->post);
	return output_finish(cli, &out);
}

static enum exit_status run_revision(struct cli *cli, const struct args *args)
{
	Lectern__V1__GetPostRevisionRequest request = LECTERN__V1__GET_POST_REVISION_REQUEST__INIT;
	enum exit_status status = post_ref_set(cli, args->arguments[0], &request.base);
	if (status == EXIT_STATUS_OK)
		status = post_revision_read(cli, args->arguments[1], &request.revision);
	const ProtobufCMessage *response;
	if (status == EXIT_STATUS_OK)
		status = rpc_call(cli, service, "GetPostRevision", &request.base, &response);
	if (status != EXIT_STATUS_OK)
		return status;
	const Lectern__V1__PostRevision *revision =
		((const Lectern__V1__GetPostRevisionResponse *)response)->revision;
	if (revision == NULL || revision->post == NULL)
		return problem_tool(cli, "the answer holds no post");
	bool text = cli->output == OUTPUT_TEXT;
	keep_view(revision->post, view_of(args, text ? LECTERN__V1__POST_VIEW__POST_VIEW_SOURCE
						     : LECTERN__V1__POST_VIEW__POST_VIEW_FULL));
	switch (cli->output) {
	case OUTPUT_TEXT:
		return show_revision(cli, revision);
	case OUTPUT_JSON:
		return output_message(cli, response);
	case OUTPUT_JSONL:
		return output_message(cli, &revision->base);
	}
	return EXIT_STATUS_OK;
}

static const struct option_row revision_options[] = {
	OPTION_ROW_VIEW("How much of the post to show (default: source for people, else full)"),
};

const struct command post_revision = {
	.name = "revision",
	.arguments = "REF REVISION",
	.summary = "Show a post as it was",
	.details = POST_REF_TEXT " REVISION is a number of \"lectern post history REF\".",
	.arguments_min = 2,
	.arguments_max = 2,
	.options = revision_options,
	.option_count = OPTION_COUNT(revision_options),
	.run = run_revision,
};
