/*
 * The format "front-matter": trees of Jekyll and Hugo, a post in each file that begins with fields
 * in YAML, TOML or JSON. Every file of the tree gives one item: a post, a refusal, or the reason
 * why it is left out.
 */
#include "base/limits.h"
#include "importers/digest.h"
#include "importers/front_matter_json.h"
#include "importers/front_matter_post.h"
#include "importers/front_matter_text.h"
#include "importers/front_matter_yaml.h"
#include "importers/source.h"
#include "importers/toml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	FILE_BYTES_MAX = LIMIT_BODY_BYTES + VALUE_TEXT_BYTES_MAX,
	UNKNOWN_KEYS_MAX = 64, /* that are told */
};

/* A field that has no place in a post, where it was met first. */
struct unknown {
	char key[VALUE_KEY_BYTES];
	const char *path; /* borrowed */
	uint64_t line;
};

/* The posts so far, by their origins. */
struct seen {
	struct digest origin;
	uint32_t file; /* its number from 1; 0: nothing here */
};

struct front_matter {
	struct import_source source; /* the first member */
	struct input_file *files;    /* borrowed */
	size_t file_count;
	size_t file; /* that comes next */
	bool pages;
	int64_t now_us;
	struct front_matter_sites sites;
	struct buffer text; /* of the file that is read */
	struct seen *seen;
	size_t seen_mask;
	struct unknown unknown[UNKNOWN_KEYS_MAX];
	size_t unknown_count;
	size_t unknown_told;
};

/* What a file is made into. */
struct reading {
	struct front_matter_path path;
	struct front_matter_parts parts;
	struct front_matter_mends mends;
	struct value *front; /* NULL: there is none */
	char duplicate[VALUE_KEY_BYTES];
	bool tabs;
	uint64_t line; /* of what is wrong */
};

static enum code fail_memory(struct error *err)
{
	return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
}

static bool front_matter_sniff(const struct input_file *file, struct slice head)
{
	struct front_matter_path path;
	struct front_matter_sites none = { .count = 0 };
	if (file == NULL)
		return false;
	front_matter_path_read(file, &none, &path);
	return (path.markup == MARKUP_MARKDOWN || path.markup == MARKUP_HTML) &&
	       front_matter_guess(head) != FRONT_MATTER_NONE;
}

static void front_matter_close(struct import_source *source)
{
	struct front_matter *reader = (struct front_matter *)source;
	if (reader == NULL)
		return;
	buffer_done(&reader->text);
	free(reader->seen);
	free(reader);
}

static void closep(struct front_matter **reader)
{
	if (*reader != NULL)
		front_matter_close(&(*reader)->source);
}

static enum code front_matter_open(
	const struct source_options *options, struct import_source **ret, struct error *err)
{
	AUTO(closep) struct front_matter *reader = calloc(1, sizeof *reader);
	if (reader == NULL)
		return fail_memory(err);
	reader->source = (struct import_source){ .format = &front_matter_format,
		.items_total = options->file_count };
	reader->files = options->files;
	reader->file_count = options->file_count;
	reader->pages = options->pages;
	reader->now_us = options->now_us;
	buffer_init(&reader->text, FILE_BYTES_MAX);
	front_matter_sites_find(options->files, options->file_count, &reader->sites);
	size_t slots = 16;
	while (slots < 2 * options->file_count)
		slots *= 2;
	reader->seen = calloc(slots, sizeof *reader->seen);
	reader->seen_mask = slots - 1;
	if (reader->seen == NULL)
		return fail_memory(err);
	*ret = &reader->source;
	reader = NULL; /* the caller owns it now */
	return CODE_OK;
}

/* Remembers a post; false, with the file that has it already, where there is one. */
static bool remember(
	struct front_matter *reader, const char *origin, size_t file, const char **ret_other)
{
	struct digest digest = digest_of(slice_of_text(origin));
	size_t slot;
	memcpy(&slot, digest.bytes, sizeof slot);
	for (slot &= reader->seen_mask; reader->seen[slot].file != 0;
		slot = (slot + 1) & reader->seen_mask)
		if (digest_equals(&reader->seen[slot].origin, &digest)) {
			*ret_other = reader->files[reader->seen[slot].file - 1].path;
			return false;
		}
	reader->seen[slot] = (struct seen){ .origin = digest, .file = (uint32_t)file + 1 };
	return true;
}

/* The whole file. INVALID_ARGUMENT for one that is too long; what else fails is not about the
 * file's content. */
