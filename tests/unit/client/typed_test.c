/* The functions that need no protobuf code of the caller. */
#include "unit/client/fake_server.h"

#include <lectern/client.h>
#include <lectern/v1/archive.pb-c.h>
#include <lectern/v1/post.pb-c.h>
#include <lectern/v1/search.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <times.h>

#include <cmocka.h>

static struct fake_server server;
static lectern_client *client;
static uint8_t packed[4096];
/* What came in. */
static char method[80];
static char text[512];

static void reply_with(struct fake_server *fake, const ProtobufCMessage *message)
{
	fake->response.payload.data = packed;
	fake->response.payload.len = protobuf_c_message_pack(message, packed);
	fake->response.revision = 1;
}

static Google__Protobuf__Timestamp publish_time;
static Lectern__V1__TermRef tag_refs[2];
static Lectern__V1__TermRef *tag_list[2] = { &tag_refs[0], &tag_refs[1] };

static Lectern__V1__Post make_post(uint64_t id, const char *title)
{
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	post.id = id;
	post.title = (char *)title;
	post.slug = (char *)"a-slug";
	post.state = LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED;
	post.etag = (char *)"e1";
	post.body = (char *)"*body*";
	post.html = (char *)"<p>body</p>";
	post.word_count = 17;
	timestamp_from_us(&publish_time, 1234567);
	post.publish_time = &publish_time;
	for (size_t i = 0; i < 2; i++) {
		lectern__v1__term_ref__init(&tag_refs[i]);
		tag_refs[i].name = (char *)(i == 0 ? "One" : "Two");
	}
	post.tags = tag_list;
	post.n_tags = 2;
	return post;
}

static void answer_get_post(struct fake_server *fake, const Lectern__Rpc__V1__Request *request)
{
	Lectern__V1__GetPostRequest *get = lectern__v1__get_post_request__unpack(
		NULL, request->payload.len, request->payload.data);
	bool by_slug = get->key_case == LECTERN__V1__GET_POST_REQUEST__KEY_SLUG;
	snprintf(text, sizeof text, "%s %ju view %d", by_slug ? get->slug : "",
		by_slug ? (uintmax_t)0 : (uintmax_t)get->id, get->view);
	Lectern__V1__Post post = make_post(5, "A Title");
	Lectern__V1__GetPostResponse response = LECTERN__V1__GET_POST_RESPONSE__INIT;
	if (by_slug && strcmp(get->slug, "hollow") == 0)
		response.post = NULL;
	else
		response.post = &post;
	reply_with(fake, &response.base);
	lectern__v1__get_post_request__free_unpacked(get, NULL);
}

static void answer_get_archive(struct fake_server *fake, const Lectern__Rpc__V1__Request *request)
{
	static Lectern__Rpc__V1__Status status;
	Lectern__V1__GetArchiveRequest *get = lectern__v1__get_archive_request__unpack(
		NULL, request->payload.len, request->payload.data);
	bool by_slug = get->term->key_case == LECTERN__V1__TERM_KEY__KEY_SLUG;
	size_t size = strlen(text);
	snprintf(text + size, sizeof text - size, "[%s %s kind %d size %d token %s view %d]",
		by_slug ? "slug" : "name", by_slug ? get->term->slug : get->term->name, get->kind,
		get->page_size, get->page_token, get->view);
	Lectern__V1__Post posts[2] = { make_post(1, "First"), make_post(2, "Second") };
	Lectern__V1__Post *list[2] = { &posts[0], &posts[1] };
	Lectern__V1__Tag tag = LECTERN__V1__TAG__INIT;
	tag.name = (char *)"The Tag";
	Lectern__V1__GetArchiveResponse response = LECTERN__V1__GET_ARCHIVE_RESPONSE__INIT;
	response.term_case = LECTERN__V1__GET_ARCHIVE_RESPONSE__TERM_TAG;
	response.tag = &tag;
	response.posts = list;
	response.n_posts = 2;
	response.next_page_token = (char *)"next";
	response.total_size = 12;
	lectern__rpc__v1__status__init(&status);
	status.code = LECTERN_NOT_FOUND;
	if (by_slug && strcmp(get->term->slug, "by-name-only") == 0)
		fake->response.status = &status;
	else
		reply_with(fake, &response.base);
	lectern__v1__get_archive_request__free_unpacked(get, NULL);
}

