/* An export is read in memory that does not grow with it. LECTERN_GHOST_MB sets its size. */
#include "base/limits.h"
#include "importers/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

enum {
	DEFAULT_MB = 20,
	TAGS = 500,
	TAGS_OF_POST = 4,
	POST_TEXT_BYTES = 5000,
	GROWTH_KB_MAX = 4 * 1024,
	RELATION_BYTES = 16,
};

static size_t peak_kb(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	size_t kb = 0;
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL)
		if (sscanf(line, "VmHWM: %zu kB", &kb) == 1)
			break;
	fclose(file);
	return kb;
}

static void write_text(FILE *file, const char *field)
{
	fprintf(file, ",\"%s\":\"<p>", field);
	for (size_t i = 0; i < POST_TEXT_BYTES / 20; i++)
		fputs("words of a text, and ", file);
	fputs("</p>\"", file);
}

/* Posts first, as Ghost writes its tables in the order of their names. */
static size_t write_export(FILE *file, size_t bytes)
{
	size_t posts = 0;
	fputs("{\"db\":[{\"meta\":{\"version\":\"5.0.0\"},\"data\":{\"posts\":[", file);
	while ((size_t)ftello(file) < bytes) {
		fprintf(file,
			"%s{\"id\":\"64a0%020zx\",\"uuid\":\"u-%zu\",\"title\":\"Post "
			"%zu\",\"slug\":"
			"\"post-%zu\",\"status\":\"published\",\"published_at\":\"2023-07-01 "
			"10:00:00\"",
			posts == 0 ? "" : ",\n", posts, posts, posts, posts);
		write_text(file, "html");
		write_text(file, "lexical");
		write_text(file, "plaintext");
		fputs("}", file);
		posts++;
	}
	fputs("],\"posts_tags\":[", file);
	for (size_t i = 0; i < posts * TAGS_OF_POST; i++)
		fprintf(file,
			"%s{\"id\":\"64b0%020zx\",\"post_id\":\"64a0%020zx\",\"tag_id\":\"64c0%"
			"020zx\","
			"\"sort_order\":%zu}",
			i == 0 ? "" : ",\n", i, i / TAGS_OF_POST, i * 7 % TAGS, i % TAGS_OF_POST);
	fputs("],\"tags\":[", file);
	for (size_t i = 0; i < TAGS; i++)
		fprintf(file, "%s{\"id\":\"64c0%020zx\",\"name\":\"Tag %zu\",\"slug\":\"tag-%zu\"}",
			i == 0 ? "" : ",\n", i, i, i);
	fputs("],\"users\":[]}}]}", file);
	fflush(file);
	return posts;
}

static void test_memory(void **state)
{
	const char *given = getenv("LECTERN_GHOST_MB");
	size_t bytes = (given == NULL ? DEFAULT_MB : strtoul(given, NULL, 10)) << 20;
	struct input_file file = { .path = (char *)"export", .stream = tmpfile() };
	assert_non_null(file.stream);
	size_t posts = write_export(file.stream, bytes);
	size_t before_kb = peak_kb();
	struct source_options options = {
		.files = &file, .file_count = 1, .now_us = INT64_C(1700000000000000)
	};
	struct import_source *source;
	assert_int_equal(ghost_format.open(&options, &source, NULL), CODE_OK);
	struct arena arena;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	size_t found = 0;
	size_t tags = 0;
	for (;;) {
		struct import_item item;
		arena_reset(&arena);
		assert_int_equal(ghost_format.next(source, &arena, &item, NULL), CODE_OK);
		if (item.state == ITEM_END)
			break;
		assert_int_equal(item.state, ITEM_READY);
		found += item.kind == IMPORT_POST;
		if (item.kind == IMPORT_POST)
			tags += ((const Lectern__V1__Post *)item.message)->n_tags;
	}
	assert_int_equal(source->items_total, posts + TAGS);
	arena_done(&arena);
	ghost_format.close(source);
	fclose(file.stream);
	size_t growth_kb = peak_kb() - before_kb;
	printf("%zu posts in %zu MB: the peak is %zu kB, %zu kB of it for reading\n", posts,
		bytes >> 20, peak_kb(), growth_kb);
	assert_int_equal(found, posts);
	assert_int_equal(tags, posts * TAGS_OF_POST);
	if (SANITIZED) {
		print_message("memory is not looked at: the sanitizer keeps what is freed\n");
		skip();
	}
	/* A list that grows is there twice for a while, and sorting takes it once more. */
	assert_true(growth_kb < GROWTH_KB_MAX + 4 * posts * TAGS_OF_POST * RELATION_BYTES / 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_memory) };
	return cmocka_run_group_tests_name("ghost memory", tests, NULL, NULL);
}
