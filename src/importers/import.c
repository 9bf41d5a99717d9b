#include "importers/import.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/rfc3339.h"
#include "importers/report.h"
#include "importers/source.h"
#include "importers/target.h"

#include <stdlib.h>
#include <string.h>

/* 2020-01-01T00:00:00Z */
#define NEWEST_TIME_US_DEFAULT (INT64_C(1577836800) * 1000000)

static const struct import_format *const formats[] = { &archive_text_format, &jsonl_format };
enum { FORMATS = sizeof formats / sizeof formats[0] };

/* An import that is running. */
struct run {
	const struct import_options *options;
	struct target target;
	struct import_summary *summary;
	struct import_progress progress;
	struct arena arena; /* of one item */
};

const char *const *import_format_names(void)
{
	static const char *const names[FORMATS + 1] = { "archive-text", "jsonl", NULL };
	return names;
}

static struct import_counts *find_counts(
	struct run *run, enum import_kind kind, struct import_counts *posts)
{
	*posts = (struct import_counts){ run->summary->created, run->summary->updated,
		run->summary->unchanged, run->summary->refused };
	return kind == IMPORT_POST ? posts : &run->summary->terms;
}

/* Counts an item and writes its line of the report. */
static void record(struct run *run, const struct import_item *item, enum target_result result)
{
	static const char *const names[] = { [TARGET_CREATED] = "created",
		[TARGET_UPDATED] = "updated",
		[TARGET_UNCHANGED] = "unchanged",
		[TARGET_REFUSED] = "refused" };
	struct import_counts posts;
	struct import_counts *counts = find_counts(run, item->kind, &posts);
	switch (result) {
	case TARGET_CREATED:
		counts->created++;
		break;
	case TARGET_UPDATED:
		counts->updated++;
		break;
	case TARGET_UNCHANGED:
		counts->unchanged++;
		break;
	case TARGET_REFUSED:
		counts->refused++;
		break;
	}
	run->summary->created = posts.created;
	run->summary->updated = posts.updated;
	run->summary->unchanged = posts.unchanged;
	run->summary->refused = posts.refused;
	run->progress.items_done++;
	report_item(run->options->report, item, names[result]);
}

static enum code refuse_strictly(
	const struct run *run, const struct import_item *item, struct error *err)
{
	if (!run->options->strict)
		return CODE_OK;
	return fail_reason(err, CODE_INVALID_ARGUMENT, "ITEM_REFUSED", "%s:%ju: %s", item->path,
		(uintmax_t)item->line, item->reason);
}

static enum code take_item(struct run *run, struct import_item *item, struct error *err)
{
	enum target_result result = TARGET_REFUSED;
	switch (item->state) {
	case ITEM_READY: {
		enum code code = target_write(&run->target, item, &run->arena, &result, err);
		if (code != CODE_OK)
			return code;
		break;
	}
	case ITEM_REFUSED:
		break;
	case ITEM_SKIPPED:
		report_item(run->options->report, item, "skipped");
		return CODE_OK;
	case ITEM_NOTED:
		run->summary->order_conflicts++;
		report_item(run->options->report, item, "noted");
		return CODE_OK;
	case ITEM_END:
		return CODE_OK;
	}
	record(run, item, result);
	return result == TARGET_REFUSED ? refuse_strictly(run, item, err) : CODE_OK;
}

static void show_progress(struct run *run, const struct import_source *source,
	const struct import_item *item, uint64_t bytes_before)
{
	if (run->options->progress == NULL || item->state == ITEM_END)
		return;
	run->progress.path = item->path;
	run->progress.items_total = source->items_total;
	run->progress.bytes_done = bytes_before + source->bytes_done;
	run->progress.so_far = *run->summary;
	run->options->progress(run->options->progress_arg, &run->progress);
}

static bool is_stopped(const struct run *run)
{
	return run->options->stop != NULL && *run->options->stop != 0;
}

static enum code take_all(struct run *run, struct import_source *source, struct error *err)
{
	uint64_t bytes_before = run->progress.bytes_done;
	struct import_item item = { .state = ITEM_NOTED };
	while (item.state != ITEM_END) {
		if (is_stopped(run))
			return fail(err, CODE_CANCELLED, "stopped; run it again to go on");
		arena_reset(&run->arena);
		enum code code = source->format->next(source, &run->arena, &item, err);
		if (code == CODE_OK)
			code = take_item(run, &item, err);
		if (code != CODE_OK)
			return code;
		show_progress(run, source, &item, bytes_before);
	}
	return CODE_OK;
}

static enum code import_files(struct run *run, const struct import_format *format,
	struct input_file *files, size_t count, struct error *err)
{
	struct source_options options = { .files = files,
		.file_count = count,
		.newest_time_us = run->options->newest_time_us == 0 ? NEWEST_TIME_US_DEFAULT
								    : run->options->newest_time_us,
		.now_us = clock_realtime_us(),
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

static const struct import_format *sniff(const struct input_file *file, struct slice head)
{
	for (size_t i = 0; i < FORMATS; i++)
		if (formats[i]->sniff(file, head))
			return formats[i];
	return NULL;
}

static enum code refuse_file(struct run *run, const char *path, struct error *err)
{
	struct import_item item = { .state = ITEM_REFUSED,
		.kind = IMPORT_POST,
		.path = path,
		.origin = "",
		.reason = "the file is in no format that is known; name it instead of \"auto\"" };
	return take_item(run, &item, err);
}

/* Moves the files of each format together, keeping their order, and imports them. */
static enum code import_auto(struct run *run, struct input_files *files, struct error *err)
{
	const struct import_format **found = calloc(files->count + 1, sizeof *found);
	struct input_file *chosen = calloc(files->count + 1, sizeof *chosen);
	enum code code = CODE_OK;
	if (found == NULL || chosen == NULL)
		code = fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	for (size_t i = 0; code == CODE_OK && i < files->count; i++) {
		uint8_t head[INPUT_HEAD_BYTES];
		size_t size = 0;
		code = input_head(&files->files[i], head, &size, err);
		if (code == CODE_OK)
			found[i] = sniff(&files->files[i], slice_of(head, size));
		if (code == CODE_OK && found[i] == NULL)
			code = refuse_file(run, files->files[i].path, err);
	}
	for (size_t f = 0; code == CODE_OK && f < FORMATS; f++) {
		size_t count = 0;
		for (size_t i = 0; i < files->count; i++)
			if (found[i] == formats[f])
				chosen[count++] = files->files[i];
		if (count > 0)
			code = import_files(run, formats[f], chosen, count, err);
	}
	free(found);
	free(chosen);
	return code;
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
		return fail(err, CODE_INVALID_ARGUMENT,
			"import: there is no format '%s'; the formats are auto, archive-text and "
			"jsonl",
			options->format);
	if (options->newest_time_us < TIME_US_MIN || options->newest_time_us > clock_realtime_us())
		return fail(err, CODE_INVALID_ARGUMENT,
			"import: the newest time must not lie in the future");
	return CODE_OK;
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
	struct run run = { .options = options,
		.target = { client, options->timeout_ms, options->dry_run },
		.summary = ret };
	arena_init(&run.arena, LIMIT_ARENA_BYTES);
	for (size_t i = 0; i < files.count; i++)
		run.progress.bytes_total += files.files[i].size_bytes;
	if (strcmp(options->format, "auto") == 0)
		code = import_auto(&run, &files, err);
	else if (files.count > 0)
		code = import_files(
			&run, find_format(options->format), files.files, files.count, err);
	arena_done(&run.arena);
	input_files_done(&files);
	return code;
}