static void answer_list(struct fake_server *fake, const Lectern__Rpc__V1__Request *request)
{
	Lectern__V1__ListPostsRequest *list = lectern__v1__list_posts_request__unpack(
		NULL, request->payload.len, request->payload.data);
	snprintf(text, sizeof text, "%s|%s|%s|%d|%d", list->filter, list->order_by,
		list->page_token, list->page_size, list->view);
	Lectern__V1__ListPostsResponse response = LECTERN__V1__LIST_POSTS_RESPONSE__INIT;
	response.total_size = 3;
	reply_with(fake, &response.base);
	lectern__v1__list_posts_request__free_unpacked(list, NULL);
}

static void answer_search(struct fake_server *fake, const Lectern__Rpc__V1__Request *request)
{
	Lectern__V1__SearchPostsRequest *search = lectern__v1__search_posts_request__unpack(
		NULL, request->payload.len, request->payload.data);
	snprintf(text, sizeof text, "%s|%s|%s|%s|%d|%d", search->query, search->filter,
		search->language, search->page_token, search->page_size, search->view);
	Lectern__V1__Post post = make_post(4, "Found");
	Lectern__V1__HighlightedText snippet = LECTERN__V1__HIGHLIGHTED_TEXT__INIT;
	Lectern__V1__SearchHit hits[3] = { LECTERN__V1__SEARCH_HIT__INIT,
		LECTERN__V1__SEARCH_HIT__INIT, LECTERN__V1__SEARCH_HIT__INIT };
	Lectern__V1__SearchHit *list[] = { &hits[0], &hits[1], &hits[2] };
	snippet.text = (char *)"here it is";
	hits[0].post = &post; /* without a snippet */
	hits[2].post = &post; /* hits[1] is hollow */
	hits[2].snippet = &snippet;
	Lectern__V1__SearchPostsResponse response = LECTERN__V1__SEARCH_POSTS_RESPONSE__INIT;
	response.hits = list;
	response.n_hits = 3;
	response.total_size = 8;
	response.next_page_token = (char *)"more";
	reply_with(fake, &response.base);
	lectern__v1__search_posts_request__free_unpacked(search, NULL);
}

static void answer_create(struct fake_server *fake, const Lectern__Rpc__V1__Request *request)
{
	Lectern__V1__CreatePostRequest *create = lectern__v1__create_post_request__unpack(
		NULL, request->payload.len, request->payload.data);
	const Lectern__V1__Post *post = create->post;
	size_t size = (size_t)snprintf(text, sizeof text, "%s|%s|%s|%s|%d|%jd|%s|%d", post->title,
		post->slug, post->excerpt, post->body, post->state,
		post->publish_time == NULL ? (intmax_t)0
					   : (intmax_t)timestamp_to_us(post->publish_time),
		create->request_id, create->create_missing_terms);
	for (size_t i = 0; i < post->n_tags; i++)
		size += (size_t)snprintf(text + size, sizeof text - size, " #%s/%s",
			post->tags[i]->slug, post->tags[i]->name);
	for (size_t i = 0; i < post->n_categories; i++)
		size += (size_t)snprintf(text + size, sizeof text - size, " +%s/%s",
			post->categories[i]->slug, post->categories[i]->name);
	Lectern__V1__Post made = make_post(9, post->title);
	Lectern__V1__CreatePostResponse response = LECTERN__V1__CREATE_POST_RESPONSE__INIT;
	response.post = &made;
	reply_with(fake, &response.base);
	lectern__v1__create_post_request__free_unpacked(create, NULL);
}

