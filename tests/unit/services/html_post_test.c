/* Posts whose bodies are HTML: from the request to the store, to searches and back. */
#include "support/own_server.h"
#include "support/search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MARKDOWN LECTERN__V1__BODY_FORMAT__BODY_FORMAT_MARKDOWN
#define HTML LECTERN__V1__BODY_FORMAT__BODY_FORMAT_HTML
#define NOTHING LECTERN__V1__BODY_FORMAT__BODY_FORMAT_UNSPECIFIED

static void assert_body(
	uint64_t id, Lectern__V1__BodyFormat format, const char *body, const char *html)
{
	const Lectern__V1__Post *post = read_post(&server, id, &answer);
	assert_int_equal(post->body_format, format);
	assert_string_equal(post->body, body);
	assert_string_equal(post->html, html);
}

static uint64_t new_html(const char *body)
{
	struct sketch sketch = { .title = "A", .body = body, .format = HTML, .state = PUBLISHED };
	return new_post(&server, &sketch, &answer)->id;
}

static void test_create(void **state)
{
	static const char body[] = "<h2>One *two*</h2><p onclick=x>three <script>four</script>";
	uint64_t id = new_html(body);
	assert_body(id, HTML, body, "<h2 id=\"one-two\">One *two*</h2><p>three </p>");
	const Lectern__V1__Post *post = read_post(&server, id, &answer);
	assert_int_equal(post->word_count, 3);
	assert_int_equal(post->reading_seconds, 1);
	assert_int_equal(post->n_outline, 1);
	assert_string_equal(post->outline[0]->anchor, "one-two");
}

static void test_search(void **state)
{
	uint64_t id = new_html("<h2>Ladders</h2><p title=hidden>caf&eacute; <b>break</b>fast"
			       "<script>program</script><!-- remark --><p>next");
	static const char *const found[] = { "ladders", "caf\xC3\xA9", "breakfast",
		"\"caf\xC3\xA9 breakfast\"" };
	static const char *const missing[] = { "program", "remark", "hidden", "break", "script",
		"p" };
	char ids[32];
	snprintf(ids, sizeof ids, "%d", (int)id);
	for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
		print_message("%s\n", found[i]);
		assert_string_equal(
			found_ids(&server, &(struct asked){ .query = found[i] }, &answer), ids);
	}
	for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
		print_message("%s\n", missing[i]);
		assert_string_equal(
			found_ids(&server, &(struct asked){ .query = missing[i] }, &answer), "");
	}
}

/* A body that is sent without its format keeps the one that the post has. */
static void test_update_of_the_body(void **state)
{
	uint64_t id = new_html("<p>one");
	changed_post(&server, &(struct sketch){ .id = id, .body = "*two*" }, &answer);
	assert_body(id, HTML, "*two*", "*two*");
	changed_post(&server, &(struct sketch){ .id = id, .body = "*three*", .mask = { "body" } },
		&answer);
	assert_body(id, HTML, "*three*", "*three*");
	changed_post(&server, &(struct sketch){ .slug = "a", .body = "<i>four" }, &answer);
	assert_body(id, HTML, "<i>four", "<i>four</i>");
	changed_post(&server, &(struct sketch){ .id = id, .mask = { "body" } }, &answer);
	assert_body(id, HTML, "", "");
	changed_post(&server, &(struct sketch){ .id = id, .body = "<b>five" }, &answer);
	assert_body(id, HTML, "<b>five", "<b>five</b>");
	changed_post(&server, &(struct sketch){ .id = id, .title = "B" }, &answer);
	assert_body(id, HTML, "<b>five", "<b>five</b>");
}

/* A format in the mask is taken as it is sent, nothing meaning Markdown; one that is not is not. */
static void test_update_of_the_format(void **state)
{
	static const struct {
		const char *label;
		Lectern__V1__BodyFormat sent, then;
		const char *mask[3];
	} cases[] = {
		{ "to Markdown, no mask", MARKDOWN, MARKDOWN, { NULL } },
		{ "to HTML, no mask", HTML, HTML, { NULL } },
		{ "nothing, both in the mask", NOTHING, MARKDOWN, { "body", "body_format" } },
		{ "to HTML, both in the mask", HTML, HTML, { "body_format", "body" } },
		{ "to Markdown, body alone in the mask", MARKDOWN, HTML, { "body" } },
		{ "nothing, everything in the mask", NOTHING, MARKDOWN, { "*" } },
	};
	uint64_t id = new_html("<p>one");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sketch sketch = { .id = id,
			.title = "A",
			.body = "*x*",
			.format = cases[i].sent,
			.mask = { cases[i].mask[0], cases[i].mask[1] } };
		print_message("%s\n", cases[i].label);
		changed_post(&server, &sketch, &answer);
		assert_body(id, cases[i].then, "*x*",
			cases[i].then == HTML ? "*x*" : "<p><em>x</em></p>\n");
	}
	update_post(&server,
		&(struct sketch){ .id = id, .format = HTML, .mask = { "body_format" } }, &answer);
	assert_failed_as(CODE_INVALID_ARGUMENT, "MASK_INVALID", "together with body");
}

