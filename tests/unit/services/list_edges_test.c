/* ListPosts where it is hard: titles longer than their index keys, names that several terms have,
 * calls with little memory or time. */
#include "support/own_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct wish {
	const char *filter, *order_by;
	int32_t page_size;
	bool skip_total_size;
};

static enum code list(const struct wish *wish)
{
	Lectern__V1__ListPostsRequest request = LECTERN__V1__LIST_POSTS_REQUEST__INIT;
	if (wish->filter != NULL)
		request.filter = (char *)(uintptr_t)wish->filter;
	if (wish->order_by != NULL)
		request.order_by = (char *)(uintptr_t)wish->order_by;
	request.page_size = wish->page_size;
	request.skip_total_size = wish->skip_total_size;
	return call(&server, "PostService/ListPosts", &request.base, &answer);
}

static const Lectern__V1__ListPostsResponse *page(const struct wish *wish)
{
	if (list(wish) != CODE_OK)
		fail_msg("%s: %s", wish->filter, answer.err.text);
	return (const Lectern__V1__ListPostsResponse *)answer.message;
}

/* --- Titles of more than 400 bytes, which an index key cuts --- */

static void test_long_titles(void **state)
{
	enum { KEY_BYTES = 400 };
	/* What stands where the key ends, behind letters up to that byte. */
	static const struct {
		const char *label;
		int letters;
		const char *rest;
	} cases[] = {
		{ "a blank is the last byte of the key", KEY_BYTES - 1, " b" },
		{ "a blank before a character that is cut", KEY_BYTES - 2, " \xC3\xA9" },
		{ "a blank just behind", KEY_BYTES, " b" },
		{ "a character across", KEY_BYTES - 1, "\xC3\xA9" },
		{ "letters", KEY_BYTES, "bc" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char title[2 * KEY_BYTES];
		char filter[3 * KEY_BYTES];
		memset(title, 'a' + (int)i, sizeof title);
		snprintf(title + cases[i].letters, 16, "%s", cases[i].rest);
		uint64_t id = new_post(
			&server, &(struct sketch){ .title = title, .state = PUBLISHED }, &answer)
				      ->id;
		for (size_t cut = 0; cut <= strlen(cases[i].rest); cut++) {
			size_t size = strlen(title) - cut;
			if ((title[size] & 0xC0) == 0x80)
				continue; /* inside a character */
			snprintf(filter, sizeof filter, "title = \"%.*s%s\"", (int)size, title,
				cut == 0 ? "" : "*");
			const Lectern__V1__ListPostsResponse *found =
				page(&(struct wish){ .filter = filter });
			if (found->n_posts != 1 || found->posts[0]->id != id)
				fail_msg("%s: not found without %zu bytes", cases[i].label, cut);
		}
	}
}

/* --- Names --- */

static void test_a_name_of_several_categories(void **state)
{
	uint64_t parent = new_category(&server, "Databases", 0);
	new_category(&server, "Notes", 0);
	new_category(&server, "Notes", parent);
	assert_int_equal(
		list(&(struct wish){ .filter = "featured AND categories:notes-2" }), CODE_OK);
	assert_int_equal(list(&(struct wish){ .filter = "featured AND categories:\"NOTES \"" }),
		CODE_INVALID_ARGUMENT);
	assert_string_equal(answer.err.text, "filter: at byte 25: several of the categories are "
					     "named \"NOTES \"; give the slug");
}

/* --- Totals --- */

/* Also where the posts are gathered, which counts them anyway. */
static void test_totals_that_are_not_wanted(void **state)
{
	enum { POSTS = 40, WITH_TAG = 5 };
	for (int i = 0; i < POSTS; i++) {
		char title[16];
		snprintf(title, sizeof title, "title %d", i);
		new_post(&server,
			&(struct sketch){ .title = title,
				.state = PUBLISHED,
				.tags = { i < WITH_TAG ? "a" : NULL } },
			&answer);
	}
	static const char *const orders[] = { "publish_time", "title", "update_time desc" };
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
		struct wish wish = { .filter = "tags:a AND title != \"title 1\"",
			.order_by = orders[i],
			.page_size = 2 };
		assert_int_equal(page(&wish)->total_size, WITH_TAG - 1);
		wish.skip_total_size = true;
		assert_int_equal(page(&wish)->total_size, 0);
		wish.filter = "tags:a"; /* in a counter */
		assert_int_equal(page(&wish)->total_size, WITH_TAG);
	}
}

