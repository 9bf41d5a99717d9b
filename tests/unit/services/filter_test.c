/* Filters and orders of lists: what is understood, and where what is not goes wrong.
 */
#include "support/content.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct local_server server;
static struct answer answer;

static int set_up(void **state)
{
	struct sketch posts[] = {
		{ .title = "A", .tags = { "Python", "say \"hi\"" }, .categories = { "Below" } },
		{ .title = "B",
			.tags = { "Python", "it's", "back\\slash" },
			.categories = { "Top" } },
		{ .title = "C", .tags = { "\xE4\xB8\xAD\xE6\x96\x87" } },
		{ .title = "Draft", .tags = { "Python" } },
	};
	local_server_open(&server);
	new_category(&server, "Below", new_category(&server, "Top", 0));
	for (size_t i = 0; i < 4; i++) {
		posts[i].state = i < 3 ? LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED
				       : LECTERN__V1__POST_STATE__POST_STATE_DRAFT;
		posts[i].publish_time_us = (int64_t)(i + 1) * 1000000;
		new_post(&server, &posts[i], &answer);
	}
	return 0;
}

static int tear_down(void **state)
{
	answer_done(&answer);
	local_server_close(&server);
	return 0;
}

static enum code list(const char *filter, const char *order_by)
{
	Lectern__V1__ListPostsRequest request = LECTERN__V1__LIST_POSTS_REQUEST__INIT;
	request.filter = (char *)(uintptr_t)filter;
	request.order_by = (char *)(uintptr_t)order_by;
	return call(&server, "PostService/ListPosts", &request.base, &answer);
}

