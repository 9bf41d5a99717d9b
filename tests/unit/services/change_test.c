/* ListChanges: what the log tells, page by page, and what it refuses. */
#include "base/limits.h"
#include "store/store.h"
#include "support/changes.h"
#include "support/own_server.h"

#include <lectern/v1/admin.pb-c.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct answer page; /* `answer` is that of writes */

static int tear_down_page(void **state)
{
	answer_done(&page);
	return tear_down(state);
}

#define TEST_PAGE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down_page)

/* Everything behind a revision must be these lines. */
static void expect_changes(uint64_t after, const char *const *lines, size_t count)
{
	const Lectern__V1__ListChangesResponse *response =
		changes(&server, &(struct change_question){ .after = after }, &page);
	assert_int_equal(response->revision, after + count);
	assert_int_equal(response->n_changes, count);
	for (size_t i = 0; i < count; i++) {
		char line[CHANGE_TEXT_BYTES];
		describe_change(response->changes[i], line);
		assert_string_equal(line, lines[i]);
		assert_non_null(response->changes[i]->time);
	}
}
#define EXPECT_CHANGES(after, ...) \
	expect_changes(after, (const char *const[]){ __VA_ARGS__ }, \
		sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

static void tells_what_was_made_and_changed(void **state)
{
	uint64_t top = new_category(&server, "Top", 0);
	new_category(&server, "Below", top);
	struct sketch sketch = { .title = "First",
		.slug = "first",
		.body = "Text",
		.tags = { "One" },
		.categories = { "Below" },
		.state = PUBLISHED,
		.publish_time_us = START_US };
	uint64_t id = new_post(&server, &sketch, &answer)->id;
	EXPECT_CHANGES(0, "1 CATEGORY CREATED top", "2 CATEGORY CREATED below: CATEGORY top",
		"3 TAG CREATED one",
		"4 POST CREATED first, UNSPECIFIED to PUBLISHED: TAG one, CATEGORY top, "
		"CATEGORY below");

	changed_post(&server, &(struct sketch){ .id = id, .slug = "second", .mask = { "slug" } },
		&answer);
	changed_post(&server,
		&(struct sketch){ .id = id,
			.state = LECTERN__V1__POST_STATE__POST_STATE_DRAFT,
			.mask = { "state" } },
		&answer);
	changed_post(&server, &(struct sketch){ .id = id, .title = "Other", .mask = { "title" } },
		&answer);
	EXPECT_CHANGES(4,
		"5 POST UPDATED second was first, PUBLISHED to PUBLISHED: TAG one, CATEGORY "
		"top, CATEGORY below",
		"6 POST UPDATED second, PUBLISHED to DRAFT: TAG one, CATEGORY top, CATEGORY below",
		"7 POST UPDATED second, DRAFT to DRAFT");
}

/* What is gone for good has no etag any more; everything else has its present one. */
static void tells_what_is_gone(void **state)
{
	uint64_t id = new_post(
		&server, &(struct sketch){ .title = "P", .slug = "p", .state = PUBLISHED }, &answer)
			      ->id;
	assert_int_equal(move_post(&server, "Delete", id, NULL, &answer), CODE_OK);
	assert_int_equal(move_post(&server, "Undelete", id, NULL, &answer), CODE_OK);
	assert_int_equal(move_post(&server, "Delete", id, NULL, &answer), CODE_OK);
	const Lectern__V1__ListChangesResponse *response =
		changes(&server, &(struct change_question){ .after = 3 }, &page);
	char etag[LIMIT_ETAG_BYTES + 1];
	snprintf(etag, sizeof etag, "%s", response->changes[0]->etag);
	assert_string_equal(etag, read_post(&server, id, &answer)->etag);
	assert_int_equal(move_post(&server, "Purge", id, NULL, &answer), CODE_OK);
	EXPECT_CHANGES(0, "1 POST CREATED p, UNSPECIFIED to PUBLISHED",
		"2 POST DELETED p, PUBLISHED to TRASHED", "3 POST UPDATED p, TRASHED to DRAFT",
		"4 POST DELETED p, DRAFT to TRASHED", "5 POST PURGED p, TRASHED to UNSPECIFIED");
	response = changes(&server, &(struct change_question){ .after = 4 }, &page);
	assert_string_equal(response->changes[0]->etag, "");
	assert_int_equal(response->changes[0]->id, id);
}

static void tells_what_terms_became(void **state)
{
	char name[] = "Whole";
	publish(START_US, "Part", NULL);
	uint64_t whole = new_tag(&server, "Both");
	Lectern__V1__Tag tag = LECTERN__V1__TAG__INIT;
	Lectern__V1__UpdateTagRequest update = LECTERN__V1__UPDATE_TAG_REQUEST__INIT;
	tag.id = whole;
	tag.name = name;
	tag.slug = text("whole");
	update.tag = &tag;
	uint64_t before = revision_of(&server);
	call_ok(&server, "TagService/UpdateTag", &update.base, &answer);
	EXPECT_CHANGES(before, "4 TAG UPDATED whole was both");

	Lectern__V1__TermKey part = LECTERN__V1__TERM_KEY__INIT;
	Lectern__V1__TermKey into = LECTERN__V1__TERM_KEY__INIT;
	Lectern__V1__TermKey *sources[] = { &part };
	Lectern__V1__MergeTagsRequest merge = LECTERN__V1__MERGE_TAGS_REQUEST__INIT;
	part.key_case = LECTERN__V1__TERM_KEY__KEY_SLUG;
	part.slug = text("part");
	into.key_case = LECTERN__V1__TERM_KEY__KEY_ID;
	into.id = whole;
	merge.sources = sources;
	merge.n_sources = 1;
	merge.destination = &into;
	call_ok(&server, "TagService/MergeTags", &merge.base, &answer);
	const Lectern__V1__ListChangesResponse *response =
		changes(&server, &(struct change_question){ .after = before + 1 }, &page);
	bool found = false;
	for (size_t i = 0; i < response->n_changes; i++) {
		const Lectern__V1__Change *change = response->changes[i];
		if (change->kind != LECTERN__V1__CHANGE_KIND__CHANGE_KIND_DELETED)
			continue;
		found = true;
		assert_string_equal(change->slug, "part");
		assert_string_equal(change->etag, "");
		assert_non_null(change->merged_into);
		assert_int_equal(change->merged_into->id, whole);
		assert_string_equal(change->merged_into->slug, "whole");
	}
	assert_true(found);
}

/* Every page size leads through the same changes, each once. */
static void pages_have_no_gaps(void **state)
{
	enum { POSTS = 40 };
	static const int32_t sizes[] = { 1, 2, 7, 100, 0, 1000, INT32_MAX };
	for (int i = 0; i < POSTS; i++)
		publish(START_US + i, "Tag", NULL);
	uint64_t revision = revision_of(&server);
	assert_int_equal(revision, POSTS + 1);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		uint64_t after = 0;
		size_t pages = 0;
		while (after < revision) {
			const Lectern__V1__ListChangesResponse *response = changes(&server,
				&(struct change_question){ .after = after, .page_size = sizes[i] },
				&page);
			assert_true(response->n_changes > 0);
			for (size_t j = 0; j < response->n_changes; j++)
				assert_int_equal(response->changes[j]->revision, ++after);
			assert_int_equal(response->revision, revision);
			assert_int_equal(response->oldest_revision, 1);
			assert_int_equal(page.revision, revision);
			pages++;
		}
		size_t size = sizes[i] == 0 ? 100 : (size_t)sizes[i];
		assert_int_equal(pages, (revision + size - 1) / size);
	}
	const Lectern__V1__ListChangesResponse *end =
		changes(&server, &(struct change_question){ .after = revision }, &page);
	assert_int_equal(end->n_changes, 0);
	assert_int_equal(end->revision, revision);
}

