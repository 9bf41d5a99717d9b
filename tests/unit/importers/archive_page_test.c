#include "importers/archive_page.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/*
 * What a page holds, written down: "tag NAME", "category NAME" or "author NAME"; "post TITLE" and
 * its body's lines, each after "| "; "refused LINE REASON".
 */
static void describe(const char *text, size_t size, struct buffer *out)
{
	struct input_file file = { .path = (char *)"page", .stream = tmpfile() };
	assert_non_null(file.stream);
	assert_int_equal(fwrite(text, 1, size, file.stream), size);
	struct input input;
	struct page_reader reader;
	assert_int_equal(input_open(&file, &input, NULL), CODE_OK);
	page_reader_init(&reader, &input);
	enum page_event event = PAGE_HEADER;
	static const char *const kinds[] = { "?", "tag", "category", "author" };
	while (event != PAGE_END) {
		assert_int_equal(page_next(&reader, &event, NULL), CODE_OK);
		if (event == PAGE_HEADER) {
			buffer_printf(out, "%s %.*s\n", kinds[reader.kind], (int)reader.name.size,
				(char *)reader.name.data);
		} else if (event == PAGE_POST) {
			buffer_printf(out, "post %.*s\n", (int)reader.title.size,
				(char *)reader.title.data);
			char *body = buffer_text(&reader.body);
			for (char *line = body; line != NULL && *body != '\0';) {
				char *end = strchr(line, '\n');
				buffer_printf(out, "| %.*s\n",
					end == NULL ? (int)strlen(line) : (int)(end - line), line);
				line = end == NULL ? NULL : end + 1;
			}
		} else if (event == PAGE_REFUSED) {
			buffer_printf(out, "refused %ju %s\n", (uintmax_t)reader.refused_line,
				reader.refusal.text);
		}
	}
	page_reader_done(&reader);
	input_close(&input);
	fclose(file.stream);
}

#define BEGIN "refused 1 the page does not begin with \"Tag: NAME\", \"Category: NAME\" or "
#define BEGIN_END "\"Author: NAME\"\n"

