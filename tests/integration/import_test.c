/* Imports into a real server. */
#include "importers/import.h"

#include "integration/lecternd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>

#include <cmocka.h>

static struct lecternd server;
static lectern_client *client;
static struct import_summary summary;
static struct error failure;

static int set_up(void **state)
{
	lecternd_start(&server);
	struct lectern_client_options options = { .url = server.url };
	return lectern_client_open(&options, &client, NULL) == LECTERN_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	lectern_client_close(client);
	return lecternd_stop(&server);
}

static void source_path(const char *name, char out[512])
{
	const char *source = getenv("LECTERN_SOURCE");
	snprintf(out, 512, "%s/%s", source == NULL ? "." : source, name);
}

/* Imports files of the source tree. The report goes to report.jsonl in the server's directory. */
static enum code import_with(struct import_options *options, const char *const *names)
{
	char paths[8][512];
	const char *list[8];
	char report[256];
	options->path_count = 0;
	for (; names[options->path_count] != NULL; options->path_count++) {
		source_path(names[options->path_count], paths[options->path_count]);
		list[options->path_count] = paths[options->path_count];
	}
	options->paths = list;
	lecternd_path(&server, "report.jsonl", report);
	options->report = fopen(report, "w");
	assert_non_null(options->report);
	failure.text[0] = '\0';
	enum code code = import_run(client, options, &summary, &failure);
	fclose(options->report);
	return code;
}

static void import(const char *format, const char *const *names)
{
	struct import_options options = { .format = format };
	enum code code = import_with(&options, names);
	if (code != CODE_OK)
		fail_msg("%s", failure.text);
}

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

#define assert_summary(c, u, s, r) \
	do { \
		char got_[100], want_[100]; \
		snprintf(got_, 100, "%ju created, %ju updated, %ju unchanged, %ju refused", \
			(uintmax_t)summary.posts.created, (uintmax_t)summary.posts.updated, \
			(uintmax_t)summary.posts.unchanged, (uintmax_t)summary.posts.refused); \
		snprintf(want_, 100, "%d created, %d updated, %d unchanged, %d refused", c, u, s, \
			r); \
		assert_string_equal(got_, want_); \
	} while (0)

/* The titles of one page of an archive, each on a line. */
static void list_archive(enum lectern_archive_kind kind, const char *term, const char *token,
	uint64_t total, char *out, char *ret_token)
{
	struct lectern_archive_query query = {
		.kind = kind, .term = term, .view = LECTERN_VIEW_FULL, .page_token = token
	};
	lectern_page *page;
	struct lectern_error err;
	enum lectern_code code = lectern_get_archive(client, &query, &page, &err);
	if (code != LECTERN_OK)
		fail_msg("%s: %s", term, err.message);
	assert_int_equal(lectern_page_total_size(page), total);
	out[0] = '\0';
	for (size_t i = 0; i < lectern_page_post_count(page); i++) {
		const lectern_post *post = lectern_page_post(page, i);
		assert_int_not_equal(strlen(lectern_post_body(post)), 0);
		assert_int_not_equal(strlen(lectern_post_html(post)), 0);
		strcat(strcat(out, lectern_post_title(post)), "\n");
	}
	if (ret_token != NULL)
		strcpy(ret_token, lectern_page_next_token(page));
	lectern_page_free(page);
}

static void assert_archive(
	enum lectern_archive_kind kind, const char *term, uint64_t total, const char *want)
{
	char got[20000];
	list_archive(kind, term, NULL, total, got, NULL);
	assert_string_equal(got, want);
}

/* The titles of a page of the source tree, in its order. */
static void read_titles(const char *name, char *out)
{
	char path[512];
	char line[20000];
	source_path(name, path);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	out[0] = '\0';
	while (fgets(line, sizeof line, file) != NULL)
		if (strncmp(line, "  • ", strlen("  • ")) == 0)
			strcat(out, line + strlen("  • "));
	fclose(file);
}

#define SEEDS "../shared/data/seeds/"
static const char *const seeds[] = { SEEDS "000_432a6513c89f7d2b.txt",
	SEEDS "001_431b9d91a819c4f6.txt", SEEDS "002_f31ad5597afb4bbe.txt",
	SEEDS "003_9658cde64eb8a6c5.txt", SEEDS "004_391a32ca8cf65ad6.txt", NULL };

static void skip_without_seeds(void)
{
	char path[512];
	source_path(SEEDS, path);
	if (access(path, R_OK) == 0)
		return;
	print_message("no pages in %s\n", path);
	skip();
}

