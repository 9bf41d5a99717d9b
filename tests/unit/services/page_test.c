/* Pages of posts: walks that meet inserts and deletes, and tokens that are not what they were. */
#include "support/own_server.h"

#include "base/limits.h"
#include "base/rfc3339.h"
#include "support/random.h"

#include <lectern/v1/archive.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A post of the tag "t"; equal times are told apart by the id. */
static uint64_t publish_at(int64_t time_us)
{
	return publish(time_us, "t", NULL);
}

enum { LIST_MAX = 512 };

struct query {
	const char *filter, *order_by;
	int page_size;
};

/* One page; the token for the next one replaces *token. */
static enum code list_page(const struct query *query, char token[LIMIT_PAGE_TOKEN_BYTES + 1],
	uint64_t *ids, size_t *count)
{
	Lectern__V1__ListPostsRequest request = LECTERN__V1__LIST_POSTS_REQUEST__INIT;
	request.filter = text(query->filter);
	request.order_by = text(query->order_by);
	request.page_size = query->page_size;
	request.page_token = token;
	enum code code = call(&server, "PostService/ListPosts", &request.base, &answer);
	if (code != CODE_OK)
		return code;
	const Lectern__V1__ListPostsResponse *page =
		(const Lectern__V1__ListPostsResponse *)answer.message;
	for (size_t i = 0; i < page->n_posts; i++)
		ids[(*count)++] = page->posts[i]->id;
	snprintf(token, LIMIT_PAGE_TOKEN_BYTES + 1, "%s", page->next_page_token);
	return CODE_OK;
}

static size_t list_all(const struct query *query, uint64_t *ids)
{
	char token[LIMIT_PAGE_TOKEN_BYTES + 1] = "";
	size_t count = 0;
	do
		assert_int_equal(list_page(query, token, ids, &count), CODE_OK);
	while (token[0] != '\0');
	return count;
}

static void test_pages_together_are_the_list(void **state)
{
	static const struct query queries[] = { { .page_size = 1000 },
		{ .order_by = "publish_time", .page_size = 1000 },
		{ .filter = "tags:t", .page_size = 1000 },
		{ .filter = "state = PUBLISHED", .page_size = 1000 } };
	struct random random = random_start();
	for (int i = 0; i < 60; i++) /* some at the same time, some before 1970 */
		publish_at(START_US + ((int64_t)random_below(&random, 40) - 40) * 1000 * DAY_US);
	for (size_t q = 0; q < sizeof queries / sizeof *queries; q++) {
		static uint64_t whole[LIST_MAX], paged[LIST_MAX];
		assert_int_equal(list_all(&queries[q], whole), 60);
		for (int size = 1; size <= 61; size += size < 8 ? 1 : 13) {
			struct query query = queries[q];
			query.page_size = size;
			assert_int_equal(list_all(&query, paged), 60);
			assert_memory_equal(paged, whole, 60 * sizeof *whole);
		}
	}
	/* The one order is the other's reverse. */
	uint64_t down[LIST_MAX], up[LIST_MAX];
	list_all(&queries[0], down);
	list_all(&queries[1], up);
	for (size_t i = 0; i < 60; i++)
		assert_int_equal(down[i], up[59 - i]);
}

/* What was there all the time is seen exactly once, whatever comes and goes between the pages. */
static void walk_among_writes(const struct query *query, struct random *random)
{
	enum { STABLE = 40 };
	uint64_t stable[STABLE];
	uint64_t passing[LIST_MAX];
	size_t passing_count = 0;
	uint64_t seen[LIST_MAX];
	size_t count = 0;
	char token[LIMIT_PAGE_TOKEN_BYTES + 1] = "";
	for (int i = 0; i < STABLE; i++) {
		stable[i] = publish_at(START_US + i * DAY_US);
		passing[passing_count++] = publish_at(START_US + i * DAY_US + DAY_US / 2);
	}
	do {
		assert_int_equal(list_page(query, token, seen, &count), CODE_OK);
		for (int i = 0; i < 2; i++) {
			size_t victim = random_below(random, passing_count);
			(void)move_post(&server, "Delete", passing[victim], NULL, &answer);
			if (passing_count < LIST_MAX - 1)
				passing[passing_count++] = publish_at(
					START_US + (int64_t)random_below(random, STABLE) * DAY_US);
		}
		/* The last one of the page, too: the token names a place, not a post. */
		for (size_t i = 0; count > 0 && i < passing_count; i++)
			if (passing[i] == seen[count - 1])
				(void)move_post(&server, "Delete", passing[i], NULL, &answer);
	} while (token[0] != '\0');
	for (int i = 0; i < STABLE; i++) {
		int times = 0;
		for (size_t j = 0; j < count; j++)
			times += seen[j] == stable[i];
		assert_int_equal(times, 1);
	}
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(seen[i], seen[j]);
}