static void test_filters(void **state)
{
	static const struct {
		const char *filter, *titles; /* newest first */
	} cases[] = {
		{ "", "CBA" },
		{ "  \t\n", "CBA" },
		{ "tags:python", "BA" },
		{ "tags:\"Python\"", "BA" },
		{ "tags : 'PYTHON'", "BA" },
		{ " tags\n:\tpython ", "BA" },
		{ "tags:\"say \\\"hi\\\"\"", "A" },
		{ "tags:'say \"hi\"'", "A" },
		{ "tags:\"it's\"", "B" },
		{ "tags:'it\\'s'", "B" },
		{ "tags:\"back\\\\slash\"", "B" },
		{ "tags:\xE4\xB8\xAD\xE6\x96\x87", "C" },
		{ "tags:nothing", "" },
		{ "tags:\"\"", "" },
		{ "categories:top", "BA" },
		{ "categories:below", "A" },
		{ "authors:nobody", "" },
		{ "series:none", "" },
		{ "state = DRAFT", "D" },
		{ "state=POST_STATE_DRAFT", "D" },
		{ "state = \"PUBLISHED\"", "CBA" },
		{ "state = TRASHED", "" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char titles[8] = "";
		print_message("%s\n", cases[i].filter);
		assert_int_equal(list(cases[i].filter, ""), CODE_OK);
		const Lectern__V1__ListPostsResponse *page =
			(const Lectern__V1__ListPostsResponse *)answer.message;
		for (size_t p = 0; p < page->n_posts; p++)
			titles[p] = page->posts[p]->title[0];
		assert_string_equal(titles, cases[i].titles);
		assert_int_equal(page->total_size, strlen(titles));
	}
}

static void test_bad_filters(void **state)
{
	static const struct {
		const char *filter, *text;
	} cases[] = {
		{ "python", "filter: at byte 7: expected ':' or '='" },
		{ ":python", "at byte 1: expected a field, for example tags" },
		{ "\"tags\":python", "at byte 1: expected a field" },
		{ "tags", "at byte 5: expected ':' or '='" },
		{ "tags:", "at byte 6: expected a value, for example \"python\"" },
		{ "tags::x", "at byte 6: expected a value" },
		{ "tags:\"python", "at byte 6: expected a value" },
		{ "tags:'python\"", "at byte 6: expected a value" },
		{ "tags:\"python\\\"", "at byte 6: expected a value" },
		{ "tags:\"python\\", "at byte 6: expected a value" },
		{ "tags:(python)", "at byte 6: expected a value" },
		{ "(tags:python)", "at byte 1: expected a field" },
		{ "NOT tags:python", "at byte 5: expected ':' or '='" },
		{ "-tags:python", "\"-tags\" cannot be asked for in this way" },
		{ "tags:a AND tags:b",
			"at byte 8: expected the end; this version takes one restriction" },
		{ "tags:a tags:b", "at byte 8: expected the end" },
		{ "tags:a,b", "at byte 7: expected the end" },
		{ "tags = python",
			"at byte 6: \"tags\" cannot be asked for in this way; this version "
			"knows tags:, categories:, authors:, series: and state =" },
		{ "state:DRAFT", "at byte 6: \"state\" cannot be asked for in this way" },
		{ "state = draft",
			"at byte 9: expected DRAFT, SCHEDULED, PUBLISHED, EXPIRED or TRASHED" },
		{ "state = UNSPECIFIED", "at byte 9: expected DRAFT" },
		{ "state = POST_STATE_", "at byte 9: expected DRAFT" },
		{ "state != DRAFT", "at byte 7: expected ':' or '='" },
		{ "title:x", "\"title\" cannot be asked for in this way" },
		{ "publish_time > \"2024-01-01T00:00:00Z\"", "at byte 14: expected ':' or '='" },
		{ "tags:python\x01", "at byte 12: expected the end" },
		{ "\xE2\x80\x9Ctags:x", "cannot be asked for in this way" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(list(cases[i].filter, ""), CODE_INVALID_ARGUMENT);
		if (strstr(answer.err.text, cases[i].text) == NULL)
			print_error("%s: %s\n", cases[i].filter, answer.err.text);
		assert_non_null(strstr(answer.err.text, cases[i].text));
		assert_string_equal(answer.err.reason, "FILTER_INVALID");
		assert_string_equal(answer.err.field, "filter");
	}
}

/* As long as a filter may be: the text of the error still says what to do. */
static void test_long_filters(void **state)
{
	static const char *const pieces[] = { "x", "(", "\"", "\\", "tags:", "\xE4\xB8\xAD" };
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		char filter[4097] = "";
		size_t size = 0;
		for (; size + strlen(pieces[i]) <= 4096; size += strlen(pieces[i]))
			strcpy(filter + size, pieces[i]);
		assert_int_equal(list(filter, ""), CODE_INVALID_ARGUMENT);
		assert_string_equal(answer.err.reason, "FILTER_INVALID");
		snprintf(filter + 4096 - 4, 5, ":abc");
		assert_int_equal(list(filter, ""), CODE_INVALID_ARGUMENT);
		assert_string_equal(answer.err.reason, "FILTER_INVALID");
		assert_true(strstr(answer.err.text, "expected") != NULL ||
			    strstr(answer.err.text, "this version knows") != NULL);
	}
}

static void test_orders(void **state)
{
	static const struct {
		const char *order_by;
		char first; /* 0: refused */
	} cases[] = { { "", 'C' }, { " ", 'C' }, { "publish_time desc", 'C' },
		{ "publish_time", 'A' }, { "publish_time asc", 'A' },
		{ " publish_time  DESC ", 'C' }, { "publish_time descending", 0 },
		{ "publish_time,id", 0 }, { "title", 0 }, { "desc", 0 } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum code code = list("", cases[i].order_by);
		print_message("'%s'\n", cases[i].order_by);
		assert_int_equal(code, cases[i].first == 0 ? CODE_INVALID_ARGUMENT : CODE_OK);
		if (code == CODE_OK)
			assert_int_equal(((const Lectern__V1__ListPostsResponse *)answer.message)
						 ->posts[0]
						 ->title[0],
				cases[i].first);
		else
			assert_string_equal(answer.err.reason, "ORDER_BY_INVALID");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_bad_filters),
		cmocka_unit_test(test_long_filters),
		cmocka_unit_test(test_orders),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
