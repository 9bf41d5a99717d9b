/* ImportPost: how a post is found, what is taken of it, and what stays as it is here. */
#include "support/changes.h"
#include "support/json_call.h"
#include "support/own_server.h"

#include "base/clock.h"

#include <lectern/v1/import.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <times.h>

#include <cmocka.h>

#define CREATED LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_CREATED
#define UPDATED LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_UPDATED
#define UNCHANGED LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_UNCHANGED
#define DRAFT LECTERN__V1__POST_STATE__POST_STATE_DRAFT
#define SCHEDULED LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED
#define EXPIRED LECTERN__V1__POST_STATE__POST_STATE_EXPIRED
#define TRASHED LECTERN__V1__POST_STATE__POST_STATE_TRASHED

#define IMPORT "ImportService/ImportPost"

static atomic_llong now_us;

static int64_t test_clock(void)
{
	return atomic_load(&now_us);
}

static int start(void **state)
{
	atomic_store(&now_us, START_US);
	clock_set_realtime_hook(test_clock);
	return set_up(state);
}

static int stop(void **state)
{
	int ret = tear_down(state);
	clock_set_realtime_hook(NULL);
	return ret;
}

#define import_ok(...) \
	((const Lectern__V1__ImportPostResponse *)call_json_ok( \
		&server, &answer, IMPORT, __VA_ARGS__))
#define import_fails(...) assert_int_not_equal(call_json(&server, &answer, IMPORT, __VA_ARGS__), 0)

static const Lectern__V1__GetPostResponse *get(const char *key, const char *value)
{
	return call_json_ok(&server, &answer, "PostService/GetPost", "{'%s': '%s'}", key, value);
}

static size_t revisions_of(uint64_t id)
{
	const Lectern__V1__ListPostRevisionsResponse *list = call_json_ok(
		&server, &answer, "PostService/ListPostRevisions", "{'id': %d}", (int)id);
	return list->n_revisions;
}

/* Every field that an import takes. */
#define WHOLE \
	"{'post': {'id': 77, 'etag': 'f00', 'html': '<b>', 'word_count': 9, 'revision': 7," \
	" 'origin': 'https://old.example/?p=1', 'slug': 'hello', 'title': 'Hello'," \
	" 'excerpt': 'Hi.', 'state': 'POST_STATE_PUBLISHED'," \
	" 'publish_time': '2020-01-02T03:04:05Z', 'expire_time': '2040-01-01T00:00:00Z'," \
	" 'create_time': '2020-01-01T00:00:00.1234567Z', 'update_time': '2021-01-01T00:00:00Z'," \
	" 'tags': [{'id': 9, 'slug': 'go', 'name': 'Go'}, {'name': 'Rust'}]," \
	" 'categories': [{'name': 'News'}], 'authors': [{'slug': 'ada', 'name': 'Ada'}]," \
	" 'series': {'name': 'Tour', 'part': 2}, 'language': 'en', 'featured': true," \
	" 'cover_image_url': 'https://old.example/a.png'," \
	" 'canonical_url': 'https://old.example/hello'," \
	" 'attributes': [{'key': 'k', 'value': 'v'}]," \
	" 'aliases': ['hello-world', 'hallo', 'hallo'], 'body': '# One\\n\\ntwo words'}}"