/* --- Memory --- */

static char *random_looking_title(int number)
{
	static char title[1000];
	memset(title, 'a' + number * 7 % 26, sizeof title - 1);
	snprintf(title, 32, "%c%d", 'z' - number % 26, number);
	title[strlen(title)] = 'x';
	return title;
}

/* Whatever the memory, an answer is right or says that there was none. */
static void test_little_memory(void **state)
{
	static const struct wish wishes[] = {
		{ .filter = "title = z* OR title = a* OR slug = m*", .order_by = "title" },
		{ .filter = "slug = a* OR slug = b* OR slug = c*", .order_by = "title" },
		{ .filter = "tags:a AND NOT tags:b", .order_by = "title desc", .page_size = 7 },
		{ .filter = "tags:a OR (tags:b AND create_time > 2000-01-01)" },
		{ .filter = "slug = a* OR tags:b", .order_by = "create_time", .page_size = 50 },
		{ .filter = "state = PUBLISHED AND NOT title = \"b*\"", .order_by = "update_time" },
	};
	for (int i = 0; i < 200; i++) {
		struct sketch sketch = { .title = random_looking_title(i), .state = PUBLISHED };
		sketch.tags[0] = i % 3 == 0 ? "a" : "b";
		new_post(&server, &sketch, &answer);
	}
	for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
		struct answer right = { 0 };
		bool refused = false;
		server.arena_bytes = 0;
		page(&wishes[i]);
		right = answer;
		answer = (struct answer){ 0 };
		for (server.arena_bytes = 1000; server.arena_bytes < 300000;
			server.arena_bytes += 1000 + server.arena_bytes / 50) {
			enum code code = list(&wishes[i]);
			refused = refused || code != CODE_OK;
			if (code == CODE_OK) {
				assert_int_equal(answer.size_bytes, right.size_bytes);
				assert_memory_equal(answer.bytes, right.bytes, right.size_bytes);
			} else {
				assert_int_equal(code, CODE_RESOURCE_EXHAUSTED);
			}
		}
		assert_true(refused);
		answer_done(&right);
	}
}

/* Posts that come in the worst order leave no more behind than the page has. */
static void test_memory_of_the_worst_order(void **state)
{
	enum { POSTS = 400 };
	for (int i = 0; i < POSTS; i++) {
		char title[500];
		memset(title, 't', sizeof title);
		title[sizeof title - 1] = '\0';
		snprintf(title, 8, "%c%03d", i % 2 == 0 ? 'a' : 'b', i);
		title[4] = 't';
		new_post(&server,
			&(struct sketch){ .title = title,
				.state = PUBLISHED,
				.tags = { i % 2 == 0 ? NULL : "b" } },
			&answer);
	}
	server.arena_bytes = 48 * 1024; /* for the request, its plan and pages of one post */
	const Lectern__V1__ListPostsResponse *first =
		page(&(struct wish){ .filter = "tags:b", .order_by = "title", .page_size = 1 });
	assert_int_equal(first->n_posts, 1);
	assert_memory_equal(first->posts[0]->title, "b001", 4);
}

/* --- Time --- */

/* A plan that reads many records looks at the clock. */
static void test_little_time(void **state)
{
	enum { RESTRICTIONS = 100 };
	char filter[4096] = "slug = t*";
	for (int i = 0; i < 100; i++)
		new_post(
			&server, &(struct sketch){ .title = "title", .state = PUBLISHED }, &answer);
	for (int i = 1; i < RESTRICTIONS; i++)
		strcat(filter, i % 2 == 0 ? " AND title = title" : " AND slug = t*");
	struct wish wish = { .filter = filter, .page_size = 1, .skip_total_size = true };
	assert_int_equal(page(&wish)->n_posts, 1);
	server.timeout_ms = 1;
	assert_int_equal(list(&wish), CODE_DEADLINE_EXCEEDED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_long_titles),
		TEST(test_a_name_of_several_categories),
		TEST(test_totals_that_are_not_wanted),
		TEST(test_little_memory),
		TEST(test_memory_of_the_worst_order),
		TEST(test_little_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