static void an_empty_log_begins_with_the_next_revision(void **state)
{
	const Lectern__V1__ListChangesResponse *response =
		changes(&server, &(struct change_question){ .after = 0 }, &page);
	assert_int_equal(response->n_changes, 0);
	assert_int_equal(response->revision, 0);
	assert_int_equal(response->oldest_revision, 1);
	assert_true(response->epoch[0] != '\0');
}

/* The post as GetPost gives it in the view. */
static void assert_same_post(const Lectern__V1__Post *post, Lectern__V1__PostView view)
{
	struct answer whole = { 0 };
	Lectern__V1__GetPostRequest request = LECTERN__V1__GET_POST_REQUEST__INIT;
	request.key_case = LECTERN__V1__GET_POST_REQUEST__KEY_ID;
	request.id = post->id;
	request.view = view;
	const Lectern__V1__GetPostResponse *response =
		call_ok(&server, "PostService/GetPost", &request.base, &whole);
	size_t size = lectern__v1__post__get_packed_size(post);
	assert_int_equal(size, lectern__v1__post__get_packed_size(response->post));
	uint8_t *a = malloc(size);
	uint8_t *b = malloc(size);
	lectern__v1__post__pack(post, a);
	lectern__v1__post__pack(response->post, b);
	assert_memory_equal(a, b, size);
	free(a);
	free(b);
	answer_done(&whole);
}

