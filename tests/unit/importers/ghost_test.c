#include "base/limits.h"
#include "support/import_items.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { DUMP_BYTES_MAX = 64 * 1024 * 1024 };

static const char *const samples[] = { "v0", "v1", "v5" };
enum { SAMPLES = sizeof samples / sizeof samples[0] };

static char *load(const char *name, const char *ending, size_t *ret_size)
{
	char path[128];
	snprintf(path, sizeof path, "tests/data/ghost/%s%s", name, ending);
	char *text = import_items_sample(path, ret_size);
	if (text == NULL)
		fail_msg("%s is not there", path);
	return text;
}

static char *dump(struct slice bytes, const struct source_options *options)
{
	struct buffer out;
	buffer_init(&out, DUMP_BYTES_MAX);
	buffer_append(&out, "", 0);
	import_items_of(&ghost_format, bytes, options, &out, NULL);
	char *text = buffer_take(&out, NULL);
	assert_non_null(text);
	return text;
}

/* Exports of three generations, with secrets in all tables that have them. */
static void test_samples(void **state)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		size_t size;
		char *json = load(samples[i], ".json", &size);
		char *want = load(samples[i], ".items", NULL);
		char *got = dump(slice_of(json, size), NULL);
		assert_non_null(strstr(json, "SECRET"));
		assert_null(strstr(got, "SECRET"));
		if (strcmp(got, want) != 0)
			fail_msg("%s: got\n%s", samples[i], got);
		free(json);
		free(want);
		free(got);
	}
}

#define POSTS(posts) "{\"data\":{\"posts\":[" posts "]}}"
#define START "{\"uuid\":\"u\",\"slug\":\"a\",\"title\":\"T\","
#define READY(fields) "ready post 1 ghost:u slug,title," fields
#define DRAFT READY("state,body_format,body,featured")
#define DRAFT_HEAD \
	" {\"slug\":\"a\",\"title\":\"T\",\"state\":\"POST_STATE_DRAFT\",\"origin\":\"ghost:u\"," \
	"\"bodyFormat\":\"BODY_FORMAT_"

