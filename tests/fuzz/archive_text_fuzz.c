/* Archive pages: any bytes are read to the end, and every post that comes out is one the server
 * could take. */
#include "base/limits.h"
#include "base/text.h"
#include "importers/source.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A server that has every third slug. */
static enum code find(void *arg, const char *const *slugs, size_t count, struct arena *arena,
	const Lectern__V1__Post **ret, struct error *err)
{
	static Lectern__V1__Post post;
	(void)arg;
	(void)arena;
	(void)err;
	lectern__v1__post__init(&post);
	post.title = (char *)"Title";
	for (size_t i = 0; i < count; i++) {
		post.id = strlen(slugs[i]);
		post.slug = (char *)slugs[i];
		ret[i] = post.id % 3 == 0 && count == 1 ? &post : NULL;
	}
	return CODE_OK;
}

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

static void check_post(const Lectern__V1__Post *post)
{
	check(post->title[0] != '\0');
	check_text(post->title, LIMIT_TITLE_BYTES);
	check_text(post->body, LIMIT_BODY_BYTES);
	check(text_is_slug(slice_of_text(post->slug)));
	check(post->publish_time != NULL);
	check(post->n_tags + post->n_categories + post->n_authors > 0);
	for (size_t i = 0; i < post->n_tags; i++)
		check_text(post->tags[i]->name, LIMIT_NAME_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input_file file = { .path = (char *)"page", .size_bytes = size };
	file.stream = input_temporary();
	if (file.stream == NULL || fwrite(data, 1, size, file.stream) != size)
		abort();
	struct source_options options = { .files = &file,
		.file_count = 1,
		.newest_time_us = INT64_C(1577836800000000),
		.now_us = INT64_C(1700000000000000),
		.lookup = { .find = find } };
	struct import_source *source;
	if (archive_text_format.open(&options, &source, NULL) == CODE_OK) {
		struct arena arena;
		struct import_item item = { .state = ITEM_NOTED };
		arena_init(&arena, LIMIT_ARENA_BYTES);
		while (item.state != ITEM_END) {
			arena_reset(&arena);
			struct error err;
			check(archive_text_format.next(source, &arena, &item, &err) == CODE_OK);
			if (item.state == ITEM_READY)
				check_post((const Lectern__V1__Post *)item.message);
			else
				check_text(item.reason, sizeof item.reason);
		}
		arena_done(&arena);
		archive_text_format.close(source);
	}
	fclose(file.stream);
	return 0;
}
