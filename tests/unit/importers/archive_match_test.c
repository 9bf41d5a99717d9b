#include "importers/archive_match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A post of the server. Its id is its place in the list, from 1. */
struct known {
	const char *slug, *former_slug, *title, *body, *tag, *category;
};

static const struct known *server;
static size_t server_count;
static Lectern__V1__Post posts[16];
static Lectern__V1__TermRef tags[16], categories[16];
static Lectern__V1__TermRef *tag_lists[16][1], *category_lists[16][1];

static void set_server(const struct known *known)
{
	server = known;
	for (server_count = 0; server_count < 16 && known[server_count].slug != NULL;
		server_count++) {
		const struct known *from = &known[server_count];
		Lectern__V1__Post *post = &posts[server_count];
		lectern__v1__post__init(post);
		post->id = server_count + 1;
		post->slug = (char *)from->slug;
		post->title = (char *)from->title;
		post->body = (char *)from->body;
		lectern__v1__term_ref__init(&tags[server_count]);
		lectern__v1__term_ref__init(&categories[server_count]);
		tags[server_count].name = (char *)from->tag;
		categories[server_count].name = (char *)from->category;
		tag_lists[server_count][0] = &tags[server_count];
		category_lists[server_count][0] = &categories[server_count];
		post->tags = tag_lists[server_count];
		post->n_tags = from->tag != NULL;
		post->categories = category_lists[server_count];
		post->n_categories = from->category != NULL;
	}
}

static enum code find(void *arg, const char *const *slugs, size_t count, struct arena *arena,
	const Lectern__V1__Post **ret, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		ret[i] = NULL;
		for (size_t k = 0; k < server_count; k++)
			if (strcmp(server[k].slug, slugs[i]) == 0 ||
				(server[k].former_slug != NULL &&
					strcmp(server[k].former_slug, slugs[i]) == 0))
				ret[i] = &posts[k];
	}
	return CODE_OK;
}

static enum code find_nothing(void *arg, const char *const *slugs, size_t count,
	struct arena *arena, const Lectern__V1__Post **ret, struct error *err)
{
	return (fail)(err, CODE_UNAVAILABLE, "no server");
}

static void read_pages(struct archive_index *index, const char *text)
{
	struct input_file file = { .path = (char *)"page", .stream = tmpfile() };
	struct input input;
	struct page_reader reader;
	assert_non_null(file.stream);
	fputs(text, file.stream);
	archive_index_init(index);
	assert_int_equal(input_open(&file, &input, NULL), CODE_OK);
	page_reader_init(&reader, &input);
	enum page_event event = PAGE_HEADER;
	uint32_t archive = 0;
	while (event != PAGE_END) {
		assert_int_equal(page_next(&reader, &event, NULL), CODE_OK);
		if (event == PAGE_HEADER)
			assert_int_equal(
				archive_index_page(index, &reader, &archive, NULL), CODE_OK);
		else if (event == PAGE_POST)
			assert_int_equal(
				archive_index_post(index, &reader, 0, archive, NULL), CODE_OK);
		else
			assert_int_equal(event, PAGE_END);
	}
	page_reader_done(&reader);
	input_close(&input);
	fclose(file.stream);
}

/* "slug" of each post that is new and "slug=id" of each that is known, in order of appearance. */
static void describe(const struct archive_index *index, char *out)
{
	out[0] = '\0';
	for (uint32_t i = 0; i < index->post_count; i++) {
		const struct archive_post *post = &index->posts[i];
		size_t size = strlen(out);
		if (post->key.id > 0)
			sprintf(out + size, "%s%s=%ju", i > 0 ? " " : "", post->slug,
				(uintmax_t)post->key.id);
		else
			sprintf(out + size, "%s%s", i > 0 ? " " : "", post->slug);
	}
}

