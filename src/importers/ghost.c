/*
 * The format "ghost": the JSON export of Ghost, of any version from 0.3 on, {"db":[{"meta":...,
 * "data":{...}}]} or its entry alone, with the tables "posts", "tags", "users", "posts_tags" and
 * "posts_authors" in any order.
 *
 * A file is read twice: for its names and relations, see ghost_index.h, and then record by record:
 * tags, authors, posts. What it holds whole before it is damaged is imported.
 */
#include "base/limits.h"
#include "importers/ghost_post.h"
#include "importers/ghost_term.h"

#include <stdlib.h>

/* What comes next of a file. */
enum stage { STAGE_OPEN, STAGE_TAGS, STAGE_USERS, STAGE_POSTS, STAGE_CLOSE };

struct ghost {
	struct import_source source; /* the first member */
	struct source_options options;
	size_t file; /* that is read or comes next */
	enum stage stage;
	struct input input;
	struct json_walk walk;
	struct ghost_record record;
	struct ghost_index index;
	size_t span;	       /* that is read or comes next in the stage */
	uint64_t left;	       /* records of the open span */
	uint64_t bytes_before; /* of the files before */
	uint8_t chunk[WALK_CHUNK_BYTES];
};

static struct slice skip_space(struct slice text)
{
	while (text.size > 0 && (text.data[0] == ' ' || text.data[0] == '\t' ||
					text.data[0] == '\r' || text.data[0] == '\n'))
		text = slice_of(text.data + 1, text.size - 1);
	return text;
}

/* Takes a text off the beginning, blanks before it aside. */
static bool take(struct slice *text, const char *start)
{
	size_t size = strlen(start);
	*text = skip_space(*text);
	if (text->size < size || memcmp(text->data, start, size) != 0)
		return false;
	*text = slice_of(text->data + size, text->size - size);
	return true;
}

static bool holds(struct slice text, const char *part)
{
	return memmem(text.data, text.size, part, strlen(part)) != NULL;
}

static bool ghost_sniff(const struct input_file *file, struct slice head)
{
	(void)file;
	(void)take(&head, "\xEF\xBB\xBF");
	if (!take(&head, "{"))
		return false;
	if (take(&head, "\"db\""))
		return take(&head, ":") && take(&head, "[");
	if (take(&head, "\"meta\""))
		return take(&head, ":") && take(&head, "{") &&
		       (holds(head, "\"exported_on\"") || holds(head, "\"version\""));
	if (!take(&head, "\"data\"") || !take(&head, ":") || !take(&head, "{"))
		return false;
	return holds(head, "\"posts\"") || holds(head, "\"tags\"") || holds(head, "\"users\"") ||
	       holds(head, "\"migrations\"");
}

static void ghost_close(struct import_source *source)
{
	struct ghost *ghost = (struct ghost *)source;
	if (ghost == NULL)
		return;
	if (ghost->stage != STAGE_OPEN)
		input_close(&ghost->input);
	ghost_record_done(&ghost->record);
	ghost_index_done(&ghost->index);
	free(ghost);
}

