/* What writes of posts do, from the request to the store and back. */
#include "support/content.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <times.h>

#include <cmocka.h>

enum {
	DRAFT = LECTERN__V1__POST_STATE__POST_STATE_DRAFT,
	SCHEDULED = LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED,
	PUBLISHED = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED,
	EXPIRED = LECTERN__V1__POST_STATE__POST_STATE_EXPIRED,
	TRASHED = LECTERN__V1__POST_STATE__POST_STATE_TRASHED,
};

static const int64_t HOUR_US = INT64_C(3600) * 1000000;
static const int64_t START_US = INT64_C(1767225600) * 1000000; /* 2026-01-01T00:00:00Z */

static struct local_server server;
static struct answer answer;
static _Atomic int64_t now_us;

static int64_t test_clock(void)
{
	return atomic_load(&now_us);
}

static int set_up(void **state)
{
	atomic_store(&now_us, START_US);
	clock_set_realtime_hook(test_clock);
	local_server_open(&server);
	return 0;
}

/* Every test leaves a store behind in which the checker finds nothing. */
static int tear_down(void **state)
{
	uint64_t problems = count_problems(&server);
	answer_done(&answer);
	local_server_close(&server);
	clock_set_realtime_hook(NULL);
	return problems == 0 ? 0 : -1;
}

static void assert_error(enum code code, const char *reason, const char *text)
{
	if (answer.code != code || strstr(answer.err.text, text) == NULL)
		print_error("%s %s\n", code_name(answer.code), answer.err.text);
	assert_int_equal(answer.code, code);
	assert_non_null(answer.err.reason);
	assert_string_equal(answer.err.reason, reason);
	assert_non_null(strstr(answer.err.text, text));
}

/* Something that writes nothing, so that the writer has a look at the clock. */
static void let_writer_run(void)
{
	struct answer ignored = { 0 };
	create_post(&server, &(struct sketch){ .title = "x", .validate_only = true }, &ignored);
	create_post(&server, &(struct sketch){ .title = "x", .validate_only = true }, &ignored);
	answer_done(&ignored);
}

static void test_missing_terms(void **state)
{
	struct sketch sketch = { .title = "A", .tags = { "Go", "Rust" }, .only_known_terms = true };
	uint64_t revision = revision_of(&server);
	create_post(&server, &sketch, &answer);
	assert_error(CODE_NOT_FOUND, "TERM_NOT_FOUND",
		"post.tags[0]: there is no tag with name \"Go\"; create it first or set "
		"create_missing_terms");
	assert_string_equal(answer.err.field, "post.tags[0]");
	assert_int_equal(revision_of(&server), revision);
	sketch.only_known_terms = false;
	const Lectern__V1__Post *post = new_post(&server, &sketch, &answer);
	assert_int_equal(post->n_tags, 2);
	assert_string_equal(post->tags[0]->slug, "go");
	assert_string_equal(post->tags[1]->name, "Rust");
	/* Each once, by folded name, in the caller's order. */
	struct sketch again = { .title = "B",
		.tags = { "RUST", " go ", "Rust", "\xEF\xBC\xA7\xEF\xBC\xAF" },
		.only_known_terms = true };
	post = new_post(&server, &again, &answer);
	assert_int_equal(post->n_tags, 2);
	assert_string_equal(post->tags[0]->name, "Rust");
	assert_string_equal(post->tags[1]->name, "Go");
}