static void test_a_walk_among_writes(void **state)
{
	struct random random = random_start();
	walk_among_writes(&(struct query){ .page_size = 5 }, &random);
}

static void test_a_walk_up_among_writes(void **state)
{
	struct random random = random_start();
	walk_among_writes(&(struct query){ .page_size = 3, .order_by = "publish_time" }, &random);
}

static void test_a_walk_of_a_tag_among_writes(void **state)
{
	struct random random = random_start();
	walk_among_writes(&(struct query){ .page_size = 4, .filter = "tags:\"t\"" }, &random);
}

static enum code try_token(const struct query *query, const char *token)
{
	char copy[LIMIT_PAGE_TOKEN_BYTES + 1];
	uint64_t ids[LIST_MAX];
	size_t count = 0;
	snprintf(copy, sizeof copy, "%s", token);
	return list_page(query, copy, ids, &count);
}

static void assert_token_refused(const struct query *query, const char *token, const char *reason)
{
	assert_int_equal(try_token(query, token), CODE_INVALID_ARGUMENT);
	assert_string_equal(answer.err.field, "page_token");
	if (reason != NULL)
		assert_string_equal(answer.err.reason, reason);
}

static void test_tokens_that_are_not_what_they_were(void **state)
{
	static const struct query query = { .page_size = 1 };
	char token[LIMIT_PAGE_TOKEN_BYTES + 1] = "";
	uint64_t ids[LIST_MAX];
	size_t count = 0;
	publish_at(START_US);
	publish_at(START_US + DAY_US);
	assert_int_equal(list_page(&query, token, ids, &count), CODE_OK);
	size_t size = strlen(token);
	assert_in_range(size, 20, 200);
	assert_int_equal(try_token(&query, token), CODE_OK);
	for (size_t at = 0; at < size; at++) {
		static const char others[] = "AQgwBCDEFxyz0189-_=+/ .";
		for (const char *other = others; *other != '\0'; other++) {
			char changed[LIMIT_PAGE_TOKEN_BYTES + 1];
			strcpy(changed, token);
			if (changed[at] == *other)
				continue;
			changed[at] = *other;
			assert_token_refused(&query, changed, NULL);
		}
		char cut[LIMIT_PAGE_TOKEN_BYTES + 1];
		strcpy(cut, token);
		cut[at] = '\0';
		if (at > 0)
			assert_token_refused(&query, cut, NULL);
		assert_token_refused(&query, token + at + (at == 0 ? 1 : 0), NULL);
	}
	char longer[2 * LIMIT_PAGE_TOKEN_BYTES];
	snprintf(longer, sizeof longer, "%sA", token);
	assert_token_refused(&query, longer, NULL);
	snprintf(longer, sizeof longer, "%s%s", token, token);
	assert_token_refused(&query, longer, NULL);
	/* Another page size or view is the same query; another filter or order is not. */
	assert_int_equal(try_token(&(struct query){ .page_size = 7 }, token), CODE_OK);
	assert_token_refused(
		&(struct query){ .filter = "tags:t" }, token, "PAGE_TOKEN_OTHER_QUERY");
	assert_token_refused(
		&(struct query){ .order_by = "publish_time" }, token, "PAGE_TOKEN_OTHER_QUERY");
	assert_token_refused(
		&(struct query){ .filter = "state = DRAFT" }, token, "PAGE_TOKEN_OTHER_QUERY");
	/* Equal texts of a query are not asked for: a query is what it means. */
	assert_int_equal(
		try_token(&(struct query){ .order_by = "publish_time  DESC" }, token), CODE_OK);
	/* A restart changes nothing, another store all. */
	local_server_reopen(&server);
	assert_int_equal(try_token(&query, token), CODE_OK);
	struct local_server first = server;
	local_server_open(&server);
	publish_at(START_US);
	assert_token_refused(&query, token, "PAGE_TOKEN_FORGED");
	local_server_close(&server);
	server = first;
}

static const Lectern__V1__GetArchiveResponse *date_archive(
	uint32_t year, uint32_t month, uint32_t day, const char *token, int page_size)
{
	Lectern__V1__ArchiveDate date = LECTERN__V1__ARCHIVE_DATE__INIT;
	Lectern__V1__GetArchiveRequest request = LECTERN__V1__GET_ARCHIVE_REQUEST__INIT;
	request.kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_DATE;
	date.year = year;
	date.month = month;
	date.day = day;
	request.date = &date;
	request.page_token = text(token);
	request.page_size = page_size;
	return call_ok(&server, "ArchiveService/GetArchive", &request.base, &answer);
}

