/* lectern archive: what a blog shows under a tag, a category, an author, a series or a date. */
#include "base/text.h"
#include "cli/archive_text.h"
#include "cli/cli.h"
#include "cli/filter.h"
#include "cli/former.h"
#include "cli/output.h"
#include "cli/pages.h"
#include "cli/post_text.h"
#include "cli/rpc.h"
#include "cli/table.h"
#include "cli/view.h"
#include "codec/message.h"

#include <lectern/v1/archive.pb-c.h>
#include <stdio.h>
#include <string.h>

static const ProtobufCServiceDescriptor *const service = &lectern__v1__archive_service__descriptor;

struct archive_kind {
	Lectern__V1__ArchiveKind kind;
	const char *title;
	/* What the posts before and behind a page are called. */
	const char *before;
	const char *after;
};

/* Lines about the posts beside all pages that are shown; they come last. */
struct beside {
	struct buffer before;
	struct buffer after;
};

static enum exit_status show_archive(
	struct cli *cli, const struct pages *pages, const ProtobufCMessage *response, bool first)
{
	const struct archive_kind *kind = pages->subject;
	struct beside *beside = pages->state;
	const Lectern__V1__GetArchiveResponse *page =
		(const Lectern__V1__GetArchiveResponse *)response;
	bool table =
		message_number(pages->request, "view") == LECTERN__V1__POST_VIEW__POST_VIEW_BASIC;
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	if (first) {
		archive_head(&out, &cli->screen, kind->title, page);
		archive_neighbour(&beside->before, &cli->screen, kind->before, page->post_before);
	}
	buffer_clear(&beside->after);
	archive_neighbour(&beside->after, &cli->screen, kind->after, page->post_after);
	if (table && page->n_posts > 0) {
		buffer_append_text(&out, first ? "\n" : "");
		post_table(&out, &cli->screen, page->posts, page->n_posts, false);
	}
	for (size_t i = 0; !table && i < page->n_posts; i++) {
		buffer_append_char(&out, '\n');
		post_text(&out, &cli->screen, page->posts[i]);
	}
	return output_finish(cli, &out);
}

static enum exit_status show_beside(struct cli *cli, const struct pages *pages)
{
	struct beside *beside = pages->state;
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	if (beside->before.size + beside->after.size > 0)
		buffer_append_char(&out, '\n');
	buffer_append(&out, beside->before.data, beside->before.size);
	buffer_append(&out, beside->after.data, beside->after.size);
	return output_finish(cli, &out);
}

static void note_former_slug(
	const struct pages *pages, const ProtobufCMessage *response, struct buffer *out)
{
	const Lectern__V1__GetArchiveRequest *request =
		(const Lectern__V1__GetArchiveRequest *)pages->request;
	const Lectern__V1__GetArchiveResponse *page =
		(const Lectern__V1__GetArchiveResponse *)response;
	const char *present = archive_slug(page);
	if (page->former_slug && request->term != NULL && *present != '\0')
		former_slug_note(out, message_text(&request->term->base, "slug"), present);
}

static enum exit_status run_pages(
	struct cli *cli, const struct args *args, Lectern__V1__GetArchiveRequest *request)
{
	const struct archive_kind *kind = args->command->subject;
	request->kind = kind->kind;
	request->direct_only = args_flag(args, OPTION_DIRECT_ONLY);
	request->view = view_of(args, LECTERN__V1__POST_VIEW__POST_VIEW_SOURCE);
	struct beside beside;
	buffer_init(&beside.before, CLI_DOCUMENT_BYTES);
	buffer_init(&beside.after, CLI_DOCUMENT_BYTES);
	struct pages pages = {
		.service = service,
		.method = "GetArchive",
		.request = &request->base,
		.items = "posts",
		.show = show_archive,
		.finish = show_beside,
		.note = note_former_slug,
		.subject = kind,
		.state = &beside,
	};
	enum exit_status status = pages_run(cli, args, &pages);
	buffer_done(&beside.before);
	buffer_done(&beside.after);
	return status;
}

