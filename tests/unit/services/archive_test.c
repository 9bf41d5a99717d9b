/* Pages of archives: forwards, backwards and among writes, the posts beside them, and what stands
 * around a category. */
#include "support/own_server.h"

#include "base/limits.h"
#include "base/rfc3339.h"
#include "support/random.h"

#include <lectern/v1/archive.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <times.h>

#include <cmocka.h>

static const Lectern__V1__PostState PUBLISHED = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
static const int64_t DAY_US = INT64_C(86400) * 1000000;
static const int64_t START_US = INT64_C(1704067200) * 1000000; /* 2024-01-01T00:00:00Z */
enum { POSTS_MAX = 512, TOKEN_BYTES = LIMIT_PAGE_TOKEN_BYTES + 1 };

static uint64_t publish(int64_t time_us, const char *tag, const char *category)
{
	return new_post(&server,
		&(struct sketch){ .title = "P",
			.tags = { tag },
			.categories = { category },
			.state = PUBLISHED,
			.publish_time_us = time_us },
		&answer)
		->id;
}

static uint64_t publish_part(int64_t time_us, const char *series, uint32_t part)
{
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Lectern__V1__SeriesRef ref = LECTERN__V1__SERIES_REF__INIT;
	Google__Protobuf__Timestamp time;
	Lectern__V1__CreatePostRequest request = LECTERN__V1__CREATE_POST_REQUEST__INIT;
	post.title = text("P");
	post.state = PUBLISHED;
	timestamp_from_us(&time, time_us);
	post.publish_time = &time;
	ref.name = text(series);
	ref.part = part;
	post.series = &ref;
	request.post = &post;
	const Lectern__V1__CreatePostResponse *response =
		call_ok(&server, "PostService/CreatePost", &request.base, &answer);
	return response->post->id;
}

struct query {
	Lectern__V1__ArchiveKind kind;
	const char *name; /* of the term */
	uint32_t year;
	const char *zone;
	bool direct_only;
	Lectern__V1__PostView view;
};

static enum code get(const struct query *query, int page_size, const char *token)
{
	Lectern__V1__TermKey key = LECTERN__V1__TERM_KEY__INIT;
	Lectern__V1__ArchiveDate date = LECTERN__V1__ARCHIVE_DATE__INIT;
	Lectern__V1__GetArchiveRequest request = LECTERN__V1__GET_ARCHIVE_REQUEST__INIT;
	request.kind = query->kind;
	key.key_case = LECTERN__V1__TERM_KEY__KEY_NAME;
	key.name = text(query->name);
	date.year = query->year;
	if (query->name != NULL)
		request.term = &key;
	if (query->year != 0)
		request.date = &date;
	request.time_zone = text(query->zone == NULL ? "" : query->zone);
	request.direct_only = query->direct_only;
	request.view = query->view;
	request.page_size = page_size;
	request.page_token = text(token);
	return call(&server, "ArchiveService/GetArchive", &request.base, &answer);
}

static const Lectern__V1__GetArchiveResponse *page_of(
	const struct query *query, int page_size, const char *token)
{
	if (get(query, page_size, token) != CODE_OK)
		fail_msg("%s", answer.err.text);
	return (const Lectern__V1__GetArchiveResponse *)answer.message;
}

static uint64_t id_of(const Lectern__V1__Post *post)
{
	return post == NULL ? 0 : post->id;
}

/* --- A list that does not change --- */

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

/* --- A list that changes between the pages --- */

struct entry {
	uint64_t id;
	int64_t time_us;
	bool gone;
};

/* All posts that ever were, in the order of the archive. */
struct model {
	struct entry entries[POSTS_MAX];
	size_t count;
};

static bool stands_before(const struct entry *a, const struct entry *b)
{
	return a->time_us != b->time_us ? a->time_us > b->time_us : a->id > b->id;
}

static void model_publish(struct model *model, int64_t time_us)
{
	struct entry entry = { .id = publish(time_us, "t", NULL), .time_us = time_us };
	size_t at = model->count++;
	for (; at > 0 && stands_before(&entry, &model->entries[at - 1]); at--)
		model->entries[at] = model->entries[at - 1];
	model->entries[at] = entry;
}