static int64_t time_of(const char *rfc3339)
{
	int64_t time_us;
	assert_true(rfc3339_parse(slice_of_text(rfc3339), &time_us));
	return time_us;
}

/* The first and the last microsecond of each span, and what lies beside them. */
static void test_archives_of_dates(void **state)
{
	static const char *const times[] = { "0001-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z",
		"1970-01-01T00:00:00.000001Z", "2024-01-01T00:00:00Z",
		"2024-01-31T23:59:59.999999Z", "2024-02-01T00:00:00Z", "2024-02-29T00:00:00Z",
		"2024-02-29T23:59:59.999999Z", "2024-03-01T00:00:00Z",
		"2024-12-31T23:59:59.999999Z", "2025-01-01T00:00:00Z" };
	static const struct {
		uint32_t year, month, day;
		uint64_t count;
	} spans[] = { { 1, 0, 0, 1 }, { 1, 1, 1, 1 }, { 1969, 0, 0, 1 }, { 1969, 12, 31, 1 },
		{ 1970, 0, 0, 1 }, { 1970, 1, 1, 1 }, { 1970, 1, 2, 0 }, { 2024, 0, 0, 7 },
		{ 2024, 1, 0, 2 }, { 2024, 1, 1, 1 }, { 2024, 1, 31, 1 }, { 2024, 2, 0, 3 },
		{ 2024, 2, 29, 2 }, { 2024, 2, 28, 0 }, { 2024, 3, 0, 1 }, { 2024, 12, 0, 1 },
		{ 2024, 4, 0, 0 }, { 2025, 0, 0, 1 }, { 2025, 1, 1, 1 }, { 2023, 0, 0, 0 },
		{ 9999, 12, 31, 0 }, { 9999, 0, 0, 0 } };
	for (size_t i = 0; i < sizeof times / sizeof *times; i++)
		publish_at(time_of(times[i]));
	for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
		char token[LIMIT_PAGE_TOKEN_BYTES + 1] = "";
		uint64_t count = 0;
		print_message("%u-%u-%u\n", spans[i].year, spans[i].month, spans[i].day);
		do {
			const Lectern__V1__GetArchiveResponse *page =
				date_archive(spans[i].year, spans[i].month, spans[i].day, token, 2);
			assert_int_equal(page->total_size, spans[i].count);
			count += page->n_posts;
			snprintf(token, sizeof token, "%s", page->next_page_token);
		} while (token[0] != '\0');
		assert_int_equal(count, spans[i].count);
	}
	/* A page of the year that ends with the month's last post goes on inside the year. */
	char token[LIMIT_PAGE_TOKEN_BYTES + 1];
	snprintf(token, sizeof token, "%s", date_archive(2024, 0, 0, "", 2)->next_page_token);
	Lectern__V1__ArchiveDate date = LECTERN__V1__ARCHIVE_DATE__INIT;
	Lectern__V1__GetArchiveRequest request = LECTERN__V1__GET_ARCHIVE_REQUEST__INIT;
	request.kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_DATE;
	date.year = 2025;
	request.date = &date;
	request.page_token = token;
	assert_int_equal(call(&server, "ArchiveService/GetArchive", &request.base, &answer),
		CODE_INVALID_ARGUMENT);
	assert_string_equal(answer.err.reason, "PAGE_TOKEN_OTHER_QUERY");
}

static void test_the_months_that_have_posts(void **state)
{
	publish_at(time_of("0001-01-31T00:00:00Z"));
	publish_at(time_of("1969-12-31T23:59:59Z"));
	for (int i = 0; i < 3; i++)
		publish_at(time_of("2024-02-29T12:00:00Z"));
	publish_at(time_of("2024-12-31T23:59:59.999999Z"));
	uint64_t gone = publish_at(time_of("2023-05-05T00:00:00Z"));
	assert_int_equal(move_post(&server, "Unpublish", gone, NULL, &answer), CODE_OK);
	static const struct {
		uint32_t asked;
		size_t count;
		uint32_t months[4][3];
	} cases[] = {
		{ 0, 4, { { 2024, 12, 1 }, { 2024, 2, 3 }, { 1969, 12, 1 }, { 1, 1, 1 } } },
		{ 2024, 2, { { 2024, 12, 1 }, { 2024, 2, 3 } } },
		{ 2023, 0, { { 0 } } },
		{ 1969, 1, { { 1969, 12, 1 } } },
		{ 1, 1, { { 1, 1, 1 } } },
		{ 9999, 0, { { 0 } } },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Lectern__V1__ListArchiveDatesRequest request =
			LECTERN__V1__LIST_ARCHIVE_DATES_REQUEST__INIT;
		request.year = cases[i].asked;
		const Lectern__V1__ListArchiveDatesResponse *dates =
			call_ok(&server, "ArchiveService/ListArchiveDates", &request.base, &answer);
		assert_int_equal(dates->n_dates, cases[i].count);
		for (size_t m = 0; m < dates->n_dates; m++) {
			assert_int_equal(dates->dates[m]->date->year, cases[i].months[m][0]);
			assert_int_equal(dates->dates[m]->date->month, cases[i].months[m][1]);
			assert_int_equal(dates->dates[m]->post_count, cases[i].months[m][2]);
		}
	}
}

