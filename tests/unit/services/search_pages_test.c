/* SearchPosts: pages and their tokens, facets. */
#include "base/limits.h"
#include "support/own_server.h"
#include "support/search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_page_sizes(void **state)
{
	static const struct {
		int32_t asked;
		size_t want;
	} cases[] = { { 0, 10 }, { 1, 1 }, { 11, 11 }, { 100, 100 }, { 101, 100 }, { 5000, 100 } };
	for (int i = 0; i < 105; i++)
		put_words(&server, "Coffee", "");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const Lectern__V1__SearchPostsResponse *page = search(&server,
			&(struct asked){ .query = "coffee", .page_size = cases[i].asked }, &answer);
		assert_int_equal(page->n_hits, cases[i].want);
		assert_int_equal(page->total_size, 105);
		assert_true(page->next_page_token[0] != '\0');
	}
}

/* A page ends where the response would become too large. */
static void test_pages_of_large_posts(void **state)
{
	enum { POSTS = 12, BODY_BYTES = 3 * 1024 * 1024 };
	char *body = malloc(BODY_BYTES + 1);
	memset(body, 'x', BODY_BYTES);
	body[BODY_BYTES] = '\0';
	for (int i = 0; i < POSTS; i++)
		put_words(&server, "Coffee", body);
	free(body);
	char token[LIMIT_PAGE_TOKEN_BYTES + 1] = "";
	size_t hits = 0;
	size_t pages = 0;
	do {
		const Lectern__V1__SearchPostsResponse *page = search(&server,
			&(struct asked){ .query = "coffee",
				.page_size = 100,
				.page_token = token,
				.view = LECTERN__V1__POST_VIEW__POST_VIEW_FULL },
			&answer);
		assert_in_range(answer.size_bytes, 1, LIMIT_RESPONSE_BYTES);
		hits += page->n_hits;
		pages++;
		snprintf(token, sizeof token, "%s", page->next_page_token);
	} while (token[0] != '\0');
	assert_int_equal(hits, POSTS);
	assert_in_range(pages, 3, POSTS);
}

static void take_token(const struct asked *asked, char token[LIMIT_PAGE_TOKEN_BYTES + 1])
{
	const Lectern__V1__SearchPostsResponse *page = search(&server, asked, &answer);
	assert_true(page->next_page_token[0] != '\0');
	snprintf(token, LIMIT_PAGE_TOKEN_BYTES + 1, "%s", page->next_page_token);
}