static const struct {
	const char *label, *json, *want;
} cases[] = {
	{ "no lists", "{\"data\":{}}",
		"refused post 1  | no Ghost export: there is no list \"posts\" in its \"data\"\n" },
	{ "nothing", "",
		"refused post 1  | the file ends in the middle of the JSON; nothing behind this "
		"line was read: export it again\n" },
	{ "no JSON", "<html>",
		"refused post 1  | not JSON: an object ('{') should stand here; nothing behind "
		"this line was read: export it again\n" },
	{ "no posts", POSTS(""), "" },
	{ "a draft", POSTS(START "\"html\":\"x\"}"), DRAFT DRAFT_HEAD "HTML\",\"body\":\"x\"}\n" },
	{ "an entry of no object", POSTS("5," START "\"html\":\"x\"},null"),
		"refused post 1  | must be an object\n" DRAFT DRAFT_HEAD
		"HTML\",\"body\":\"x\"}\nrefused post 1  | must be an object\n" },
	{ "a field twice", POSTS(START "\"html\":\"x\",\"html\":\"y\"}"),
		"refused post 1  | html: stands in the object twice\n" },
	{ "an unknown field twice", POSTS(START "\"x\":\"x\",\"x\":\"y\"}"),
		DRAFT DRAFT_HEAD "HTML\"}\n" },
	{ "a key with an escape", POSTS(START "\"\\u0068tml\":\"x\"}"),
		DRAFT DRAFT_HEAD "HTML\",\"body\":\"x\"}\n" },
	{ "half a surrogate pair", POSTS(START "\"html\":\"\\ud83d\"}"),
		"refused post 1 ghost:u | html: holds half a surrogate pair, which is no "
		"character\n" },
	{ "halves the wrong way round", POSTS(START "\"html\":\"\\ude00\\ud83d\"}"),
		"refused post 1 ghost:u | html: holds half a surrogate pair, which is no "
		"character\n" },
	{ "NUL", POSTS(START "\"html\":\"a\\u0000b\"}"),
		"refused post 1 ghost:u | html: holds \\u0000, which is not allowed in texts\n" },
	{ "not UTF-8", POSTS(START "\"html\":\"caf\xE9\"}"),
		"refused post 1 ghost:u | html: holds bytes that are not UTF-8\n" },
	{ "a wrong escape", POSTS(START "\"html\":\"\\x41\"}"),
		"refused post 1 ghost:u | html: holds an escape that JSON does not have\n" },
	{ "a line break in a text", POSTS(START "\"html\":\"a\nb\"}"),
		"refused post 1 ghost:u | html: holds a control character that is not escaped\n" },
	{ "a line break in a text counts", POSTS(START "\"x\":\"a\nb\"}, 5"),
		DRAFT DRAFT_HEAD "HTML\"}\nrefused post 2  | must be an object\n" },
	{ "a tag twice", POSTS(START "\"tags\":[{\"name\":\"A\"},{\"name\":\"a\"}]}"),
		READY("state,body_format,body,featured,tags") " {\"slug\":\"a\",\"title\":"
							      "\"T\",\"state\":\"POST_STATE_"
							      "DRAFT\",\"tags\":[{\"slug\":\"a\","
							      "\"name\":"
							      "\"A\"}],\"origin\":\"ghost:u\","
							      "\"bodyFormat\":\"BODY_FORMAT_HTML\"}"
							      "\n" },
	{ "damage in an unread field", POSTS(START "\"x\":\"\xE9\\u0000\\ud83d\"}"),
		DRAFT DRAFT_HEAD "HTML\"}\n" },
	{ "a body of the wrong kind", POSTS(START "\"html\":{\"a\":[]}}"),
		"refused post 1 ghost:u | html: must be a text\n" },
	{ "a damaged extra", POSTS(START "\"custom_excerpt\":\"\\ud83d\"}"),
		DRAFT DRAFT_HEAD "HTML\"} | custom_excerpt: holds half a surrogate pair, which is "
				 "no character, left out\n" },
	{ "a time that is none", POSTS(START "\"created_at\":\"0000-00-00 00:00:00\"}"),
		DRAFT DRAFT_HEAD "HTML\"} | created_at: is no time, left out\n" },
	{ "a date alone", POSTS(START "\"created_at\":\"2016-05-01\"}"),
		READY("state,body_format,body,featured,create_time") " {\"slug\":\"a\",\"title\":"
								     "\"T\",\"state\":\"POST_STATE_"
								     "DRAFT\",\"createTime\":"
								     "\"2016-05-01T00:00:00Z\","
								     "\"origin\":\"ghost:u\","
								     "\"bodyFormat\":\"BODY_FORMAT_"
								     "HTML\"}\n" },
	{ "another status", POSTS(START "\"status\":\"weird\"}"),
		"refused post 1 ghost:u | status: must be \"published\", \"scheduled\", \"draft\" "
		"or \"sent\"\n" },
	{ "another type", POSTS(START "\"type\":\"weird\"}"),
		"refused post 1 ghost:u | type: must be \"post\" or \"page\"\n" },
	{ "a page", POSTS(START "\"type\":\"page\"}"),
		"skipped post 1 ghost:u | a page, not a post\n" },
	{ "scheduled for a time that has come",
		POSTS(START "\"status\":\"scheduled\",\"published_at\":0}"),
		READY("publish_time,state,body_format,body,featured") " {\"slug\":\"a\",\"title\":"
								      "\"T\",\"state\":\"POST_"
								      "STATE_PUBLISHED\","
								      "\"publishTime\":\"1970-01-"
								      "01T00:00:00Z\","
								      "\"origin\":\"ghost:u\","
								      "\"bodyFormat\":\"BODY_"
								      "FORMAT_HTML\"} | scheduled "
								      "for a "
								      "time that has come, made "
								      "published\n" },
	{ "scheduled without a time", POSTS(START "\"status\":\"scheduled\"}"),
		DRAFT DRAFT_HEAD "HTML\"} | scheduled without a time, made a draft\n" },
	{ "no title, no slug", POSTS("{\"uuid\":\"u\"}"),
		DRAFT " {\"slug\":\"ghost-u\",\"title\":\"(Untitled)\",\"state\":"
		      "\"POST_STATE_DRAFT\",\"origin\":\"ghost:u\",\"bodyFormat\":"
		      "\"BODY_FORMAT_HTML\"} | title: empty, made \"(Untitled)\"; slug: made "
		      "\"ghost-u\"\n" },
	{ "nothing that names it", POSTS("{}"),
		"refused post 1  | title: empty, made \"(Untitled)\"; slug: must be set where "
		"there is no uuid, no id and no title\n" },
	{ "a number for an id", POSTS("{\"id\":7,\"slug\":\"a\",\"title\":\"T\"}"),
		"ready post 1 ghost:7/a slug,title,state,body_format,body,featured {\"slug\":\"a\","
		"\"title\":\"T\",\"state\":\"POST_STATE_DRAFT\",\"origin\":\"ghost:7/a\","
		"\"bodyFormat\":\"BODY_FORMAT_HTML\"}\n" },
	{ "an id of Ghost's form",
		POSTS("{\"id\":\"5951f5fca366002ebd5dbec1\",\"slug\":\"a\",\"title\":\"T\"}"),
		"ready post 1 ghost:5951f5fca366002ebd5dbec1 slug,title,state,body_format,body,"
		"featured {\"slug\":\"a\",\"title\":\"T\",\"state\":\"POST_STATE_DRAFT\","
		"\"origin\":\"ghost:5951f5fca366002ebd5dbec1\",\"bodyFormat\":"
		"\"BODY_FORMAT_HTML\"}\n" },
	{ "terms within the post",
		POSTS(START "\"tags\":[{\"name\":\"A b\"},{\"name\":\"#in\"},"
			    "\"zz\"],\"authors\":[{\"name\":\"Z\",\"email\":\"e\"}]}"),
		READY("state,body_format,body,featured,tags,authors") " {\"slug\":\"a\",\"title\":"
								      "\"T\",\"state\":\"POST_"
								      "STATE_DRAFT\",\"tags\":[{"
								      "\"slug\":\"a-b\",\"name\":"
								      "\"A "
								      "b\"}],\"authors\":[{"
								      "\"slug\":\"z\",\"name\":"
								      "\"Z\"}],\"origin\":\"ghost:"
								      "u\","
								      "\"bodyFormat\":\"BODY_"
								      "FORMAT_HTML\"} | tags: 1 "
								      "left out that the export "
								      "does "
								      "not have\n" },
	{ "a Lexical document without html",
		POSTS(START "\"lexical\":\"{\\\"root\\\":{\\\"children\\\":[{\\\"type\\\":"
			    "\\\"image\\\"}]}}\"}"),
		"refused post 1 ghost:u | html: there is none in the export; open the post in "
		"Ghost, save it and export again\n" },
	{ "two Markdown cards without html",
		POSTS(START "\"mobiledoc\":\"{\\\"cards\\\":[[\\\"markdown\\\",{\\\"markdown\\\":"
			    "\\\"a\\\"}],[\\\"markdown\\\",{\\\"markdown\\\":\\\"b\\\"}]]}\"}"),
		"refused post 1 ghost:u | html: there is none in the export; open the post in "
		"Ghost, save it and export again\n" },
	{ "a document that is no JSON", POSTS(START "\"mobiledoc\":\"{{\"}"),
		"refused post 1 ghost:u | html: there is none in the export; open the post in "
		"Ghost, save it and export again\n" },
	{ "something behind the end", POSTS(START "\"html\":\"x\"}") "\n\nmore",
		DRAFT DRAFT_HEAD
		"HTML\",\"body\":\"x\"}\nrefused post 3  | not JSON: something "
		"stands behind the end of the export; nothing behind this line was "
		"read: export it again\n" },
	{ "no comma", "{\"data\":{\"posts\":[\n" START "\"html\":\"x\"}\n" START "}]}}",
		"noted post 3  | the file is damaged in line 3, before all tags and authors are "
		"told; posts that are there already keep theirs\n"
		"ready post 2 ghost:u slug,title,state,body_format,body,featured" DRAFT_HEAD
		"HTML\",\"body\":\"x\"}\nrefused post 3  | not JSON: ',' or ']' should stand here; "
		"nothing behind this line was read: export it again\n" },
	{ "a user with a bad name",
		"{\"data\":{\"users\":[{\"id\":1,\"name\":7e1,\"slug\":\"x\"},"
		"{\"id\":2},{\"id\":3,\"name\":[]}],\"posts\":[]}}",
		"ready author 1 x name,description,url,avatar_url {\"slug\":\"x\",\"name\":\"7e1\"}"
		"\nrefused author 1  | name: must not be empty\n"
		"refused author 1  | name: must be a text\n" },
};