static const struct {
	const char *label, *pages;
	struct known server[8];
	const char *want;
} cases[] = {
	{ "nothing there", "Tag: A\n • One\n\n  x.\n • Two\n\n  x.\n", { { NULL } }, "one two" },
	{ "one post on two pages", "Tag: A\n • One\n\n  x.\nTag: B\n • One\n\n  x.\n", { { NULL } },
		"one" },
	{ "the same title, other bodies",
		"Tag: A\n • One\n\n  x.\n • One\n\n  y.\nTag: B\n • One\n\n  z.\n", { { NULL } },
		"one one-2 one-3" },
	{ "titles that differ, slugs that do not", "Tag: A\n • C\n\n  x.\n • C++\n\n  y.\n",
		{ { NULL } }, "c c-2" },
	{ "a slug that another title gives",
		"Tag: A\n • Foo\n\n  x.\n • Foo\n\n  y.\n • Foo 2\n\n  z.\n", { { NULL } },
		"foo foo-3 foo-2" },
	{ "titles without letters", "Tag: A\n • ???\n\n  x.\n • ???\n\n  y.\n", { { NULL } },
		"post-6360c322 post-6360c322-2" },
	{ "letters of other scripts", "Tag: A\n • 你好\n\n  x.\n • Привет\n\n  x.\n", { { NULL } },
		"你好 привет" },
	{ "there already", "Tag: A\n • One\n\n  x.\n",
		{ { "one", NULL, "One", "x.", "A", NULL }, { NULL } }, "one=1" },
	{ "there with a changed body", "Tag: A\n • One\n\n  x.\n",
		{ { "one", NULL, "One", "old", "A", NULL }, { NULL } }, "one=1" },
	{ "there in a category, changed", "Category: A\n • One\n\n  x.\n",
		{ { "one", NULL, "One", "old", NULL, "a" }, { NULL } }, "one=1" },
	{ "another post of another archive", "Tag: B\n • One\n\n  x.\n",
		{ { "one", NULL, "One", "old", "A", NULL }, { NULL } }, "one-2" },
	{ "a category is no tag", "Tag: A\n • One\n\n  x.\n",
		{ { "one", NULL, "One", "old", NULL, "A" }, { NULL } }, "one-2" },
	{ "the same text on another archive", "Tag: B\n • One\n\n  x.\n",
		{ { "one", NULL, "One", "x.", "A", NULL }, { NULL } }, "one=1" },
	{ "the second of two", "Tag: B\n • One\n\n  y.\n",
		{ { "one", NULL, "One", "x.", "A", NULL },
			{ "one-2", NULL, "One", "y.", "B", NULL }, { NULL } },
		"one-2=2" },
	{ "two in another order", "Tag: A\n • One\n\n  y.\n • One\n\n  x.\n",
		{ { "one", NULL, "One", "x.", "A", NULL },
			{ "one-2", NULL, "One", "y.", "A", NULL }, { NULL } },
		"one-2=2 one=1" },
	{ "beyond what is asked first", "Tag: A\n • One\n\n  e.\n",
		{ { "one", NULL, "One", "a.", "Z", NULL },
			{ "one-2", NULL, "One", "b.", "Z", NULL },
			{ "one-3", NULL, "One", "c.", "Z", NULL },
			{ "one-4", NULL, "One", "d.", "Z", NULL },
			{ "one-5", NULL, "One", "e.", "Z", NULL }, { NULL } },
		"one-5=5" },
	{ "a title with other punctuation", "Tag: B\n • Hello, World!\n\n  x.\n",
		{ { "hello-world", NULL, "Hello World", "x.", "A", NULL }, { NULL } },
		"hello-world=1" },
	{ "a natural owner of the second slug", "Tag: A\n • Foo\n\n  x.\n",
		{ { "foo", NULL, "Foo", "y.", "B", NULL },
			{ "foo-2", NULL, "Foo 2", "x.", "B", NULL }, { NULL } },
		"foo-3" },
	{ "empty bodies say nothing", "Tag: A\n • C++\n",
		{ { "c", NULL, "C", "", "A", NULL }, { NULL } }, "c-2" },
	{ "title and body changed on the server", "Tag: A\n • One\n\n  x.\n",
		{ { "one", NULL, "Number One", "new", "A", NULL }, { NULL } }, "one=1" },
	{ "a foreign post with the slug", "Tag: A\n • One\n\n  x.\n",
		{ { "one", NULL, "Something Else", "new", "B", NULL }, { NULL } }, "one-2" },
	{ "a former slug", "Tag: A\n • One\n\n  x.\n",
		{ { "uno", "one", "One", "x.", "A", NULL }, { NULL } }, "uno=1" },
	{ "one post under two slugs", "Tag: A\n • One\n\n  x.\n • One\n\n  y.\n",
		{ { "one", "one-2", "One", "x.", "A", NULL }, { NULL } }, "one=1 one-3" },
};

static void test_match(void **state)
{
	struct post_lookup lookup = { .find = find };
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct archive_index index;
		struct error err;
		char got[1000];
		set_server(cases[i].server);
		read_pages(&index, cases[i].pages);
		assert_int_equal(archive_match(&index, &lookup, &err), CODE_OK);
		describe(&index, got);
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: %s", cases[i].label, got);
		archive_index_done(&index);
	}
}

static void test_no_server(void **state)
{
	struct post_lookup lookup = { .find = find_nothing };
	struct archive_index index;
	struct error err;
	read_pages(&index, "Tag: A\n • One\n");
	assert_int_equal(archive_match(&index, &lookup, &err), CODE_UNAVAILABLE);
	assert_string_equal(err.text, "no server");
	archive_index_done(&index);
	archive_index_init(&index);
	assert_int_equal(archive_match(&index, &lookup, &err), CODE_OK); /* nothing to ask for */
	archive_index_done(&index);
}

/* Pages of one archive are one order, whatever the case of their names. */
static void test_index(void **state)
{
	struct archive_index index;
	read_pages(&index, "Tag: One  Two\n • A\n • B\n\nTag: ONE two\n • C\n • A\n\n"
			   "Category: One Two\n • C\n • C\n");
	assert_int_equal(index.archive_count, 2);
	assert_string_equal(index.archives[0].name, "One Two");
	assert_int_equal(index.post_count, 3);
	assert_int_equal(index.archives[0].count, 3);
	assert_memory_equal(index.archives[0].posts, ((uint32_t[]){ 0, 1, 2 }), 12);
	assert_int_equal(index.archives[1].count, 1);
	assert_int_equal(index.archives[1].posts[0], 2);
	archive_index_done(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_no_server),
		cmocka_unit_test(test_index),
	};
	return cmocka_run_group_tests_name("archive_match", tests, NULL, NULL);
}