static enum fake_action handle(
	struct fake_server *fake, const Lectern__Rpc__V1__Request *request, unsigned count)
{
	const char *name = strrchr(request->method, '/') + 1;
	snprintf(method, sizeof method, "%s", request->method);
	if (strcmp(name, "GetPost") == 0)
		answer_get_post(fake, request);
	else if (strcmp(name, "GetArchive") == 0)
		answer_get_archive(fake, request);
	else if (strcmp(name, "ListPosts") == 0)
		answer_list(fake, request);
	else if (strcmp(name, "SearchPosts") == 0)
		answer_search(fake, request);
	else if (strcmp(name, "CreatePost") == 0)
		answer_create(fake, request);
	return FAKE_REPLY;
}

static int set_up(void **state)
{
	memset(&server, 0, sizeof server);
	server.handle = handle;
	text[0] = '\0';
	fake_start(&server);
	struct lectern_client_options options = { .url = server.url };
	return lectern_client_open(&options, &client, NULL) == LECTERN_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	lectern_client_close(client);
	fake_stop(&server);
	fake_done(&server);
	return 0;
}

static void test_get_post(void **state)
{
	lectern_post *post;
	struct lectern_error err;
	assert_int_equal(
		lectern_get_post(client, "a-slug", LECTERN_VIEW_FULL, 0, &post, &err), LECTERN_OK);
	assert_string_equal(method, "/lectern.v1.PostService/GetPost");
	assert_string_equal(text, "a-slug 0 view 4");
	assert_int_equal(lectern_post_id(post), 5);
	assert_string_equal(lectern_post_title(post), "A Title");
	assert_string_equal(lectern_post_slug(post), "a-slug");
	assert_string_equal(lectern_post_state(post), "SCHEDULED");
	assert_string_equal(lectern_post_etag(post), "e1");
	assert_string_equal(lectern_post_body(post), "*body*");
	assert_string_equal(lectern_post_html(post), "<p>body</p>");
	assert_string_equal(lectern_post_excerpt(post), "");
	assert_int_equal(lectern_post_publish_time_us(post), 1234567);
	assert_int_equal(lectern_post_update_time_us(post), LECTERN_TIME_UNSET);
	assert_int_equal(lectern_post_word_count(post), 17);
	assert_int_equal(lectern_post_tag_count(post), 2);
	assert_string_equal(lectern_post_tag_name(post, 1), "Two");
	assert_null(lectern_post_tag_name(post, 2));
	assert_int_equal(lectern_post_category_count(post), 0);
	assert_null(lectern_post_category_name(post, 0));
	lectern_post_free(post);
	assert_int_equal(
		lectern_get_post_by_id(client, 7, LECTERN_VIEW_BASIC, 0, &post, &err), LECTERN_OK);
	assert_string_equal(text, " 7 view 1");
	lectern_post_free(post);
	lectern_post_free(NULL);
}

static void test_hollow_answer(void **state)
{
	lectern_post *post;
	struct lectern_error err;
	assert_int_equal(lectern_get_post(client, "hollow", 0, 0, &post, &err), LECTERN_INTERNAL);
	assert_string_equal(err.message, "the answer holds no post");
}