static void model_delete(struct model *model, size_t at)
{
	if (model->entries[at].gone)
		return;
	assert_int_equal(
		move_post(&server, "Delete", model->entries[at].id, NULL, &answer), CODE_OK);
	model->entries[at].gone = true;
}

static size_t find(const struct model *model, uint64_t id)
{
	size_t at = 0;
	while (model->entries[at].id != id)
		at++;
	return at;
}

/* The page has the posts that are there from entries[from], or up to entries[until - 1]. */
static void assert_page_from(const struct model *model, const Lectern__V1__GetArchiveResponse *page,
	size_t from, size_t size)
{
	size_t count = 0;
	for (size_t i = from; i < model->count && count < size; i++)
		if (!model->entries[i].gone) {
			assert_in_range(count, 0, page->n_posts - 1);
			assert_int_equal(page->posts[count++]->id, model->entries[i].id);
		}
	assert_int_equal(page->n_posts, count);
}

static void assert_page_until(const struct model *model,
	const Lectern__V1__GetArchiveResponse *page, size_t until, size_t size)
{
	size_t count = 0;
	for (size_t i = until; i > 0 && count < size; i--)
		if (!model->entries[i - 1].gone) {
			assert_in_range(count, 0, page->n_posts - 1);
			count++;
			assert_int_equal(
				page->posts[page->n_posts - count]->id, model->entries[i - 1].id);
		}
	assert_int_equal(page->n_posts, count);
}

static uint64_t living(const struct model *model, size_t from, int step)
{
	for (size_t i = from; i < model->count; i += (size_t)step)
		if (!model->entries[i].gone)
			return model->entries[i].id;
	return 0;
}

static void assert_beside(const struct model *model, const Lectern__V1__GetArchiveResponse *page)
{
	size_t first = find(model, page->posts[0]->id);
	size_t last = find(model, page->posts[page->n_posts - 1]->id);
	assert_int_equal(id_of(page->post_before), living(model, first - 1, -1));
	assert_int_equal(id_of(page->post_after), living(model, last + 1, 1));
	assert_int_equal(page->previous_page_token[0] != '\0', page->post_before != NULL);
	assert_int_equal(page->next_page_token[0] != '\0', page->post_after != NULL);
}

/* To and fro, while posts come and go: each page begins or ends where the one before was left. */
static void test_to_and_fro_among_writes(void **state)
{
	enum { ROUNDS = 400, SPAN = 60 };
	static const struct query query = { .kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_TAG,
		.name = "t" };
	static struct model model;
	struct random random = random_start();
	const Lectern__V1__GetArchiveResponse *page = NULL;
	char next[TOKEN_BYTES] = "";
	char previous[TOKEN_BYTES] = "";
	uint64_t first_id = 0;
	uint64_t last_id = 0;
	model.count = 0;
	for (int i = 0; i < 60; i++)
		model_publish(&model, START_US + (int64_t)random_below(&random, SPAN) * DAY_US);
	for (int round = 0; round < ROUNDS; round++) {
		int size = 1 + (int)random_below(&random, 6);
		if (next[0] == '\0' && previous[0] == '\0') {
			page = page_of(&query, size, "");
			assert_page_from(&model, page, 0, (size_t)size);
		} else if (previous[0] == '\0' ||
			   (next[0] != '\0' && random_below(&random, 2) == 0)) {
			page = page_of(&query, size, next);
			assert_page_from(&model, page, find(&model, last_id) + 1, (size_t)size);
		} else {
			page = page_of(&query, size, previous);
			assert_page_until(&model, page, find(&model, first_id), (size_t)size);
		}
		next[0] = '\0';
		previous[0] = '\0';
		if (page->n_posts > 0) {
			assert_beside(&model, page);
			snprintf(next, sizeof next, "%s", page->next_page_token);
			snprintf(previous, sizeof previous, "%s", page->previous_page_token);
			first_id = page->posts[0]->id;
			last_id = page->posts[page->n_posts - 1]->id;
		}
		for (uint64_t i = random_below(&random, 3); i > 0; i--)
			model_delete(&model, random_below(&random, model.count));
		/* The very posts that the tokens name, too. */
		if (first_id != 0 && random_below(&random, 4) == 0)
			model_delete(&model, find(&model, first_id));
		for (uint64_t i = random_below(&random, 4); i > 0 && model.count < POSTS_MAX; i--)
			model_publish(
				&model, START_US + (int64_t)random_below(&random, SPAN) * DAY_US);
	}
}