/* The argument may be a slug or a name: it is tried as both, in this order. */
static enum exit_status run_term(struct cli *cli, const struct args *args)
{
	char *text = args->arguments[0];
	Lectern__V1__TermKey key = LECTERN__V1__TERM_KEY__INIT;
	Lectern__V1__GetArchiveRequest request = LECTERN__V1__GET_ARCHIVE_REQUEST__INIT;
	request.term = &key;
	enum exit_status status = exit_status_of(LECTERN_NOT_FOUND);
	if (text_is_slug(slice_of_text(text))) {
		key.key_case = LECTERN__V1__TERM_KEY__KEY_SLUG;
		key.slug = text;
		status = run_pages(cli, args, &request);
	}
	if (status == exit_status_of(LECTERN_NOT_FOUND)) {
		key.key_case = LECTERN__V1__TERM_KEY__KEY_NAME;
		key.name = text;
		status = run_pages(cli, args, &request);
	}
	return status;
}

/* "2026", "2026-01" or "2026-01-02". */
static bool parse_date(const char *text, Lectern__V1__ArchiveDate *date)
{
	unsigned year = 0;
	unsigned month = 0;
	unsigned day = 0;
	int end = -1;
	size_t size = strlen(text);
	if (strspn(text, "0123456789-") != size)
		return false;
	if (size == 4)
		sscanf(text, "%4u%n", &year, &end);
	else if (size == 7)
		sscanf(text, "%4u-%2u%n", &year, &month, &end);
	else if (size == 10)
		sscanf(text, "%4u-%2u-%2u%n", &year, &month, &day, &end);
	date->year = year;
	date->month = month;
	date->day = day;
	return end == (int)size && year > 0 && (size < 7 || month > 0) && (size < 10 || day > 0);
}

static void set_time_zone(const struct args *args, char **field)
{
	const char *zone = args_text(args, OPTION_TIME_ZONE);
	if (zone != NULL)
		*field = (char *)(uintptr_t)zone;
}

static enum exit_status run_date(struct cli *cli, const struct args *args)
{
	Lectern__V1__ArchiveDate date = LECTERN__V1__ARCHIVE_DATE__INIT;
	Lectern__V1__GetArchiveRequest request = LECTERN__V1__GET_ARCHIVE_REQUEST__INIT;
	request.date = &date;
	set_time_zone(args, &request.time_zone);
	if (!parse_date(args->arguments[0], &date))
		return problem_usage(cli, "%s: must be a date as YYYY, YYYY-MM or YYYY-MM-DD",
			args->arguments[0]);
	return run_pages(cli, args, &request);
}

static enum exit_status show_dates(
	struct cli *cli, const Lectern__V1__ListArchiveDatesResponse *response, const char *heads)
{
	struct table table;
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	table_init(&table, heads);
	for (size_t i = 0; i < response->n_dates; i++) {
		char date[DATE_TEXT_BYTES];
		date_text(response->dates[i]->date, date);
		table_cell(&table, date);
		table_number(&table, response->dates[i]->post_count);
	}
	table_print(&table, &cli->screen, &out);
	enum exit_status status = output_buffer(cli, &out);
	table_done(&table);
	buffer_done(&out);
	return status;
}

static enum exit_status run_dates(struct cli *cli, const struct args *args)
{
	/* In the order of DateGranularity, as the words of --by. */
	static const char *const heads[] = { "MONTH >POSTS", "YEAR >POSTS", "MONTH >POSTS",
		"DAY >POSTS" };
	Lectern__V1__ListArchiveDatesRequest request =
		LECTERN__V1__LIST_ARCHIVE_DATES_REQUEST__INIT;
	uint64_t year = 0;
	uint64_t month = 0;
	unsigned by = 0;
	const char *filter;
	enum exit_status status = args_number(cli, args, OPTION_YEAR, 1, 9999, &year);
	if (status == EXIT_STATUS_OK)
		status = args_number(cli, args, OPTION_MONTH, 1, 12, &month);
	if (status == EXIT_STATUS_OK)
		status = filter_request(cli, args, &filter);
	if (status != EXIT_STATUS_OK)
		return status;
	if (month != 0 && year == 0)
		return problem_usage(cli, "--month needs --year");
	(void)args_places(args, OPTION_BY, &by, 1);
	request.year = (uint32_t)year;
	request.month = (uint32_t)month;
	request.granularity = (Lectern__V1__DateGranularity)by;
	request.filter = (char *)(uintptr_t)filter;
	set_time_zone(args, &request.time_zone);
	const ProtobufCMessage *response;
	status = rpc_call(cli, service, "ListArchiveDates", &request.base, &response);
	if (status != EXIT_STATUS_OK)
		return status;
	if (cli->output == OUTPUT_TEXT)
		return show_dates(
			cli, (const Lectern__V1__ListArchiveDatesResponse *)response, heads[by]);
	if (cli->output == OUTPUT_JSONL)
		return output_items(cli, response, "dates");
	return output_message(cli, response);
}

