/* lectern import: content of other systems and of other servers. */
#include "importers/import.h"

#include "cli/cli.h"
#include "cli/import_report.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "codec/json_forms.h"
#include "importers/input.h"
#include "times.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void show_progress(void *arg, const struct import_progress *progress)
{
	double done = 0;
	if (progress->items_total > 0)
		done = (double)progress->items_done / (double)progress->items_total;
	else if (progress->bytes_total > 0)
		done = (double)progress->bytes_done / (double)progress->bytes_total;
	char noun[64];
	snprintf(noun, sizeof noun, "items, %.1f MB", (double)progress->bytes_done / 1e6);
	progress_show(arg, progress->items_done, noun, done);
}

static enum exit_status import_problem(struct cli *cli, const struct error *err)
{
	enum exit_status status = problem_local(cli, err);
	/* What the server says keeps its code; a path that is not there is a mistake in the line.
	 */
	if (err->code == CODE_NOT_FOUND)
		status = cli->problem.status = EXIT_STATUS_USAGE;
	else if (err->reason != NULL && strcmp(err->reason, "ITEM_REFUSED") == 0)
		status = cli->problem.status = EXIT_STATUS_FAILED;
	else if (err->code != CODE_INVALID_ARGUMENT)
		status = cli->problem.status = exit_status_of((enum lectern_code)err->code);
	return status;
}

static void add_counts(struct buffer *out, const struct import_counts *counts, bool json)
{
	buffer_printf(out,
		json ? "\"created\":%" PRIu64 ",\"updated\":%" PRIu64 ",\"unchanged\":%" PRIu64
		       ",\"refused\":%" PRIu64
		     : "%" PRIu64 " created, %" PRIu64 " updated, %" PRIu64 " unchanged, %" PRIu64
		       " refused\n",
		counts->created, counts->updated, counts->unchanged, counts->refused);
}

static bool any_counted(const struct import_counts *counts)
{
	return counts->created + counts->updated + counts->unchanged + counts->refused > 0;
}

/* The posts come last: scripts read the last line. */
static void add_text(struct buffer *out, const struct import_summary *summary)
{
	if (any_counted(&summary->terms)) {
		buffer_append_text(out, "terms: ");
		add_counts(out, &summary->terms, false);
	}
	if (any_counted(&summary->revisions)) {
		buffer_append_text(out, "history: ");
		add_counts(out, &summary->revisions, false);
	}
	if (summary->skipped > 0)
		buffer_printf(out, "%" PRIu64 " left out\n", summary->skipped);
	add_counts(out, &summary->posts, false);
}

static void add_json(struct buffer *out, const struct import_summary *summary)
{
	buffer_append_char(out, '{');
	add_counts(out, &summary->posts, true);
	buffer_append_text(out, ",\"terms\":{");
	add_counts(out, &summary->terms, true);
	buffer_append_text(out, "},\"revisions\":{");
	add_counts(out, &summary->revisions, true);
	buffer_printf(out, "},\"skipped\":%" PRIu64 ",\"notes\":%" PRIu64 "}\n", summary->skipped,
		summary->notes);
}

static enum exit_status show_summary(struct cli *cli, const struct import_summary *summary)
{
	struct buffer out;
	buffer_init(&out, CLI_FILE_BYTES);
	if (cli->output == OUTPUT_TEXT)
		add_text(&out, summary);
	else
		add_json(&out, summary);
	return output_finish(cli, &out);
}

static bool progress_is_none(const struct import_summary *summary)
{
	static const struct import_summary none;
	return memcmp(summary, &none, sizeof none) == 0;
}

static enum exit_status fill_options(
	struct cli *cli, const struct args *args, struct import_options *options)
{
	*options = (struct import_options){
		.format = args->arguments[0],
		.paths = (const char *const *)args->arguments + 1,
		.path_count = (size_t)args->argument_count - 1,
		.dry_run = args_flag(args, OPTION_DRY_RUN),
		.strict = args_flag(args, OPTION_STRICT),
		.pages = args_flag(args, OPTION_PAGES),
		.internal_tags = args_flag(args, OPTION_INTERNAL_TAGS),
		.timeout_ms = cli->timeout_ms,
		.stop = &stop,
	};
	const char *newest = args_text(args, OPTION_NEWEST_TIME);
	Google__Protobuf__Timestamp time;
	if (newest == NULL)
		return EXIT_STATUS_OK;
	if (!timestamp_parse(slice_of_text(newest), &time))
		return problem_usage(cli,
			"--newest-time %s: must be a time such as 2026-01-02T03:04:05Z", newest);
	options->newest_time_us = timestamp_to_us(&time);
	return EXIT_STATUS_OK;
}