static void everything_is_taken_and_a_repeat_changes_nothing(void **state)
{
	const Lectern__V1__Post *post = import_ok(WHOLE)->post;
	char etag[64];
	assert_int_equal(post->id, 1);
	assert_int_equal(post->revision, 7);
	assert_string_equal(post->origin, "https://old.example/?p=1");
	assert_string_equal(post->slug, "hello");
	assert_int_equal(post->state, PUBLISHED);
	assert_true(timestamp_to_us(post->create_time) == INT64_C(1577836800123456));
	assert_true(timestamp_to_us(post->update_time) == INT64_C(1609459200000000));
	assert_int_equal(post->n_tags, 2);
	assert_string_equal(post->tags[0]->slug, "go");
	assert_int_equal(post->n_authors, 1);
	assert_string_equal(post->series->slug, "tour");
	assert_int_equal(post->n_aliases, 2);
	assert_string_equal(post->aliases[0], "hello-world");
	assert_string_equal(post->aliases[1], "hallo");
	assert_int_equal(post->word_count, 3);
	assert_string_not_equal(post->etag, "f00");
	snprintf(etag, sizeof etag, "%s", post->etag);
	uint64_t revision = revision_of(&server);

	atomic_fetch_add(&now_us, DAY_US);
	const Lectern__V1__ImportPostResponse *again = import_ok(WHOLE);
	assert_int_equal(again->result, UNCHANGED);
	assert_string_equal(again->post->etag, etag);
	assert_true(revision_of(&server) == revision);
	assert_int_equal(revisions_of(1), 1);

	assert_string_equal(
		get("slug", "hello")->post->html, "<h1 id=\"one\">One</h1>\n<p>two words</p>\n");
	assert_true(get("slug", "hallo")->former_slug);
	const Lectern__V1__GetPostResponse *found = get("origin", "https://old.example/?p=1");
	assert_int_equal(found->post->id, 1);
	assert_false(found->former_slug);
	/* The line of the history is as old as the change. */
	const Lectern__V1__ListPostRevisionsResponse *list =
		call_json_ok(&server, &answer, "PostService/ListPostRevisions", "{'id': 1}");
	assert_int_equal(list->total_size, 1);
	assert_int_equal(list->revisions[0]->revision, 7);
	assert_string_equal(list->revisions[0]->note->summary, "created");
	assert_true(timestamp_to_us(list->revisions[0]->create_time) == INT64_C(1609459200000000));
}

/* Html comes from the renderer alone, also where there is nothing to render. */
static void html_of_the_source_is_not_taken(void **state)
{
	import_ok("{'post': {'slug': 'a', 'title': 'A', 'html': '<script>', 'word_count': 9,"
		  " 'reading_seconds': 9, 'outline': [{'level': 1, 'text': 'x'}]}}");
	const Lectern__V1__Post *post = get("slug", "a")->post;
	assert_string_equal(post->html, "");
	assert_int_equal(post->n_outline, 0);
	assert_int_equal(post->word_count, 0);
	assert_int_equal(post->reading_seconds, 0);
}

static void reading_by_origin(void **state)
{
	import_ok("{'post': {'origin': 'a', 'title': 'A'}}");
	assert_int_not_equal(
		call_json(&server, &answer, "PostService/GetPost", "{'origin': 'A'}"), 0);
	assert_failed_as(CODE_NOT_FOUND, "POST_NOT_FOUND", "there is no post with origin \"A\"");
	call_json(&server, &answer, "PostService/GetPost", "{'origin': ''}");
	assert_failed_as(CODE_INVALID_ARGUMENT, "KEY_REQUIRED", "key: name what is meant");
	call_json(&server, &answer, "PostService/GetPost", "{'origin': '%0201d'}", 0);
	assert_failed_as(CODE_INVALID_ARGUMENT, "FIELD_TOO_LONG",
		"origin: 201 bytes; at most 200 are allowed");
	const Lectern__V1__BatchGetPostsResponse *batch =
		call_json_ok(&server, &answer, "PostService/BatchGetPosts",
			"{'keys': [{'origin': 'b'}, {'origin': 'a'}, {'slug': 'a'}, {'id': 1}]}");
	assert_int_equal(batch->n_posts, 3);
	assert_string_equal(batch->posts[0]->origin, "a");
	assert_int_equal(batch->n_missing, 1);
	assert_string_equal(batch->missing[0]->origin, "b");
	call_json(&server, &answer, "PostService/BatchGetPosts", "{'keys': [{'origin': '%0201d'}]}",
		0);
	assert_failed_as(CODE_INVALID_ARGUMENT, "FIELD_TOO_LONG", "keys[0].origin: 201 bytes");
}

/* Only an import sets it; nothing but a purge frees it. */
static void an_origin_lasts_as_long_as_its_post(void **state)
{
	const Lectern__V1__CreatePostResponse *made = call_json_ok(&server, &answer,
		"PostService/CreatePost", "{'post': {'title': 'A', 'origin': 'o', 'revision': 5}}");
	assert_string_equal(made->post->origin, "");
	assert_int_equal(made->post->revision, 1);
	call_json(&server, &answer, "PostService/UpdatePost",
		"{'post': {'id': 1, 'origin': 'o'}, 'update_mask': 'origin'}");
	assert_failed_as(CODE_INVALID_ARGUMENT, "MASK_OUTPUT_ONLY",
		"update_mask.paths[0]: \"origin\" is set by the server alone");
	assert_int_equal(import_ok("{'post': {'origin': 'o', 'title': 'B'}}")->post->id, 2);
	call_json_ok(&server, &answer, "PostService/UpdatePost",
		"{'post': {'id': 2, 'title': 'C', 'slug': 'c'}, 'update_mask': '*'}");
	assert_string_equal(get("origin", "o")->post->title, "C");
	move_post(&server, "Delete", 2, "", &answer);
	assert_int_equal(get("origin", "o")->post->state, TRASHED);
	move_post(&server, "Purge", 2, "", &answer);
	call_json(&server, &answer, "PostService/GetPost", "{'origin': 'o'}");
	assert_int_equal(answer.code, CODE_NOT_FOUND);
	assert_int_equal(import_ok("{'post': {'origin': 'o', 'title': 'B'}}")->post->id, 3);
}

