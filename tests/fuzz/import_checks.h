/* Formats of imports: any bytes are read to the end, and every post and term that comes out is one
 * that the server could take. */
#pragma once
#include "base/limits.h"
#include "base/text.h"
#include "codec/message.h"
#include "importers/source.h"

#include <stdlib.h>

static void check(bool condition)
{
	if (!condition)
		abort();
}

static void check_text(const char *text, size_t bytes_max)
{
	struct slice slice = slice_of_text(text);
	check(slice.size <= bytes_max);
	check(text_find_invalid(slice) == slice.size);
}

static void check_term(const char *slug, const char *name)
{
	check(slug[0] == '\0' || text_is_slug(slice_of_text(slug)));
	check(name[0] != '\0');
	check_text(name, LIMIT_NAME_BYTES);
}

static void check_refs(Lectern__V1__TermRef *const *refs, size_t count, size_t max)
{
	check(count <= max);
	for (size_t i = 0; i < count; i++)
		check_term(refs[i]->slug, refs[i]->name);
}

static void check_post(const struct import_item *item)
{
	const Lectern__V1__Post *post = (const Lectern__V1__Post *)item->message;
	check(post->title[0] != '\0');
	check_text(post->title, LIMIT_TITLE_BYTES);
	check_text(post->excerpt, LIMIT_EXCERPT_BYTES);
	check_text(post->body, LIMIT_BODY_BYTES);
	check_text(post->origin, LIMIT_SLUG_BYTES);
	/* What an export has written may have none. */
	check(strcmp(post->origin[0] != '\0' ? post->origin : post->slug, item->origin) == 0);
	check(strchr(post->origin, '\n') == NULL);
	check(text_is_slug(slice_of_text(post->slug)));
	check(post->n_aliases <= LIMIT_ALIASES);
	for (size_t i = 0; i < post->n_aliases; i++)
		check(text_is_slug(slice_of_text(post->aliases[i])));
	check_refs(post->tags, post->n_tags, LIMIT_POST_TAGS);
	check_refs(post->categories, post->n_categories, LIMIT_POST_CATEGORIES);
	check_refs(post->authors, post->n_authors, LIMIT_POST_AUTHORS);
}

/* A tag, a category or an author. */
static void check_own_term(const struct import_item *item)
{
	const char *slug = message_text(item->message, "slug");
	check(text_is_slug(slice_of_text(slug)));
	check_term(slug, message_text(item->message, "name"));
	check_text(message_text(item->message, "description"), LIMIT_DESCRIPTION_BYTES);
	const ProtobufCMessage *parent =
		item->kind == IMPORT_CATEGORY ? message_child(item->message, "parent") : NULL;
	check(parent == NULL || strcmp(message_text(parent, "slug"), slug) != 0);
}

static void check_item(const struct import_item *item)
{
	/* It may quote the input; the report replaces what is no UTF-8. */
	check(strlen(item->reason) < sizeof item->reason);
	check_text(item->origin, LIMIT_SLUG_BYTES);
	check(item->path != NULL);
	if (item->state != ITEM_READY)
		return;
	check(item->fields != NULL && item->fields[0] != NULL);
	for (size_t i = 0; item->fields[i] != NULL; i++)
		check(message_has_field(item->message->descriptor, item->fields[i]));
	if (item->kind == IMPORT_POST)
		check_post(item);
	else
		check_own_term(item);
}

/* Reads the bytes as a file with that path. */
static inline void check_format(
	const struct import_format *format, const char *path, const uint8_t *data, size_t size)
{
	struct input_file file = { .path = (char *)(uintptr_t)path, .size_bytes = size };
	file.stream = input_temporary();
	if (file.stream == NULL || fwrite(data, 1, size, file.stream) != size)
		abort();
	struct source_options options = { .files = &file,
		.file_count = 1,
		.now_us = INT64_C(1700000000000000),
		.pages = size % 2 == 0,
		.internal_tags = size % 3 == 0 };
	struct import_source *source;
	(void)format->sniff(&file, slice_of(data, size));
	check(format->open(&options, &source, NULL) == CODE_OK);
	struct arena arena;
	struct import_item item = { .state = ITEM_NOTED };
	arena_init(&arena, LIMIT_ARENA_BYTES);
	for (;;) {
		struct error err;
		arena_reset(&arena);
		check(format->next(source, &arena, &item, &err) == CODE_OK);
		if (item.state == ITEM_END)
			break;
		check_item(&item);
	}
	arena_done(&arena);
	format->close(source);
	fclose(file.stream);
}