/* Five posts of which each but the purged one has one change in which it stands: its last one. */
static void carries_posts_in_their_last_change(void **state)
{
	enum { POSTS = 5, PURGED = 4, TRASHED = 3 };
	uint64_t ids[POSTS];
	for (int i = 0; i < POSTS; i++)
		ids[i] = new_post(&server,
			&(struct sketch){ .title = "Title",
				.body = "# Heading\n\nText",
				.tags = { "Tag" },
				.state = PUBLISHED },
			&answer)
				 ->id;
	for (int i = 0; i < POSTS; i += 2)
		changed_post(&server,
			&(struct sketch){ .id = ids[i], .title = "New", .mask = { "title" } },
			&answer);
	for (int i = TRASHED; i <= PURGED; i++)
		assert_int_equal(move_post(&server, "Delete", ids[i], NULL, &answer), CODE_OK);
	assert_int_equal(move_post(&server, "Purge", ids[PURGED], NULL, &answer), CODE_OK);

	for (int view = LECTERN__V1__POST_VIEW__POST_VIEW_UNSPECIFIED;
		view <= LECTERN__V1__POST_VIEW__POST_VIEW_FULL; view++) {
		const Lectern__V1__ListChangesResponse *response = changes(&server,
			&(struct change_question){ .view = (Lectern__V1__PostView)view }, &page);
		uint64_t last[POSTS] = { 0 };
		for (size_t i = 0; i < response->n_changes; i++)
			for (int post = 0; post < POSTS; post++)
				if (response->changes[i]->entity ==
						LECTERN__V1__ENTITY__ENTITY_POST &&
					response->changes[i]->id == ids[post])
					last[post] = response->changes[i]->revision;
		size_t carried = 0;
		for (size_t i = 0; i < response->n_changes; i++) {
			const Lectern__V1__Change *change = response->changes[i];
			if (change->post == NULL)
				continue;
			carried++;
			assert_int_equal(change->post->id, change->id);
			bool is_last = false;
			for (int post = 0; post < POSTS; post++)
				is_last |=
					ids[post] == change->id && last[post] == change->revision;
			assert_true(is_last);
			assert_same_post(change->post, (Lectern__V1__PostView)view);
		}
		assert_int_equal(carried, view == 0 ? 0 : POSTS - 1);
	}
}

/* Pages of large posts end early, whatever page size was asked for. */
static void pages_stay_below_the_size_of_a_response(void **state)
{
	enum { POSTS = 6, BODY_BYTES = 3 * 1024 * 1024 };
	char *body = malloc(BODY_BYTES + 1);
	memset(body, 'x', BODY_BYTES);
	body[BODY_BYTES] = '\0';
	for (int i = 0; i < POSTS; i++)
		new_post(&server, &(struct sketch){ .title = "Large", .body = body }, &answer);
	free(body);
	uint64_t after = 0;
	size_t pages = 0;
	for (; after < POSTS; pages++) {
		const Lectern__V1__ListChangesResponse *response = changes(&server,
			&(struct change_question){ .after = after,
				.page_size = 1000,
				.view = LECTERN__V1__POST_VIEW__POST_VIEW_FULL },
			&page);
		assert_in_range(page.size_bytes, 1, FULL_PAGE_BYTES + 1000);
		assert_true(response->n_changes > 1 || after + 1 == POSTS);
		for (size_t i = 0; i < response->n_changes; i++) {
			assert_int_equal(response->changes[i]->revision, ++after);
			assert_non_null(response->changes[i]->post);
		}
	}
	assert_in_range(pages, 2, POSTS - 1);
}

static const struct {
	const char *label;
	struct change_question question;
	enum code code;
	const char *reason, *text;
} refused[] = {
	{ "ahead", { .after = 4 }, CODE_OUT_OF_RANGE, "REVISION_AHEAD",
		"after_revision: the store is at revision 3 and has never been at 4; read "
		"everything anew" },
	{ "ahead, waiting", { .after = UINT64_MAX, .wait_ms = 30000 }, CODE_OUT_OF_RANGE,
		"REVISION_AHEAD",
		"after_revision: the store is at revision 3 and has never been at "
		"18446744073709551615; read everything anew" },
	{ "another epoch", { .after = 1, .epoch = "0123456789abcdef" }, CODE_OUT_OF_RANGE,
		"EPOCH_CHANGED",
		"epoch: the store has another history now, and revision 1 may be another change "
		"there; read everything anew" },
	{ "another epoch, ahead and waiting",
		{ .after = 9, .epoch = "0123456789abcdef", .wait_ms = 30000 }, CODE_OUT_OF_RANGE,
		"EPOCH_CHANGED",
		"epoch: the store has another history now, and revision 9 may be another change "
		"there; read everything anew" },
	{ "a negative page size", { .page_size = -1 }, CODE_INVALID_ARGUMENT, "PAGE_SIZE_NEGATIVE",
		"page_size: is -1; it must be 0 (the default) to 1000" },
	{ "no view", { .view = (Lectern__V1__PostView)9 }, CODE_INVALID_ARGUMENT, "ENUM_INVALID",
		"view: 9 is no view" },
	{ "a long epoch", { .epoch = "123456789012345678901234567890123" }, CODE_INVALID_ARGUMENT,
		"FIELD_TOO_LONG", "epoch: 33 bytes; at most 32 are allowed" },
};

