/* SearchPosts: plans, errors, and what bounds a search: words, memory, time, other calls. */
#include "base/limits.h"
#include "support/own_server.h"
#include "support/search.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- Plans and errors --- */

static void test_plans(void **state)
{
	for (int i = 0; i < 4; i++)
		put_note(&server, &(struct note){ .title = i == 0 ? "Coffee the" : "Coffee shop",
					  .tags = { i < 3 ? "a" : "b" } });
	static const struct {
		const char *label, *query, *filter, *text;
		uint64_t records_read;
	} cases[] = {
		{ "words, the rarest first", "coffee the", "",
			"leap over word \"the\" (1 posts) and word \"coffee\" (4 posts)", 0 },
		{ "a phrase", "\"coffee shop\" -milk", "",
			"leap over phrase \"coffee shop\" (3 posts) and not word \"milk\"; words "
			"of "
			"3 posts looked at",
			3 },
		{ "a prefix reads no text where the index tells", "theo* coff*", "",
			"leap over words from \"theo\" (0 posts) and words from \"coff\" (4 posts)",
			0 },
		{ "a small filter", "coffee", "tags:\"b\"",
			"leap over word \"coffee\" (4 posts) and filter (1 posts)", 0 },
		{ "a large filter", "the", "tags:\"a\"",
			"leap over word \"the\" (1 posts); filter tested on 1 records", 1 },
		{ "posts in every state", "the", "state = DRAFT",
			"leap over word \"the\" (1 posts); among those that are not public word "
			"\"the\" (0 posts) and filter (0 posts)",
			0 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s\n", cases[i].label);
		const Lectern__V1__SearchPostsResponse *page = search(&server,
			&(struct asked){ .query = cases[i].query,
				.filter = cases[i].filter,
				.explain = true },
			&answer);
		assert_string_equal(page->plan->text, cases[i].text);
		assert_int_equal(page->plan->records_read, cases[i].records_read);
		assert_true(page->plan->keys_read > 0);
	}
	assert_null(search(&server, &(struct asked){ .query = "coffee" }, &answer)->plan);
}

static void test_errors(void **state)
{
	static const struct {
		const char *label;
		struct asked asked;
		const char *reason, *text;
	} cases[] = {
		{ "no query", { .query = "" }, "QUERY_INVALID",
			"query: at byte 1: there is no word to find; write at least one" },
		{ "an open quote", { .query = "a \"b" }, "QUERY_INVALID",
			"query: at byte 3: the quote that opens here is not closed; put another \" "
			"behind the phrase" },
		{ "a filter that is none", { .query = "a", .filter = "tags" }, "FILTER_INVALID",
			NULL },
		{ "a negative page size", { .query = "a", .page_size = -1 }, "PAGE_SIZE_NEGATIVE",
			"page_size: is -1; it must be 0 (the default) to 100" },
		{ "a negative facet size", { .query = "a", .facet_size = -2 }, "PAGE_SIZE_NEGATIVE",
			"facet_size: is -2; it must be 0 (the default) to 100" },
		{ "no view", { .query = "a", .view = (Lectern__V1__PostView)7 }, "ENUM_INVALID",
			"view: 7 is no view" },
		{ "no language", { .query = "a", .language = "en_US!" }, "LANGUAGE_INVALID",
			"language: must be a BCP 47 tag, for example \"en\" or \"zh-Hant\"" },
		{ "a facet without a kind",
			{ .query = "a", .facets = { BY_TAG, 0 }, .facet_count = 2 }, "ENUM_INVALID",
			"facets[1]: 0 is no kind of facet; it must be TAG, CATEGORY, AUTHOR or "
			"MONTH" },
		{ "an unknown facet",
			{ .query = "a", .facets = { (Lectern__V1__FacetKind)9 }, .facet_count = 1 },
			"ENUM_INVALID",
			"facets[0]: 9 is no kind of facet; it must be TAG, CATEGORY, AUTHOR or "
			"MONTH" },
		{ "a facet twice",
			{ .query = "a", .facets = { BY_TAG, BY_MONTH, BY_TAG }, .facet_count = 3 },
			"FACET_REPEATED", "facets[2]: is there twice; ask for each kind once" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s\n", cases[i].label);
		assert_int_equal(
			try_search(&server, &cases[i].asked, &answer), CODE_INVALID_ARGUMENT);
		assert_string_equal(answer.err.reason, cases[i].reason);
		if (cases[i].text != NULL)
			assert_string_equal(answer.err.text, cases[i].text);
		assert_int_equal(
			strncmp(answer.err.text, answer.err.field, strlen(answer.err.field)), 0);
	}
}

static void test_a_prefix_of_too_many_words(void **state)
{
	char *body = malloc(20 * LIMIT_PREFIX_WORDS);
	size_t size = 0;
	for (int i = 0; i < LIMIT_PREFIX_WORDS; i++)
		size += (size_t)sprintf(body + size, "pre%04d ", i);
	put_words(&server, "All of them", body);
	assert_string_equal(found_ids(&server, &(struct asked){ .query = "pre*" }, &answer), "1");
	put_words(&server, "One more", "prefix");
	assert_string_equal(
		found_ids(&server, &(struct asked){ .query = "pre0* -pref*" }, &answer), "1");
	free(body);
	static const char *const queries[] = { "pre*", "one -pre*", "pr* pre0001" };
	static const char *const prefixes[] = { "pre", "pre", "pr" };
	for (size_t i = 0; i < 3; i++) {
		char text[128];
		snprintf(text, sizeof text,
			"query: more than 1000 words begin with \"%s\"; write more letters",
			prefixes[i]);
		assert_int_equal(
			try_search(&server, &(struct asked){ .query = queries[i] }, &answer),
			CODE_INVALID_ARGUMENT);
		assert_string_equal(answer.err.reason, "PREFIX_TOO_SHORT");
		assert_string_equal(answer.err.text, text);
	}
}

/* --- Bounds --- */

/* With every budget a search either answers as ever or says that it had not enough. */
static void test_out_of_memory(void **state)
{
	enum { POSTS = 30 };
	for (int i = 0; i < POSTS; i++) {
		char tag[16];
		snprintf(tag, sizeof tag, "t%d", i);
		put_note(&server, &(struct note){ .title = "Coffee shop",
					  .body = "A coffee shop and some running tea.",
					  .tags = { tag, "all" } });
	}
	const struct asked asked = { .query =
					     "coffee \"coffee shop\" runnin* -milk -\"tea coffee\"",
		.filter = "tags:\"all\"",
		.facets = { BY_TAG, BY_AUTHOR, BY_MONTH },
		.facet_count = 3,
		.explain = true };
	enum code code = CODE_RESOURCE_EXHAUSTED;
	size_t failures = 0;
	for (server.arena_bytes = 1024; code == CODE_RESOURCE_EXHAUSTED;
		server.arena_bytes += 1024) {
		code = try_search(&server, &asked, &answer);
		failures += code != CODE_OK;
		assert_in_range(server.arena_bytes, 0, LIMIT_ARENA_BYTES / 16);
	}
	assert_int_equal(code, CODE_OK);
	assert_true(failures > 10);
	const Lectern__V1__SearchPostsResponse *page =
		(const Lectern__V1__SearchPostsResponse *)answer.message;
	assert_int_equal(page->total_size, POSTS);
}

static void test_the_deadline(void **state)
{
	enum { POSTS = 40, BODY_BYTES = 200 * 1000 };
	char *body = malloc(BODY_BYTES);
	size_t size = 0;
	while (size < BODY_BYTES - 20)
		size += (size_t)snprintf(body + size, BODY_BYTES - size, "shop coffee ");
	body[size - strlen(" coffee ")] = '\0';
	for (int i = 0; i < POSTS; i++)
		put_words(&server, "Coffee", body);
	free(body);
	static const char query[] =
		"coffee -\"coffee coffee\" -\"shop shop\" -\"coffee coffee shop\" "
		"-\"shop shop coffee\" -\"coffee shop shop\" -\"shop coffee coffee\" "
		"-\"coffee shop coffee coffee\" -\"shop coffee shop shop\" "
		"-\"coffee coffee shop shop\" -\"shop shop coffee coffee\"";
	server.timeout_ms = 30;
	assert_int_equal(try_search(&server, &(struct asked){ .query = query }, &answer),
		CODE_DEADLINE_EXCEEDED);
	server.timeout_ms = 0;
	assert_int_equal(try_search(&server, &(struct asked){ .query = query }, &answer), CODE_OK);
}

/* Searches in several threads while posts are written. */
enum { THREADS = 4, SEARCHES = 60, WRITES = 20, FIRST_POSTS = 10 };

static void *search_often(void *unused)
{
	struct answer own = { 0 };
	double score = 0;
	for (int i = 0; i < SEARCHES; i++) {
		const Lectern__V1__SearchPostsResponse *page = search(&server,
			&(struct asked){ .query = i % 2 == 0 ? "coffee" : "\"running shop\"",
				.page_size = 100,
				.facets = { BY_TAG },
				.facet_count = 1 },
			&own);
		assert_in_range(page->total_size, FIRST_POSTS, FIRST_POSTS + WRITES);
		assert_int_equal(page->n_hits, page->total_size);
		assert_int_equal(page->facets[0]->values[0]->post_count, page->total_size);
		for (size_t h = 0; h < page->n_hits; h++) {
			assert_true(h == 0 || page->hits[h]->score <= score);
			score = page->hits[h]->score;
		}
	}
	answer_done(&own);
	return NULL;
}

static void test_searches_side_by_side(void **state)
{
	pthread_t threads[THREADS];
	const struct note note = { .title = "Coffee", .body = "A running shop.", .tags = { "a" } };
	for (int i = 0; i < FIRST_POSTS; i++)
		put_note(&server, &note);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, search_often, NULL), 0);
	for (int i = 0; i < WRITES; i++)
		put_note(&server, &note);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_plans),
		TEST(test_errors),
		TEST(test_a_prefix_of_too_many_words),
		TEST(test_out_of_memory),
		TEST(test_the_deadline),
		TEST(test_searches_side_by_side),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