/* A tag that is given by a new slug and a known name is the known tag: names are unique. */
static void test_terms_by_slug_and_name(void **state)
{
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Lectern__V1__TermRef refs[] = { LECTERN__V1__TERM_REF__INIT, LECTERN__V1__TERM_REF__INIT,
		LECTERN__V1__TERM_REF__INIT };
	Lectern__V1__TermRef *list[] = { &refs[0], &refs[1], &refs[2] };
	Lectern__V1__CreatePostRequest request = LECTERN__V1__CREATE_POST_REQUEST__INIT;
	new_tag(&server, "Python");
	char title[] = "A", py[] = "py", python[] = "PYTHON", new_slug[] = "new", name[] = "New",
	     other[] = "other";
	post.title = title;
	refs[0].slug = py;
	refs[0].name = python;
	refs[1].slug = new_slug;
	refs[1].name = name;
	refs[2].slug = other;
	refs[2].name = name;
	post.tags = list;
	post.n_tags = 3;
	request.post = &post;
	request.create_missing_terms = true;
	const Lectern__V1__CreatePostResponse *response =
		call_ok(&server, "PostService/CreatePost", &request.base, &answer);
	for (size_t i = 0; i < response->post->n_tags; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(
				response->post->tags[i]->name, response->post->tags[j]->name);
	assert_int_equal(response->post->n_tags, 2);
	assert_string_equal(response->post->tags[0]->slug, "python");
	assert_string_equal(response->post->tags[1]->slug, "new");
}

/* A name that folds to nothing is no name, also beside a slug. */
static void test_terms_without_a_visible_name(void **state)
{
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Lectern__V1__TermRef ref = LECTERN__V1__TERM_REF__INIT;
	Lectern__V1__TermRef *list[] = { &ref };
	Lectern__V1__CreatePostRequest request = LECTERN__V1__CREATE_POST_REQUEST__INIT;
	char title[] = "A", slug[] = "py", blank[] = "\xE2\x80\x8B ";
	post.title = title;
	ref.slug = slug;
	ref.name = blank;
	post.tags = post.categories = post.authors = list;
	post.n_tags = post.n_categories = post.n_authors = 1;
	request.post = &post;
	request.create_missing_terms = true;
	const Lectern__V1__CreatePostResponse *response =
		call_ok(&server, "PostService/CreatePost", &request.base, &answer);
	assert_string_equal(response->post->tags[0]->name, "py");
	assert_string_equal(response->post->categories[0]->name, "py");
	assert_string_equal(response->post->authors[0]->name, "py");
}

static void test_slugs(void **state)
{
	char text[64];
	uint64_t first = new_post(&server, &(struct sketch){ .title = "Same Title" }, &answer)->id;
	static const char *const slugs[] = { "same-title-2", "same-title-3", "same-title-4",
		"same-title-5" };
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(
			new_post(&server, &(struct sketch){ .title = "Same, title!" }, &answer)
				->slug,
			slugs[i]);
	create_post(&server, &(struct sketch){ .title = "A", .slug = "same-title" }, &answer);
	snprintf(text, sizeof text, "post.slug: \"same-title\" belongs to post %d", (int)first);
	assert_error(CODE_ALREADY_EXISTS, "SLUG_TAKEN", text);
	assert_string_equal(
		new_post(&server, &(struct sketch){ .title = "\xF0\x9F\x98\x80" }, &answer)->slug,
		"post");
	assert_string_equal(
		new_post(&server, &(struct sketch){ .title = "?!" }, &answer)->slug, "post-2");
	assert_string_equal(
		new_post(&server, &(struct sketch){ .title = "\xE4\xB8\xAD\xE6\x96\x87" }, &answer)
			->slug,
		"\xE4\xB8\xAD\xE6\x96\x87");
}

static void test_a_title_of_a_slug_as_long_as_can_be(void **state)
{
	char title[1025];
	for (int letter = 0; letter < 2; letter++) {
		memset(title, letter == 0 ? 'x' : ' ', sizeof title - 1);
		for (size_t i = 0; letter == 1 && i + 3 < sizeof title; i += 4)
			memcpy(title + i, "\xE4\xB8\xAD", 3);
		title[sizeof title - 1] = '\0';
		for (int i = 0; i < 12; i++) {
			const Lectern__V1__Post *post =
				new_post(&server, &(struct sketch){ .title = title }, &answer);
			assert_in_range(strlen(post->slug), 100, 200);
		}
	}
}

static void test_former_slugs(void **state)
{
	uint64_t id =
		new_post(&server, &(struct sketch){ .title = "One", .slug = "one" }, &answer)->id;
	changed_post(&server, &(struct sketch){ .id = id, .slug = "two" }, &answer);
	const Lectern__V1__Post *post =
		changed_post(&server, &(struct sketch){ .id = id, .slug = "three" }, &answer);
	assert_int_equal(post->n_aliases, 2);
	assert_string_equal(post->aliases[0], "one");
	assert_string_equal(post->aliases[1], "two");
	assert_true(read_slug(&server, "one", &answer)->former_slug);
	const Lectern__V1__GetPostResponse *got = read_slug(&server, "two", &answer);
	assert_true(got->former_slug);
	assert_int_equal(got->post->id, id);
	assert_false(read_slug(&server, "three", &answer)->former_slug);
	/* A former slug stays taken, for others. */
	create_post(&server, &(struct sketch){ .title = "A", .slug = "one" }, &answer);
	assert_error(CODE_ALREADY_EXISTS, "SLUG_TAKEN", "\"one\" is a former slug of post ");
	assert_string_equal(
		new_post(&server, &(struct sketch){ .title = "One" }, &answer)->slug, "one-2");
	/* The post itself may have it back. */
	post = changed_post(&server, &(struct sketch){ .id = id, .slug = "one" }, &answer);
	assert_int_equal(post->n_aliases, 2);
	assert_string_equal(post->aliases[0], "two");
	assert_string_equal(post->aliases[1], "three");
	assert_false(read_slug(&server, "one", &answer)->former_slug);
	/* Purged posts give up all of theirs. */
	assert_int_equal(move_post(&server, "Delete", id, NULL, &answer), CODE_OK);
	create_post(&server, &(struct sketch){ .title = "A", .slug = "two" }, &answer);
	assert_error(CODE_ALREADY_EXISTS, "SLUG_TAKEN", "former slug");
	assert_int_equal(move_post(&server, "Purge", id, NULL, &answer), CODE_OK);
	for (int i = 0; i < 3; i++)
		new_post(&server,
			&(struct sketch){ .title = "A",
				.slug = ((const char *[]){ "one", "two", "three" })[i] },
			&answer);
}

static void test_the_65th_former_slug_is_given_up(void **state)
{
	char slug[16] = "s0";
	uint64_t id =
		new_post(&server, &(struct sketch){ .title = "A", .slug = slug }, &answer)->id;
	const Lectern__V1__Post *post = NULL;
	for (int i = 1; i <= 65; i++) {
		snprintf(slug, sizeof slug, "s%d", i);
		post = changed_post(&server, &(struct sketch){ .id = id, .slug = slug }, &answer);
	}
	assert_int_equal(post->n_aliases, 64);
	assert_string_equal(post->aliases[0], "s1");
	new_post(&server, &(struct sketch){ .title = "B", .slug = "s0" }, &answer);
}

static void test_masks(void **state)
{
	uint64_t id = new_post(&server,
		&(struct sketch){ .title = "Title", .body = "Body", .tags = { "t" } }, &answer)
			      ->id;
	/* Without a mask: what has a value. */
	changed_post(&server, &(struct sketch){ .id = id, .title = "New" }, &answer);
	const Lectern__V1__Post *post = read_post(&server, id, &answer);
	assert_string_equal(post->title, "New");
	assert_string_equal(post->body, "Body");
	assert_int_equal(post->n_tags, 1);
	/* With one: these alone, also to empty them. */
	changed_post(&server,
		&(struct sketch){ .id = id, .title = "Ignored", .mask = { "body", "tags" } },
		&answer);
	post = read_post(&server, id, &answer);
	assert_string_equal(post->title, "New");
	assert_string_equal(post->body, "");
	assert_string_equal(post->html, "");
	assert_int_equal(post->n_tags, 0);
	/* Everything. */
	update_post(&server, &(struct sketch){ .id = id, .mask = { "*" } }, &answer);
	assert_error(CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", "post.title: must not be empty");
	changed_post(&server,
		&(struct sketch){ .id = id, .title = "All", .body = "*x*", .mask = { "*" } },
		&answer);
	post = read_post(&server, id, &answer);
	assert_string_equal(post->title, "All");
	assert_string_equal(post->html, "<p><em>x</em></p>\n");
}

static void test_bad_masks(void **state)
{
	static const struct {
		const char *path, *reason, *text;
	} cases[] = {
		{ "titel", "MASK_UNKNOWN_FIELD",
			"update_mask.paths[0]: \"titel\" is no field of lectern.v1.Post" },
		{ "", "MASK_UNKNOWN_FIELD", "\"\" is no field" },
		{ "post.title", "MASK_UNKNOWN_FIELD", "is no field" },
		{ "tags.name", "MASK_UNKNOWN_FIELD", "is no field" },
		{ "id", "MASK_OUTPUT_ONLY", "\"id\" is set by the server alone" },
		{ "etag", "MASK_OUTPUT_ONLY", "set by the server" },
		{ "html", "MASK_OUTPUT_ONLY", "set by the server" },
		{ "revision", "MASK_OUTPUT_ONLY", "set by the server" },
		{ "create_time", "MASK_OUTPUT_ONLY", "set by the server" },
		{ "aliases", "MASK_OUTPUT_ONLY", "set by the server" },
		{ "body_format", "MASK_INVALID", "body_format can only change together with body" },
	};
	uint64_t id = new_post(&server, &(struct sketch){ .title = "Title" }, &answer)->id;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("'%s'\n", cases[i].path);
		update_post(&server,
			&(struct sketch){ .id = id, .title = "B", .mask = { cases[i].path } },
			&answer);
		assert_error(CODE_INVALID_ARGUMENT, cases[i].reason, cases[i].text);
	}
	update_post(&server, &(struct sketch){ .id = id, .title = "B", .mask = { "*", "title" } },
		&answer);
	assert_error(CODE_INVALID_ARGUMENT, "MASK_INVALID", "\"*\" must stand alone");
	assert_string_equal(read_post(&server, id, &answer)->title, "Title");
}

static void test_etags(void **state)
{
	char old[65];
	char text[256];
	const Lectern__V1__Post *post =
		new_post(&server, &(struct sketch){ .title = "A" }, &answer);
	uint64_t id = post->id;
	snprintf(old, sizeof old, "%s", post->etag);
	post = changed_post(
		&server, &(struct sketch){ .id = id, .title = "B", .etag = old }, &answer);
	assert_string_not_equal(post->etag, old);
	assert_int_equal(post->revision, 2);
	snprintf(text, sizeof text,
		"the post has changed: you sent \"%s\", it is \"%s\"; read it again and repeat",
		old, post->etag);
	update_post(&server, &(struct sketch){ .id = id, .title = "C", .etag = old }, &answer);
	assert_error(CODE_ABORTED, "ETAG_MISMATCH", text);
	static const char *const verbs[] = { "Delete", "Publish", "Unpublish" };
	for (size_t i = 0; i < 3; i++) {
		move_post(&server, verbs[i], id, old, &answer);
		assert_error(CODE_ABORTED, "ETAG_MISMATCH", text);
	}
	assert_string_equal(read_post(&server, id, &answer)->title, "B");
}

static void test_a_write_that_changes_nothing(void **state)
{
	struct sketch sketch = { .title = "A",
		.body = "Text",
		.tags = { "x", "y" },
		.state = (Lectern__V1__PostState)PUBLISHED,
		.publish_time_us = START_US - HOUR_US };
	const Lectern__V1__Post *post = new_post(&server, &sketch, &answer);
	char etag[65];
	snprintf(etag, sizeof etag, "%s", post->etag);
	sketch.id = post->id;
	sketch.slug = "a";
	uint64_t revision = revision_of(&server);
	atomic_store(&now_us, START_US + HOUR_US);
	for (int i = 0; i < 2; i++) {
		sketch.mask[0] = i == 0 ? NULL : "*";
		post = changed_post(&server, &sketch, &answer);
		assert_string_equal(post->etag, etag);
		assert_int_equal(post->revision, 1);
		assert_int_equal(timestamp_to_us(post->update_time), START_US);
		assert_int_equal(answer.revision, revision);
	}
	assert_int_equal(move_post(&server, "Publish", sketch.id, NULL, &answer), CODE_OK);
	assert_int_equal(revision_of(&server), revision);
}

static void test_allow_missing(void **state)
{
	struct sketch sketch = { .slug = "new", .title = "New", .allow_missing = true };
	const Lectern__V1__Post *post = changed_post(&server, &sketch, &answer);
	uint64_t id = post->id;
	assert_string_equal(post->slug, "new");
	sketch.title = "Newer";
	post = changed_post(&server, &sketch, &answer);
	assert_int_equal(post->id, id);
	assert_string_equal(post->title, "Newer");
	update_post(&server, &(struct sketch){ .slug = "other", .title = "X" }, &answer);
	assert_error(CODE_NOT_FOUND, "POST_NOT_FOUND", "there is no post with slug \"other\"");
	update_post(&server, &(struct sketch){ .slug = "other", .allow_missing = true }, &answer);
	assert_error(CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", "post.title: must not be empty");
	update_post(
		&server, &(struct sketch){ .id = 7, .title = "X", .allow_missing = true }, &answer);
	assert_error(CODE_INVALID_ARGUMENT, "ALLOW_MISSING_NEEDS_SLUG", "name the post by slug");
	update_post(&server, &(struct sketch){ .title = "X" }, &answer);
	assert_error(CODE_INVALID_ARGUMENT, "KEY_REQUIRED", "post.id: ");
}

static void test_validate_only(void **state)
{
	uint64_t id = new_post(
		&server, &(struct sketch){ .title = "A", .slug = "a", .tags = { "old" } }, &answer)
			      ->id;
	uint64_t revision = revision_of(&server);
	struct sketch create = {
		.title = "B", .tags = { "new" }, .validate_only = true, .request_id = "r1"
	};
	const Lectern__V1__Post *post = new_post(&server, &create, &answer);
	assert_string_equal(post->slug, "b");
	assert_string_equal(post->tags[0]->slug, "new");
	struct sketch change = {
		.id = id, .title = "C", .tags = { "other" }, .validate_only = true
	};
	post = changed_post(&server, &change, &answer);
	assert_string_equal(post->title, "C");
	create.slug = "a";
	create_post(&server, &create, &answer);
	assert_error(CODE_ALREADY_EXISTS, "SLUG_TAKEN", "\"a\" belongs to post");
	Lectern__V1__DeletePostRequest delete = LECTERN__V1__DELETE_POST_REQUEST__INIT;
	delete.key_case = LECTERN__V1__DELETE_POST_REQUEST__KEY_ID;
	delete.id = id;
	delete.validate_only = true;
	const Lectern__V1__DeletePostResponse *deleted =
		call_ok(&server, "PostService/DeletePost", &delete.base, &answer);
	assert_int_equal(deleted->post->state, TRASHED);
	assert_int_equal(revision_of(&server), revision);
	assert_string_equal(read_post(&server, id, &answer)->title, "A");
	/* Its request id is still free. */
	new_post(&server, &(struct sketch){ .title = "Another", .request_id = "r1" }, &answer);
}

static void test_request_ids(void **state)
{
	struct sketch sketch = { .title = "A", .body = "Text", .request_id = "id-1" };
	uint64_t id = new_post(&server, &sketch, &answer)->id;
	struct answer first = answer;
	answer = (struct answer){ 0 };
	for (int i = 0; i < 3; i++) {
		if (i == 1)
			local_server_reopen(&server);
		if (i == 2) /* the answer is the first one, whatever became of the post */
			changed_post(
				&server, &(struct sketch){ .id = id, .title = "Changed" }, &answer);
		uint64_t revision = revision_of(&server);
		create_post(&server, &sketch, &answer);
		assert_int_equal(answer.code, CODE_OK);
		assert_int_equal(answer.size_bytes, first.size_bytes);
		assert_memory_equal(answer.bytes, first.bytes, first.size_bytes);
		assert_int_equal(answer.revision, first.revision);
		assert_int_equal(revision_of(&server), revision);
	}
	answer_done(&first);
	sketch.title = "B";
	create_post(&server, &sketch, &answer);
	assert_error(CODE_INVALID_ARGUMENT, "REQUEST_ID_REUSED",
		"request_id: was used for another request; make a new id");
	/* Another method with the same id is another request. */
	update_post(
		&server, &(struct sketch){ .id = id, .title = "A", .request_id = "id-1" }, &answer);
	assert_error(CODE_INVALID_ARGUMENT, "REQUEST_ID_REUSED", "another request");
	/* A clock that jumps frees no id: store.housekeeping tells when it is forgotten. */
	atomic_store(&now_us, START_US + 24 * HOUR_US);
	sketch.title = "B";
	create_post(&server, &sketch, &answer);
	assert_error(CODE_INVALID_ARGUMENT, "REQUEST_ID_REUSED", "another request");
	sketch.title = "A";
	local_server_reopen(&server);
	assert_int_equal(create_post(&server, &sketch, &answer), CODE_OK);
}

/* One message has several encodings: fields in another order, defaults that are sent. */
static void test_a_repeat_in_other_bytes(void **state)
{
	static const char first[] = "\x0A\x06\x1A\x04News\x1A\x01r";
	static const char again[] = "\x1A\x01r\x10\x00\x0A\x08\x12\x00\x1A\x04News";
	static const char other[] = "\x1A\x01r\x0A\x06\x1A\x04Newt";
	assert_int_equal(
		call_bytes(&server, "TagService/CreateTag", first, sizeof first - 1, &answer),
		CODE_OK);
	uint64_t revision = revision_of(&server);
	assert_int_equal(
		call_bytes(&server, "TagService/CreateTag", again, sizeof again - 1, &answer),
		CODE_OK);
	assert_int_equal(revision_of(&server), revision);
	(void)call_bytes(&server, "TagService/CreateTag", other, sizeof other - 1, &answer);
	assert_error(CODE_INVALID_ARGUMENT, "REQUEST_ID_REUSED", "another request");
}

/* A refused write leaves its id free: the caller mends the request and sends it again. */
static void test_a_refused_write_keeps_no_answer(void **state)
{
	struct sketch sketch = {
		.title = "A", .tags = { "t" }, .only_known_terms = true, .request_id = "id-1"
	};
	assert_int_equal(create_post(&server, &sketch, &answer), CODE_NOT_FOUND);
	sketch.only_known_terms = false;
	assert_int_equal(create_post(&server, &sketch, &answer), CODE_OK);
}

static void test_schedule_and_expire(void **state)
{
	struct sketch sketch = { .title = "A",
		.state = (Lectern__V1__PostState)PUBLISHED,
		.publish_time_us = START_US + HOUR_US,
		.expire_time_us = START_US + 2 * HOUR_US,
		.tags = { "t" } };
	const Lectern__V1__Post *post = new_post(&server, &sketch, &answer);
	uint64_t id = post->id;
	uint64_t tag = post->tags[0]->id;
	assert_int_equal(post->state, SCHEDULED);
	assert_int_equal(read_tag(&server, tag, &answer)->post_count, 0);
	atomic_store(&now_us, START_US + HOUR_US - 1);
	let_writer_run();
	assert_int_equal(read_post(&server, id, &answer)->state, SCHEDULED);
	atomic_store(&now_us, START_US + HOUR_US);
	let_writer_run();
	post = read_post(&server, id, &answer);
	assert_int_equal(post->state, PUBLISHED);
	assert_int_equal(post->revision, 2);
	assert_int_equal(read_tag(&server, tag, &answer)->post_count, 1);
	assert_int_equal(count_problems(&server), 0);
	atomic_store(&now_us, START_US + 2 * HOUR_US);
	local_server_reopen(&server); /* catches up before it serves */
	assert_int_equal(read_post(&server, id, &answer)->state, EXPIRED);
	assert_int_equal(read_tag(&server, tag, &answer)->post_count, 0);
	/* A later expire time makes it public again. */
	post = changed_post(&server,
		&(struct sketch){ .id = id, .expire_time_us = START_US + 9 * HOUR_US }, &answer);
	assert_int_equal(post->state, PUBLISHED);
	assert_int_equal(read_tag(&server, tag, &answer)->post_count, 1);
}

static void test_states(void **state)
{
	static const struct {
		const char *label;
		int state;
		int64_t publish, expire; /* hours from now; 0 for none */
		int becomes;		 /* 0: refused */
		const char *text;
	} cases[] = {
		{ "nothing said", 0, 0, 0, DRAFT, "" },
		{ "a draft keeps a future time", DRAFT, 5, 0, DRAFT, "" },
		{ "published now", PUBLISHED, 0, 0, PUBLISHED, "" },
		{ "published before", PUBLISHED, -5, 0, PUBLISHED, "" },
		{ "published later", PUBLISHED, 5, 0, SCHEDULED, "" },
		{ "scheduled in the past", SCHEDULED, -5, 0, PUBLISHED, "" },
		{ "scheduled without a time", SCHEDULED, 0, 0, 0,
			"post.publish_time: is required for the state SCHEDULED" },
		{ "expired before", PUBLISHED, -5, -2, EXPIRED, "" },
		{ "expires before it is published", PUBLISHED, -5, -7, 0,
			"post.expire_time: must be later than publish_time" },
		{ "expires when it is published", PUBLISHED, -5, -5, 0, "must be later" },
		{ "expires before now, published now", PUBLISHED, 0, -1, 0, "post.expire_time: " },
		{ "a draft that expires", DRAFT, 0, -1, DRAFT, "" },
		{ "trashed", TRASHED, 0, 0, 0, "use DeletePost" },
		{ "expired by the caller", EXPIRED, 0, 0, 0, "post.state: " },
		{ "expired by the caller, before", EXPIRED, -5, 0, 0, "post.state: " },
		{ "expired by the caller, rightly", EXPIRED, -5, -2, EXPIRED, "" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s\n", cases[i].label);
		struct sketch sketch = { .title = "A",
			.state = (Lectern__V1__PostState)cases[i].state };
		if (cases[i].publish != 0)
			sketch.publish_time_us = START_US + cases[i].publish * HOUR_US;
		if (cases[i].expire != 0)
			sketch.expire_time_us = START_US + cases[i].expire * HOUR_US;
		enum code code = create_post(&server, &sketch, &answer);
		if (cases[i].becomes == 0) {
			assert_int_equal(code, CODE_INVALID_ARGUMENT);
			assert_non_null(strstr(answer.err.text, cases[i].text));
			continue;
		}
		assert_int_equal(code, CODE_OK);
		const Lectern__V1__Post *post =
			((const Lectern__V1__CreatePostResponse *)answer.message)->post;
		assert_int_equal(post->state, cases[i].becomes);
		assert_true(cases[i].becomes == DRAFT || post->publish_time != NULL);
	}
}

static enum code schedule_post(uint64_t id, int64_t time_us)
{
	Google__Protobuf__Timestamp time;
	Lectern__V1__SchedulePostRequest request = LECTERN__V1__SCHEDULE_POST_REQUEST__INIT;
	timestamp_from_us(&time, time_us);
	request.key_case = LECTERN__V1__SCHEDULE_POST_REQUEST__KEY_ID;
	request.id = id;
	request.publish_time = &time;
	return call(&server, "PostService/SchedulePost", &request.base, &answer);
}

static void test_the_life_of_a_post(void **state)
{
	uint64_t id = new_post(&server, &(struct sketch){ .title = "A", .slug = "a" }, &answer)->id;
	move_post(&server, "Undelete", id, NULL, &answer);
	assert_error(CODE_FAILED_PRECONDITION, "POST_NOT_TRASHED", "not in the trash");
	move_post(&server, "Purge", id, NULL, &answer);
	assert_error(CODE_FAILED_PRECONDITION, "POST_NOT_TRASHED", "DeletePost puts it there");
	assert_int_equal(schedule_post(id, START_US + HOUR_US), CODE_OK);
	assert_int_equal(read_post(&server, id, &answer)->state, SCHEDULED);
	assert_int_equal(move_post(&server, "Publish", id, NULL, &answer), CODE_OK);
	const Lectern__V1__Post *post = read_post(&server, id, &answer);
	assert_int_equal(post->state, PUBLISHED);
	assert_int_equal(timestamp_to_us(post->publish_time), START_US);
	assert_int_equal(move_post(&server, "Unpublish", id, NULL, &answer), CODE_OK);
	post = read_post(&server, id, &answer);
	assert_int_equal(post->state, DRAFT);
	assert_non_null(post->publish_time);
	assert_int_equal(move_post(&server, "Delete", id, NULL, &answer), CODE_OK);
	post = read_post(&server, id, &answer);
	assert_int_equal(post->state, TRASHED);
	assert_non_null(post->delete_time);
	static const char *const verbs[] = { "Delete", "Publish", "Unpublish" };
	for (size_t i = 0; i < 3; i++) {
		move_post(&server, verbs[i], id, NULL, &answer);
		assert_error(CODE_FAILED_PRECONDITION, "POST_TRASHED", "UndeletePost first");
	}
	update_post(&server, &(struct sketch){ .id = id, .title = "B" }, &answer);
	assert_error(CODE_FAILED_PRECONDITION, "POST_TRASHED", "UndeletePost first");
	create_post(&server, &(struct sketch){ .title = "B", .slug = "a" }, &answer);
	assert_error(CODE_ALREADY_EXISTS, "SLUG_TAKEN", "belongs to post");
	assert_int_equal(move_post(&server, "Undelete", id, NULL, &answer), CODE_OK);
	post = read_post(&server, id, &answer);
	assert_int_equal(post->state, DRAFT);
	assert_null(post->delete_time);
	assert_int_equal(move_post(&server, "Delete", id, NULL, &answer), CODE_OK);
	assert_int_equal(move_post(&server, "Purge", id, NULL, &answer), CODE_OK);
	assert_int_equal(find_post(&server, id, &answer), CODE_NOT_FOUND);
	/* Ids are not used again. */
	assert_in_range(
		new_post(&server, &(struct sketch){ .title = "B", .slug = "a" }, &answer)->id,
		id + 1, UINT64_MAX);
}

static void test_publish_of_what_has_expired(void **state)
{
	uint64_t id = new_post(&server,
		&(struct sketch){ .title = "A", .expire_time_us = START_US - HOUR_US }, &answer)
			      ->id;
	move_post(&server, "Publish", id, NULL, &answer);
	assert_int_not_equal(answer.code, CODE_OK);
	assert_non_null(strstr(answer.err.text, "expire_time"));
	assert_int_equal(read_post(&server, id, &answer)->state, DRAFT);
}

static void test_times_are_cut_to_microseconds(void **state)
{
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Lectern__V1__CreatePostRequest request = LECTERN__V1__CREATE_POST_REQUEST__INIT;
	char title[] = "A";
	time.seconds = -1;
	time.nanos = 123456789;
	post.title = title;
	post.publish_time = &time;
	post.state = (Lectern__V1__PostState)PUBLISHED;
	request.post = &post;
	const Lectern__V1__CreatePostResponse *response =
		call_ok(&server, "PostService/CreatePost", &request.base, &answer);
	assert_int_equal(response->post->publish_time->seconds, -1);
	assert_int_equal(response->post->publish_time->nanos, 123456000);
}

static void test_what_the_server_sets_is_ignored_on_input(void **state)
{
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Lectern__V1__Heading heading = LECTERN__V1__HEADING__INIT;
	Lectern__V1__Heading *outline[] = { &heading };
	Lectern__V1__CreatePostRequest request = LECTERN__V1__CREATE_POST_REQUEST__INIT;
	char title[] = "A", evil[] = "<script>alert(1)</script>";
	char *aliases[] = { evil };
	post.title = title;
	post.html = evil;
	post.outline = outline;
	post.n_outline = 1;
	post.word_count = 99;
	post.reading_seconds = 99;
	post.revision = 99;
	post.id = 99;
	post.aliases = aliases;
	post.n_aliases = 1;
	request.post = &post;
	const Lectern__V1__CreatePostResponse *response =
		call_ok(&server, "PostService/CreatePost", &request.base, &answer);
	const Lectern__V1__Post *got = read_post(&server, response->post->id, &answer);
	assert_int_not_equal(got->id, 99);
	assert_string_equal(got->html, "");
	assert_int_equal(got->n_outline, 0);
	assert_int_equal(got->word_count, 0);
	assert_int_equal(got->reading_seconds, 0);
	assert_int_equal(got->revision, 1);
	assert_int_equal(got->n_aliases, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_missing_terms),
		TEST(test_terms_by_slug_and_name),
		TEST(test_terms_without_a_visible_name),
		TEST(test_slugs),
		TEST(test_a_title_of_a_slug_as_long_as_can_be),
		TEST(test_former_slugs),
		TEST(test_the_65th_former_slug_is_given_up),
		TEST(test_masks),
		TEST(test_bad_masks),
		TEST(test_etags),
		TEST(test_a_write_that_changes_nothing),
		TEST(test_allow_missing),
		TEST(test_validate_only),
		TEST(test_request_ids),
		TEST(test_a_repeat_in_other_bytes),
		TEST(test_a_refused_write_keeps_no_answer),
		TEST(test_schedule_and_expire),
		TEST(test_states),
		TEST(test_the_life_of_a_post),
		TEST(test_publish_of_what_has_expired),
		TEST(test_times_are_cut_to_microseconds),
		TEST(test_what_the_server_sets_is_ignored_on_input),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
