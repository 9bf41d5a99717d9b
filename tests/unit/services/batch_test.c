/* BatchGetPosts reads its keys from the request's bytes: whatever a client may send of them. */
#include "support/own_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const Lectern__V1__BatchGetPostsResponse *batch(const void *bytes, size_t size)
{
	if (call_bytes(&server, "PostService/BatchGetPosts", bytes, size, &answer) != CODE_OK)
		fail_msg("%s", answer.err.text);
	return (const Lectern__V1__BatchGetPostsResponse *)answer.message;
}

#define BYTES(text) text, sizeof text - 1
static const struct {
	const char *label, *bytes;
	size_t size;
	const char *slug; /* of the post that is found; NULL: none */
} cases[] = {
	{ "id", BYTES("\x0a\x02\x08\x01"), "first" },
	{ "slug", BYTES("\x0a\x08\x12\x06second"), "second" },
	{ "id of more bytes than needed", BYTES("\x0a\x04\x08\x82\x80\x00"), "second" },
	{ "view behind the keys", BYTES("\x0a\x02\x08\x01\x10\x02"), "first" },
	{ "view ahead of them", BYTES("\x10\x03\x0a\x02\x08\x01"), "first" },
	{ "the last view counts", BYTES("\x10\x63\x0a\x02\x08\x01\x10\x01"), "first" },
	{ "the last of a key counts", BYTES("\x0a\x0a\x08\x01\x12\x06second"), "second" },
	{ "of two ids, too", BYTES("\x0a\x04\x08\x01\x08\x02"), "second" },
	{ "id behind a slug", BYTES("\x0a\x0a\x12\x06second\x08\x01"), "first" },
	{ "unknown fields", BYTES("\x78\x01\x0a\x04\x08\x01\x78\x02"), "first" },
	{ "no such id", BYTES("\x0a\x02\x08\x63"), NULL },
	{ "no such slug", BYTES("\x0a\x05\x12\x03non"), NULL },
	{ "no such origin", BYTES("\x0a\x05\x1a\x03non"), NULL },
};

static void test_keys(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const Lectern__V1__BatchGetPostsResponse *response =
			batch(cases[i].bytes, cases[i].size);
		if (response->n_posts != (cases[i].slug != NULL) ||
			response->n_missing != (cases[i].slug == NULL))
			fail_msg("%s: %zu found, %zu missing", cases[i].label, response->n_posts,
				response->n_missing);
		if (cases[i].slug != NULL && strcmp(response->posts[0]->slug, cases[i].slug) != 0)
			fail_msg("%s: %s was found", cases[i].label, response->posts[0]->slug);
	}
}

/* In the order of their keys, and those that are not there as they were asked for. */
static void test_order(void **state)
{
	const Lectern__V1__BatchGetPostsResponse *response =
		batch(BYTES("\x0a\x02\x08\x02\x0a\x05\x12\x03non\x0a\x07\x12\x05"
			    "first\x0a\x02\x08\x63\x0a\x02\x08\x02"));
	assert_int_equal(response->n_posts, 3);
	assert_string_equal(response->posts[0]->slug, "second");
	assert_string_equal(response->posts[1]->slug, "first");
	assert_string_equal(response->posts[2]->slug, "second");
	assert_int_equal(response->n_missing, 2);
	assert_int_equal(response->missing[0]->key_case, LECTERN__V1__POST_KEY__KEY_SLUG);
	assert_string_equal(response->missing[0]->slug, "non");
	assert_int_equal(response->missing[1]->key_case, LECTERN__V1__POST_KEY__KEY_ID);
	assert_int_equal(response->missing[1]->id, 99);
}

static const struct {
	const char *label, *bytes;
	size_t size;
	const char *reason, *field;
} refused[] = {
	{ "no keys", BYTES("\x10\x01"), "KEY_REQUIRED", "keys" },
	{ "no view", BYTES("\x0a\x02\x08\x01\x10\x63"), "ENUM_INVALID", "view" },
	{ "a negative view", BYTES("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x0a\x02\x08\x01"),
		"ENUM_INVALID", "view" },
	{ "a key of nothing", BYTES("\x0a\x02\x08\x01\x0a\x00"), "KEY_REQUIRED", "keys[1]" },
	{ "id 0", BYTES("\x0a\x02\x08\x00"), "KEY_REQUIRED", "keys[0]" },
	{ "id 0 behind a slug", BYTES("\x0a\x0a\x12\x06second\x08\x00"), "KEY_REQUIRED",
		"keys[0]" },
	{ "a key that is cut", BYTES("\x0a\x03\x08\x01\x12"), "MALFORMED_MESSAGE", "keys[0]" },
	{ "a slug that is no text", BYTES("\x0a\x04\x12\x02\xc3\x28"), "INVALID_UTF8",
		"keys[0].slug" },
	{ "a text for an id", BYTES("\x0a\x03\x0a\x01x"), "WRONG_WIRE_TYPE", "keys[0].id" },
};

static void test_refused(void **state)
{
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		assert_int_equal(call_bytes(&server, "PostService/BatchGetPosts", refused[i].bytes,
					 refused[i].size, &answer),
			CODE_INVALID_ARGUMENT);
		if (strcmp(answer.err.reason, refused[i].reason) != 0 ||
			strcmp(answer.err.field, refused[i].field) != 0)
			fail_msg("%s: %s of '%s'", refused[i].label, answer.err.reason,
				answer.err.field);
	}
}

static int set_up_posts(void **state)
{
	if (set_up(state) != 0)
		return -1;
	assert_int_equal(
		new_post(&server, &(struct sketch){ .slug = "first", .title = "A" }, &answer)->id,
		1);
	assert_int_equal(
		new_post(&server, &(struct sketch){ .slug = "second", .title = "B" }, &answer)->id,
		2);
	return 0;
}

#define TEST_OF_POSTS(function) cmocka_unit_test_setup_teardown(function, set_up_posts, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_OF_POSTS(test_keys),
		TEST_OF_POSTS(test_order),
		TEST_OF_POSTS(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