static void test_tokens(void **state)
{
	char token[LIMIT_PAGE_TOKEN_BYTES + 1];
	char forged[LIMIT_PAGE_TOKEN_BYTES + 1];
	for (int i = 0; i < 5; i++)
		put_words(&server, "Coffee tea", "");
	const struct asked first = { .query = "coffee", .page_size = 2 };
	take_token(&first, token);
	snprintf(forged, sizeof forged, "%s", token);
	forged[20] = forged[20] == 'A' ? 'B' : 'A';
	const struct {
		const char *label;
		struct asked asked;
		const char *reason; /* NULL: it is fine */
	} cases[] = {
		{ "the same", { .query = "coffee", .page_token = token }, NULL },
		{ "another page size, view and facets",
			{ .query = "coffee",
				.page_token = token,
				.page_size = 50,
				.view = LECTERN__V1__POST_VIEW__POST_VIEW_FULL,
				.facets = { BY_TAG },
				.facet_count = 1,
				.explain = true },
			NULL },
		{ "another query", { .query = "tea", .page_token = token },
			"PAGE_TOKEN_OTHER_QUERY" },
		{ "another filter",
			{ .query = "coffee", .filter = "featured = false", .page_token = token },
			"PAGE_TOKEN_OTHER_QUERY" },
		{ "another language", { .query = "coffee", .language = "en", .page_token = token },
			"PAGE_TOKEN_OTHER_QUERY" },
		{ "changed", { .query = "coffee", .page_token = forged }, "PAGE_TOKEN_FORGED" },
		{ "no token", { .query = "coffee", .page_token = "coffee!" },
			"PAGE_TOKEN_MALFORMED" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s\n", cases[i].label);
		enum code code = try_search(&server, &cases[i].asked, &answer);
		assert_int_equal(code, cases[i].reason == NULL ? CODE_OK : CODE_INVALID_ARGUMENT);
		if (cases[i].reason != NULL)
			assert_string_equal(answer.err.reason, cases[i].reason);
		else
			assert_int_equal(((const Lectern__V1__SearchPostsResponse *)answer.message)
						 ->hits[0]
						 ->post->id,
				3);
	}
}

/* The longest token: every clause counts many posts. */
static void test_a_token_of_many_clauses(void **state)
{
	char query[LIMIT_QUERY_BYTES + 1] = "";
	char token[LIMIT_PAGE_TOKEN_BYTES + 1];
	char title[512] = "";
	for (int i = 0; i < LIMIT_QUERY_CLAUSES; i++) {
		char word[16];
		snprintf(word, sizeof word, "word%d ", i);
		strcat(query, word);
		strcat(title, word);
	}
	for (int i = 0; i < 3; i++)
		put_words(&server, title, "");
	take_token(&(struct asked){ .query = query, .page_size = 2 }, token);
	assert_int_equal(
		search(&server, &(struct asked){ .query = query, .page_token = token }, &answer)
			->n_hits,
		1);
}

/* A language that comes between two pages does not change what the words mean. */
static void test_a_new_language_between_pages(void **state)
{
	char token[LIMIT_PAGE_TOKEN_BYTES + 1];
	put_words(&server, "Haus Hausern", ""); /* English: "hausern" stays */
	put_words(&server, "Hausern x y z", "");
	put_words(&server, "Hausern x y z u v w", "");
	put_words(&server, "Haus", ""); /* would be a form of the word in German */
	take_token(&(struct asked){ .query = "hausern", .page_size = 1 }, token);
	put_note(&server, &(struct note){ .title = "Hausern", .language = "de" });
	const Lectern__V1__SearchPostsResponse *page = search(
		&server, &(struct asked){ .query = "hausern", .page_token = token }, &answer);
	assert_int_equal(page->n_hits, 2);
	assert_int_equal(page->hits[0]->post->id + page->hits[1]->post->id, 2 + 3);
	assert_string_equal(
		found_ids(&server, &(struct asked){ .query = "hausern" }, &answer), "1 5 4 2 3");
}

/* --- Facets --- */

static void test_facets(void **state)
{
	const int64_t day_us = INT64_C(86400000000);
	put_note(&server, &(struct note){ .title = "Coffee",
				  .publish_time_us = 400 * day_us,
				  .tags = { "Beans", "Cups" },
				  .categories = { "Drinks" },
				  .authors = { "Ann" } });
	put_note(&server, &(struct note){ .title = "Coffee",
				  .publish_time_us = 401 * day_us,
				  .tags = { "Cups", "Apples" },
				  .authors = { "Ann", "Bob" } });
	put_note(&server, &(struct note){ .title = "Coffee", .publish_time_us = 800 * day_us });
	put_note(&server, &(struct note){ .title = "Tea",
				  .publish_time_us = 1200 * day_us,
				  .tags = { "Beans", "Leaves" } });
	const Lectern__V1__SearchPostsResponse *page = search(&server,
		&(struct asked){ .query = "coffee",
			.page_size = 1,
			.facets = { BY_MONTH, BY_AUTHOR, BY_TAG, BY_CATEGORY },
			.facet_count = 4,
			.facet_size = 2 },
		&answer);
	assert_int_equal(page->n_facets, 4);
	const Lectern__V1__Facet *months = page->facets[0];
	assert_int_equal(months->kind, BY_MONTH);
	assert_int_equal(months->n_values, 2);
	assert_int_equal(months->values[0]->date->year, 1972);
	assert_int_equal(months->values[0]->date->month, 3);
	assert_int_equal(months->values[0]->post_count, 1);
	assert_int_equal(months->values[1]->date->year, 1971);
	assert_int_equal(months->values[1]->date->month, 2);
	assert_int_equal(months->values[1]->post_count, 2);
	const Lectern__V1__Facet *authors = page->facets[1];
	assert_int_equal(authors->n_values, 2);
	assert_string_equal(authors->values[0]->term->name, "Ann");
	assert_int_equal(authors->values[0]->post_count, 2);
	assert_string_equal(authors->values[1]->term->slug, "bob");
	const Lectern__V1__Facet *tags = page->facets[2];
	assert_int_equal(tags->n_values, 2);
	assert_string_equal(tags->values[0]->term->slug, "cups");
	assert_int_equal(tags->values[0]->post_count, 2);
	assert_string_equal(tags->values[1]->term->slug, "apples"); /* before "beans" */
	assert_int_equal(tags->values[1]->post_count, 1);
	const Lectern__V1__Facet *categories = page->facets[3];
	assert_int_equal(categories->n_values, 1);
	assert_string_equal(categories->values[0]->term->name, "Drinks");
}

static void test_many_values_of_a_facet(void **state)
{
	enum { POSTS = 200 };
	for (int i = 0; i < POSTS; i++) {
		char tags[4][16];
		for (int t = 0; t < 4; t++)
			snprintf(tags[t], sizeof tags[t], "t%04d", 4 * i + t);
		put_note(&server, &(struct note){ .title = "Coffee",
					  .tags = { tags[0], tags[1], tags[2], tags[3], "all" } });
	}
	const Lectern__V1__SearchPostsResponse *page = search(&server,
		&(struct asked){ .query = "coffee",
			.facets = { BY_TAG },
			.facet_count = 1,
			.facet_size = 1000 },
		&answer);
	const Lectern__V1__Facet *tags = page->facets[0];
	assert_int_equal(tags->n_values, LIMIT_FACET_SIZE);
	assert_string_equal(tags->values[0]->term->slug, "all");
	assert_int_equal(tags->values[0]->post_count, POSTS);
	for (int i = 1; i < LIMIT_FACET_SIZE; i++) {
		char slug[16];
		snprintf(slug, sizeof slug, "t%04d", i - 1);
		assert_string_equal(tags->values[i]->term->slug, slug);
		assert_int_equal(tags->values[i]->post_count, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_page_sizes),
		TEST(test_pages_of_large_posts),
		TEST(test_tokens),
		TEST(test_a_token_of_many_clauses),
		TEST(test_a_new_language_between_pages),
		TEST(test_facets),
		TEST(test_many_values_of_a_facet),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
