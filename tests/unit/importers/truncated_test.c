/* Inputs that end too early, in every format, at every hundredth of their length: nothing is given
 * that the whole does not have, and reading ends. */
#include "support/import_items.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { STEPS = 100, ITEMS_MAX = 1000 };

static enum code find_nothing(void *arg, const char *const *slugs, size_t count,
	struct arena *arena, const Lectern__V1__Post **ret, struct error *err)
{
	for (size_t i = 0; i < count; i++)
		ret[i] = NULL;
	return CODE_OK;
}

/* How many posts and terms are to be written. */
static size_t read_ready(const struct import_format *format, const char *path, struct slice bytes)
{
	FILE *stream = tmpfile();
	assert_non_null(stream);
	assert_int_equal(fwrite(bytes.data, 1, bytes.size, stream), bytes.size);
	struct input_file file = {
		.path = (char *)(uintptr_t)path, .stream = stream, .size_bytes = bytes.size
	};
	struct source_options options = { .files = &file,
		.file_count = 1,
		.newest_time_us = INT64_C(1600000000000000),
		.now_us = INT64_C(1700000000000000),
		.lookup = { .find = find_nothing } };
	struct import_source *source;
	struct error err;
	if (format->open(&options, &source, &err) != CODE_OK)
		fail_msg("%s", err.text);
	struct arena arena;
	struct import_item item = { .state = ITEM_NOTED };
	size_t ready = 0;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	for (size_t i = 0; item.state != ITEM_END; i++) {
		assert_true(i < ITEMS_MAX);
		arena_reset(&arena);
		if (format->next(source, &arena, &item, &err) != CODE_OK)
			fail_msg("%s", err.text);
		if (item.state == ITEM_REFUSED || item.state == ITEM_SKIPPED)
			assert_string_not_equal(item.reason, "");
		ready += item.state == ITEM_READY;
	}
	arena_done(&arena);
	format->close(source);
	fclose(stream);
	return ready;
}

static const struct {
	const struct import_format *format;
	const char *sample, *path;
} samples[] = {
	{ &jsonl_format, "tests/data/jsonl/sample.jsonl", "sample.jsonl" },
	{ &archive_text_format, "tests/data/archive-text/overlap/1-tag-storage.txt",
		"storage.txt" },
	{ &front_matter_format, "tests/data/front-matter/_posts/2019-07-02-one-file-a-post.md",
		"_posts/2019-07-02-one-file-a-post.md" },
	{ &front_matter_format, "tests/data/front-matter/_posts/2021-02-03-html.html",
		"_posts/2021-02-03-html.html" },
	{ &front_matter_format, "tests/data/front-matter/content/blog/a-bundle/index.md",
		"content/blog/a-bundle/index.md" },
	{ &front_matter_format, "tests/data/front-matter/content/blog/in-json.md",
		"content/blog/in-json.md" },
	{ &wordpress_format, "tests/data/wordpress/version-1.2.xml", "version-1.2.xml" },
	{ &ghost_format, "tests/data/ghost/v5.json", "v5.json" },
};

static void truncated(void **state)
{
	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		size_t size;
		char *bytes = import_items_sample(samples[i].sample, &size);
		if (bytes == NULL)
			fail_msg("%s is not there", samples[i].sample);
		print_message("%s\n", samples[i].sample);
		size_t whole = read_ready(
			samples[i].format, samples[i].path, slice_of((uint8_t *)bytes, size));
		assert_true(whole > 0);
		for (size_t step = 0; step < STEPS; step++) {
			size_t cut = size * step / STEPS;
			assert_true(read_ready(samples[i].format, samples[i].path,
					    slice_of((uint8_t *)bytes, cut)) <= whole);
		}
		free(bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(truncated) };
	return cmocka_run_group_tests_name("truncated", tests, NULL, NULL);
}
