#include "base/limits.h"
#include "importers/source.h"

#include <lectern/v1/category.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* Reads one input; calls check() for every item with its place from 0. */
static size_t read_all(const char *text, size_t size,
	void (*check)(const struct import_item *item, size_t index, void *arg), void *arg)
{
	struct input_file file = { .path = (char *)"lines", .stream = tmpfile() };
	assert_non_null(file.stream);
	assert_int_equal(fwrite(text, 1, size, file.stream), size);
	struct source_options options = { .files = &file, .file_count = 1 };
	struct import_source *source;
	assert_int_equal(jsonl_format.open(&options, &source, NULL), CODE_OK);
	struct arena arena;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	struct import_item item;
	size_t count = 0;
	for (;;) {
		arena_reset(&arena);
		assert_int_equal(jsonl_format.next(source, &arena, &item, NULL), CODE_OK);
		if (item.state == ITEM_END)
			break;
		check(&item, count++, arg);
	}
	assert_true(source->bytes_done == size);
	arena_done(&arena);
	jsonl_format.close(source);
	fclose(file.stream);
	return count;
}

static const struct {
	const char *label, *line;
	enum item_state state;
	enum import_kind kind;
	const char *origin, *reason;
} cases[] = {
	{ "a post", "{\"post\":{\"slug\":\"a\",\"title\":\"A\"}}", ITEM_READY, IMPORT_POST, "a",
		"" },
	{ "a post by itself", "{\"slug\":\"a\",\"title\":\"A\"}", ITEM_READY, IMPORT_POST, "a",
		"" },
	{ "blanks", " { \"post\" : { \"slug\" : \"a\" } } ", ITEM_READY, IMPORT_POST, "a", "" },
	{ "a slug from the title", "{\"post\":{\"title\":\"Über Köln!\"}}", ITEM_READY, IMPORT_POST,
		"über-köln", "" },
	{ "a tag", "{\"tag\":{\"slug\":\"t\",\"name\":\"T\"}}", ITEM_READY, IMPORT_TAG, "t", "" },
	{ "a tag without a slug", "{\"tag\":{\"name\":\"T\"}}", ITEM_READY, IMPORT_TAG, "T", "" },
	{ "a category", "{\"category\":{\"slug\":\"c\",\"parent\":{\"id\":\"9\",\"slug\":\"p\"}}}",
		ITEM_READY, IMPORT_CATEGORY, "c", "" },
	{ "an author", "{\"author\":{\"slug\":\"x\"}}", ITEM_READY, IMPORT_AUTHOR, "x", "" },
	{ "no slug", "{\"post\":{\"title\":\"...\"}}", ITEM_REFUSED, IMPORT_POST, "",
		"slug: must be set where the title has no letter or digit" },
	{ "trashed", "{\"slug\":\"a\",\"state\":\"POST_STATE_TRASHED\"}", ITEM_READY, IMPORT_POST,
		"a", "" },
	{ "an origin", "{\"post\":{\"slug\":\"a\",\"origin\":\"x:1\"}}", ITEM_READY, IMPORT_POST,
		"x:1", "" },
	{ "a revision", "{\"revision\":{\"revision\":\"2\"},\"slug\":\"a\"}", ITEM_READY,
		IMPORT_REVISION, "a", "" },
	{ "a revision of a post with an origin",
		"{\"revision\":{\"revision\":\"1\",\"post\":{\"title\":\"A\"}},\"origin\":\"x\"}",
		ITEM_READY, IMPORT_REVISION, "x", "" },
	{ "a revision of no post", "{\"revision\":{\"revision\":\"2\"}}", ITEM_REFUSED,
		IMPORT_REVISION, "",
		"\"slug\" or \"origin\" must tell which post the revision belongs to" },
	{ "null", "{\"post\":null}", ITEM_REFUSED, IMPORT_POST, "", "\"post\" must be an object" },
	{ "a request's field", "{\"tag\":{\"slug\":\"t\"},\"requestId\":\"x\"}", ITEM_REFUSED,
		IMPORT_TAG, "", "only \"tag\" may stand in the line, no other field of a request" },
	{ "an empty object", "{}", ITEM_REFUSED, IMPORT_POST, "",
		"slug: must be set where the title has no letter or digit" },
	{ "not UTF-8", "{\"slug\":\"\xE9\"}", ITEM_REFUSED, IMPORT_POST, "",
		"byte 10 of the line is not UTF-8 (0xe9)" },
	{ "no JSON", "hello", ITEM_REFUSED, IMPORT_POST, "", NULL },
	{ "a list", "[]", ITEM_REFUSED, IMPORT_POST, "", NULL },
	{ "an unknown field", "{\"post\":{\"color\":\"red\"}}", ITEM_REFUSED, IMPORT_POST, "",
		NULL },
};

static void check_case(const struct import_item *item, size_t index, void *arg)
{
	size_t i = *(size_t *)arg;
	if (item->state != cases[i].state || item->kind != cases[i].kind ||
		strcmp(item->origin, cases[i].origin) != 0 || item->line != 1 ||
		(cases[i].reason != NULL ? strcmp(item->reason, cases[i].reason) != 0
					 : item->reason[0] == '\0'))
		fail_msg("%s: state %d, kind %d, '%s', '%s'", cases[i].label, item->state,
			item->kind, item->origin, item->reason);
}