static const struct {
	const char *label, *text, *want;
} cases[] = {
	{ "one post", "Tag: A\n\n  • Title\n\n    Text.\n", "tag A\npost Title\n| Text.\n" },
	{ "empty", "", "" },
	{ "empty lines only", "\n \n\t\n", "" },
	{ "no posts", "Tag: A\n", "tag A\n" },
	{ "no final newline", "Tag: A\n  • T\n\n    Text.", "tag A\npost T\n| Text.\n" },
	{ "byte-order mark", "\xEF\xBB\xBFTag: A\n  • T\n", "tag A\npost T\n" },
	{ "CRLF", "Tag: A\r\n\r\n  • T\r\n\r\n    One.\r\n\r\n    Two.\r\n",
		"tag A\npost T\n| One.\n| \n| Two.\n" },
	{ "tabs", "Tag: A\n\t• T\n\n\t\tOne.\n\t\tTwo.\n", "tag A\npost T\n| One. Two.\n" },
	{ "trailing blanks", "Tag: A  \n  • T \t \n   \n    One.  \n", "tag A\npost T\n| One.\n" },
	{ "category", "Category: AI & Machine Learning\n", "category AI & Machine Learning\n" },
	{ "author", "Author: Zoë\n", "author Zoë\n" },
	{ "header in any case", "TAG :  A  b\n", "tag A b\n" },
	{ "header with references", "Category: AI &amp; ML\n", "category AI & ML\n" },
	{ "empty lines before the header", "\n\n  Tag: A\n  • T\n", "tag A\npost T\n" },
	{ "wrapped title", "Tag: A\n  • A long\n    title\n\n    Text.\n",
		"tag A\npost A long title\n| Text.\n" },
	{ "title on the line after", "Tag: A\n  •\n    Title\n", "tag A\npost Title\n" },
	{ "bullet without a blank", "Tag: A\n  •Title\n", "tag A\npost Title\n" },
	{ "other bullets", "Tag: A\n  * One\n\n  - Two\n\n  • Three\n",
		"tag A\npost One\npost Two\npost Three\n" },
	{ "a bullet further in is text", "Tag: A\n  - One\n\n    - point one.\n    - point two.\n",
		"tag A\npost One\n| \\- point one. - point two.\n" },
	{ "a bullet further out", "Tag: A\n    • One\n\n  • Two\n\n    • Three\n",
		"tag A\npost One\npost Two\npost Three\n" },
	{ "no empty line before a bullet", "Tag: A\n • One\n\n   Text.\n • Two\n",
		"tag A\npost One\n| Text.\npost Two\n" },
	{ "a dash that is no bullet", "Tag: A\n  • One\n\n  -5 degrees.\n",
		"tag A\npost One\n| \\-5 degrees.\n" },
	{ "heading", "Tag: A\n • T\n\n   Part one\n\n   Text.\n",
		"tag A\npost T\n| ## Part one\n| \n| Text.\n" },
	{ "a question is no heading", "Tag: A\n • T\n\n   Why?\n", "tag A\npost T\n| Why?\n" },
	{ "a quoted sentence is no heading", "Tag: A\n • T\n\n   He said “go.”\n",
		"tag A\npost T\n| He said “go.”\n" },
	{ "a heading in brackets", "Tag: A\n • T\n\n   Setup (optional)\n",
		"tag A\npost T\n| ## Setup (optional)\n" },
	{ "two lines are no heading", "Tag: A\n • T\n\n   Part\n   one\n",
		"tag A\npost T\n| Part one\n" },
	{ "80 characters are a heading",
		"Tag: A\n • T\n\n   "
		"äbcdefghi äbcdefghi äbcdefghi äbcdefghi äbcdefghi äbcdefghi äbcdefghi "
		"äbcdefghij\n",
		"tag A\npost T\n| ## "
		"äbcdefghi äbcdefghi äbcdefghi äbcdefghi äbcdefghi äbcdefghi äbcdefghi "
		"äbcdefghij\n" },
	{ "81 characters are none",
		"Tag: A\n • T\n\n   "
		"äbcdefghi äbcdefghi äbcdefghi äbcdefghi äbcdefghi äbcdefghi äbcdefghi "
		"äbcdefghijk\n",
		"tag A\npost T\n| "
		"äbcdefghi äbcdefghi äbcdefghi äbcdefghi äbcdefghi äbcdefghi äbcdefghi "
		"äbcdefghijk\n" },
	{ "references", "Tag: A\n • &ldquo;R&amp;D&rdquo; &#8217;25\n\n   a &lt; b &amp;amp; c.\n",
		"tag A\npost “R&D” ’25\n| a \\< b \\&amp; c.\n" },
	{ "markup is text", "Tag: A\n • <b>T</b>\n\n   <script>x</script> & <!-- y -->.\n",
		"tag A\npost <b>T</b>\n| \\<script>x\\</script> & \\<!-- y -->.\n" },
	{ "a reference to a line feed", "Tag: A\n • T\n\n   a&#10;# b.\n",
		"tag A\npost T\n| a # b.\n" },
	{ "typographic quotes", "Tag: A\n • It’s “so”\n\n   ‘Yes’ — it’s…\n",
		"tag A\npost It’s “so”\n| ‘Yes’ — it’s…\n" },
	{ "text that is not indented", "Tag: A\n• T\n\nOne.\n\nTwo.\n",
		"tag A\npost T\n| One.\n| \n| Two.\n" },
	{ "two pages in one file", "Tag: A\n • T\n\n   x.\n\nCategory: B\n  • U\n",
		"tag A\npost T\n| x.\ncategory B\npost U\n" },
	{ "no header", "  • T\n\n    Text.\n", BEGIN BEGIN_END },
	{ "another header", "\nKeyword: A\n  • T\n",
		"refused 2 the page does not begin with \"Tag: NAME\", \"Category: NAME\" or "
		"\"Author: NAME\"\n" },
	{ "a page after one without header", "  • T\nTag: B\n  • U\n",
		BEGIN BEGIN_END "tag B\npost U\n" },
	{ "header without a name", "Tag:\n  • T\n\nTag: B\n  • U\n",
		"refused 1 the header has no name\ntag B\npost U\n" },
	{ "text before the first bullet", "Tag: A\n\n    Text.\n\n    More.\n\n  • T\n",
		"tag A\nrefused 3 text before the first bullet; a post begins with \"• Title\"\n"
		"post T\n" },
	{ "bullet without a title", "Tag: A\n  •\n\n    Text.\n\n  • T\n",
		"tag A\nrefused 2 the bullet has no title\npost T\n" },
	{ "not UTF-8", "Tag: A\n  • T\n\n    caf\xE9.\n\n  • U\n",
		"tag A\nrefused 2 line 4 holds a byte that is not UTF-8 (0xe9); save it as UTF-8\n"
		"post U\n" },
	{ "a title that is not UTF-8", "Tag: A\n  • caf\xE9\n\n    x.\n  • U\n",
		"tag A\nrefused 2 line 2 holds a byte that is not UTF-8 (0xe9); save it as UTF-8\n"
		"post U\n" },
	{ "a header that is not UTF-8", "Tag: \xE9\n  • T\n",
		"refused 1 the header is not UTF-8; save the file as UTF-8\n" },
	{ "empty blocks", "Tag: A\n • T\n\n   &#32;\n\n   x.\n", "tag A\npost T\n| x.\n" },
};

