/* Exports of WordPress: any bytes are read to the end, and every item that comes out is one the
 * server could take. The first byte says how many are parsed at once. */
#include "base/limits.h"
#include "base/text.h"
#include "importers/source.h"
#include "importers/wxr_origin.h"
#include "importers/wxr_reader.h"

#include <lectern/v1/author.pb-c.h>
#include <lectern/v1/category.pb-c.h>
#include <lectern/v1/tag.pb-c.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
	check(text_is_slug(slice_of_text(slug)));
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
	check(post->origin[0] != '\0' && strcmp(post->origin, item->origin) == 0);
	check_text(post->origin, WXR_ORIGIN_BYTES);
	check(strchr(post->origin, '\n') == NULL);
	check(text_is_slug(slice_of_text(post->slug)));
	check(post->n_aliases <= LIMIT_ALIASES);
	for (size_t i = 0; i < post->n_aliases; i++)
		check(text_is_slug(slice_of_text(post->aliases[i])));
	check_refs(post->tags, post->n_tags, LIMIT_POST_TAGS);
	check_refs(post->categories, post->n_categories, LIMIT_POST_CATEGORIES);
	check_refs(post->authors, post->n_authors, LIMIT_POST_AUTHORS);
}

static void check_message(const struct import_item *item)
{
	const Lectern__V1__Category *category = (const Lectern__V1__Category *)item->message;
	const Lectern__V1__Tag *tag = (const Lectern__V1__Tag *)item->message;
	const Lectern__V1__Author *author = (const Lectern__V1__Author *)item->message;
	check(item->fields != NULL && item->fields[0] != NULL);
	switch (item->kind) {
	case IMPORT_POST:
		check_post(item);
		break;
	case IMPORT_TAG:
		check_term(tag->slug, tag->name);
		check_text(tag->description, LIMIT_DESCRIPTION_BYTES);
		break;
	case IMPORT_CATEGORY:
		check_term(category->slug, category->name);
		check_text(category->description, LIMIT_DESCRIPTION_BYTES);
		check(category->parent == NULL ||
			strcmp(category->parent->slug, category->slug) != 0);
		break;
	case IMPORT_AUTHOR:
		check_term(author->slug, author->name);
		break;
	case IMPORT_REVISION:
		check(false);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input_file file = { .path = (char *)"export.xml" };
	file.stream = input_temporary();
	size_t first = size > 0;
	if (file.stream == NULL ||
		fwrite(data + first, 1, size - first, file.stream) != size - first)
		abort();
	struct source_options options = {
		.files = &file, .file_count = 1, .now_us = INT64_C(1700000000000000), .pages = true
	};
	struct import_source *source;
	wxr_set_chunk_bytes(first ? data[0] : 0);
	check(wordpress_format.open(&options, &source, NULL) == CODE_OK);
	struct arena arena;
	struct import_item item = { .state = ITEM_NOTED };
	arena_init(&arena, LIMIT_ARENA_BYTES);
	while (item.state != ITEM_END) {
		arena_reset(&arena);
		struct error err;
		check(wordpress_format.next(source, &arena, &item, &err) == CODE_OK);
		check_text(item.reason, sizeof item.reason - 1);
		if (item.state == ITEM_READY)
			check_message(&item);
	}
	arena_done(&arena);
	wordpress_format.close(source);
	fclose(file.stream);
	return 0;
}