static void test_cases(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *got = dump(slice_of_text(cases[i].json), NULL);
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: got\n%swant\n%s", cases[i].label, got, cases[i].want);
		free(got);
	}
}

static void test_options(void **state)
{
	size_t size;
	char *json = load("v5", ".json", &size);
	struct source_options options = { .pages = true };
	char *got = dump(slice_of(json, size), &options);
	assert_non_null(strstr(got, "{\"slug\":\"contact\",\"title\":\"Contact\""));
	free(json);
	free(got);
	json = load("v1", ".json", &size);
	options = (struct source_options){ .internal_tags = true };
	got = dump(slice_of(json, size), &options);
	assert_non_null(strstr(got, "ready tag 12 hash-feature name,description"));
	assert_non_null(strstr(got, "\"tags\":[{\"slug\":\"hash-feature\",\"name\":\"#feature\"},"
				    "{\"slug\":\"news\",\"name\":\"News\"}]"));
	free(json);
	free(got);
}

/* Whole items, wherever the bytes of a chunk end. */
static void test_chunks(void **state)
{
	enum { CHUNK = 64 * 1024, PART = 700 };
	size_t size;
	char *json = load("v5", ".json", &size);
	char *want = load("v5", ".items", NULL);
	char *padded = malloc(CHUNK + size);
	assert_non_null(padded);
	for (size_t before = 0; before < size && before < CHUNK; before += before < PART ? 1 : 13) {
		memset(padded, ' ', CHUNK);
		memcpy(padded + CHUNK - before, json, size);
		char *got = dump(slice_of(padded, CHUNK - before + size), NULL);
		if (strcmp(got, want) != 0)
			fail_msg("%zu bytes in the first chunk: got\n%s", before, got);
		free(got);
	}
	free(padded);
	free(json);
	free(want);
}