static void test_lines(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(read_all(cases[i].line, strlen(cases[i].line), check_case, &i), 1);
}

static void check_prepared(const struct import_item *item, size_t index, void *arg)
{
	if (item->kind == IMPORT_CATEGORY) {
		const Lectern__V1__Category *category = (const void *)item->message;
		assert_int_equal(category->parent->id, 0);
		assert_string_equal(category->parent->slug, "p");
		return;
	}
	const Lectern__V1__Post *post = (const void *)item->message;
	assert_int_equal(post->id, 0);
	assert_string_equal(post->etag, "");
	assert_int_equal(post->state, LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED);
	assert_int_equal(post->tags[0]->id, 0);
	assert_string_equal(post->tags[0]->slug, "t");
	assert_int_equal(post->series->id, 0);
	assert_int_equal(post->series->part, 3);
	assert_int_equal(post->publish_time->nanos, 123456000);
}

/* What belongs to another server goes; what it cannot keep is cut. */
static void test_prepared(void **state)
{
	static const char text[] =
		"{\"post\":{\"id\":\"5\",\"slug\":\"a\",\"etag\":\"e\","
		"\"state\":\"POST_STATE_EXPIRED\",\"tags\":[{\"id\":\"7\",\"slug\":\"t\"}],"
		"\"series\":{\"id\":\"8\",\"name\":\"S\",\"part\":3},"
		"\"publishTime\":\"2024-01-01T00:00:00.123456789Z\"}}\n"
		"{\"category\":{\"id\":\"4\",\"slug\":\"c\",\"parent\":{\"id\":\"9\",\"slug\":"
		"\"p\"}}}\n";
	assert_int_equal(read_all(text, sizeof text - 1, check_prepared, NULL), 2);
}

static void check_places(const struct import_item *item, size_t index, void *arg)
{
	static const uint64_t lines[] = { 1, 4, 5, 6 };
	assert_int_equal(item->line, lines[index]);
	assert_int_equal(item->state, index == 2 ? ITEM_REFUSED : ITEM_READY);
	if (index == 2)
		assert_string_equal(item->reason, "the line is longer than 16777216 bytes");
}

static void check_fields(const struct import_item *item, size_t index, void *arg)
{
	static const char *const want[] = {
		"slug title excerpt state publish_time expire_time tags categories authors series "
		"language featured cover_image_url canonical_url attributes body_format body "
		"aliases "
		"create_time ",
		"name description attributes ",
		"name description attributes update_time ",
	};
	char got[512] = "";
	for (size_t i = 0; item->fields[i] != NULL; i++)
		strcat(strcat(got, item->fields[i]), " ");
	assert_string_equal(got, want[index]);
}

/* What only a server can set is decided where the line has it. */
static void test_fields(void **state)
{
	static const char text[] =
		"{\"post\":{\"slug\":\"a\",\"aliases\":[\"b\"],\"createTime\":"
		"\"2024-01-01T00:00:00Z\"}}\n"
		"{\"tag\":{\"name\":\"T\"}}\n"
		"{\"tag\":{\"name\":\"T\",\"updateTime\":\"2024-01-01T00:00:00Z\"}}\n";
	assert_int_equal(read_all(text, sizeof text - 1, check_fields, NULL), 3);
}

/* A byte-order mark, empty lines, CRLF, a line without an end and one without bounds. */
static void test_places(void **state)
{
	static const char head[] = "\xEF\xBB\xBF{\"slug\":\"a\"}\r\n\r\n   \n{\"slug\":\"b\"}\n";
	static const char tail[] = "\n{\"slug\":\"c\"}";
	size_t long_bytes = INPUT_LINE_BYTES_MAX + 1;
	size_t size = sizeof head - 1 + long_bytes + sizeof tail - 1;
	char *text = malloc(size);
	memcpy(text, head, sizeof head - 1);
	memset(text + sizeof head - 1, '{', long_bytes);
	memcpy(text + size - (sizeof tail - 1), tail, sizeof tail - 1);
	assert_int_equal(read_all(text, size, check_places, NULL), 4);
	free(text);
}

static void test_sniff(void **state)
{
	assert_true(jsonl_format.sniff(NULL, slice_of_text("\xEF\xBB\xBF {\"post\": {}}")));
	assert_true(jsonl_format.sniff(NULL, slice_of_text("{}")));
	assert_false(jsonl_format.sniff(NULL, slice_of_text("")));
	assert_false(jsonl_format.sniff(NULL, slice_of_text("Tag: A")));
	assert_false(jsonl_format.sniff(NULL, slice_of_text("{{ template }}")));
	assert_false(jsonl_format.sniff(NULL, slice_of_text("[]")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_prepared),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_sniff),
	};
	return cmocka_run_group_tests_name("jsonl", tests, NULL, NULL);
}