static void test_pages(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buffer got;
		buffer_init(&got, 1 << 20);
		describe(cases[i].text, strlen(cases[i].text), &got);
		if (strcmp(buffer_text(&got), cases[i].want) != 0)
			fail_msg("%s: got\n%swant\n%s", cases[i].label, buffer_text(&got),
				cases[i].want);
		buffer_done(&got);
	}
}

static void test_nul(void **state)
{
	static const char text[] = "Tag: A\n  • T\n\n    a\0b.\n  • U\n";
	struct buffer got;
	buffer_init(&got, 1 << 20);
	describe(text, sizeof text - 1, &got);
	assert_string_equal(buffer_text(&got),
		"tag A\n"
		"refused 2 line 4 holds a byte that is not UTF-8 (0x00); save it as UTF-8\n"
		"post U\n");
	buffer_done(&got);
}

/* A page with one post whose title or body has `count` letters. */
static char *make_large(const char *before, size_t count, const char *after)
{
	char *text = malloc(count + 100);
	size_t size = (size_t)sprintf(text, "%s", before);
	memset(text + size, 'x', count);
	sprintf(text + size + count, "%s", after);
	return text;
}

static void test_limits(void **state)
{
	static const struct {
		const char *label, *before;
		size_t count;
		const char *after, *want;
	} limits[] = {
		{ "title", "Tag: A\n • ", 1025, "\n\n   Text.\n • U\n",
			"tag A\nrefused 2 title: over the limit of 1024 bytes\npost U\n" },
		{ "long title", "Tag: A\n • ", 5000000, "\n • U\n",
			"tag A\nrefused 2 title: over the limit of 1024 bytes\npost U\n" },
		{ "body", "Tag: A\n • T\n\n   ", 4194305, "\n • U\n",
			"tag A\nrefused 2 body: over the limit of 4194304 bytes\npost U\n" },
		{ "line", "Tag: A\n • T\n\n   ", 17000000, "\n • U\n",
			"tag A\nrefused 2 line 4 is longer than 16777216 bytes\npost U\n" },
		{ "name", "Tag: ", 201, "\n • U\n",
			"refused 1 the header's name is longer than 200 bytes\n" },
	};
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		char *text = make_large(limits[i].before, limits[i].count, limits[i].after);
		struct buffer got;
		buffer_init(&got, 1 << 20);
		describe(text, strlen(text), &got);
		if (strcmp(buffer_text(&got), limits[i].want) != 0)
			fail_msg("%s: got\n%s", limits[i].label, buffer_text(&got));
		buffer_done(&got);
		free(text);
	}
}

/* Posts of all files of a directory; -1 if there is no such directory. */
static int count_posts(const char *directory, unsigned *ret_headings)
{
	const char *paths[] = { directory };
	struct input_files files;
	if (input_list(paths, 1, &files, NULL) != CODE_OK)
		return -1;
	int posts = 0;
	*ret_headings = 0;
	for (size_t i = 0; i < files.count; i++) {
		struct input input;
		struct page_reader reader;
		assert_int_equal(input_open(&files.files[i], &input, NULL), CODE_OK);
		page_reader_init(&reader, &input);
		enum page_event event = PAGE_HEADER;
		while (event != PAGE_END) {
			assert_int_equal(page_next(&reader, &event, NULL), CODE_OK);
			assert_int_not_equal(event, PAGE_REFUSED);
			posts += event == PAGE_POST;
			if (event == PAGE_POST)
				for (const char *at = buffer_text(&reader.body);
					(at = strstr(at, "## ")) != NULL; at++)
					++*ret_headings;
		}
		page_reader_done(&reader);
		input_close(&input);
	}
	input_files_done(&files);
	return posts;
}

static void test_seeds(void **state)
{
	char directory[512];
	const char *source = getenv("LECTERN_SOURCE");
	snprintf(directory, sizeof directory, "%s/../shared/data/seeds",
		source == NULL ? "." : source);
	unsigned headings;
	int posts = count_posts(directory, &headings);
	if (posts < 0) {
		print_message("no pages in %s\n", directory);
		skip();
	}
	assert_int_equal(posts, 49);
	assert_int_equal(headings, 105);
}

static void test_sniff(void **state)
{
	static const struct {
		const char *text;
		bool want;
	} heads[] = {
		{ "Tag: A\n", true },
		{ "\xEF\xBB\xBF\n  category : B", true },
		{ "Author:\n", true },
		{ "", false },
		{ "{\"title\": \"Tag: A\"}", false },
		{ "Title: A\n", false },
		{ "---\ntag: A\n", false },
	};
	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
		if (page_sniff(NULL, slice_of_text(heads[i].text)) != heads[i].want)
			fail_msg("%s", heads[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_seeds),
		cmocka_unit_test(test_sniff),
	};
	return cmocka_run_group_tests_name("archive_page", tests, NULL, NULL);
}