static enum code ghost_open(
	const struct source_options *options, struct import_source **ret, struct error *err)
{
	for (size_t i = 0; i < options->file_count; i++) {
		enum code code = input_make_seekable(&options->files[i], err);
		if (code != CODE_OK)
			return code;
	}
	struct ghost *ghost = calloc(1, sizeof *ghost);
	if (ghost == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	ghost->source = (struct import_source){ .format = &ghost_format };
	ghost->options = *options;
	ghost_record_init(&ghost->record);
	ghost_index_init(&ghost->index);
	*ret = &ghost->source;
	return CODE_OK;
}

static enum code fail_changed(const struct ghost *ghost, struct error *err)
{
	return fail(err, CODE_ABORTED, "'%s' was changed while it was read; start again",
		ghost->source.path);
}

static bool has_posts(const struct ghost_index *index)
{
	for (size_t i = 0; i < index->span_count; i++)
		if (index->spans[i].table == GHOST_TABLE_POSTS)
			return true;
	return false;
}

/* Tags lost to damage would otherwise look as if posts had none. */
static void note_lost(const struct ghost_index *index, struct import_item *item)
{
	const bool *has = index->has_table;
	if (index->damage == NULL || index->is_whole || !has_posts(index) ||
		(has[GHOST_TABLE_TAGS] && has[GHOST_TABLE_POSTS_TAGS] && has[GHOST_TABLE_USERS]))
		return;
	item->state = ITEM_NOTED;
	item->line = index->damage_line;
	snprintf(item->reason, sizeof item->reason,
		"the file is damaged in line %ju, before all tags and authors are told; posts that "
		"are there already keep theirs",
		(uintmax_t)index->damage_line);
}

/* The first reading of a file. */
static enum code open_file(struct ghost *ghost, struct import_item *item, struct error *err)
{
	struct input_file *file = &ghost->options.files[ghost->file];
	enum code code = input_open(file, &ghost->input, err);
	if (code != CODE_OK)
		return code;
	ghost->source.path = file->path;
	ghost->stage = STAGE_TAGS;
	ghost->span = 0;
	ghost->left = 0;
	walk_file(&ghost->walk, ghost->input.stream, ghost->chunk, 0, 1);
	code = ghost_index_read(
		&ghost->index, &ghost->walk, &ghost->record, ghost->options.internal_tags, err);
	if (code != CODE_OK)
		return wrap(err, code, "'%s'", file->path);
	if (ghost->options.file_count == 1)
		for (size_t i = 0; i < ghost->index.span_count; i++)
			if (ghost->index.spans[i].table == GHOST_TABLE_TAGS ||
				ghost->index.spans[i].table == GHOST_TABLE_USERS ||
				ghost->index.spans[i].table == GHOST_TABLE_POSTS)
				ghost->source.items_total += ghost->index.spans[i].count;
	note_lost(&ghost->index, item);
	return CODE_OK;
}

/* What is wrong with the file as a whole is told last. */
static void close_file(struct ghost *ghost, struct import_item *item)
{
	if (ghost->index.damage != NULL) {
		item->state = ITEM_REFUSED;
		item->line = ghost->index.damage_line;
		snprintf(item->reason, sizeof item->reason,
			"%s; nothing behind this line was read: export it again",
			ghost->index.damage);
	} else if (!has_posts(&ghost->index)) {
		item->state = ITEM_REFUSED;
		item->line = 1;
		snprintf(item->reason, sizeof item->reason,
			"no Ghost export: there is no list \"posts\" in its \"data\"");
	}
	uint64_t done = ghost->bytes_before + ghost->options.files[ghost->file].size_bytes;
	if (ghost->source.bytes_done < done)
		ghost->source.bytes_done = done;
	ghost->bytes_before = ghost->source.bytes_done;
	ghost_index_done(&ghost->index);
	input_close(&ghost->input);
	ghost->stage = STAGE_OPEN;
	ghost->file++;
}

static const struct table_reader {
	enum ghost_table table;
	const uint64_t *fields;
} readers[] = {
	[STAGE_TAGS] = { GHOST_TABLE_TAGS, &ghost_tag_fields },
	[STAGE_USERS] = { GHOST_TABLE_USERS, &ghost_user_fields },
	[STAGE_POSTS] = { GHOST_TABLE_POSTS, &ghost_post_fields },
};

/* Goes to the next record of the stage's tables; *ret tells whether there is one. */
static enum code next_record(struct ghost *ghost, bool *ret, struct error *err)
{
	const struct ghost_index *index = &ghost->index;
	while (ghost->left == 0 && ghost->span < index->span_count) {
		const struct ghost_span *span = &index->spans[ghost->span++];
		if (span->table != readers[ghost->stage].table)
			continue;
		if (!ghost_span_open(span, &ghost->walk))
			return fail_changed(ghost, err);
		ghost->left = span->count;
	}
	*ret = ghost->left > 0;
	if (!*ret)
		return CODE_OK;
	ghost->left--;
	if (!walk_entry(&ghost->walk, '[') ||
		!ghost_record_read(&ghost->record, &ghost->walk, *readers[ghost->stage].fields))
		return fail_changed(ghost, err);
	/* Terms are a small part of a file, and often stand at its end. */
	uint64_t done = ghost->bytes_before + walk_offset(&ghost->walk);
	if (ghost->stage == STAGE_POSTS && ghost->source.bytes_done < done)
		ghost->source.bytes_done = done;
	return CODE_OK;
}

static bool make_item(struct ghost *ghost, struct arena *arena, struct import_item *item)
{
	if (ghost->stage == STAGE_POSTS)
		return ghost_post_item(&ghost->record, &ghost->index, &ghost->options, arena, item);
	return ghost_term_item(&ghost->record,
		ghost->stage == STAGE_TAGS ? IMPORT_TAG : IMPORT_AUTHOR,
		ghost->options.internal_tags, arena, item);
}

/* Leaves item->state as it is where the stage has no item. */
static enum code step(
	struct ghost *ghost, struct arena *arena, struct import_item *item, struct error *err)
{
	item->path = ghost->options.files[ghost->file].path;
	if (ghost->stage == STAGE_OPEN)
		return open_file(ghost, item, err);
	if (ghost->stage == STAGE_CLOSE) {
		close_file(ghost, item);
		return CODE_OK;
	}
	bool found = false;
	enum code code = next_record(ghost, &found, err);
	if (code != CODE_OK)
		return code;
	if (!found) {
		ghost->stage++;
		ghost->span = 0;
	} else if (!make_item(ghost, arena, item)) {
		return fail(err, CODE_RESOURCE_EXHAUSTED, "'%s', line %ju: out of memory",
			item->path, (uintmax_t)ghost->record.line);
	}
	return CODE_OK;
}

static enum code ghost_next(struct import_source *source, struct arena *arena,
	struct import_item *ret, struct error *err)
{
	struct ghost *ghost = (struct ghost *)source;
	*ret = (struct import_item){ .state = ITEM_END, .kind = IMPORT_POST, .origin = "" };
	enum code code = CODE_OK;
	while (code == CODE_OK && ret->state == ITEM_END && ghost->file < ghost->options.file_count)
		code = step(ghost, arena, ret, err);
	return code;
}

const struct import_format ghost_format = {
	.name = "ghost",
	.sniff = ghost_sniff,
	.open = ghost_open,
	.next = ghost_next,
	.close = ghost_close,
};
