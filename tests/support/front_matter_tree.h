/* Real trees on disk as the driver lists them. */
#pragma once
#include "support/front_matter_items.h"

#include <fts.h>
#include <string.h>
#include <sys/stat.h>

struct tree {
	struct input_file *files;
	size_t count;
};

static inline int tree_compare(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* The folder's files but hidden ones, in the order of their names. False if it is not there. */
static inline bool tree_list(const char *folder, struct tree *ret)
{
	char *const paths[] = { (char *)folder, NULL };
	FTS *walk = fts_open(paths, FTS_LOGICAL | FTS_NOCHDIR, tree_compare);
	assert_non_null(walk);
	*ret = (struct tree){ .files = NULL };
	for (FTSENT *entry; (entry = fts_read(walk)) != NULL;) {
		if (entry->fts_level > 0 && entry->fts_name[0] == '.')
			fts_set(walk, entry, FTS_SKIP);
		else if (entry->fts_info == FTS_F) {
			ret->files = realloc(ret->files, (ret->count + 1) * sizeof *ret->files);
			ret->files[ret->count++] =
				(struct input_file){ .path = strdup(entry->fts_path),
					.relative = strlen(folder) + 1,
					.listed = true,
					.size_bytes = (uint64_t)entry->fts_statp->st_size };
		}
	}
	fts_close(walk);
	return ret->count > 0;
}

static inline void tree_free(struct tree *tree)
{
	for (size_t i = 0; i < tree->count; i++)
		free(tree->files[i].path);
	free(tree->files);
}

static inline struct import_source *tree_open(const struct tree *tree, bool pages)
{
	struct source_options options = {
		.files = tree->files, .file_count = tree->count, .now_us = NOW_US, .pages = pages
	};
	struct import_source *source;
	assert_int_equal(front_matter_format.open(&options, &source, NULL), CODE_OK);
	return source;
}

/* Calls take() for every item. */
static inline void tree_read(const struct tree *tree, bool pages,
	void (*take)(const struct import_item *item, void *arg), void *arg)
{
	struct import_source *source = tree_open(tree, pages);
	struct arena arena;
	uint64_t size = 0;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	for (;;) {
		struct import_item item;
		struct error err;
		arena_reset(&arena);
		if (front_matter_format.next(source, &arena, &item, &err) != CODE_OK)
			fail_msg("%s", err.text);
		if (item.state == ITEM_END)
			break;
		take(&item, arg);
	}
	for (size_t i = 0; i < tree->count; i++)
		size += tree->files[i].size_bytes;
	assert_true(source->bytes_done == size);
	assert_true(source->items_total == tree->count);
	arena_done(&arena);
	front_matter_format.close(source);
}