/* A slug that is used three times: in each run the same posts get the same ones. */
static void taken_slugs_are_numbered_and_stay(void **state)
{
	static const char *const slugs[] = { "x", "x-2", "x-3" };
	for (int run = 0; run < 2; run++)
		for (int i = 0; i < 3; i++) {
			const Lectern__V1__ImportPostResponse *one = import_ok(
				"{'post': {'origin': '%d', 'slug': 'x', 'title': 'X'}}", i);
			assert_int_equal(one->result, run == 0 ? CREATED : UNCHANGED);
			assert_string_equal(one->post->slug, slugs[i]);
		}
	/* A new one in the source; the one that it had stays as a former one. */
	const Lectern__V1__ImportPostResponse *moved =
		import_ok("{'post': {'origin': '2', 'slug': 'y', 'title': 'X'}}");
	assert_int_equal(moved->result, UPDATED);
	assert_string_equal(moved->post->slug, "y");
	assert_string_equal(moved->post->aliases[0], "x-3");
	/* Taken by another post, also as a former slug. */
	moved = import_ok("{'post': {'origin': '0', 'slug': 'x-3', 'title': 'X'}}");
	assert_string_equal(moved->post->slug, "x-3-2");
	/* Renamed here: neither the old slug comes back, nor is it an alias of anything else. */
	call_json_ok(&server, &answer, "PostService/UpdatePost",
		"{'post': {'id': 2, 'slug': 'ours'}, 'update_mask': 'slug'}");
	moved = import_ok("{'post': {'origin': '1', 'slug': 'x-2', 'title': 'X'}}");
	assert_int_equal(moved->result, UNCHANGED);
	assert_string_equal(moved->post->slug, "ours");
	/* "x" is wanted, "x-2" is a former slug: that is not what it is called now. */
	moved = import_ok("{'post': {'origin': '1', 'slug': 'x', 'title': 'X'}}");
	assert_string_equal(moved->post->slug, "x-4");
}