/* Everything on one side of a token is gone: an empty page, from which the other side is reached.
 */
static void test_an_empty_page(void **state)
{
	static const struct query query = { .kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_TAG,
		.name = "t" };
	uint64_t ids[6]; /* the oldest first */
	char next[TOKEN_BYTES];
	char previous[TOKEN_BYTES];
	char token[TOKEN_BYTES];
	for (int i = 0; i < 6; i++)
		ids[i] = publish(START_US + i * DAY_US, "t", NULL);
	snprintf(token, sizeof token, "%s", page_of(&query, 2, "")->next_page_token);
	const Lectern__V1__GetArchiveResponse *page = page_of(&query, 2, token);
	snprintf(next, sizeof next, "%s", page->next_page_token);
	snprintf(previous, sizeof previous, "%s", page->previous_page_token);
	for (int i = 0; i < 6; i++)
		if (i != 2 && i != 3)
			move_post(&server, "Delete", ids[i], NULL, &answer);

	page = page_of(&query, 2, next);
	assert_int_equal(page->n_posts, 0);
	assert_int_equal(page->total_size, 2);
	assert_null(page->post_after);
	assert_int_equal(page->post_before->id, ids[2]);
	assert_string_equal(page->next_page_token, "");
	snprintf(token, sizeof token, "%s", page->previous_page_token);
	page = page_of(&query, 2, token);
	assert_int_equal(page->n_posts, 2);
	assert_int_equal(page->posts[0]->id, ids[3]);
	assert_int_equal(page->posts[1]->id, ids[2]);

	page = page_of(&query, 2, previous);
	assert_int_equal(page->n_posts, 0);
	assert_null(page->post_before);
	assert_int_equal(page->post_after->id, ids[3]);
	assert_string_equal(page->previous_page_token, "");
	snprintf(token, sizeof token, "%s", page->next_page_token);
	page = page_of(&query, 1, token);
	assert_int_equal(page->n_posts, 1);
	assert_int_equal(page->posts[0]->id, ids[3]);

	for (int i = 2; i < 4; i++)
		move_post(&server, "Delete", ids[i], NULL, &answer);
	const char *tokens[] = { "", next, previous, token };
	for (size_t i = 0; i < 4; i++) {
		page = page_of(&query, 2, tokens[i]);
		assert_int_equal(page->n_posts, 0);
		assert_int_equal(page->total_size, 0);
		assert_null(page->post_before);
		assert_null(page->post_after);
		assert_string_equal(page->next_page_token, "");
		assert_string_equal(page->previous_page_token, "");
	}
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

/* --- Tokens and errors --- */

static void assert_refused(const struct query *query, const char *token, const char *reason)
{
	assert_int_equal(get(query, 1, token), CODE_INVALID_ARGUMENT);
	assert_string_equal(answer.err.reason, reason);
}

static void test_tokens_of_other_queries(void **state)
{
	static const struct query tag = { .kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_TAG,
		.name = "t" };
	static const struct query year = { .kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_DATE,
		.year = 2024 };
	char next[TOKEN_BYTES];
	char previous[TOKEN_BYTES];
	new_tag(&server, "u");
	for (int i = 0; i < 4; i++)
		publish(START_US + i * DAY_US, "t", NULL);
	snprintf(next, sizeof next, "%s", page_of(&tag, 1, "")->next_page_token);
	snprintf(previous, sizeof previous, "%s", page_of(&tag, 1, next)->previous_page_token);
	assert_string_not_equal(next, previous);
	const char *tokens[] = { next, previous };
	for (size_t i = 0; i < 2; i++) {
		struct query other = tag;
		assert_int_equal(get(&tag, 7, tokens[i]), CODE_OK);
		other.view = LECTERN__V1__POST_VIEW__POST_VIEW_FULL;
		assert_int_equal(get(&other, 1, tokens[i]), CODE_OK);
		other.name = "u";
		assert_refused(&other, tokens[i], "PAGE_TOKEN_OTHER_QUERY");
		assert_refused(&year, tokens[i], "PAGE_TOKEN_OTHER_QUERY");
		char changed[TOKEN_BYTES];
		snprintf(changed, sizeof changed, "%s", tokens[i]);
		changed[14] = changed[14] == 'A' ? 'B' : 'A';
		assert_refused(&tag, changed, "PAGE_TOKEN_FORGED");
		Lectern__V1__ListPostsRequest list = LECTERN__V1__LIST_POSTS_REQUEST__INIT;
		list.filter = text("tags:t");
		list.page_token = text(tokens[i]);
		assert_int_equal(call(&server, "PostService/ListPosts", &list.base, &answer),
			CODE_INVALID_ARGUMENT);
		assert_string_equal(answer.err.reason, "PAGE_TOKEN_OTHER_QUERY");
	}
	/* Another zone is another span of time. */
	struct query berlin = year;
	berlin.zone = "Europe/Berlin";
	snprintf(next, sizeof next, "%s", page_of(&year, 1, "")->next_page_token);
	assert_int_equal(get(&year, 1, next), CODE_OK);
	assert_refused(&berlin, next, "PAGE_TOKEN_OTHER_QUERY");
}

static void test_refused(void **state)
{
	static const struct {
		const char *label;
		int kind;
		uint32_t year, month, day;
		const char *zone, *error;
	} cases[] = {
		{ "no kind", 0, 2024, 0, 0, "",
			"kind: must be TAG, CATEGORY, AUTHOR, SERIES or DATE" },
		{ "unknown kind", 6, 2024, 0, 0, "",
			"kind: must be TAG, CATEGORY, AUTHOR, SERIES or DATE" },
		{ "tag without term", 1, 0, 0, 0, "",
			"term: name what is meant: an id of at least 1 or a slug" },
		{ "no date", 5, 0, 0, 0, "", "date.year: must be 1 to 9999" },
		{ "year", 5, 10000, 0, 0, "", "date.year: must be 1 to 9999" },
		{ "month", 5, 2024, 13, 0, "",
			"date.month: must be 1 to 12, or 0 for the whole year" },
		{ "day of a year", 5, 2024, 0, 1, "",
			"date.month: must be 1 to 12, or 0 for the whole year" },
		{ "day", 5, 2023, 2, 29, "", "date.day: is no day of that month" },
		{ "zone", 5, 2024, 1, 1, "Mars/Base",
			"time_zone: \"Mars/Base\" is not known; give a name such as "
			"\"Europe/Berlin\", which the server looks up in the tz database of its "
			"machine, an offset from \"-14:00\" to \"+14:00\", or nothing for UTC" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Lectern__V1__ArchiveDate date = LECTERN__V1__ARCHIVE_DATE__INIT;
		Lectern__V1__GetArchiveRequest request = LECTERN__V1__GET_ARCHIVE_REQUEST__INIT;
		request.kind = (Lectern__V1__ArchiveKind)cases[i].kind;
		date.year = cases[i].year;
		date.month = cases[i].month;
		date.day = cases[i].day;
		request.date = cases[i].year == 0 ? NULL : &date;
		request.time_zone = text(cases[i].zone);
		print_message("%s\n", cases[i].label);
		assert_int_equal(call(&server, "ArchiveService/GetArchive", &request.base, &answer),
			CODE_INVALID_ARGUMENT);
		assert_string_equal(answer.err.text, cases[i].error);
	}
}

/* --- Around a category --- */

static void test_parents_and_children(void **state)
{
	static const struct query middle = {
		.kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_CATEGORY, .name = "Middle"
	};
	static const struct query top = { .kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_CATEGORY,
		.name = "Top" };
	static const struct {
		const char *name;
		uint64_t post_count, subtree_post_count;
	} children[] = { { "alpha", 1, 1 }, { "Beta", 0, 2 }, { "gamma", 0, 0 } };
	uint64_t top_id = new_category(&server, "Top", 0);
	uint64_t above = new_category(&server, "Above", top_id);
	uint64_t id = new_category(&server, "Middle", above);
	new_category(&server, "gamma", id);
	uint64_t beta = new_category(&server, "Beta", id);
	new_category(&server, "alpha", id);
	new_category(&server, "deep", beta);
	new_category(&server, "beside", above);
	publish(START_US, NULL, "alpha");
	publish(START_US, NULL, "deep");
	publish(START_US, NULL, "deep");
	publish(START_US, NULL, "Middle");
	const Lectern__V1__GetArchiveResponse *page = page_of(&middle, 1, "");
	assert_int_equal(page->n_parents, 2);
	assert_int_equal(page->parents[0]->id, top_id);
	assert_string_equal(page->parents[0]->name, "Top");
	assert_string_equal(page->parents[0]->slug, "top");
	assert_string_equal(page->parents[1]->name, "Above");
	assert_int_equal(page->n_children, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(page->children[i]->name, children[i].name);
		assert_int_equal(page->children[i]->post_count, children[i].post_count);
		assert_int_equal(
			page->children[i]->subtree_post_count, children[i].subtree_post_count);
		assert_int_equal(page->children[i]->parent->id, id);
	}
	assert_int_equal(page->total_size, 4);
	page = page_of(&top, 1, "");
	assert_int_equal(page->n_parents, 0);
	assert_int_equal(page->n_children, 1);
	/* Other kinds have neither. */
	publish(START_US, "t", NULL);
	page = page_of(
		&(struct query){ .kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_TAG, .name = "t" },
		1, "");
	assert_int_equal(page->n_parents + page->n_children, 0);
}

/* As deep as categories may be. */
static void test_all_parents(void **state)
{
	char name[32];
	uint64_t id = 0;
	for (int i = 1; i <= LIMIT_CATEGORY_DEPTH; i++) {
		snprintf(name, sizeof name, "level %d", i);
		id = new_category(&server, name, id);
	}
	const Lectern__V1__GetArchiveResponse *page =
		page_of(&(struct query){ .kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_CATEGORY,
				.name = name },
			1, "");
	assert_int_equal(page->n_parents, LIMIT_CATEGORY_DEPTH - 1);
	for (int i = 1; i < LIMIT_CATEGORY_DEPTH; i++) {
		snprintf(name, sizeof name, "level %d", i);
		assert_string_equal(page->parents[i - 1]->name, name);
	}
}

/* More children than are answered, and large ones. */
static void test_many_children(void **state)
{
	enum { CHILDREN = LIMIT_PAGE_SIZE + 3 };
	static const struct query query = {
		.kind = LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_CATEGORY, .name = "Top"
	};
	uint64_t top = new_category(&server, "Top", 0);
	char name[32];
	for (int i = 0; i < CHILDREN; i++) {
		snprintf(name, sizeof name, "child %04d", (i * 7919) % CHILDREN);
		new_category(&server, name, top);
	}
	const Lectern__V1__GetArchiveResponse *page = page_of(&query, 1, "");
	assert_int_equal(page->n_children, LIMIT_PAGE_SIZE);
	for (size_t i = 1; i < page->n_children; i++)
		assert_true(strcmp(page->children[i - 1]->name, page->children[i]->name) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_forwards_and_backwards),
		TEST(test_series_by_part),
		TEST(test_to_and_fro_among_writes),
		TEST(test_an_empty_page),
		TEST(test_pages_of_large_posts),
		TEST(test_tokens_of_other_queries),
		TEST(test_refused),
		TEST(test_parents_and_children),
		TEST(test_all_parents),
		TEST(test_many_children),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