static enum exit_status run_with_report(struct cli *cli, struct import_options *options)
{
	struct progress progress;
	progress_start(&progress);
	if (isatty(STDERR_FILENO)) {
		options->progress = show_progress;
		options->progress_arg = &progress;
	}
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	struct import_summary summary = { .skipped = 0 };
	struct error err;
	enum code code = import_run(cli->client, options, &summary, &err);
	progress_end(&progress);
	if (fseeko(options->report, 0, SEEK_SET) == 0) /* a pipe is not read back */
		import_report_show(options->report);
	/* Nothing is counted where not even the first item was reached. */
	if (code != CODE_OK && progress_is_none(&summary))
		return import_problem(cli, &err);
	enum exit_status status = show_summary(cli, &summary);
	if (code != CODE_OK)
		return import_problem(cli, &err);
	uint64_t refused =
		summary.posts.refused + summary.terms.refused + summary.revisions.refused;
	if (status == EXIT_STATUS_OK && refused > 0) {
		status = problem_tool(cli, "%" PRIu64 " of the items were refused", refused);
		cli->problem.quiet = cli->output == OUTPUT_TEXT;
	}
	return status;
}

static enum exit_status run_import(struct cli *cli, const struct args *args)
{
	struct import_options options;
	const char *path = args_text(args, OPTION_REPORT);
	enum exit_status status = fill_options(cli, args, &options);
	if (status == EXIT_STATUS_OK)
		status = cli_client(cli);
	if (status != EXIT_STATUS_OK)
		return status;
	/* Without a file of the user's the report is kept to tell what was refused. */
	options.report = path != NULL ? fopen(path, "w+e") : input_temporary();
	if (options.report == NULL)
		return problem_tool(cli, "cannot write %s: %s", path == NULL ? "a report" : path,
			strerror(errno));
	status = run_with_report(cli, &options);
	bool failed = ferror(options.report) != 0;
	if ((fclose(options.report) != 0 || failed) && status == EXIT_STATUS_OK)
		status = problem_tool(cli, "cannot write %s: %s", path == NULL ? "a report" : path,
			strerror(errno));
	return status;
}

static const struct option_row options[] = {
	{ .id = OPTION_DRY_RUN,
		.name = "dry-run",
		.help = "Check everything, also with the server, but change nothing" },
	{ .id = OPTION_REPORT,
		.name = "report",
		.value = "FILE",
		.words = WORDS_FILE,
		.help = "Write one line of JSON about each item to FILE" },
	{ .id = OPTION_STRICT, .name = "strict", .help = "Stop at the first item that is refused" },
	{ .id = OPTION_PAGES,
		.name = "pages",
		.help = "Take pages of WordPress and Ghost as posts, too" },
	{ .id = OPTION_INTERNAL_TAGS,
		.name = "internal-tags",
		.help = "Take Ghost's internal tags, whose names begin with #, too" },
	{ .id = OPTION_NEWEST_TIME,
		.name = "newest-time",
		.value = "TIME",
		.help = "The publish time of the newest post where the input has no times "
			"(default: "
			"2020-01-01T00:00:00Z)" },
};

const struct command import_command = {
	.name = "import",
	.arguments = "FORMAT PATH...",
	.summary = "Import posts and terms from files or directories",
	.details =
		"FORMAT is wordpress (WordPress eXtended RSS), ghost (Ghost's JSON), front-matter "
		"(the folder of a Jekyll or Hugo site, or files of it), jsonl (what lectern export "
		"writes), archive-text (archive pages as plain text), or auto: each file in the "
		"format that it looks like.\n\n"
		"A PATH is a file, a folder or - for standard input. An import may be run again: "
		"what is there already and has not changed is left alone, and one that was "
		"stopped goes on.\n\n"
		"The last line tells how many posts were created, updated, unchanged and "
		"refused. Ends with 1 if anything was refused.",
	.words = "auto wordpress ghost jsonl front-matter archive-text " WORDS_FILE,
	.arguments_min = 2,
	.arguments_max = ARGUMENTS_ANY,
	.options = options,
	.option_count = OPTION_COUNT(options),
	.run = run_import,
};