static void assert_facts(const char *oldest, const char *revision, const char *epoch)
{
	assert_string_equal(fact_of(&page.err, "oldest_revision"), oldest);
	assert_string_equal(fact_of(&page.err, "revision"), revision);
	assert_string_equal(fact_of(&page.err, "epoch"), epoch);
}

static char *epoch_of_store(void)
{
	Lectern__V1__GetServerInfoRequest request = LECTERN__V1__GET_SERVER_INFO_REQUEST__INIT;
	const Lectern__V1__GetServerInfoResponse *info =
		call_ok(&server, "AdminService/GetServerInfo", &request.base, &answer);
	return strdup(info->epoch);
}

static void refuses_what_it_cannot_go_on_from(void **state)
{
	for (int i = 0; i < 3; i++)
		new_post(&server, &(struct sketch){ .title = "P" }, &answer);
	char *epoch = epoch_of_store();
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		print_message("%s\n", refused[i].label);
		assert_int_equal(
			try_changes(&server, &refused[i].question, &page), refused[i].code);
		assert_string_equal(page.err.reason, refused[i].reason);
		assert_string_equal(page.err.text, refused[i].text);
		if (page.code == CODE_OUT_OF_RANGE)
			assert_facts("1", "3", epoch);
	}
	const Lectern__V1__ListChangesResponse *response =
		changes(&server, &(struct change_question){ .after = 1, .epoch = epoch }, &page);
	assert_int_equal(response->n_changes, 2);
	assert_string_equal(response->epoch, epoch);
	local_server_reopen(&server); /* a restart is no other history */
	assert_string_equal(
		changes(&server, &(struct change_question){ .epoch = epoch }, &page)->epoch, epoch);
	free(epoch);
}

/* The log is trimmed by the writer in its own time. */
static void await_oldest(uint64_t oldest)
{
	uint64_t revision = revision_of(&server);
	while (changes(&server, &(struct change_question){ .after = revision }, &page)
			->oldest_revision != oldest)
		sched_yield();
}

static void refuses_what_was_trimmed(void **state)
{
	/* The time of the trash makes the writer look often. */
	static const struct store_retention retention = { .changes_kept = 3, .trash_us = 400000 };
	server.retention = &retention;
	local_server_reopen(&server);
	for (int i = 0; i < 10; i++)
		new_post(&server, &(struct sketch){ .title = "P" }, &answer);
	await_oldest(8);
	char *epoch = epoch_of_store();
	for (uint64_t after = 0; after <= 10; after++) {
		enum code code =
			try_changes(&server, &(struct change_question){ .after = after }, &page);
		assert_int_equal(code, after < 7 ? CODE_OUT_OF_RANGE : CODE_OK);
		if (code == CODE_OK) {
			const Lectern__V1__ListChangesResponse *response =
				(const Lectern__V1__ListChangesResponse *)page.message;
			assert_int_equal(response->n_changes, 10 - after);
			continue;
		}
		assert_string_equal(page.err.reason, "CHANGES_TRIMMED");
		assert_facts("8", "10", epoch);
	}
	assert_int_equal(try_changes(&server, &(struct change_question){ .wait_ms = 30000 }, &page),
		CODE_OUT_OF_RANGE);
	assert_string_equal(page.err.text,
		"after_revision: the oldest change that is kept is 8, those from 1 on are asked "
		"for; read everything anew");
	free(epoch);
}

static void an_old_log_may_be_empty(void **state)
{
	static const struct store_retention retention = { .changes_us = 400000 };
	server.retention = &retention;
	local_server_reopen(&server);
	for (int i = 0; i < 4; i++)
		new_post(&server, &(struct sketch){ .title = "P" }, &answer);
	await_oldest(5);
	assert_int_equal(try_changes(&server, &(struct change_question){ .after = 3 }, &page),
		CODE_OUT_OF_RANGE);
	assert_string_equal(fact_of(&page.err, "oldest_revision"), "5");
	assert_int_equal(
		changes(&server, &(struct change_question){ .after = 4 }, &page)->n_changes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_PAGE(tells_what_was_made_and_changed),
		TEST_PAGE(tells_what_is_gone),
		TEST_PAGE(tells_what_terms_became),
		TEST_PAGE(pages_have_no_gaps),
		TEST_PAGE(an_empty_log_begins_with_the_next_revision),
		TEST_PAGE(carries_posts_in_their_last_change),
		TEST_PAGE(pages_stay_below_the_size_of_a_response),
		TEST_PAGE(refuses_what_it_cannot_go_on_from),
		TEST_PAGE(refuses_what_was_trimmed),
		TEST_PAGE(an_old_log_may_be_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
