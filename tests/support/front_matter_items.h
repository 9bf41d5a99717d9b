/* Files of a tree that exist in memory alone, and the items they give. */
#pragma once
#include "base/limits.h"
#include "codec/json.h"
#include "importers/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* 2024-01-01T00:00:00Z */
#define NOW_US INT64_C(1704067200000000)

enum { ITEM_FILES_MAX = 16 };

struct item_file {
	const char *path; /* from the folder that is named */
	const char *text;
	size_t size; /* 0: of the text */
};

struct items {
	struct input_file files[ITEM_FILES_MAX];
	char paths[ITEM_FILES_MAX][256];
	struct import_source *source;
	struct arena arena;
	struct import_item item; /* the last one */
};

static inline void items_add(struct items *items, size_t i, const char *folder,
	const struct item_file *file, bool listed)
{
	size_t size = file->size > 0 ? file->size : strlen(file->text);
	snprintf(items->paths[i], sizeof items->paths[i], "%s%s", folder, file->path);
	items->files[i] = (struct input_file){ .path = items->paths[i],
		.relative = strlen(folder),
		.listed = listed,
		.stream = input_temporary(),
		.size_bytes = size };
	assert_non_null(items->files[i].stream);
	assert_int_equal(fwrite(file->text, 1, size, items->files[i].stream), size);
}

static inline void items_open(struct items *items, const struct item_file *files, size_t count,
	const char *folder, bool listed, bool pages)
{
	assert_true(count <= ITEM_FILES_MAX);
	memset(items->files, 0, sizeof items->files);
	for (size_t i = 0; i < count; i++)
		items_add(items, i, folder, &files[i], listed);
	struct source_options options = {
		.files = items->files, .file_count = count, .now_us = NOW_US, .pages = pages
	};
	arena_init(&items->arena, LIMIT_ARENA_BYTES);
	assert_int_equal(front_matter_format.open(&options, &items->source, NULL), CODE_OK);
}

/* The next item but those that are notes alone. */
static inline const struct import_item *items_next(struct items *items)
{
	do {
		struct error err;
		arena_reset(&items->arena);
		if (front_matter_format.next(items->source, &items->arena, &items->item, &err) !=
			CODE_OK)
			fail_msg("%s", err.text);
	} while (items->item.state == ITEM_NOTED);
	return &items->item;
}

static inline void items_close(struct items *items)
{
	front_matter_format.close(items->source);
	arena_done(&items->arena);
	for (size_t i = 0; i < ITEM_FILES_MAX; i++)
		if (items->files[i].stream != NULL)
			fclose(items->files[i].stream);
}

/* The item as text: the post as JSON, or "refused: " or "skipped: " and the reason. */
static inline void items_describe(const struct import_item *item, struct buffer *out)
{
	buffer_clear(out);
	if (item->state == ITEM_READY)
		assert_int_equal(json_print(item->message, JSON_DEFAULT, out, NULL), CODE_OK);
	else
		buffer_printf(out, "%s: %s", item->state == ITEM_REFUSED ? "refused" : "skipped",
			item->reason);
}
