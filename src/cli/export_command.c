/* lectern export: everything, in a form that `lectern import` or another system reads. */
#include "base/clock.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "cli/export_read.h"
#include "cli/output.h"
#include "exporters/exporter.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct export_format *const formats[] = { &jsonl_export, &front_matter_export,
	&wordpress_export, &ghost_export };
enum { FORMATS = sizeof formats / sizeof *formats, PATH_BYTES = 4096 };

static const struct export_format *find_format(const char *name)
{
	for (size_t i = 0; i < FORMATS; i++)
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	return NULL;
}

/* Writes everything to where the options say. */
static enum exit_status export_to(struct cli *cli, const struct export_format *format,
	const struct export_options *options, struct export_counts *counts)
{
	struct exporter *exporter;
	struct error err;
	enum code code = format->open(options, &exporter, &err);
	if (code != CODE_OK)
		return problem_tool(cli, "cannot begin the export: %s", err.text);
	enum exit_status status = export_read(cli, exporter, counts);
	if (status == EXIT_STATUS_OK && format->finish != NULL &&
		format->finish(exporter, &err) != CODE_OK)
		status = export_problem(cli, &err);
	format->close(exporter);
	return status;
}

static enum exit_status fail_write(struct cli *cli, const char *path)
{
	return problem_tool(cli, "cannot write %s: %s", path, strerror(errno));
}

/* The name of what is written first and takes the wanted name only when all went well. */
static enum exit_status name_part(struct cli *cli, const char *path, char out[PATH_BYTES])
{
	size_t size = strlen(path);
	while (size > 1 && path[size - 1] == '/')
		size--;
	if (snprintf(out, PATH_BYTES, "%.*s.part", (int)size, path) >= PATH_BYTES)
		return problem_usage(cli, "the path is too long");
	return EXIT_STATUS_OK;
}

static enum exit_status export_to_file(struct cli *cli, const struct export_format *format,
	struct export_options *options, const char *path, struct export_counts *counts)
{
	char part[PATH_BYTES];
	enum exit_status status = name_part(cli, path, part);
	if (status != EXIT_STATUS_OK)
		return status;
	options->file = fopen(part, "we");
	if (options->file == NULL)
		return fail_write(cli, part);
	status = export_to(cli, format, options, counts);
	bool failed = fflush(options->file) != 0 || fsync(fileno(options->file)) != 0;
	failed = fclose(options->file) != 0 || failed;
	if (status == EXIT_STATUS_OK && (failed || rename(part, path) != 0))
		status = fail_write(cli, path);
	if (status != EXIT_STATUS_OK)
		unlink(part);
	return status;
}

/* A folder that exists must be empty. */
static enum exit_status export_to_folder(struct cli *cli, const struct export_format *format,
	struct export_options *options, const char *path, struct export_counts *counts)
{
	char part[PATH_BYTES];
	enum exit_status status = name_part(cli, path, part);
	if (status != EXIT_STATUS_OK)
		return status;
	if (rmdir(path) != 0 && errno != ENOENT)
		return fail_write(cli, path);
	if (mkdir(part, 0777) != 0)
		return fail_write(cli, part);
	options->directory = part;
	status = export_to(cli, format, options, counts);
	if (status != EXIT_STATUS_OK) {
		fprintf(stderr, "lectern: what was written so far is in %s\n", part);
		return status;
	}
	return rename(part, path) == 0 ? EXIT_STATUS_OK : fail_write(cli, path);
}

static void show_counts(const struct export_counts *counts)
{
	fprintf(stderr, "%" PRIu64 " posts and %" PRIu64 " terms exported", counts->posts,
		counts->terms);
	if (counts->trashed > 0)
		fprintf(stderr, ", %" PRIu64 " posts in the trash left out", counts->trashed);
	fputc('\n', stderr);
}

static enum exit_status run_export(struct cli *cli, const struct args *args)
{
	const char *path = args->argument_count > 1 ? args->arguments[1] : "-";
	const struct export_format *format = find_format(args->arguments[0]);
	struct export_options options = { .file = stdout, .now_us = clock_realtime_us() };
	struct export_counts counts = { .posts = 0 };
	if (format == NULL)
		return problem_usage(cli, "%s: there is no such format; see lectern export --help",
			args->arguments[0]);
	bool to_stdout = strcmp(path, "-") == 0;
	if (to_stdout && format->is_directory)
		return problem_usage(cli, "%s is written to a folder: name one", format->name);
	enum exit_status status = to_stdout ? export_to(cli, format, &options, &counts)
				  : format->is_directory
					  ? export_to_folder(cli, format, &options, path, &counts)
					  : export_to_file(cli, format, &options, path, &counts);
	if (status == EXIT_STATUS_OK)
		show_counts(&counts);
	return status;
}

const struct command export_command = {
	.name = "export",
	.arguments = "FORMAT [PATH]",
	.summary = "Write all posts and terms for another server or another system",
	.details =
		"FORMAT is jsonl (everything, a line of JSON each, which import reads back without "
		"loss), front-matter (a folder of Markdown and HTML files for Jekyll or Hugo), "
		"wordpress (WordPress eXtended RSS) or ghost (Ghost's JSON). The last three leave "
		"out what they have no place for: docs/importing.md lists it.\n\n"
		"Without PATH, or with -, the export goes to standard output. A folder must be "
		"empty or not there.",
	.words = "jsonl front-matter wordpress ghost " WORDS_FILE,
	.arguments_min = 1,
	.arguments_max = 2,
	.run = run_export,
};
