/* The memory that an import of WordPress takes does not grow with its size. With a number of
 * megabytes in LECTERN_WXR_MEGABYTES the export has that many. */
#include "importers/wxr_memory.h"
#include "support/wordpress_items.h"

#if defined __SANITIZE_ADDRESS__
size_t __sanitizer_get_current_allocated_bytes(void);
#endif

enum { MEMORY_BYTES_MAX = 64 * 1024 * 1024, MEGABYTES = 20 };

/* What is allocated now; without a sanitizer, what the process has had at most. */
static size_t used_bytes(void)
{
#if defined __SANITIZE_ADDRESS__
	return __sanitizer_get_current_allocated_bytes();
#else
	size_t kilobytes = 0;
	char line[256];
	FILE *file = fopen("/proc/self/status", "r");
	while (file != NULL && fgets(line, sizeof line, file) != NULL)
		if (sscanf(line, "VmHWM: %zu", &kilobytes) == 1)
			break;
	if (file != NULL)
		fclose(file);
	return kilobytes * 1024;
#endif
}

static void put_item(FILE *file, unsigned n)
{
	fprintf(file,
		"<item><title><![CDATA[Post %u]]></title><dc:creator>author-%u</dc:creator>"
		"<guid>http://big.example/?p=%u</guid><wp:post_id>%u</wp:post_id>"
		"<wp:post_date_gmt>2020-01-02 03:04:05</wp:post_date_gmt>"
		"<wp:post_name>post-%u</wp:post_name><wp:status>publish</wp:status>"
		"<wp:post_type>%s</wp:post_type>"
		"<wp:attachment_url>http://big.example/%u.png</wp:attachment_url>"
		"<category domain=\"post_tag\" nicename=\"t%u\">T%u</category><content:encoded>"
		"<![CDATA[",
		n, n % 50, n, n, n, n % 8 == 0 ? "attachment" : "post", n, n % 2000, n % 2000);
	for (unsigned i = 0; i < 40 + n % 40; i++)
		fputs("A line of a post, as long as lines are, more or less.\n\n", file);
	if (n % 5000 == 1) /* the largest there are */
		for (unsigned i = 0; i < 3 * 1024; i++)
			fprintf(file, "%01000u\n", i);
	fputs("]]></content:encoded></item>\n", file);
}

static unsigned put_export(FILE *file, size_t bytes)
{
	unsigned count = 0;
	fputs("<rss xmlns:wp=\"http://wordpress.org/export/1.2/\"><channel>\n", file);
	while ((size_t)ftello(file) < bytes)
		put_item(file, count++);
	fputs("</channel></rss>\n", file);
	assert_int_equal(fflush(file), 0);
	return count;
}

static void test_memory(void **state)
{
	const char *given = getenv("LECTERN_WXR_MEGABYTES");
	size_t bytes = (size_t)(given == NULL ? MEGABYTES : atoi(given)) << 20;
	struct input_file file = { .path = (char *)"big.xml", .stream = tmpfile() };
	assert_non_null(file.stream);
	unsigned count = put_export(file.stream, bytes);
	file.size_bytes = (uint64_t)ftello(file.stream);
	struct source_options options = {
		.files = &file, .file_count = 1, .now_us = WORDPRESS_NOW_US
	};
	struct import_source *source;
	struct arena arena;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	assert_int_equal(wordpress_format.open(&options, &source, NULL), CODE_OK);
	size_t posts = 0;
	size_t terms = 0;
	size_t most = 0;
	struct import_item item = { .state = ITEM_NOTED };
	while (item.state != ITEM_END) {
		arena_reset(&arena);
		assert_int_equal(wordpress_format.next(source, &arena, &item, NULL), CODE_OK);
		assert_int_not_equal(item.state, ITEM_REFUSED);
		if (item.state == ITEM_READY)
			*(item.kind == IMPORT_POST ? &posts : &terms) += 1;
		most = used_bytes() > most ? used_bytes() : most;
	}
	assert_int_equal(posts, count - (count + 7) / 8);
	assert_int_equal(source->items_total, posts + terms);
	wordpress_format.close(source);
	arena_done(&arena);
	fclose(file.stream);
	printf("%zu MiB of export, %zu posts: at most %zu KiB of memory\n", bytes >> 20, posts,
		most >> 10);
	assert_true(most <= MEMORY_BYTES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_memory) };
	return cmocka_run_group_tests_name("wordpress_memory", tests, NULL, NULL);
}