static void numbers_of_slugs(void **state)
{
	static const struct {
		const char *label, *ours, *wanted;
		bool stays;
	} cases[] = {
		{ "the same", "a", "a", true },
		{ "the second", "a-2", "a", true },
		{ "the last", "a-18446744073709551615", "a", true },
		{ "not a number", "a-2b", "a", false },
		{ "no number", "a-", "a", false },
		{ "the first has none", "a-1", "a", false },
		{ "none begins with 0", "a-02", "a", false },
		{ "another word", "ab-2", "a", false },
		{ "the other way round", "a", "a-2", false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		import_ok("{'post': {'origin': '%zu', 'slug': '%s', 'title': 'A'}}", i,
			cases[i].ours);
		const Lectern__V1__ImportPostResponse *again =
			import_ok("{'post': {'origin': '%zu', 'slug': '%s', 'title': 'A'}}", i,
				cases[i].wanted);
		if ((again->result == UNCHANGED) != cases[i].stays)
			fail_msg("%s: %s", cases[i].label, again->post->slug);
		move_post(&server, "Delete", again->post->id, "", &answer);
		move_post(&server, "Purge", i + 1, "", &answer);
	}
}

/* Without an origin the slug tells which post is meant, and where the source has renamed it, its
 * former slugs. */
static void found_by_slug(void **state)
{
	import_ok("{'post': {'slug': 'a', 'title': 'A'}}");
	const Lectern__V1__ImportPostResponse *one =
		import_ok("{'post': {'slug': 'b', 'title': 'A', 'aliases': ['a']}}");
	assert_int_equal(one->result, UPDATED);
	assert_int_equal(one->post->id, 1);
	assert_string_equal(one->post->slug, "b");
	assert_int_equal(one->post->n_aliases, 1);
	one = import_ok("{'post': {'slug': 'b', 'title': 'A', 'aliases': ['a']}}");
	assert_int_equal(one->result, UNCHANGED);
	/* By a former slug: it is the same post, and called otherwise here. */
	one = import_ok("{'post': {'slug': 'a', 'title': 'A2'}}");
	assert_int_equal(one->result, UPDATED);
	assert_string_equal(one->post->slug, "b");
	assert_string_equal(one->post->title, "A2");
	/* A post with an origin may be named so, too; it keeps that. */
	import_ok("{'post': {'origin': 'o', 'slug': 'c', 'title': 'C'}}");
	one = import_ok("{'post': {'slug': 'c', 'title': 'C2'}}");
	assert_int_equal(one->result, UPDATED);
	assert_string_equal(one->post->origin, "o");
	/* With an origin it is never found by slug. */
	one = import_ok("{'post': {'origin': 'p', 'slug': 'c', 'title': 'C2'}}");
	assert_int_equal(one->result, CREATED);
	assert_string_equal(one->post->slug, "c-2");
	/* Without either it is a new one each time. */
	assert_string_equal(import_ok("{'post': {'title': 'C'}}")->post->slug, "c-3");
}

static void aliases_of_others_are_left_to_them(void **state)
{
	import_ok("{'post': {'slug': 'a', 'title': 'A', 'aliases': ['old-a']}}");
	const Lectern__V1__ImportPostResponse *one =
		import_ok("{'post': {'origin': 'b', 'slug': 'b', 'title': 'B',"
			  " 'aliases': ['a', 'old-a', 'b', 'old-b']}}");
	assert_int_equal(one->post->n_aliases, 1);
	assert_string_equal(one->post->aliases[0], "old-b");
	/* Those that are there stay, behind what the source has besides. */
	one = import_ok("{'post': {'origin': 'b', 'title': 'B', 'aliases': ['older-b']}}");
	assert_int_equal(one->result, UPDATED);
	assert_int_equal(one->post->n_aliases, 2);
	assert_string_equal(one->post->aliases[0], "older-b");
	assert_int_equal(import_ok("{'post': {'origin': 'b', 'title': 'B'}}")->result, UNCHANGED);
	assert_int_equal(get("slug", "older-b")->post->id, 2);
}

/* 64 aliases, the newest ones; what has fallen off does not come back. */
static void aliases_are_bounded(void **state)
{
	char list[64 * 16] = "";
	char title[] = "T";
	for (int i = 0; i < 64; i++)
		snprintf(list + strlen(list), sizeof list - strlen(list), "%s's%d'",
			i == 0 ? "" : ", ", i);
	import_ok("{'post': {'origin': 'o', 'slug': 'a', 'title': '%s'}}", title);
	import_ok("{'post': {'origin': 'o', 'slug': 'b', 'title': '%s'}}", title);
	for (int run = 0; run < 2; run++) {
		const Lectern__V1__ImportPostResponse *one =
			import_ok("{'post': {'origin': 'o', 'slug': 'b', 'title': '%s',"
				  " 'aliases': [%s]}}",
				title, list);
		assert_int_equal(one->result, run == 0 ? UPDATED : UNCHANGED);
		assert_int_equal(one->post->n_aliases, 64);
		assert_string_equal(one->post->aliases[0], "s1");
		assert_string_equal(one->post->aliases[63], "a");
	}
	for (int run = 0; run < 2; run++) {
		const Lectern__V1__ImportPostResponse *one =
			import_ok("{'post': {'origin': 'o', 'slug': 'c', 'title': '%s',"
				  " 'aliases': [%s]}}",
				title, list);
		assert_int_equal(one->result, run == 0 ? UPDATED : UNCHANGED);
		assert_int_equal(one->post->n_aliases, 64);
		assert_string_equal(one->post->aliases[0], "s2");
		assert_string_equal(one->post->aliases[63], "b");
	}
}

/* States as the source has them, and as times make them. */
static void states(void **state)
{
	static const struct {
		const char *label, *fields;
		int want; /* 0: refused */
		const char *text;
	} cases[] = {
		{ "none", "", DRAFT, NULL },
		{ "published", ", 'state': 2000", 0, "post.state: 2000 is no state" },
		{ "published without a time", ", 'state': 'POST_STATE_PUBLISHED'", PUBLISHED,
			NULL },
		{ "published in the future",
			", 'state': 'POST_STATE_PUBLISHED', 'publish_time': '2030-01-01T00:00:00Z'",
			SCHEDULED, NULL },
		{ "scheduled in the past",
			", 'state': 'POST_STATE_SCHEDULED', 'publish_time': '2020-01-01T00:00:00Z'",
			PUBLISHED, NULL },
		{ "scheduled without a time", ", 'state': 'POST_STATE_SCHEDULED'", 0,
			"post.publish_time: is required for the state SCHEDULED" },
		{ "expired",
			", 'state': 'POST_STATE_EXPIRED', 'publish_time': '2020-01-01T00:00:00Z',"
			" 'expire_time': '2021-01-01T00:00:00Z'",
			EXPIRED, NULL },
		{ "published and expired since",
			", 'state': 'POST_STATE_PUBLISHED', 'publish_time': '2020-01-01T00:00:00Z',"
			" 'expire_time': '2021-01-01T00:00:00Z'",
			EXPIRED, NULL },
		{ "expired without a time", ", 'state': 'POST_STATE_EXPIRED'", 0,
			"post.state: EXPIRED needs an expire_time that has passed" },
		{ "expires before",
			", 'state': 'POST_STATE_TRASHED',"
			" 'publish_time': '2020-01-01T00:00:00Z', 'expire_time': "
			"'2019-01-01T00:00:00Z'",
			0, "post.expire_time: must be later than publish_time" },
		{ "trashed", ", 'state': 'POST_STATE_TRASHED'", TRASHED, NULL },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum code code = call_json(&server, &answer, IMPORT,
			"{'post': {'origin': '%zu', 'title': 'T'%s}}", i, cases[i].fields);
		if (cases[i].want == 0) {
			if (code != CODE_INVALID_ARGUMENT ||
				strstr(answer.err.text, cases[i].text) == NULL)
				fail_msg("%s: %s", cases[i].label, answer.err.text);
			continue;
		}
		if (code != CODE_OK)
			fail_msg("%s: %s", cases[i].label, answer.err.text);
		const Lectern__V1__ImportPostResponse *one = (const void *)answer.message;
		if ((int)one->post->state != cases[i].want)
			fail_msg("%s: state %d", cases[i].label, (int)one->post->state);
		one = import_ok("{'post': {'origin': '%zu', 'title': 'T'%s}}", i, cases[i].fields);
		if (one->result != UNCHANGED)
			fail_msg("%s: a repeat changes it", cases[i].label);
	}
}

static void into_the_trash_and_out_of_it(void **state)
{
	const Lectern__V1__ImportPostResponse *one =
		import_ok("{'post': {'origin': 'o', 'title': 'T', 'state': 'POST_STATE_TRASHED',"
			  " 'delete_time': '2023-05-01T00:00:00Z'}}");
	assert_true(timestamp_to_us(one->post->delete_time) == INT64_C(1682899200000000));
	import_fails("{'post': {'origin': 'o', 'title': 'T2'}}");
	assert_failed_as(CODE_FAILED_PRECONDITION, "POST_TRASHED",
		"the post is in the trash; import its state too, or bring it back with");
	import_fails("{'post': {'origin': 'o', 'title': 'T2', 'state': 'POST_STATE_DRAFT'},"
		     " 'update_mask': 'title'}");
	assert_failed_as(CODE_FAILED_PRECONDITION, "POST_TRASHED", "the post is in the trash");
	/* It may be changed where it lies. */
	one = import_ok("{'post': {'origin': 'o', 'title': 'T3', 'state': 'POST_STATE_TRASHED'}}");
	assert_int_equal(one->result, UPDATED);
	assert_true(timestamp_to_us(one->post->delete_time) == INT64_C(1682899200000000));
	one = import_ok("{'post': {'origin': 'o', 'title': 'T3', 'state': 'POST_STATE_PUBLISHED',"
			" 'delete_time': '2023-05-01T00:00:00Z'}}");
	assert_int_equal(one->post->state, PUBLISHED);
	assert_null(one->post->delete_time);
	one = import_ok("{'post': {'origin': 'o', 'title': 'T3', 'state': 'POST_STATE_TRASHED'},"
			" 'update_mask': 'state'}");
	assert_true(timestamp_to_us(one->post->delete_time) == START_US);
}

static void change_kinds(void **state)
{
	static const struct {
		const char *state;
		Lectern__V1__ChangeKind kind;
	} steps[] = {
		{ "TRASHED", LECTERN__V1__CHANGE_KIND__CHANGE_KIND_CREATED },
		{ "DRAFT", LECTERN__V1__CHANGE_KIND__CHANGE_KIND_UPDATED },
		{ "TRASHED", LECTERN__V1__CHANGE_KIND__CHANGE_KIND_DELETED },
	};
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		import_ok("{'post': {'origin': 'o', 'title': 'T', 'state': 'POST_STATE_%s'}}",
			steps[i].state);
		Lectern__V1__ListChangesRequest request = LECTERN__V1__LIST_CHANGES_REQUEST__INIT;
		request.after_revision = i;
		const Lectern__V1__ListChangesResponse *list =
			call_ok(&server, "ChangeService/ListChanges", &request.base, &answer);
		assert_int_equal(list->n_changes, 1);
		assert_int_equal(list->changes[0]->kind, steps[i].kind);
	}
}

