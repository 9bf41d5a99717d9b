/* Pages of archives forwards and backwards, and the posts beside them. */
#include "support/archive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The page holds posts[first] to posts[first + count - 1], and says what stands beside it. */
static void assert_page(const Lectern__V1__GetArchiveResponse *page, const uint64_t *posts,
	size_t total, size_t first, size_t count)
{
	assert_int_equal(page->total_size, total);
	assert_int_equal(page->n_posts, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(page->posts[i]->id, posts[first + i]);
	assert_int_equal(id_of(page->post_before), first == 0 ? 0 : posts[first - 1]);
	assert_int_equal(
		id_of(page->post_after), first + count == total ? 0 : posts[first + count]);
	assert_int_equal(page->previous_page_token[0] == '\0', first == 0);
	assert_int_equal(page->next_page_token[0] == '\0', first + count == total);
	/* In the BASIC view. */
	assert_true(page->post_before == NULL || page->post_before->html[0] == '\0');
	assert_true(page->post_after == NULL || page->post_after->body[0] == '\0');
}

/* All pages forwards and then all of them backwards. */
static void walk_both_ways(const struct query *query, size_t want)
{
	static uint64_t posts[POSTS_MAX];
	const Lectern__V1__GetArchiveResponse *page = page_of(query, 1000, "");
	size_t total = page->n_posts;
	assert_int_equal(total, want);
	for (size_t i = 0; i < total; i++)
		posts[i] = page->posts[i]->id;
	assert_page(page, posts, total, 0, total);
	for (size_t size = 1; size <= total + 1; size += size < 6 ? 1 : 9) {
		char token[TOKEN_BYTES] = "";
		char last[TOKEN_BYTES] = "";
		size_t first = 0;
		do {
			size_t count = first + size < total ? size : total - first;
			page = page_of(query, (int)size, token);
			assert_page(page, posts, total, first, count);
			first += count;
			snprintf(token, sizeof token, "%s", page->next_page_token);
			snprintf(last, sizeof last, "%s", page->previous_page_token);
		} while (token[0] != '\0');
		assert_int_equal(first, total);
		first = total == 0 ? 0 : (total - 1) / size * size;
		while (last[0] != '\0') {
			first -= size;
			page = page_of(query, (int)size, last);
			assert_page(page, posts, total, first, size);
			snprintf(last, sizeof last, "%s", page->previous_page_token);
		}
		assert_int_equal(first, 0);
	}
}

static void test_forwards_and_backwards(void **state)
{
	static const struct {
		const char *label;
		struct query query;
		size_t count;
	} cases[] = {
		{ "tag", { .kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_TAG, .name = "t" }, 40 },
		{ "category",
			{ .kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_CATEGORY, .name = "Top" },
			40 },
		{ "category alone",
			{ .kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_CATEGORY,
				.name = "Top",
				.direct_only = true },
			20 },
		{ "series", { .kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_SERIES, .name = "S" },
			15 },
		{ "year", { .kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_DATE, .year = 2024 },
			56 },
		{ "year in a zone",
			{ .kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_DATE,
				.year = 2024,
				.zone = "-03:00" },
			52 },
		{ "category without children",
			{ .kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_CATEGORY,
				.name = "Below" },
			20 },
		{ "year without posts",
			{ .kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_DATE, .year = 2020 }, 0 },
	};
	uint64_t top = new_category(&server, "Top", 0);
	new_category(&server, "Below", top);
	for (int i = 0; i < 40; i++) /* four of each time */
		publish(START_US + i / 4 * DAY_US / 2, "t", i % 2 == 0 ? "Top" : "Below");
	for (uint32_t i = 0; i < 15; i++) /* two parts with several posts, and one without number */
		publish_part(START_US + 20 * DAY_US - i * DAY_US, "S", i / 2 % 5);
	publish(START_US + DAY_US / 8, NULL, NULL); /* the first one of the year in that zone */
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s\n", cases[i].label);
		walk_both_ways(&cases[i].query, cases[i].count);
	}
}

/* Part by part, whatever the times are. */
static void test_series_by_part(void **state)
{
	static const struct query series = { .kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_SERIES,
		.name = "S" };
	uint64_t third = publish_part(START_US, "S", 3);
	uint64_t first = publish_part(START_US + 2 * DAY_US, "S", 1);
	uint64_t second = publish_part(START_US + DAY_US, "S", 2);
	const Lectern__V1__GetArchiveResponse *page = page_of(&series, 1, "");
	assert_int_equal(page->posts[0]->id, first);
	assert_null(page->post_before);
	assert_int_equal(page->post_after->id, second);
	page = page_of(&series, 1, page->next_page_token);
	assert_int_equal(page->posts[0]->id, second);
	assert_int_equal(page->post_before->id, first);
	assert_int_equal(page->post_after->id, third);
	assert_string_equal(page->series->name, "S");
	assert_int_equal(page->series->post_count, 3);
}

/* Where the response would become too large a page has fewer posts, in both directions. */
static void test_pages_of_large_posts(void **state)
{
	enum { POSTS = 12, BODY_BYTES = 3 * 1024 * 1024 };
	static const struct query query = { .kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_TAG,
		.name = "t",
		.view = LECTERN__V1__POST_VIEW__POST_VIEW_FULL };
	uint64_t ids[POSTS];
	char *body = malloc(BODY_BYTES + 1);
	memset(body, 'x', BODY_BYTES);
	body[BODY_BYTES] = '\0';
	for (int i = 0; i < POSTS; i++)
		ids[POSTS - 1 - i] = new_post(&server,
			&(struct sketch){ .title = "L",
				.body = body,
				.tags = { "t" },
				.state = PUBLISHED,
				.publish_time_us = START_US + i * DAY_US },
			&answer)
					     ->id;
	free(body);
	char token[TOKEN_BYTES] = "";
	char previous[TOKEN_BYTES];
	size_t at = 0;
	do {
		const Lectern__V1__GetArchiveResponse *page = page_of(&query, 100, token);
		assert_in_range(answer.size_bytes, 1, LIMIT_RESPONSE_BYTES);
		assert_page(page, ids, POSTS, at, page->n_posts);
		at += page->n_posts;
		snprintf(token, sizeof token, "%s", page->next_page_token);
		snprintf(previous, sizeof previous, "%s", page->previous_page_token);
		if (token[0] == '\0')
			at -= page->n_posts;
	} while (token[0] != '\0');
	assert_in_range(at, 1, POSTS - 1);
	while (previous[0] != '\0') {
		const Lectern__V1__GetArchiveResponse *page = page_of(&query, 100, previous);
		assert_in_range(answer.size_bytes, 1, LIMIT_RESPONSE_BYTES);
		assert_in_range(page->n_posts, 1, at);
		at -= page->n_posts;
		assert_page(page, ids, POSTS, at, page->n_posts);
		snprintf(previous, sizeof previous, "%s", page->previous_page_token);
	}
	assert_int_equal(at, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_forwards_and_backwards),
		TEST(test_series_by_part),
		TEST(test_pages_of_large_posts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