static void test_seeds(void **state)
{
	skip_without_seeds();
	char got[20000], want[20000], token[600];
	import("auto", NAMES("../shared/data/seeds"));
	assert_summary(49, 0, 0, 0);
	read_titles(seeds[0], want);
	assert_archive(LECTERN_ARCHIVE_TAG, "deep-learning", 10, want);
	assert_archive(LECTERN_ARCHIVE_TAG, "Deep Learning", 10, want);
	read_titles(seeds[2], want);
	assert_archive(LECTERN_ARCHIVE_TAG, "remote-work", 10, want);
	read_titles(seeds[4], want);
	assert_archive(LECTERN_ARCHIVE_TAG, "python", 10, want);
	list_archive(LECTERN_ARCHIVE_CATEGORY, "AI & Machine Learning", NULL, 19, got, token);
	list_archive(LECTERN_ARCHIVE_CATEGORY, "AI & Machine Learning", token, 19,
		got + strlen(got), NULL);
	read_titles(seeds[1], want);
	read_titles(seeds[3], want + strlen(want));
	assert_string_equal(got, want);

	import("auto", NAMES("../shared/data/seeds"));
	assert_summary(0, 0, 49, 0);
	static const int counts[] = { 10, 9, 10, 10, 10 };
	for (size_t i = 0; i < 5; i++) {
		import("archive-text", NAMES(seeds[i]));
		assert_summary(0, 0, counts[i], 0);
	}
	import("archive-text", NAMES(seeds[4], seeds[2], seeds[1], seeds[3]));
	assert_summary(0, 0, 39, 0);
}

/* Page by page, in some order, comes to the same as all at once. */
static void test_seeds_one_by_one(void **state)
{
	skip_without_seeds();
	char want[20000];
	import("archive-text", NAMES(seeds[4]));
	import("archive-text", NAMES(seeds[1], seeds[3]));
	assert_summary(19, 0, 0, 0);
	import("archive-text", NAMES(seeds[0]));
	import("archive-text", seeds);
	assert_summary(10, 0, 39, 0);
	import("archive-text", seeds);
	assert_summary(0, 0, 49, 0);
	read_titles(seeds[2], want);
	assert_archive(LECTERN_ARCHIVE_TAG, "remote-work", 10, want);
	read_titles(seeds[0], want);
	assert_archive(LECTERN_ARCHIVE_TAG, "deep-learning", 10, want);
}

#define OVERLAP "tests/data/archive-text/overlap/"

static void test_overlap(void **state)
{
	import("archive-text", NAMES("tests/data/archive-text/overlap"));
	assert_summary(5, 0, 0, 0);
	assert_int_equal(summary.notes, 0);
	assert_archive(LECTERN_ARCHIVE_TAG, "storage", 3,
		"Copy on Write\nNotes\nPages & Trees (Part 2)\n");
	assert_archive(LECTERN_ARCHIVE_TAG, "networks", 3,
		"One Socket, Many Requests\nNotes\nCopy on Write\n");
	assert_archive(LECTERN_ARCHIVE_CATEGORY, "Research & Engineering", 3,
		"One Socket, Many Requests\nCopy on Write\nPages & Trees (Part 2)\n");
	assert_archive(LECTERN_ARCHIVE_SERIES, "pages-trees", 1, "Pages & Trees (Part 2)\n");
	import("archive-text", NAMES("tests/data/archive-text/overlap"));
	assert_summary(0, 0, 5, 0);
	import("archive-text", NAMES(OVERLAP "1-tag-storage.txt"));
	assert_summary(0, 0, 3, 0);
	import("archive-text", NAMES(OVERLAP "2-tag-networks.txt"));
	assert_summary(0, 0, 3, 0);
	import("archive-text", NAMES(OVERLAP "3-category-engineering.txt"));
	assert_summary(0, 0, 3, 0);

	lectern_post *post;
	assert_int_equal(lectern_get_post(client, "copy-on-write", 0, 0, &post, NULL), LECTERN_OK);
	assert_int_equal(lectern_post_tag_count(post), 2);
	assert_int_equal(lectern_post_category_count(post), 1);
	assert_string_equal(lectern_post_body(post),
		"A page is never changed in place.\n\n## Why it helps\n\nReaders see a snapshot; a "
		"crash finds the old tree.");
	lectern_post_free(post);
	assert_int_equal(
		lectern_get_post(client, "pages-trees-part-2", 0, 0, &post, NULL), LECTERN_OK);
	assert_string_equal(lectern_post_html(post),
		"<p>Fixed pages, “fat” nodes, and #hash &lt; B+tree.</p>\n");
	lectern_post_free(post);
	assert_int_equal(lectern_get_post(client, "notes", 0, 0, &post, NULL), LECTERN_OK);
	lectern_post_free(post);
	assert_int_equal(lectern_get_post(client, "notes-2", 0, 0, &post, NULL), LECTERN_OK);
	lectern_post_free(post);
}

