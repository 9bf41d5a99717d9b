/*
 * The format "wordpress": exports of WordPress; see wxr_reader.h.
 *
 * Files are read twice. The first time for what posts refer to: terms, which some exports tell of
 * behind or only in the posts, and the addresses of featured images. The second time for the posts
 * themselves, one after the other.
 */
#include "base/limits.h"
#include "importers/source.h"
#include "importers/wxr_post.h"

#include <lectern/v1/author.pb-c.h>
#include <lectern/v1/category.pb-c.h>
#include <lectern/v1/tag.pb-c.h>
#include <stdio.h>
#include <stdlib.h>

/* In the order that things are told in. */
enum phase { PHASE_NOTES, PHASE_AUTHORS, PHASE_CATEGORIES, PHASE_TAGS, PHASE_POSTS };

struct wordpress {
	struct import_source source; /* the first member */
	struct input_file *files;    /* borrowed */
	size_t file_count;
	struct wxr_terms terms;
	struct wxr_covers covers;
	struct wxr_posts posts;
	enum phase phase;
	const struct wxr_note *note;
	uint32_t term;	/* that comes next */
	uint32_t depth; /* of the categories that are told */
	/* The second reading. */
	size_t file;
	bool is_open;
	struct wxr_reader reader;
	uint64_t bytes_before; /* of the files before */
};

static enum code fail_memory(struct error *err)
{
	return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
}

static bool contains(struct slice text, const char *part)
{
	return memmem(text.data, text.size, part, strlen(part)) != NULL;
}

/* The characters of ASCII, whatever the encoding. */
static struct slice narrow(struct slice head, uint8_t out[INPUT_HEAD_BYTES])
{
	size_t size = 0;
	for (size_t i = 0; i < head.size && size < INPUT_HEAD_BYTES; i++)
		if (head.data[i] > 0 && head.data[i] < 0x80)
			out[size++] = head.data[i];
	return slice_of(out, size);
}

static bool wordpress_sniff(const struct input_file *file, struct slice head)
{
	uint8_t text[INPUT_HEAD_BYTES];
	(void)file;
	head = narrow(head, text);
	while (head.size > 0 && head.data[0] <= ' ')
		head = slice_of(head.data + 1, head.size - 1);
	if (head.size == 0 || head.data[0] != '<')
		return false;
	return contains(head, "WordPress eXtended RSS") ||
	       (contains(head, "<rss") &&
		       (contains(head, "wordpress.org/export/") || contains(head, "xmlns:wp=")));
}

/* Tells how much of a file is left out. */
static bool note_counts(struct wordpress *wordpress, const struct wxr_reader *reader)
{
	const struct {
		uint64_t count, line;
		const char *what;
	} counts[] = {
		{ reader->comment_count, 0, "comments left out: " },
		{ reader->custom_field_count, 0, "custom fields (wp:postmeta) left out: " },
		{ reader->control_count, reader->first_control_line,
			"control characters, which XML forbids, left out from here on: " },
	};
	char text[256];
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		if (counts[i].count == 0)
			continue;
		snprintf(text, sizeof text, "%s%ju", counts[i].what, (uintmax_t)counts[i].count);
		if (!wxr_terms_note(&wordpress->terms, reader->input.path, counts[i].line, text))
			return false;
	}
	return true;
}

static enum code index_record(
	struct wordpress *wordpress, const struct wxr_reader *reader, struct error *err)
{
	char reason[256];
	if (reader->record != WXR_ITEM)
		return wxr_terms_take(&wordpress->terms, reader, err);
	wxr_covers_take(&wordpress->covers, reader);
	if (!wxr_is_wanted(reader, wordpress->posts.pages, reason))
		return CODE_OK;
	wordpress->source.items_total++;
	return wxr_terms_take_item(&wordpress->terms, reader, err);
}

/* The first reading of one file. What is wrong with it is told by the second. */
static enum code index_file(struct wordpress *wordpress, size_t file, struct error *err)
{
	struct wxr_reader reader;
	enum code code = input_make_seekable(&wordpress->files[file], err);
	if (code == CODE_OK)
		code = wxr_open(&reader, &wordpress->files[file], true, err);
	if (code != CODE_OK)
		return code;
	enum wxr_event event = WXR_RECORD;
	while (code == CODE_OK && event == WXR_RECORD) {
		code = wxr_next(&reader, &event, err);
		if (code == CODE_OK && event == WXR_RECORD)
			code = index_record(wordpress, &reader, err);
	}
	wordpress->source.items_total += event == WXR_DAMAGED;
	if (code == CODE_OK && !note_counts(wordpress, &reader))
		code = fail_memory(err);
	wxr_close(&reader);
	return code;
}

static void wordpress_close(struct import_source *source)
{
	struct wordpress *wordpress = (struct wordpress *)source;
	if (wordpress == NULL)
		return;
	if (wordpress->is_open)
		wxr_close(&wordpress->reader);
	wxr_terms_done(&wordpress->terms);
	wxr_covers_done(&wordpress->covers);
	wxr_posts_done(&wordpress->posts);
	free(wordpress);
}