static void test_update_that_makes_the_post(void **state)
{
	struct sketch sketch = { .slug = "new",
		.title = "A",
		.body = "<p>x",
		.format = HTML,
		.mask = { "body" },
		.allow_missing = true };
	uint64_t id = changed_post(&server, &sketch, &answer)->id;
	assert_body(id, HTML, "<p>x", "<p>x</p>");
	sketch.format = MARKDOWN;
	sketch.body = "<p>y";
	changed_post(&server, &sketch, &answer);
	assert_body(id, HTML, "<p>y", "<p>y</p>");
}

/* While a body is rendered another write changes the format. */
static void test_a_format_that_changes_meanwhile(void **state)
{
	enum { PIECES = 100000 };
	char *body = malloc(PIECES * 11 + 1);
	for (size_t i = 0; i < PIECES; i++)
		memcpy(body + i * 11, "<p>word</p>", 11);
	body[(size_t)PIECES * 11] = '\0';
	uint64_t id = new_html("<p>one");
	Lectern__V1__UpdatePostRequest request = LECTERN__V1__UPDATE_POST_REQUEST__INIT;
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	post.id = id;
	post.body = body;
	request.post = &post;
	struct started_call *slow = call_start(&server, "PostService/UpdatePost", &request.base);
	changed_post(&server,
		&(struct sketch){ .id = id, .format = MARKDOWN, .mask = { "body", "body_format" } },
		&answer);
	call_wait(slow, &answer);
	assert_failed_as(CODE_ABORTED, "BODY_FORMAT_CHANGED", "repeat");
	assert_body(id, MARKDOWN, "", "");
	free(body);
}

static void test_history(void **state)
{
	uint64_t id = new_html("<p onclick=x>*one*");
	changed_post(&server, &(struct sketch){ .id = id, .body = "*two*", .format = MARKDOWN },
		&answer);
	assert_body(id, MARKDOWN, "*two*", "<p><em>two</em></p>\n");
	Lectern__V1__GetPostRevisionRequest get = LECTERN__V1__GET_POST_REVISION_REQUEST__INIT;
	get.key_case = LECTERN__V1__GET_POST_REVISION_REQUEST__KEY_ID;
	get.id = id;
	get.revision = 1;
	const Lectern__V1__GetPostRevisionResponse *former =
		call_ok(&server, "PostService/GetPostRevision", &get.base, &answer);
	assert_int_equal(former->revision->post->body_format, HTML);
	assert_string_equal(former->revision->post->body, "<p onclick=x>*one*");
	Lectern__V1__RollbackPostRequest back = LECTERN__V1__ROLLBACK_POST_REQUEST__INIT;
	back.key_case = LECTERN__V1__ROLLBACK_POST_REQUEST__KEY_ID;
	back.id = id;
	back.revision = 1;
	call_ok(&server, "PostService/RollbackPost", &back.base, &answer);
	assert_body(id, HTML, "<p onclick=x>*one*", "<p>*one*</p>");
	changed_post(&server, &(struct sketch){ .id = id, .body = "<b>*three*" }, &answer);
	assert_body(id, HTML, "<b>*three*", "<b>*three*</b>");
}

static void test_that_the_same_changes_nothing(void **state)
{
	uint64_t id = new_html("<p>one");
	uint64_t revision = revision_of(&server);
	changed_post(&server, &(struct sketch){ .id = id, .body = "<p>one" }, &answer);
	assert_int_equal(revision_of(&server), revision);
	/* The same text in another format is a change. */
	changed_post(&server, &(struct sketch){ .id = id, .body = "<p>one", .format = MARKDOWN },
		&answer);
	assert_int_equal(read_post(&server, id, &answer)->revision, 2);
}

static void test_refused(void **state)
{
	char body[5 * 300 + 1] = "";
	for (int i = 0; i < 300; i++)
		memcpy(body + 5 * i, "<div>", 6);
	create_post(
		&server, &(struct sketch){ .title = "A", .body = body, .format = HTML }, &answer);
	assert_failed_as(CODE_INVALID_ARGUMENT, "BODY_NESTED_TOO_DEEP", "256 elements");
	assert_string_equal(answer.err.field, "post.body");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_create),
		TEST(test_search),
		TEST(test_update_of_the_body),
		TEST(test_update_of_the_format),
		TEST(test_update_that_makes_the_post),
		TEST(test_a_format_that_changes_meanwhile),
		TEST(test_history),
		TEST(test_that_the_same_changes_nothing),
		TEST(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