/* What the source leaves open, and what the mask leaves out. */
static void what_is_left_open_stays(void **state)
{
	import_ok(WHOLE);
	atomic_fetch_add(&now_us, DAY_US);
	const Lectern__V1__ImportPostResponse *one = import_ok(
		"{'post': {'origin': 'https://old.example/?p=1', 'title': 'New', 'body': 'three'},"
		" 'update_mask': 'title,slug,state,publish_time,create_time,update_time,aliases'}");
	const Lectern__V1__Post *post = one->post;
	assert_int_equal(one->result, UPDATED);
	assert_string_equal(post->title, "New");
	assert_string_equal(post->slug, "hello");
	assert_int_equal(post->state, PUBLISHED);
	assert_true(timestamp_to_us(post->publish_time) == INT64_C(1577934245000000));
	assert_true(timestamp_to_us(post->create_time) == INT64_C(1577836800123456));
	assert_true(timestamp_to_us(post->update_time) == START_US + DAY_US);
	assert_int_equal(post->revision, 8);
	assert_int_equal(post->n_tags, 2);
	assert_int_equal(post->n_aliases, 2);
	assert_int_equal(post->word_count, 3);
	/* With everything in the mask what has no value goes. */
	post = import_ok("{'post': {'origin': 'https://old.example/?p=1', 'title': 'New'}}")->post;
	assert_string_equal(post->excerpt, "");
	assert_null(post->expire_time);
	assert_int_equal(post->n_tags, 0);
	assert_null(post->series);
	assert_int_equal(post->word_count, 0);
	assert_int_equal(post->state, PUBLISHED);
	/* A time alone is a change, dated by itself, and so is its line in the history. */
	one = import_ok("{'post': {'origin': 'https://old.example/?p=1',"
			" 'update_time': '2022-01-01T00:00:00Z'}, 'update_mask': 'update_time',"
			" 'note': {'author': 'wp', 'summary': 'as it was'}}");
	assert_int_equal(one->result, UPDATED);
	const Lectern__V1__ListPostRevisionsResponse *list =
		call_json_ok(&server, &answer, "PostService/ListPostRevisions", "{'id': 1}");
	assert_true(timestamp_to_us(list->revisions[0]->create_time) == INT64_C(1640995200000000));
	assert_string_equal(list->revisions[0]->note->author, "wp");
	assert_string_equal(list->revisions[0]->note->summary, "as it was");
	assert_string_equal(list->revisions[2]->note->summary, "title changed");
}