/* A page at a time: a post gets its further terms, and the order is kept where it is known. */
static void test_overlap_growing(void **state)
{
	import("archive-text", NAMES(OVERLAP "2-tag-networks.txt"));
	assert_summary(3, 0, 0, 0);
	import("archive-text", NAMES(OVERLAP "1-tag-storage.txt"));
	assert_summary(2, 1, 0, 0);
	import("archive-text", NAMES(OVERLAP "3-category-engineering.txt"));
	assert_summary(0, 3, 0, 0);
	import("archive-text", NAMES("tests/data/archive-text/overlap"));
	assert_summary(0, 0, 5, 0);
	assert_archive(LECTERN_ARCHIVE_TAG, "networks", 3,
		"One Socket, Many Requests\nNotes\nCopy on Write\n");
	assert_archive(LECTERN_ARCHIVE_CATEGORY, "Research & Engineering", 3,
		"One Socket, Many Requests\nCopy on Write\nPages & Trees (Part 2)\n");
}

static void test_dry_run(void **state)
{
	struct import_options options = { .format = "auto", .dry_run = true };
	assert_int_equal(import_with(&options, NAMES("tests/data/archive-text/overlap")), CODE_OK);
	assert_summary(5, 0, 0, 0);
	lectern_post *post;
	assert_int_equal(
		lectern_get_post(client, "copy-on-write", 0, 0, &post, NULL), LECTERN_NOT_FOUND);
	import("archive-text", NAMES("tests/data/archive-text/overlap"));
	assert_summary(5, 0, 0, 0);
	assert_int_equal(import_with(&options, NAMES("tests/data/archive-text/overlap")), CODE_OK);
	assert_summary(0, 0, 5, 0);
}

/* The report without the directories. */
static void assert_report(const char *want)
{
	char path[256];
	char line[4096];
	char got[8192] = "";
	lecternd_path(&server, "report.jsonl", path);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL) {
		char *name = strstr(line, "tests/data/");
		assert_non_null(name);
		strcat(got, name + strlen("tests/data/"));
	}
	fclose(file);
	assert_string_equal(got, want);
}

#define POST(file, line, slug, result, reason) \
	file "\",\"line\":" line ",\"kind\":\"post\",\"slug\":\"" slug "\",\"result\":\"" result \
	     "\",\"reason\":\"" reason "\"}\n"

static void test_refused(void **state)
{
	import("archive-text", NAMES("tests/data/archive-text/refused"));
	assert_summary(2, 0, 0, 3);
	assert_report(POST("archive-text/refused/1-tag-mixed.txt", "3", "", "refused",
		"text before the first bullet; a post begins with \\\"• Title\\\"")
			POST("archive-text/refused/1-tag-mixed.txt", "9", "", "refused",
				"the bullet has no title")
				POST("archive-text/refused/2-no-header.txt", "1", "", "refused",
					"the page does not begin with \\\"Tag: NAME\\\", "
					"\\\"Category: NAME\\\" or \\\"Author: NAME\\\"")
					POST("archive-text/refused/1-tag-mixed.txt", "5",
						"a-good-post", "created", "")
						POST("archive-text/refused/1-tag-mixed.txt", "13",
							"another-good-post", "created", ""));
	struct import_options options = { .format = "archive-text", .strict = true };
	assert_int_equal(import_with(&options, NAMES("tests/data/archive-text/refused")),
		CODE_INVALID_ARGUMENT);
	assert_summary(0, 0, 0, 1);
	assert_non_null(strstr(failure.text, "1-tag-mixed.txt:3: text before the first bullet"));
}