static enum code load(struct front_matter *reader, struct input_file *file, struct error *err)
{
	struct input input;
	uint8_t bytes[64 * 1024];
	size_t size;
	buffer_clear(&reader->text);
	if (file->size_bytes > FILE_BYTES_MAX)
		return fail(err, CODE_INVALID_ARGUMENT, "the file is longer than %d bytes",
			FILE_BYTES_MAX);
	enum code code = input_open(file, &input, err);
	if (code != CODE_OK)
		return code;
	while (!reader->text.overflow && (size = fread(bytes, 1, sizeof bytes, input.stream)) > 0)
		buffer_append(&reader->text, bytes, size);
	if (ferror(input.stream))
		code = fail(err, CODE_UNKNOWN, "cannot read it: %s", strerror(errno));
	else if (reader->text.overflow)
		code = fail(err, CODE_INVALID_ARGUMENT, "the file is longer than %d bytes",
			FILE_BYTES_MAX);
	input_close(&input);
	return code;
}

/* Reads the fields. */
static enum code read_front(
	struct reading *reading, struct slice text, struct arena *arena, struct error *err)
{
	struct front_matter_parts *parts = &reading->parts;
	struct value_tree tree = { .arena = arena, .line = parts->front_line };
	enum code code = CODE_OK;
	size_t size = 0;
	if (parts->language != FRONT_MATTER_JSON && parts->front.size > VALUE_TEXT_BYTES_MAX)
		return fail(err, CODE_INVALID_ARGUMENT, "the front matter is longer than %d bytes",
			VALUE_TEXT_BYTES_MAX);
	switch (parts->language) {
	case FRONT_MATTER_NONE:
		return CODE_OK;
	case FRONT_MATTER_YAML:
		code = yaml_read(parts->front, &tree, &reading->front, &reading->tabs, err);
		break;
	case FRONT_MATTER_TOML:
		code = toml_read(parts->front, &tree, &reading->front, err);
		break;
	case FRONT_MATTER_JSON:
		code = json_front_read(parts->front, &tree, &reading->front, &size, err);
		if (code == CODE_OK)
			parts->body = front_matter_body_behind(text, parts->front.data + size);
		break;
	}
	reading->line = tree.line;
	memcpy(reading->duplicate, tree.duplicate, sizeof reading->duplicate);
	if (code == CODE_INVALID_ARGUMENT)
		return wrap(err, code, "line %ju", (uintmax_t)tree.line);
	return code;
}

static enum code parse(struct front_matter *reader, struct input_file *file,
	struct reading *reading, struct arena *arena, struct error *err)
{
	enum code code = load(reader, file, err);
	if (code == CODE_OK)
		code = front_matter_decode(&reader->text, &reading->mends, &reading->line, err);
	if (code != CODE_OK)
		return code;
	struct slice text = slice_of(reader->text.data, reader->text.size);
	code = front_matter_split(text, &reading->parts, err);
	if (code == CODE_OK)
		code = read_front(reading, text, arena, err);
	if (code == CODE_OK && reading->parts.body.size > LIMIT_BODY_BYTES)
		return fail(err, CODE_INVALID_ARGUMENT, "the text is longer than %d bytes",
			LIMIT_BODY_BYTES);
	return code;
}

static bool is_blank(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] != ' ' && (text.data[i] < '\t' || text.data[i] > '\r'))
			return false;
	return true;
}

/* Why a file without fields is no post; NULL if it may be one. */
static const char *why_no_post(const struct reading *reading)
{
	if (reading->front != NULL)
		return NULL;
	if (is_blank(reading->parts.body))
		return "it is empty";
	if (reading->path.markup == MARKUP_HTML)
		return "it is HTML without front matter";
	return reading->path.readme ? "it is about the project and has no front matter" : NULL;
}

static void note_mends(const struct reading *reading, struct front_matter_draft *draft)
{
	if (reading->front == NULL)
		draft_note(draft, "no front matter");
	if (reading->mends.windows_1252)
		draft_note(draft, "read as Windows-1252, as it is not UTF-8");
	if (reading->tabs)
		draft_note(draft, "tabs in the indentation were read as blanks");
	if (reading->duplicate[0] != '\0')
		draft_note(draft, "'%s' stands twice, the last one was taken", reading->duplicate);
}

/* Fields that are left out are told once, with the first file that has them. */
static void note_unknown(struct front_matter *reader, const char *path, const struct value *front)
{
	const struct value *entry = front == NULL ? NULL : front->first;
	for (; entry != NULL; entry = entry->next) {
		bool told =
			front_matter_knows(entry->key) || reader->unknown_count == UNKNOWN_KEYS_MAX;
		for (size_t i = 0; !told && i < reader->unknown_count; i++)
			told = strncmp(reader->unknown[i].key, entry->key, VALUE_KEY_BYTES - 1) ==
			       0;
		if (told)
			continue;
		struct unknown *unknown = &reader->unknown[reader->unknown_count++];
		*unknown = (struct unknown){ .path = path, .line = entry->line };
		snprintf(unknown->key, sizeof unknown->key, "%s", entry->key);
	}
}

static void give(struct import_item *ret, enum item_state state, const char *reason)
{
	ret->state = state;
	front_matter_reason(reason, ret->reason, sizeof ret->reason);
}