static void terms_may_be_kept(void **state)
{
	import_ok(
		"{'post': {'origin': 'o', 'title': 'T', 'tags': [{'name': 'A'}, {'name': 'B'}]}}");
	const Lectern__V1__ImportPostResponse *one =
		import_ok("{'post': {'origin': 'o', 'title': 'T', 'tags': [{'name': 'C'},"
			  " {'name': 'b'}]}, 'keep_terms': true}");
	assert_int_equal(one->result, UPDATED);
	assert_int_equal(one->post->n_tags, 3);
	assert_string_equal(one->post->tags[0]->name, "A");
	assert_string_equal(one->post->tags[2]->name, "C");
	one = import_ok("{'post': {'origin': 'o', 'title': 'T', 'tags': [{'name': 'C'},"
			" {'name': 'b'}]}, 'keep_terms': true}");
	assert_int_equal(one->result, UNCHANGED);
	one = import_ok("{'post': {'origin': 'o', 'title': 'T', 'tags': [{'name': 'b'}]}}");
	assert_int_equal(one->post->n_tags, 1);
}

static void too_many_terms_with_those_that_are_kept(void **state)
{
	char tags[2][256 * 24] = { "", "" };
	for (int i = 0; i < 2; i++)
		for (int j = 0; j < 200; j++)
			snprintf(tags[i] + strlen(tags[i]), sizeof tags[i] - strlen(tags[i]),
				"%s{'name': 't%d'}", j == 0 ? "" : ", ", j + i * 57);
	import_ok("{'post': {'origin': 'o', 'title': 'T', 'tags': [%s]}}", tags[0]);
	uint64_t revision = revision_of(&server);
	import_fails("{'post': {'origin': 'o', 'title': 'T', 'tags': [%s]}, 'keep_terms': true}",
		tags[1]);
	assert_failed_as(CODE_INVALID_ARGUMENT, "TOO_MANY_ENTRIES",
		"post.tags: with those that the post has there would be more than 256");
	assert_true(revision_of(&server) == revision);
	/* 200 and 56 more. */
	char *comma = strrchr(tags[1], ',');
	*comma = '\0';
	assert_int_equal(import_ok("{'post': {'origin': 'o', 'title': 'T', 'tags': [%s]},"
				   " 'keep_terms': true}",
				 tags[1])
				 ->post->n_tags,
		256);
}