static void test_archive(void **state)
{
	static const struct {
		const char *label, *term, *want;
	} terms[] = {
		{ "a slug", "deep-learning", "[slug deep-learning kind 1 size 3 token t view 2]" },
		{ "a name", "Deep Learning", "[name Deep Learning kind 1 size 3 token t view 2]" },
		{ "a name that may be a slug", "by-name-only",
			"[slug by-name-only kind 1 size 3 token t view 2]"
			"[name by-name-only kind 1 size 3 token t view 2]" },
		{ "empty", "", "[name  kind 1 size 3 token t view 2]" },
		{ "none", NULL, "[name  kind 1 size 3 token t view 2]" },
	};
	for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
		struct lectern_archive_query query = { .kind = LECTERN_ARCHIVE_TAG,
			.term = terms[i].term,
			.view = LECTERN_VIEW_HTML,
			.page_size = 3,
			.page_token = "t" };
		lectern_page *page;
		struct lectern_error err;
		text[0] = '\0';
		assert_int_equal(lectern_get_archive(client, &query, &page, &err), LECTERN_OK);
		if (strcmp(text, terms[i].want) != 0)
			fail_msg("%s: %s", terms[i].label, text);
		assert_string_equal(lectern_page_title(page), "The Tag");
		assert_string_equal(lectern_page_next_token(page), "next");
		assert_int_equal(lectern_page_total_size(page), 12);
		assert_int_equal(lectern_page_post_count(page), 2);
		assert_string_equal(lectern_post_title(lectern_page_post(page, 1)), "Second");
		assert_null(lectern_page_post(page, 2));
		assert_string_equal(lectern_page_snippet(page, 0), "");
		lectern_page_free(page);
	}
	lectern_page_free(NULL);
}

static void test_list(void **state)
{
	struct lectern_post_query query = { .filter = "tags:\"a\"",
		.order_by = "publish_time",
		.view = LECTERN_VIEW_SOURCE,
		.page_size = UINT32_MAX };
	lectern_page *page;
	assert_int_equal(lectern_list_posts(client, &query, &page, NULL), LECTERN_OK);
	assert_string_equal(text, "tags:\"a\"|publish_time||2147483647|3");
	assert_int_equal(lectern_page_post_count(page), 0);
	assert_null(lectern_page_post(page, 0));
	assert_string_equal(lectern_page_title(page), "");
	assert_string_equal(lectern_page_next_token(page), "");
	assert_int_equal(lectern_page_total_size(page), 3);
	lectern_page_free(page);
}

static void test_search(void **state)
{
	struct lectern_search_query query = { .query = "some words",
		.filter = "tags:a",
		.language = "en",
		.view = LECTERN_VIEW_HTML,
		.page_size = 5,
		.page_token = "t" };
	lectern_page *page;
	assert_int_equal(lectern_search_posts(client, &query, &page, NULL), LECTERN_OK);
	assert_string_equal(text, "some words|tags:a|en|t|5|2");
	assert_int_equal(lectern_page_post_count(page), 2);
	assert_string_equal(lectern_post_title(lectern_page_post(page, 1)), "Found");
	assert_string_equal(lectern_page_snippet(page, 0), "");
	assert_string_equal(lectern_page_snippet(page, 1), "here it is");
	assert_string_equal(lectern_page_snippet(page, 2), "");
	assert_string_equal(lectern_page_next_token(page), "more");
	assert_int_equal(lectern_page_total_size(page), 8);
	lectern_page_free(page);
}

static void test_create(void **state)
{
	const char *tags[] = { "python", "Deep Learning" };
	const char *categories[] = { "c++" };
	struct lectern_new_post new_post = { .title = "New",
		.slug = "new",
		.excerpt = "Short.",
		.body = "Text.",
		.publish = true,
		.publish_time_us = 99,
		.tags = tags,
		.tag_count = 2,
		.categories = categories,
		.category_count = 1,
		.create_missing_terms = true,
		.request_id = "r1" };
	lectern_post *post;
	assert_int_equal(lectern_create_post(client, &new_post, &post, NULL), LECTERN_OK);
	assert_string_equal(
		text, "New|new|Short.|Text.|3|99|r1|1 #python/python #/Deep Learning +/c++");
	assert_int_equal(lectern_post_id(post), 9);
	lectern_post_free(post);
	struct lectern_new_post draft = { .title = "Draft", .request_id = "r2" };
	assert_int_equal(lectern_create_post(client, &draft, NULL, NULL), LECTERN_OK);
	assert_string_equal(text, "Draft||||1|0|r2|0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_get_post, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_hollow_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_archive, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_list, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_search, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_create, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("typed", tests, NULL, NULL);
}