/* The item of a file that was read. */
static enum code make_item(struct front_matter *reader, size_t file, struct reading *reading,
	struct arena *arena, struct import_item *ret, struct error *err)
{
	struct front_matter_draft *draft = arena_calloc(arena, 1, sizeof *draft);
	const char *other;
	if (draft == NULL)
		return fail_memory(err);
	draft->path = &reading->path;
	draft->front = reading->front;
	draft->body = reading->parts.body;
	draft->now_us = reader->now_us;
	draft->in_jekyll = reader->sites.has_posts;
	draft->listed = reader->files[file].listed;
	draft->arena = arena;
	note_mends(reading, draft);
	enum code code = front_matter_make(draft, err);
	if (code != CODE_OK)
		return code;
	const char *origin = draft->post->origin;
	ret->origin = origin[0] == '\0' ? draft->post->slug : origin;
	if (draft->is_page && !reader->pages) {
		give(ret, ITEM_SKIPPED, "it is a page, not a post");
		return CODE_OK;
	}
	if (!remember(reader, ret->origin, file, &other)) {
		char reason[512];
		snprintf(reason, sizeof reason,
			"its path in the folder that was named is also that of '%.100s': name the "
			"folder that holds both",
			other);
		give(ret, ITEM_REFUSED, reason);
		return CODE_OK;
	}
	note_unknown(reader, ret->path, reading->front);
	ret->message = &draft->post->base;
	ret->fields = draft->fields;
	give(ret, ITEM_READY, draft->notes);
	return CODE_OK;
}

/* What can be said from the path alone. */
static bool judge_path(const struct front_matter_path *path, struct import_item *ret)
{
	bool posts = path->in_posts || path->in_drafts || path->has_date;
	if (path->left_out != NULL)
		give(ret, ITEM_SKIPPED, path->left_out);
	else if (path->markup == MARKUP_FOREIGN && posts)
		give(ret, ITEM_REFUSED, "neither Markdown nor HTML: convert it to one of them");
	else if (path->markup == MARKUP_FOREIGN || path->markup == MARKUP_NONE)
		give(ret, ITEM_SKIPPED, "it is neither Markdown nor HTML");
	else
		return false;
	return true;
}

static enum code read_file(struct front_matter *reader, size_t number, struct arena *arena,
	struct import_item *ret, struct error *err)
{
	struct input_file *file = &reader->files[number];
	struct reading *reading = arena_calloc(arena, 1, sizeof *reading);
	if (reading == NULL)
		return fail_memory(err);
	*ret = (struct import_item){ .state = ITEM_READY,
		.kind = IMPORT_POST,
		.path = file->path,
		.line = 1,
		.origin = "" };
	front_matter_path_read(file, &reader->sites, &reading->path);
	char *origin = arena_text(arena, slice_of_text(reading->path.origin));
	if (origin == NULL)
		return fail_memory(err);
	ret->origin = origin;
	if (judge_path(&reading->path, ret)) {
		ret->line = 0;
		return CODE_OK;
	}
	struct error problem = { .code = CODE_OK };
	enum code code = parse(reader, file, reading, arena, &problem);
	if (code == CODE_RESOURCE_EXHAUSTED)
		return fail_memory(err);
	if (code != CODE_OK) {
		ret->line = reading->line == 0 ? 1 : reading->line;
		give(ret, ITEM_REFUSED, problem.text);
		return CODE_OK;
	}
	const char *reason = why_no_post(reading);
	if (reason != NULL) {
		give(ret, ITEM_SKIPPED, reason);
		return CODE_OK;
	}
	return make_item(reader, number, reading, arena, ret, err);
}

static enum code front_matter_next(struct import_source *source, struct arena *arena,
	struct import_item *ret, struct error *err)
{
	struct front_matter *reader = (struct front_matter *)source;
	if (reader->unknown_told < reader->unknown_count) {
		const struct unknown *unknown = &reader->unknown[reader->unknown_told++];
		*ret = (struct import_item){ .state = ITEM_NOTED,
			.kind = IMPORT_POST,
			.path = unknown->path,
			.line = unknown->line,
			.origin = "" };
		char reason[256];
		snprintf(reason, sizeof reason,
			"the field '%s' has no place in a post: left out here and in all files",
			unknown->key);
		give(ret, ITEM_NOTED, reason);
		return CODE_OK;
	}
	*ret = (struct import_item){ .state = ITEM_END };
	if (reader->file == reader->file_count)
		return CODE_OK;
	size_t number = reader->file++;
	source->path = reader->files[number].path;
	enum code code = read_file(reader, number, arena, ret, err);
	source->bytes_done += reader->files[number].size_bytes;
	return code == CODE_OK ? code : wrap(err, code, "'%s'", reader->files[number].path);
}

const struct import_format front_matter_format = {
	.name = "front-matter",
	.sniff = front_matter_sniff,
	.open = front_matter_open,
	.next = front_matter_next,
	.close = front_matter_close,
};
