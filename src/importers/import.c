#include "importers/import.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/rfc3339.h"
#include "importers/pipeline.h"
#include "importers/report.h"

#include <stdlib.h>
#include <string.h>

/* 2020-01-01T00:00:00Z */
#define NEWEST_TIME_US_DEFAULT (INT64_C(1577836800) * 1000000)

/* In the order in which "auto" asks them. */
static const struct import_format *const formats[] = { &wordpress_format, &ghost_format,
	&jsonl_format, &front_matter_format, &archive_text_format };
enum { FORMATS = sizeof formats / sizeof formats[0] };

/* An import that is running. */
struct run {
	const struct import_options *options;
	struct target target;
	struct pipeline *pipeline;
	struct import_summary *summary;
	struct import_progress progress;
	uint64_t bytes_before; /* of the formats before */
	uint64_t items_total;
};

const char *const *import_format_names(void)
{
	static const char *names[FORMATS + 1];
	for (size_t i = 0; i < FORMATS; i++)
		names[i] = formats[i]->name;
	return names;
}

static struct import_counts *counts_of(struct run *run, enum import_kind kind)
{
	switch (kind) {
	case IMPORT_POST:
		return &run->summary->posts;
	case IMPORT_REVISION:
		return &run->summary->revisions;
	case IMPORT_TAG:
	case IMPORT_CATEGORY:
	case IMPORT_AUTHOR:
		break;
	}
	return &run->summary->terms;
}

static const char *count_written(struct import_counts *counts, enum target_result result)
{
	switch (result) {
	case TARGET_CREATED:
		counts->created++;
		return "created";
	case TARGET_UPDATED:
		counts->updated++;
		return "updated";
	case TARGET_UNCHANGED:
		counts->unchanged++;
		return "unchanged";
	case TARGET_REFUSED:
		break;
	}
	counts->refused++;
	return "refused";
}

/* Counts an item; what became of it in a word. */
static const char *count(struct run *run, const struct pipeline_result *result)
{
	const struct import_item *item = result->item;
	enum target_result written = TARGET_REFUSED;
	switch (item->state) {
	case ITEM_NOTED:
		run->summary->notes++;
		return "noted";
	case ITEM_SKIPPED:
		run->summary->skipped++;
		run->progress.items_done++;
		return "skipped";
	case ITEM_READY:
		written = result->result;
		break;
	case ITEM_REFUSED:
	case ITEM_END:
		break;
	}
	run->progress.items_done++;
	return count_written(counts_of(run, item->kind), written);
}

static void show_progress(struct run *run, const struct pipeline_result *result)
{
	if (run->options->progress == NULL || result->item->state == ITEM_NOTED)
		return;
	run->progress.path = result->item->path;
	run->progress.items_total = run->items_total;
	run->progress.bytes_done = run->bytes_before + result->bytes_done;
	run->progress.so_far = *run->summary;
	run->options->progress(run->options->progress_arg, &run->progress);
}

static bool is_refused(const struct pipeline_result *result)
{
	return result->item->state == ITEM_REFUSED ||
	       (result->item->state == ITEM_READY && result->result == TARGET_REFUSED);
}

/* Counts and reports what became of one item. */
static enum code settle(struct run *run, const struct pipeline_result *result, struct error *err)
{
	const struct import_item *item = result->item;
	if (result->abandoned)
		return CODE_OK;
	if (result->code != CODE_OK) {
		*err = result->error;
		return result->code;
	}
	report_item(run->options->report, item, count(run, result));
	show_progress(run, result);
	if (!run->options->strict || !is_refused(result))
		return CODE_OK;
	return fail_reason(err, CODE_INVALID_ARGUMENT, "ITEM_REFUSED", "%s:%ju: %s", item->path,
		(uintmax_t)item->line, item->reason);
}

/* Waits for everything that was sent; what was written after a failure counts, too. */
static enum code settle_all(struct run *run, enum code code, struct error *err)
{
	const struct pipeline_result *result;
	struct error further;
	while ((result = pipeline_take(run->pipeline)) != NULL) {
		enum code one = settle(run, result, code == CODE_OK ? err : &further);
		if (code == CODE_OK)
			code = one;
	}
	return code;
}