/* Of two categories with one name the post's own is meant. */
static void a_name_that_several_have(void **state)
{
	new_category(&server, "News", 0);
	call_json_ok(&server, &answer, "CategoryService/CreateCategory",
		"{'category': {'name': 'News', 'slug': 'other-news'}}");
	import_fails("{'post': {'origin': 'o', 'title': 'T', 'categories': [{'name': 'news'}]}}");
	assert_failed_as(CODE_FAILED_PRECONDITION, "NAME_AMBIGUOUS",
		"post.categories[0]: several of kind category are named \"news\"; give the slug");
	import_ok(
		"{'post': {'origin': 'o', 'title': 'T', 'categories': [{'slug': 'other-news'}]}}");
	const Lectern__V1__ImportPostResponse *one = import_ok(
		"{'post': {'origin': 'o', 'title': 'T', 'categories': [{'name': 'news'}]}}");
	assert_int_equal(one->result, UNCHANGED);
	assert_string_equal(one->post->categories[0]->slug, "other-news");
}

/* A tag that was merged or renamed here does not come back. */
static void terms_that_are_called_otherwise_here(void **state)
{
	import_ok(
		"{'post': {'origin': 'o', 'title': 'T', 'tags': [{'slug': 'js', 'name': 'JS'}]}}");
	call_json_ok(&server, &answer, "TagService/UpdateTag",
		"{'tag': {'id': 1, 'slug': 'javascript', 'name': 'JavaScript'}}");
	for (int run = 0; run < 2; run++) {
		const Lectern__V1__ImportPostResponse *one =
			import_ok("{'post': {'origin': 'o', 'title': 'T', 'tags': [%s]}}",
				run == 0 ? "{'slug': 'js', 'name': 'JS'}" : "{'name': 'JS'}");
		assert_int_equal(one->result, UNCHANGED);
		assert_string_equal(one->post->tags[0]->name, "JavaScript");
	}
}