/* A stream that gives a few bytes at a time. */
struct drip {
	struct slice bytes;
	size_t at;
};

static ssize_t drip_read(void *cookie, char *out, size_t size)
{
	struct drip *drip = cookie;
	size_t left = drip->bytes.size - drip->at;
	size_t given = drip->at % 7 + 1;
	given = given > left ? left : given;
	given = given > size ? size : given;
	if (given > 0)
		memcpy(out, drip->bytes.data + drip->at, given);
	drip->at += given;
	return (ssize_t)given;
}

static int drip_seek(void *cookie, off64_t *offset, int whence)
{
	struct drip *drip = cookie;
	off64_t from = whence == SEEK_SET   ? 0
		       : whence == SEEK_CUR ? (off64_t)drip->at
					    : (off64_t)drip->bytes.size;
	drip->at = (size_t)(from + *offset);
	*offset = (off64_t)drip->at;
	return 0;
}

static void test_drip(void **state)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		size_t size;
		char *json = load(samples[i], ".json", &size);
		char *want = load(samples[i], ".items", NULL);
		struct drip drip = { .bytes = slice_of(json, size) };
		cookie_io_functions_t functions = { .read = drip_read, .seek = drip_seek };
		FILE *stream = fopencookie(&drip, "rb", functions);
		assert_non_null(stream);
		setvbuf(stream, NULL, _IOFBF, 16);
		struct buffer out;
		buffer_init(&out, DUMP_BYTES_MAX);
		import_items(&ghost_format, stream, NULL, &out, NULL);
		assert_string_equal(buffer_text(&out), want);
		fclose(stream);
		buffer_done(&out);
		free(json);
		free(want);
	}
}

static void assert_told_of_cut(struct slice json)
{
	char *text = dump(json, NULL);
	assert_non_null(strstr(text, "; nothing behind this line was read: export it again"));
	free(text);
}

/* Of an export that is cut off anywhere, what was whole comes, and then the reason. */
static void test_cut(void **state)
{
	for (size_t i = 0; i < SAMPLES; i++) {
		size_t size;
		char *json = load(samples[i], ".json", &size);
		struct import_counts all;
		import_items_of(&ghost_format, slice_of(json, size), NULL, NULL, &all);
		size_t posts = 0;
		size_t last = size;
		while (json[last - 1] == '\n')
			last--;
		for (size_t percent = 0; percent < 100; percent++) {
			struct import_counts got;
			import_items_of(&ghost_format, slice_of(json, last * percent / 100), NULL,
				NULL, &got);
			size_t broken =
				got.refused -
				(all.refused < got.refused - 1 ? all.refused : got.refused - 1);
			assert_int_equal(broken, 1);
			assert_told_of_cut(slice_of(json, last * percent / 100));
			assert_true(got.ready[IMPORT_POST] >= posts);
			assert_true(got.ready[IMPORT_POST] <= all.ready[IMPORT_POST]);
			posts = got.ready[IMPORT_POST];
		}
		assert_true(posts > 0);
		free(json);
	}
}

