/* Writes of posts that are unusual, but allowed. */
#include "support/own_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

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

/* Fields that the schema does not have are not kept, wherever they stand: nobody bounds them. */
static void test_unknown_fields_are_not_stored(void **state)
{
	static uint8_t bytes[3 + 20000] = { 0xA0, 0x9C, 0x01 }; /* its length as a varint */
	ProtobufCMessageUnknownField unknown = { .tag = 500,
		.wire_type = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED,
		.len = sizeof bytes,
		.data = bytes };
	Lectern__V1__Attribute attribute = LECTERN__V1__ATTRIBUTE__INIT;
	Lectern__V1__Attribute *attributes[] = { &attribute };
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Lectern__V1__CreatePostRequest create = LECTERN__V1__CREATE_POST_REQUEST__INIT;
	char name[] = "a";
	attribute.key = attribute.value = name;
	attribute.base.n_unknown_fields = time.base.n_unknown_fields = 1;
	attribute.base.unknown_fields = time.base.unknown_fields = &unknown;
	time.seconds = 4102444800; /* 2100 */
	post.title = name;
	post.attributes = attributes;
	post.n_attributes = 1;
	post.publish_time = &time;
	create.post = &post;
	call_ok(&server, "PostService/CreatePost", &create.base, &answer);
	assert_in_range(answer.size_bytes, 1, 500);

	Lectern__V1__SchedulePostRequest schedule = LECTERN__V1__SCHEDULE_POST_REQUEST__INIT;
	schedule.key_case = LECTERN__V1__SCHEDULE_POST_REQUEST__KEY_SLUG;
	schedule.slug = name;
	schedule.publish_time = &time;
	call_ok(&server, "PostService/SchedulePost", &schedule.base, &answer);
	assert_in_range(answer.size_bytes, 1, 500);

	Lectern__V1__Tag tag = LECTERN__V1__TAG__INIT;
	Lectern__V1__CreateTagRequest create_tag = LECTERN__V1__CREATE_TAG_REQUEST__INIT;
	tag.name = name;
	tag.attributes = attributes;
	tag.n_attributes = 1;
	create_tag.tag = &tag;
	call_ok(&server, "TagService/CreateTag", &create_tag.base, &answer);
	assert_in_range(answer.size_bytes, 1, 500);
}

/* A revision that nobody will make must not be one to wait for. */
static void test_validate_only_answers_with_the_revision_that_there_is(void **state)
{
	new_post(&server, &(struct sketch){ .title = "A" }, &answer);
	uint64_t revision = revision_of(&server);
	struct sketch sketch = {
		.title = "B", .body = "Text", .tags = { "t" }, .validate_only = true
	};
	new_post(&server, &sketch, &answer);
	assert_int_equal(answer.revision, revision);
	assert_int_equal(revision_of(&server), revision);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_missing_post_is_made_with_a_rendered_body),
		TEST(test_a_missing_post_is_not_made_with_a_blank_title),
		TEST(test_unknown_fields_are_not_stored),
		TEST(test_validate_only_answers_with_the_revision_that_there_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
