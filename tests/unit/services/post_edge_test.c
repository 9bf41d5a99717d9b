/* Writes of posts that are unusual, but allowed. */
#include "support/content.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct local_server server;
static struct answer answer;

static int set_up(void **state)
{
	local_server_open(&server);
	return 0;
}

static int tear_down(void **state)
{
	uint64_t problems = count_problems(&server);
	answer_done(&answer);
	local_server_close(&server);
	return problems == 0 ? 0 : -1;
}

/* A post that is not there is made of everything that was sent, whatever the mask says. */
static void test_a_missing_post_is_made_with_a_rendered_body(void **state)
{
	struct sketch sketch = { .slug = "new",
		.title = "New",
		.body = "# Head\n\nText",
		.mask = { "title" },
		.allow_missing = true };
	uint64_t id = changed_post(&server, &sketch, &answer)->id;
	const Lectern__V1__Post *post = read_post(&server, id, &answer);
	assert_string_equal(post->body, sketch.body);
	assert_string_equal(post->html, "<h1 id=\"head\">Head</h1>\n<p>Text</p>\n");
	assert_int_equal(post->n_outline, 1);
	assert_int_equal(post->word_count, 2);
	/* One that is there keeps its body. */
	sketch.body = "Other";
	changed_post(&server, &sketch, &answer);
	post = read_post(&server, id, &answer);
	assert_string_equal(post->body, "# Head\n\nText");
	assert_string_equal(post->html, "<h1 id=\"head\">Head</h1>\n<p>Text</p>\n");
	assert_int_equal(post->revision, 1);
}

static void test_a_missing_post_is_not_made_with_a_blank_title(void **state)
{
	struct sketch sketch = { .slug = "new",
		.title = "\xE3\x80\x80 ",
		.body = "Text",
		.mask = { "body" },
		.allow_missing = true };
	assert_int_equal(update_post(&server, &sketch, &answer), CODE_INVALID_ARGUMENT);
	assert_string_equal(answer.err.reason, "FIELD_REQUIRED");
	assert_string_equal(answer.err.field, "post.title");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_missing_post_is_made_with_a_rendered_body),
		TEST(test_a_missing_post_is_not_made_with_a_blank_title),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