static bool is_stopped(const struct run *run)
{
	return run->options->stop != NULL && *run->options->stop != 0;
}

static enum code fail_stopped(struct error *err)
{
	return fail(err, CODE_CANCELLED, "stopped; run it again to go on");
}

/* Reads the next item and sends it on its way. */
static enum code read_item(
	struct run *run, struct import_source *source, bool *ret_end, struct error *err)
{
	struct arena *arena;
	if (is_stopped(run))
		return fail_stopped(err);
	struct import_item *item = pipeline_next(run->pipeline, &arena);
	enum code code = source->format->next(source, arena, item, err);
	if (code != CODE_OK && is_stopped(run)) /* the signal has ended the reading */
		return fail_stopped(err);
	*ret_end = code == CODE_OK && item->state == ITEM_END;
	if (code == CODE_OK && !*ret_end)
		pipeline_put(run->pipeline, source->bytes_done);
	return code;
}

static enum code take_all(struct run *run, struct import_source *source, struct error *err)
{
	enum code code = CODE_OK;
	bool end = false;
	run->items_total = source->items_total;
	while (code == CODE_OK && !end) {
		if (pipeline_has_room(run->pipeline))
			code = read_item(run, source, &end, err);
		else
			code = settle(run, pipeline_take(run->pipeline), err);
	}
	code = settle_all(run, code, err);
	run->bytes_before += source->bytes_done;
	return code;
}

static enum code import_files(struct run *run, const struct import_format *format,
	struct input_file *files, size_t file_count, struct error *err)
{
	struct source_options options = { .files = files,
		.file_count = file_count,
		.newest_time_us = run->options->newest_time_us == 0 ? NEWEST_TIME_US_DEFAULT
								    : run->options->newest_time_us,
		.now_us = clock_realtime_us(),
		.pages = run->options->pages,
		.internal_tags = run->options->internal_tags,
		.lookup = { .find = target_find_posts, .arg = &run->target } };
	struct import_source *source;
	enum code code = format->open(&options, &source, err);
	if (code != CODE_OK)
		return code;
	code = take_all(run, source, err);
	format->close(source);
	return code;
}

static const struct import_format *find_format(const char *name)
{
	for (size_t i = 0; i < FORMATS; i++)
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	return NULL;
}

/* A file that no format reads. One that was not named itself is left out: folders hold images and
 * much else beside posts. */
static enum code pass_over(
	struct run *run, const struct input_file *file, const char *reason, struct error *err)
{
	bool left_out = file->listed && file->error == 0;
	struct import_item item = { .state = left_out ? ITEM_SKIPPED : ITEM_REFUSED,
		.kind = IMPORT_POST,
		.path = file->path,
		.origin = "" };
	struct pipeline_result result = { .item = &item };
	snprintf(item.reason, sizeof item.reason, "%s", reason);
	run->bytes_before += file->size_bytes;
	return settle(run, &result, err);
}

/* Which format has the file; NULL with a line in the report if none has. */
static enum code sniff(struct run *run, struct input_file *file, const struct import_format **ret,
	struct error *err)
{
	uint8_t head[INPUT_HEAD_BYTES];
	size_t size = 0;
	*ret = NULL;
	struct error failure;
	if (input_head(file, head, &size, &failure) != CODE_OK) {
		struct input_file unreadable = *file;
		unreadable.listed = false; /* it might have been a post */
		return pass_over(run, &unreadable, failure.text, err);
	}
	for (size_t i = 0; *ret == NULL && i < FORMATS; i++)
		if (formats[i]->sniff(file, slice_of(head, size)))
			*ret = formats[i];
	if (*ret != NULL)
		return CODE_OK;
	return pass_over(run, file,
		file->listed
			? "it is in no format that is known"
			: "the file is in no format that is known; name it instead of \"auto\"",
		err);
}