/* However deep it is and wherever, nothing recurses. */
static void test_deep(void **state)
{
	enum { LEVELS = 1000000 };
	static const struct {
		const char *before, *after, *want;
	} places[] = {
		{ "{\"x\":", ",\"data\":{\"posts\":[]}}", "" },
		{ "{\"data\":{\"posts\":[" START "\"x\":", "}]}}", DRAFT DRAFT_HEAD "HTML\"}\n" },
		{ "{\"data\":{\"posts\":[" START "\"html\":", "}]}}",
			"refused post 1 ghost:u | html: must be a text\n" },
		{ "{\"data\":{\"posts\":[", "]}}", "refused post 1  | must be an object\n" },
	};
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		struct buffer json;
		buffer_init(&json, 3 * LEVELS);
		buffer_append_text(&json, places[i].before);
		for (size_t n = 0; n < LEVELS; n++)
			buffer_append_char(&json, '[');
		for (size_t n = 0; n < LEVELS; n++)
			buffer_append_char(&json, ']');
		buffer_append_text(&json, places[i].after);
		char *got = dump(slice_of(json.data, json.size), NULL);
		assert_string_equal(got, places[i].want);
		free(got);
		buffer_done(&json);
	}
}

/* A post whose text has `size` letters. */
static char *post_of(size_t size, const char *field)
{
	struct buffer json;
	buffer_init(&json, SIZE_MAX / 2);
	buffer_printf(&json, "{\"data\":{\"posts\":[" START "\"%s\":\"", field);
	char block[4096];
	memset(block, 'x', sizeof block);
	for (size_t left = size; left > 0;) {
		size_t part = left < sizeof block ? left : sizeof block;
		buffer_append(&json, block, part);
		left -= part;
	}
	buffer_append_text(&json, "\"}," START "\"html\":\"x\"}]}}");
	return buffer_take(&json, NULL);
}

static void test_limits(void **state)
{
	static const struct {
		const char *field;
		size_t size;
		const char *want;
	} limits[] = {
		{ "html", LIMIT_BODY_BYTES + 1,
			"refused post 1 ghost:u | body: over the limit of 4194304 bytes\n" },
		{ "html", 9000000,
			"refused post 1 ghost:u | body: over the limit of 4194304 bytes\n" },
		{ "html", 17000000, "refused post 1  | longer than 16777216 bytes\n" },
		{ "plaintext", 40000000, DRAFT DRAFT_HEAD "HTML\"}\n" },
	};
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		char *json = post_of(limits[i].size, limits[i].field);
		char *got = dump(slice_of_text(json), NULL);
		size_t size = strlen(limits[i].want);
		if (strncmp(got, limits[i].want, size) != 0)
			fail_msg("%s of %zu: got\n%s", limits[i].field, limits[i].size, got);
		assert_string_equal(got + size, DRAFT DRAFT_HEAD "HTML\",\"body\":\"x\"}\n");
		free(got);
		free(json);
	}
}

static void test_sniff(void **state)
{
	static const struct {
		const char *head;
		bool want;
	} heads[] = {
		{ "{\"db\":[{\"meta\":{}", true },
		{ "\xEF\xBB\xBF{\n  \"db\" : [\n", true },
		{ "{\"meta\":{\"exported_on\":1402595412345,\"version\":\"003\"},\"data\":{",
			true },
		{ "{ \"data\": { \"posts\": [", true },
		{ "{\"post\":{\"slug\":\"a\"}}", false },
		{ "{\"slug\":\"db\",\"title\":\"data\"}", false },
		{ "{\"db\":\"x\"}", false },
		{ "{\"meta\":{\"title\":\"x\"}}", false },
		{ "{\"data\":{\"x\":1}}", false },
		{ "{\"tag\":{\"name\":\"db\"}}", false },
		{ "[{\"db\":[", false },
		{ "{}", false },
		{ "", false },
	};
	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
		if (ghost_format.sniff(NULL, slice_of_text(heads[i].head)) != heads[i].want)
			fail_msg("%s", heads[i].head);
}

/* The export that Ghost's theme authors test with. Counts by Python's json. */
static void test_theme_export(void **state)
{
	size_t size;
	char *json = import_items_sample("../shared/data/ghost/theme-unit-test.json", &size);
	if (json == NULL) {
		print_message("../shared/data/ghost is not there\n");
		skip();
	}
	struct import_counts got;
	import_items_of(&ghost_format, slice_of(json, size), NULL, NULL, &got);
	assert_int_equal(got.ready[IMPORT_POST] + got.skipped, 19);
	assert_int_equal(got.ready[IMPORT_AUTHOR], 1);
	assert_int_equal(got.refused, 0);
	free(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_drip),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_sniff),
		cmocka_unit_test(test_theme_export),
	};
	return cmocka_run_group_tests_name("ghost", tests, NULL, NULL);
}
