/* Archives: tokens of other queries, requests that are refused, what stands around a category. */
#include "support/archive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* --- Tokens and errors --- */

static void assert_refused(const struct query *query, const char *token, const char *reason)
{
	assert_int_equal(try_archive(query, 1, token), CODE_INVALID_ARGUMENT);
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
		assert_int_equal(try_archive(&tag, 7, tokens[i]), CODE_OK);
		other.view = LECTERN__V1__POST_VIEW__POST_VIEW_FULL;
		assert_int_equal(try_archive(&other, 1, tokens[i]), CODE_OK);
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
	assert_int_equal(try_archive(&year, 1, next), CODE_OK);
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
		TEST(test_tokens_of_other_queries),
		TEST(test_refused),
		TEST(test_parents_and_children),
		TEST(test_all_parents),
		TEST(test_many_children),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