/* A page ends where the response would become too large, and the next one goes on from there. */
static void test_pages_of_large_posts(void **state)
{
	enum { POSTS = 12, BODY_BYTES = 3 * 1024 * 1024 };
	char *body = malloc(BODY_BYTES + 1);
	memset(body, 'x', BODY_BYTES);
	body[BODY_BYTES] = '\0';
	for (int i = 0; i < POSTS; i++)
		new_post(&server,
			&(struct sketch){ .title = "L",
				.body = body,
				.state = PUBLISHED,
				.publish_time_us = START_US + i * DAY_US },
			&answer);
	free(body);
	Lectern__V1__ListPostsRequest request = LECTERN__V1__LIST_POSTS_REQUEST__INIT;
	char token[LIMIT_PAGE_TOKEN_BYTES + 1] = "";
	size_t posts = 0;
	size_t pages = 0;
	request.view = LECTERN__V1__POST_VIEW__POST_VIEW_FULL;
	do {
		request.page_token = token;
		const Lectern__V1__ListPostsResponse *page =
			call_ok(&server, "PostService/ListPosts", &request.base, &answer);
		assert_in_range(answer.size_bytes, 1, LIMIT_RESPONSE_BYTES);
		posts += page->n_posts;
		pages++;
		snprintf(token, sizeof token, "%s", page->next_page_token);
	} while (token[0] != '\0');
	assert_int_equal(posts, POSTS);
	assert_in_range(pages, 3, POSTS);
}

/* Terms have descriptions and attributes; a page of them ends early as well. */
static void test_pages_of_large_terms(void **state)
{
	enum { TAGS = 150 };
	char *value = malloc(LIMIT_ATTRIBUTE_VALUE_BYTES + 1);
	memset(value, 'v', LIMIT_ATTRIBUTE_VALUE_BYTES);
	value[LIMIT_ATTRIBUTE_VALUE_BYTES] = '\0';
	Lectern__V1__Attribute attributes[LIMIT_ATTRIBUTES];
	Lectern__V1__Attribute *list[LIMIT_ATTRIBUTES];
	char keys[LIMIT_ATTRIBUTES][8];
	for (int i = 0; i < LIMIT_ATTRIBUTES; i++) {
		lectern__v1__attribute__init(&attributes[i]);
		snprintf(keys[i], sizeof keys[i], "k%d", i);
		attributes[i].key = keys[i];
		attributes[i].value = value;
		list[i] = &attributes[i];
	}
	for (int i = 0; i < TAGS; i++) {
		char name[16];
		Lectern__V1__Tag tag = LECTERN__V1__TAG__INIT;
		Lectern__V1__CreateTagRequest request = LECTERN__V1__CREATE_TAG_REQUEST__INIT;
		snprintf(name, sizeof name, "tag %d", i);
		tag.name = name;
		tag.attributes = list;
		tag.n_attributes = LIMIT_ATTRIBUTES;
		request.tag = &tag;
		call_ok(&server, "TagService/CreateTag", &request.base, &answer);
	}
	free(value);
	Lectern__V1__ListTagsRequest request = LECTERN__V1__LIST_TAGS_REQUEST__INIT;
	char token[LIMIT_PAGE_TOKEN_BYTES + 1] = "";
	size_t tags = 0;
	request.page_size = 1000;
	do {
		request.page_token = token;
		const Lectern__V1__ListTagsResponse *page =
			call_ok(&server, "TagService/ListTags", &request.base, &answer);
		assert_in_range(answer.size_bytes, 1, LIMIT_RESPONSE_BYTES);
		assert_int_equal(page->total_size, TAGS);
		tags += page->n_tags;
		snprintf(token, sizeof token, "%s", page->next_page_token);
	} while (token[0] != '\0');
	assert_int_equal(tags, TAGS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_pages_together_are_the_list),
		TEST(test_a_walk_among_writes),
		TEST(test_a_walk_up_among_writes),
		TEST(test_a_walk_of_a_tag_among_writes),
		TEST(test_tokens_that_are_not_what_they_were),
		TEST(test_archives_of_dates),
		TEST(test_the_months_that_have_posts),
		TEST(test_pages_of_large_posts),
		TEST(test_pages_of_large_terms),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