/* Moves the files of each format together, keeping their order, and imports them. */
static enum code import_auto(struct run *run, struct input_files *files, struct error *err)
{
	const struct import_format **found = calloc(files->count + 1, sizeof *found);
	struct input_file *chosen = calloc(files->count + 1, sizeof *chosen);
	enum code code = CODE_OK;
	if (found == NULL || chosen == NULL)
		code = fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	for (size_t i = 0; code == CODE_OK && i < files->count; i++)
		code = sniff(run, &files->files[i], &found[i], err);
	for (size_t f = 0; code == CODE_OK && f < FORMATS; f++) {
		size_t chosen_count = 0;
		for (size_t i = 0; i < files->count; i++)
			if (found[i] == formats[f])
				chosen[chosen_count++] = files->files[i];
		if (chosen_count > 0)
			code = import_files(run, formats[f], chosen, chosen_count, err);
	}
	free(found);
	free(chosen);
	return code;
}

/* Moves the files that can be read to the front, in their order, and reports the others. */
static enum code sort_out_unreadable(
	struct run *run, struct input_files *files, size_t *ret_readable, struct error *err)
{
	enum code code = CODE_OK;
	size_t readable = 0;
	for (size_t i = 0; i < files->count; i++) {
		struct input_file file = files->files[i];
		if (file.error != 0) {
			if (code == CODE_OK)
				code = pass_over(run, &file, strerror(file.error), err);
			continue;
		}
		files->files[i] = files->files[readable];
		files->files[readable++] = file;
		run->progress.bytes_total += file.size_bytes;
	}
	*ret_readable = readable;
	return code;
}

static enum code fail_format(const char *name, struct error *err)
{
	char list[128] = "";
	for (size_t i = 0; i < FORMATS; i++)
		snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s",
			i + 1 == FORMATS ? " and " : ", ", formats[i]->name);
	return fail(err, CODE_INVALID_ARGUMENT,
		"import: there is no format '%s'; the formats are auto%s", name, list);
}

static enum code check_options(const struct import_options *options, struct error *err)
{
	if (options->path_count == 0)
		return fail(err, CODE_INVALID_ARGUMENT, "import: name at least one file");
	size_t inputs = 0;
	for (size_t i = 0; i < options->path_count; i++)
		inputs += strcmp(options->paths[i], "-") == 0;
	if (inputs > 1)
		return fail(err, CODE_INVALID_ARGUMENT, "import: '-' may be given once only");
	if (strcmp(options->format, "auto") != 0 && find_format(options->format) == NULL)
		return fail_format(options->format, err);
	if (options->newest_time_us < TIME_US_MIN || options->newest_time_us > clock_realtime_us())
		return fail(err, CODE_INVALID_ARGUMENT,
			"import: the newest time must not lie in the future");
	return CODE_OK;
}

static enum code import_list(struct run *run, struct input_files *files, struct error *err)
{
	struct input_files readable = *files;
	enum code code = sort_out_unreadable(run, files, &readable.count, err);
	if (code != CODE_OK || readable.count == 0)
		return code;
	if (strcmp(run->options->format, "auto") == 0)
		return import_auto(run, &readable, err);
	return import_files(
		run, find_format(run->options->format), readable.files, readable.count, err);
}

enum code import_run(lectern_client *client, const struct import_options *options,
	struct import_summary *ret, struct error *err)
{
	*ret = (struct import_summary){ 0 };
	enum code code = check_options(options, err);
	if (code != CODE_OK)
		return code;
	struct input_files files;
	code = input_list(options->paths, options->path_count, &files, err);
	if (code != CODE_OK)
		return code;
	struct run run = { .options = options, .summary = ret };
	target_init(&run.target, client, options->timeout_ms, options->dry_run);
	code = pipeline_new(&run.target, options->strict, &run.pipeline, err);
	if (code == CODE_OK)
		code = import_list(&run, &files, err);
	pipeline_free(run.pipeline);
	target_done(&run.target);
	input_files_done(&files);
	return code;
}