static void closep(struct wordpress **wordpress)
{
	if (*wordpress != NULL)
		wordpress_close(&(*wordpress)->source);
}

static enum code arrange(struct wordpress *wordpress, struct error *err)
{
	struct wxr_terms *terms = &wordpress->terms;
	enum code code = wxr_terms_arrange(terms, err);
	if (code != CODE_OK)
		return code;
	wxr_covers_sort(&wordpress->covers);
	if (wordpress->covers.incomplete &&
		!wxr_terms_note(terms, wordpress->files[0].path, 0,
			"there are too many attachments: some featured images are left out"))
		return fail_memory(err);
	for (uint32_t i = 0; i < terms->count; i++)
		wordpress->source.items_total += terms->terms[i].same == WXR_NO_TERM;
	wordpress->note = terms->notes;
	return CODE_OK;
}

static enum code wordpress_open(
	const struct source_options *options, struct import_source **ret, struct error *err)
{
	AUTO(closep) struct wordpress *wordpress = calloc(1, sizeof *wordpress);
	if (wordpress == NULL)
		return fail_memory(err);
	wordpress->source = (struct import_source){ .format = &wordpress_format };
	wordpress->files = options->files;
	wordpress->file_count = options->file_count;
	wxr_terms_init(&wordpress->terms);
	wxr_covers_init(&wordpress->covers);
	wxr_posts_init(&wordpress->posts);
	wordpress->posts.terms = &wordpress->terms;
	wordpress->posts.covers = &wordpress->covers;
	wordpress->posts.pages = options->pages;
	wordpress->posts.now_us = options->now_us;
	enum code code = CODE_OK;
	for (size_t i = 0; code == CODE_OK && i < options->file_count; i++)
		code = index_file(wordpress, i, err);
	if (code == CODE_OK)
		code = arrange(wordpress, err);
	if (code != CODE_OK)
		return code;
	*ret = &wordpress->source;
	wordpress = NULL; /* the caller owns it now */
	return CODE_OK;
}

static void take_note(struct wordpress *wordpress, struct import_item *ret)
{
	const struct wxr_note *note = wordpress->note;
	*ret = (struct import_item){ .state = ITEM_NOTED,
		.kind = IMPORT_POST,
		.path = note->path,
		.line = note->line,
		.origin = "" };
	snprintf(ret->reason, sizeof ret->reason, "%s", note->text);
	wordpress->note = note->next;
}

static ProtobufCMessage *make_category(
	const struct wxr_terms *terms, const struct wxr_term *term, struct arena *arena)
{
	Lectern__V1__Category *category = arena_alloc(arena, sizeof *category);
	Lectern__V1__TermRef *parent = arena_alloc(arena, sizeof *parent);
	if (category == NULL || parent == NULL)
		return NULL;
	lectern__v1__category__init(category);
	lectern__v1__term_ref__init(parent);
	category->slug = (char *)(uintptr_t)term->slug;
	category->name = (char *)(uintptr_t)term->name;
	category->description = (char *)(uintptr_t)term->description;
	if (term->parent == WXR_NO_TERM)
		return &category->base;
	parent->slug = (char *)(uintptr_t)terms->terms[term->parent].slug;
	parent->name = (char *)(uintptr_t)terms->terms[term->parent].name;
	category->parent = parent;
	return &category->base;
}

static ProtobufCMessage *make_tag(const struct wxr_term *term, struct arena *arena)
{
	Lectern__V1__Tag *tag = arena_alloc(arena, sizeof *tag);
	if (tag == NULL)
		return NULL;
	lectern__v1__tag__init(tag);
	tag->slug = (char *)(uintptr_t)term->slug;
	tag->name = (char *)(uintptr_t)term->name;
	tag->description = (char *)(uintptr_t)term->description;
	return &tag->base;
}

static ProtobufCMessage *make_author(const struct wxr_term *term, struct arena *arena)
{
	Lectern__V1__Author *author = arena_alloc(arena, sizeof *author);
	if (author == NULL)
		return NULL;
	lectern__v1__author__init(author);
	author->slug = (char *)(uintptr_t)term->slug;
	author->name = (char *)(uintptr_t)term->name;
	return &author->base;
}

/* What an export says of an author is the name; of a term that only its posts name as well. */
static const char *const name_field[] = { "name", NULL };
static const char *const tag_fields[] = { "name", "description", NULL };
static const char *const category_fields[] = { "name", "description", "parent", NULL };

static enum code take_term(struct wordpress *wordpress, const struct wxr_term *term,
	struct arena *arena, struct import_item *ret, struct error *err)
{
	*ret = (struct import_item){ .state = ITEM_READY,
		.kind = term->kind,
		.path = term->path,
		.line = term->line,
		.origin = term->slug,
		.fields = name_field };
	if (term->kind == IMPORT_CATEGORY) {
		ret->message = make_category(&wordpress->terms, term, arena);
		if (term->defined)
			ret->fields = category_fields;
	} else if (term->kind == IMPORT_TAG) {
		ret->message = make_tag(term, arena);
		if (term->defined)
			ret->fields = tag_fields;
	} else {
		ret->message = make_author(term, arena);
	}
	if (term->note != NULL)
		snprintf(ret->reason, sizeof ret->reason, "%s", term->note);
	return ret->message == NULL ? fail_memory(err) : CODE_OK;
}