#define OPTION_ROW_TIME_ZONE \
	{ \
		.id = OPTION_TIME_ZONE, .name = "time-zone", .value = "ZONE", \
		.help = "Where the days begin: a name, for example Europe/Berlin, or an offset " \
			"such as +05:30 (default: UTC)" \
	}
#define ARCHIVE_OPTION_ROWS \
	OPTION_ROW_VIEW("How much of each post to show (default: source, which is the whole " \
			"text; basic makes a short list)"), \
		OPTION_ROW_PAGE_SIZE("Posts on a page (default: 10)"), PAGE_OPTION_ROWS

static const struct option_row options[] = { ARCHIVE_OPTION_ROWS };
static const struct option_row category_options[] = {
	ARCHIVE_OPTION_ROWS,
	{ .id = OPTION_DIRECT_ONLY,
		.name = "direct-only",
		.help = "Leave out the posts that are only in categories below" },
};
static const struct option_row date_options[] = { ARCHIVE_OPTION_ROWS, OPTION_ROW_TIME_ZONE };
static const struct option_row dates_options[] = {
	{ .id = OPTION_BY,
		.name = "by",
		.value = "SPAN",
		.words = "year month day",
		.help = "What to count by; day needs --year (default: month)" },
	{ .id = OPTION_YEAR, .name = "year", .value = "YEAR", .help = "Only this year" },
	{ .id = OPTION_MONTH,
		.name = "month",
		.value = "MONTH",
		.help = "Only this month, 1 to 12, of --year" },
	OPTION_ROW_TIME_ZONE,
	FILTER_OPTION_ROWS,
};

static const struct archive_kind tag_kind = {
	LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_TAG,
	"Tag",
	"Newer",
	"Older",
};
static const struct archive_kind category_kind = {
	LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_CATEGORY,
	"Category",
	"Newer",
	"Older",
};
static const struct archive_kind author_kind = {
	LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_AUTHOR,
	"Author",
	"Newer",
	"Older",
};
static const struct archive_kind series_kind = {
	LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_SERIES,
	"Series",
	"Before",
	"After",
};
static const struct archive_kind date_kind = {
	LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_DATE,
	"Date",
	"Newer",
	"Older",
};

#define TERM_ARCHIVE(kind_name, summary_text, rows) \
	{ \
		.name = #kind_name, .arguments = "NAME|SLUG", .summary = summary_text, \
		.details = "The argument is tried as a slug and then as a name.", \
		.arguments_min = 1, .arguments_max = 1, .options = rows, \
		.option_count = OPTION_COUNT(rows), .subject = &kind_name##_kind, .run = run_term, \
	}

static const struct command tag =
	TERM_ARCHIVE(tag, "Show the posts with a tag, newest first", options);
static const struct command category = TERM_ARCHIVE(category,
	"Show the posts in a category and those below it, newest first", category_options);
static const struct command author =
	TERM_ARCHIVE(author, "Show the posts by an author, newest first", options);
static const struct command series =
	TERM_ARCHIVE(series, "Show the posts of a series, by part", options);
static const struct command date = {
	.name = "date",
	.arguments = "YYYY[-MM[-DD]]",
	.summary = "Show the posts of a year, a month or a day, newest first",
	.arguments_min = 1,
	.arguments_max = 1,
	.options = date_options,
	.option_count = OPTION_COUNT(date_options),
	.subject = &date_kind,
	.run = run_date,
};
static const struct command dates = {
	.name = "dates",
	.summary = "List the years, months or days that have posts, with counts",
	.details = FILTER_TEXT " Without any, published posts are counted.",
	.options = dates_options,
	.option_count = OPTION_COUNT(dates_options),
	.run = run_dates,
};

static const struct command *const children[] = {
	&tag,
	&category,
	&author,
	&series,
	&date,
	&dates,
	NULL,
};

const struct command archive_command = {
	.name = "archive",
	.summary = "Show archive pages: posts by tag, category, author, series or date",
	.children = children,
};