static void what_is_refused(void **state)
{
	static const struct {
		const char *label, *request, *reason, *text;
	} cases[] = {
		{ "nothing", "{}", "FIELD_REQUIRED", "post: the post is missing" },
		{ "no title", "{'post': {'slug': 'a'}}", "FIELD_REQUIRED",
			"post.title: must not be empty" },
		{ "no title for a new one", "{'post': {'slug': 'a'}, 'update_mask': 'slug'}",
			"FIELD_REQUIRED", "post.title: must not be empty" },
		{ "two lines", "{'post': {'title': 'T', 'origin': 'a\\nb'}}", "CONTROL_CHARACTER",
			"post.origin: must be one line without control characters; found 0x0a" },
		{ "alias", "{'post': {'title': 'T', 'aliases': ['a', 'B C']}}", "SLUG_INVALID",
			"post.aliases[1]: a slug is 1 to 200 bytes" },
		{ "empty alias", "{'post': {'title': 'T', 'aliases': ['']}}", "FIELD_REQUIRED",
			"post.aliases[0]: must not be empty" },
		{ "id of a term", "{'post': {'title': 'T', 'tags': [{'id': 5}]}}", "FIELD_REQUIRED",
			"post.tags[0]: give a slug or a name; ids of another system mean nothing" },
		{ "revision", "{'post': {'title': 'T', 'revision': 1000000001}}",
			"REVISION_TOO_LARGE",
			"post.revision: is 1000000001; at most 1000000000 is allowed" },
		{ "path", "{'post': {'title': 'T'}, 'update_mask': 'title,nothing'}",
			"MASK_UNKNOWN_FIELD",
			"update_mask.paths[1]: \"nothing\" is no field of lectern.v1.Post" },
		{ "computed", "{'post': {'title': 'T'}, 'update_mask': 'html'}", "MASK_OUTPUT_ONLY",
			"\"html\" is set by the server alone" },
		{ "format alone", "{'post': {'title': 'T'}, 'update_mask': 'bodyFormat'}",
			"MASK_INVALID", "body_format can only change together with body" },
		{ "note", "{'post': {'title': 'T'}, 'note': {'author': 'a\\tb'}}",
			"CONTROL_CHARACTER", "note.author: must be one line" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		call_json(&server, &answer, IMPORT, "%s", cases[i].request);
		if (answer.code != CODE_INVALID_ARGUMENT || answer.err.reason == NULL ||
			strcmp(answer.err.reason, cases[i].reason) != 0 ||
			strstr(answer.err.text, cases[i].text) == NULL)
			fail_msg("%s: %d %s", cases[i].label, answer.code, answer.err.text);
	}
	assert_int_equal(revision_of(&server), 0);
}

static void a_trial_answers_the_same_and_changes_nothing(void **state)
{
	static const char *const requests[] = {
		"'post': {'origin': 'o', 'title': 'A', 'tags': [{'name': 'T'}], 'aliases': ['b']}",
		"'post': {'origin': 'o', 'slug': 'a', 'title': 'A2'}",
		"'post': {'origin': 'o', 'slug': 'a', 'title': 'A2'}",
	};
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		uint64_t revision = revision_of(&server);
		struct answer trial = { 0 };
		call_json_ok(&server, &trial, IMPORT, "{%s, 'validate_only': true}", requests[i]);
		assert_true(revision_of(&server) == revision);
		import_ok("{%s}", requests[i]);
		assert_int_equal(trial.size_bytes, answer.size_bytes);
		assert_memory_equal(trial.bytes, answer.bytes, answer.size_bytes);
		answer_done(&trial);
	}
}

static void a_request_id_gets_the_first_answer(void **state)
{
	static const char request[] = "{'post': {'origin': 'o', 'title': 'A'}, 'request_id': 'r'}";
	assert_int_equal(import_ok(request)->result, CREATED);
	assert_int_equal(import_ok(request)->result, CREATED);
	import_fails("{'post': {'origin': 'o', 'title': 'B'}, 'request_id': 'r'}");
	assert_failed_as(CODE_INVALID_ARGUMENT, "REQUEST_ID_REUSED", "request_id");
	assert_int_equal(revision_of(&server), 1);
}

#define IMPORT_TEST(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IMPORT_TEST(everything_is_taken_and_a_repeat_changes_nothing),
		IMPORT_TEST(html_of_the_source_is_not_taken),
		IMPORT_TEST(reading_by_origin),
		IMPORT_TEST(an_origin_lasts_as_long_as_its_post),
		IMPORT_TEST(taken_slugs_are_numbered_and_stay),
		IMPORT_TEST(numbers_of_slugs),
		IMPORT_TEST(found_by_slug),
		IMPORT_TEST(aliases_of_others_are_left_to_them),
		IMPORT_TEST(aliases_are_bounded),
		IMPORT_TEST(states),
		IMPORT_TEST(into_the_trash_and_out_of_it),
		IMPORT_TEST(change_kinds),
		IMPORT_TEST(what_is_left_open_stays),
		IMPORT_TEST(terms_may_be_kept),
		IMPORT_TEST(too_many_terms_with_those_that_are_kept),
		IMPORT_TEST(a_name_that_several_have),
		IMPORT_TEST(terms_that_are_called_otherwise_here),
		IMPORT_TEST(what_is_refused),
		IMPORT_TEST(a_trial_answers_the_same_and_changes_nothing),
		IMPORT_TEST(a_request_id_gets_the_first_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