/* The next term of the phase; NULL: there are no more. */
static const struct wxr_term *next_term(struct wordpress *wordpress)
{
	static const enum import_kind kinds[] = { [PHASE_AUTHORS] = IMPORT_AUTHOR,
		[PHASE_CATEGORIES] = IMPORT_CATEGORY,
		[PHASE_TAGS] = IMPORT_TAG };
	const struct wxr_terms *terms = &wordpress->terms;
	bool deep = wordpress->phase == PHASE_CATEGORIES;
	for (; wordpress->depth <= (deep ? LIMIT_CATEGORY_DEPTH : 1); wordpress->depth++) {
		while (wordpress->term < terms->count) {
			const struct wxr_term *term = &terms->terms[wordpress->term++];
			if (term->kind == kinds[wordpress->phase] && term->same == WXR_NO_TERM &&
				(!deep || term->depth == wordpress->depth))
				return term;
		}
		wordpress->term = 0;
	}
	return NULL;
}

/* Reads the next record of the second reading, going from file to file. *ret_event is WXR_END
 * behind the last one. */
static enum code next_record(
	struct wordpress *wordpress, enum wxr_event *ret_event, struct error *err)
{
	*ret_event = WXR_END;
	while (wordpress->file < wordpress->file_count) {
		struct input_file *file = &wordpress->files[wordpress->file];
		enum code code = CODE_OK;
		if (!wordpress->is_open)
			code = wxr_open(&wordpress->reader, file, false, err);
		if (code != CODE_OK)
			return code;
		wordpress->is_open = true;
		wordpress->source.path = file->path;
		code = wxr_next(&wordpress->reader, ret_event, err);
		uint64_t read = wordpress->reader.input.offset;
		wordpress->source.bytes_done = wordpress->bytes_before + read;
		if (code != CODE_OK || *ret_event == WXR_RECORD)
			return code;
		if (*ret_event == WXR_DAMAGED && read < file->size_bytes)
			wordpress->source.bytes_done = wordpress->bytes_before + file->size_bytes;
		wordpress->bytes_before = wordpress->source.bytes_done;
		wordpress->file++;
		wordpress->is_open = false;
		if (*ret_event == WXR_DAMAGED)
			return CODE_OK; /* the caller closes it */
		wxr_close(&wordpress->reader);
	}
	return CODE_OK;
}

static void take_damage(struct wordpress *wordpress, struct import_item *ret)
{
	struct wxr_reader *reader = &wordpress->reader;
	*ret = (struct import_item){ .state = ITEM_REFUSED,
		.kind = IMPORT_POST,
		.path = reader->input.path,
		.line = reader->damage_line,
		.origin = "" };
	size_t used = 0;
	if (reader->context == WXR_ITEM)
		used = (size_t)snprintf(ret->reason, sizeof ret->reason,
			"in the item that begins in line %ju: ", (uintmax_t)reader->line);
	snprintf(ret->reason + used, sizeof ret->reason - used, "%s", reader->damage.text);
	wxr_close(reader);
}

static enum code take_post(struct wordpress *wordpress, struct arena *arena,
	struct import_item *ret, struct error *err)
{
	enum wxr_event event;
	*ret = (struct import_item){ .state = ITEM_END };
	for (;;) {
		enum code code = next_record(wordpress, &event, err);
		if (code != CODE_OK || event == WXR_END)
			return code;
		if (event == WXR_DAMAGED) {
			take_damage(wordpress, ret);
			return CODE_OK;
		}
		if (wordpress->reader.record == WXR_ITEM)
			return wxr_make_post(
				&wordpress->posts, &wordpress->reader, arena, ret, err);
	}
}

static enum code wordpress_next(struct import_source *source, struct arena *arena,
	struct import_item *ret, struct error *err)
{
	struct wordpress *wordpress = (struct wordpress *)source;
	if (wordpress->note != NULL) {
		take_note(wordpress, ret);
		return CODE_OK;
	}
	while (wordpress->phase != PHASE_POSTS) {
		const struct wxr_term *term =
			wordpress->phase == PHASE_NOTES ? NULL : next_term(wordpress);
		if (term != NULL)
			return take_term(wordpress, term, arena, ret, err);
		wordpress->phase++;
		wordpress->term = 0;
		wordpress->depth = 1;
	}
	return take_post(wordpress, arena, ret, err);
}

const struct import_format wordpress_format = {
	.name = "wordpress",
	.sniff = wordpress_sniff,
	.open = wordpress_open,
	.next = wordpress_next,
	.close = wordpress_close,
};