/* An editor's changes to what the pages do not know stay; what the pages know is set again. */
static void test_changed_on_server(void **state)
{
	import("archive-text", NAMES(OVERLAP "1-tag-storage.txt"));
	struct import_options options = { .format = "jsonl" };
	assert_int_equal(import_with(&options, NAMES("tests/data/jsonl/sample.jsonl")), CODE_OK);
	assert_summary(2, 1, 0, 0); /* copy-on-write gets a time, terms, a body and more */
	import("archive-text", NAMES(OVERLAP "1-tag-storage.txt"));
	assert_summary(0, 1, 2, 0);
	lectern_post *post;
	assert_int_equal(lectern_get_post(client, "copy-on-write", 0, 0, &post, NULL), LECTERN_OK);
	assert_string_equal(lectern_post_excerpt(post), "Old pages stay.");
	assert_int_equal(lectern_post_category_count(post), 1);
	assert_int_equal(lectern_post_publish_time_us(post), INT64_C(1714979289123456));
	lectern_post_free(post);
	import("archive-text", NAMES(OVERLAP "1-tag-storage.txt"));
	assert_summary(0, 0, 3, 0);
}

static void test_jsonl(void **state)
{
	import("auto", NAMES("tests/data/jsonl/sample.jsonl"));
	assert_summary(3, 0, 0, 0);
	assert_int_equal(summary.terms.created, 4);
	import("jsonl", NAMES("tests/data/jsonl/sample.jsonl"));
	assert_summary(0, 0, 3, 0);
	assert_int_equal(summary.terms.unchanged, 4);
	lectern_post *post;
	assert_int_equal(lectern_get_post(client, "copy-on-write", 0, 0, &post, NULL), LECTERN_OK);
	assert_string_equal(lectern_post_body(post), "A page is *never* changed in place.\n");
	assert_int_equal(lectern_post_publish_time_us(post), INT64_C(1714979289123456));
	assert_string_equal(lectern_post_tag_name(post, 0), "Storage");
	lectern_post_free(post);
	assert_int_equal(lectern_get_post(client, "a-draft", 0, 0, &post, NULL), LECTERN_OK);
	assert_string_equal(lectern_post_state(post), "DRAFT");
	lectern_post_free(post);
	assert_int_equal(lectern_get_post(client, "from-its-title", 0, 0, &post, NULL), LECTERN_OK);
	lectern_post_free(post);
}

static void test_jsonl_refused(void **state)
{
	import("jsonl", NAMES("tests/data/jsonl/refused.jsonl"));
	assert_int_equal(summary.posts.created, 2);
	assert_int_equal(summary.posts.refused, 6);
	assert_int_equal(summary.terms.refused, 1);
}

static void count_progress(void *arg, const struct import_progress *progress)
{
	unsigned *count = arg;
	++*count;
	assert_int_equal(progress->items_done, *count);
	assert_int_equal(progress->items_total, 5);
	assert_true(progress->bytes_done <= progress->bytes_total + 1000);
}

static void test_progress_and_stop(void **state)
{
	unsigned count = 0;
	struct import_options options = {
		.format = "auto", .progress = count_progress, .progress_arg = &count
	};
	assert_int_equal(import_with(&options, NAMES("tests/data/archive-text/overlap")), CODE_OK);
	assert_int_equal(count, 5);
	sig_atomic_t stop = 1;
	options.stop = &stop;
	assert_int_equal(
		import_with(&options, NAMES("tests/data/archive-text/overlap")), CODE_CANCELLED);
	assert_string_equal(failure.text, "stopped; run it again to go on");
}

static void test_options(void **state)
{
	struct import_options options = { .format = "word" };
	assert_int_equal(import_with(&options, NAMES("tests/data")), CODE_INVALID_ARGUMENT);
	assert_string_equal(failure.text,
		"import: there is no format 'word'; the formats are auto, "
		"wordpress, ghost, jsonl, front-matter and archive-text");
	options.format = "auto";
	assert_int_equal(import_with(&options, NAMES("tests/data/missing")), CODE_NOT_FOUND);
	assert_non_null(strstr(failure.text, "tests/data/missing': No such file or directory"));
	assert_int_equal(
		import_with(&options, (const char *const[]){ NULL }), CODE_INVALID_ARGUMENT);
	assert_int_equal(import_with(&options, NAMES("LICENSE")), CODE_OK);
	assert_summary(0, 0, 0, 1);
	options.newest_time_us = INT64_MAX;
	assert_int_equal(import_with(&options, NAMES("LICENSE")), CODE_INVALID_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_seeds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_seeds_one_by_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_overlap, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_overlap_growing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_dry_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_changed_on_server, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_jsonl, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_jsonl_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_progress_and_stop, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_options, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("import", tests, NULL, NULL);
}
