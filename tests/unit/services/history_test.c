/* The history of posts: what it has of each change, how long, and bringing a former state back. */
#include "support/own_server.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <times.h>

#include <cmocka.h>

static atomic_llong now_us;

static int64_t fake_clock(void)
{
	return atomic_load(&now_us);
}

static const Lectern__V1__ListPostRevisionsResponse *list(
	uint64_t id, int32_t page_size, const char *token)
{
	Lectern__V1__ListPostRevisionsRequest request =
		LECTERN__V1__LIST_POST_REVISIONS_REQUEST__INIT;
	request.key_case = LECTERN__V1__LIST_POST_REVISIONS_REQUEST__KEY_ID;
	request.id = id;
	request.page_size = page_size;
	request.page_token = text(token);
	return call_ok(&server, "PostService/ListPostRevisions", &request.base, &answer);
}

static enum code get(uint64_t id, uint64_t revision)
{
	Lectern__V1__GetPostRevisionRequest request = LECTERN__V1__GET_POST_REVISION_REQUEST__INIT;
	request.key_case = LECTERN__V1__GET_POST_REVISION_REQUEST__KEY_ID;
	request.id = id;
	request.revision = revision;
	return call(&server, "PostService/GetPostRevision", &request.base, &answer);
}

/* A rollback as a request has it. */
struct rollback {
	uint64_t id, revision;
	const char *etag, *request_id, *author, *summary;
	bool validate_only;
};

static enum code roll_back(const struct rollback *rollback)
{
	Lectern__V1__RollbackPostRequest request = LECTERN__V1__ROLLBACK_POST_REQUEST__INIT;
	Lectern__V1__ChangeNote note = LECTERN__V1__CHANGE_NOTE__INIT;
	request.key_case = LECTERN__V1__ROLLBACK_POST_REQUEST__KEY_ID;
	request.id = rollback->id;
	request.revision = rollback->revision;
	request.etag = text(rollback->etag);
	request.request_id = text(rollback->request_id);
	request.validate_only = rollback->validate_only;
	note.author = text(rollback->author);
	note.summary = text(rollback->summary);
	request.note = &note;
	return call(&server, "PostService/RollbackPost", &request.base, &answer);
}

static void update_with_note(
	uint64_t id, const char *title, const char *author, const char *summary)
{
	Lectern__V1__UpdatePostRequest request = LECTERN__V1__UPDATE_POST_REQUEST__INIT;
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Lectern__V1__ChangeNote note = LECTERN__V1__CHANGE_NOTE__INIT;
	post.id = id;
	post.title = text(title);
	note.author = text(author);
	note.summary = text(summary);
	request.post = &post;
	request.note = &note;
	call(&server, "PostService/UpdatePost", &request.base, &answer);
}

static void rename_tag(uint64_t id, const char *name)
{
	Lectern__V1__Tag tag = LECTERN__V1__TAG__INIT;
	Lectern__V1__UpdateTagRequest request = LECTERN__V1__UPDATE_TAG_REQUEST__INIT;
	tag.id = id;
	tag.name = text(name);
	request.tag = &tag;
	call_ok(&server, "TagService/UpdateTag", &request.base, &answer);
}

/* The bytes of the post as it is now, to be compared with what the history says later. */
struct kept {
	uint8_t *bytes;
	size_t size;
};

static struct kept keep(uint64_t id)
{
	const Lectern__V1__Post *post = read_post(&server, id, &answer);
	struct kept kept = { .size = protobuf_c_message_get_packed_size(&post->base) };
	kept.bytes = malloc(kept.size);
	protobuf_c_message_pack(&post->base, kept.bytes);
	return kept;
}

static void every_change_is_kept_as_it_was(void **state)
{
	enum { CHANGES = 9 };
	static const char *const summaries[CHANGES] = { "created", "fixed a typo", "body changed",
		"published; publish time changed", "tag \"Old\" renamed to \"New\"",
		"title and tags changed", "put into the trash", "taken out of the trash",
		"slug changed" };
	struct kept kept[CHANGES];
	atomic_store(&now_us, START_US);
	clock_set_realtime_hook(fake_clock);
	uint64_t id = new_post(&server,
		&(struct sketch){ .title = "One", .body = "first", .tags = { "Old" } }, &answer)
			      ->id;
	kept[0] = keep(id);
	for (int i = 1; i < CHANGES; i++) {
		atomic_store(&now_us, START_US + i * DAY_US);
		switch (i) {
		case 1:
			update_with_note(id, "Uno", "ada@example.org", "fixed a typo");
			break;
		case 2:
			changed_post(
				&server, &(struct sketch){ .id = id, .body = "second" }, &answer);
			break;
		case 3:
			assert_int_equal(move_post(&server, "Publish", id, "", &answer), CODE_OK);
			break;
		case 4:
			rename_tag(1, "New");
			break;
		case 5:
			changed_post(&server,
				&(struct sketch){ .id = id, .title = "Due", .tags = { "Other" } },
				&answer);
			break;
		case 6:
			assert_int_equal(move_post(&server, "Delete", id, "", &answer), CODE_OK);
			break;
		case 7:
			assert_int_equal(move_post(&server, "Undelete", id, "", &answer), CODE_OK);
			break;
		default:
			changed_post(&server, &(struct sketch){ .id = id, .slug = "duo" }, &answer);
			break;
		}
		kept[i] = keep(id);
	}
	clock_set_realtime_hook(NULL);

	const Lectern__V1__ListPostRevisionsResponse *all = list(id, 100, "");
	assert_int_equal(all->n_revisions, CHANGES);
	assert_int_equal(all->total_size, CHANGES);
	assert_string_equal(all->next_page_token, "");
	for (int i = 0; i < CHANGES; i++) {
		const Lectern__V1__PostRevision *revision = all->revisions[CHANGES - 1 - i];
		assert_int_equal(revision->revision, i + 1);
		assert_int_equal(revision->post->revision, i + 1);
		assert_string_equal(revision->note->summary, summaries[i]);
		assert_string_equal(revision->note->author, i == 1 ? "ada@example.org" : "");
		assert_true(timestamp_to_us(revision->create_time) == START_US + i * DAY_US);
		assert_string_equal(revision->post->body, ""); /* BASIC */
	}
	for (int i = 0; i < CHANGES; i++) {
		assert_int_equal(get(id, (uint64_t)i + 1), CODE_OK);
		const Lectern__V1__GetPostRevisionResponse *response = (const void *)answer.message;
		const Lectern__V1__Post *post = response->revision->post;
		size_t size = protobuf_c_message_get_packed_size(&post->base);
		uint8_t *bytes = malloc(size);
		protobuf_c_message_pack(&post->base, bytes);
		assert_int_equal(size, kept[i].size);
		assert_memory_equal(bytes, kept[i].bytes, size);
		free(bytes);
		free(kept[i].bytes);
	}
}

static void pages_go_back_in_time(void **state)
{
	char token[1100] = "";
	uint64_t expected = 8;
	uint64_t id = new_post(&server, &(struct sketch){ .title = "P" }, &answer)->id;
	new_post(&server, &(struct sketch){ .title = "Q" }, &answer);
	for (int i = 0; i < 7; i++)
		changed_post(
			&server, &(struct sketch){ .id = id, .title = i % 2 ? "P" : "R" }, &answer);
	do {
		const Lectern__V1__ListPostRevisionsResponse *page = list(id, 3, token);
		for (size_t i = 0; i < page->n_revisions; i++)
			assert_int_equal(page->revisions[i]->revision, expected--);
		assert_int_equal(page->total_size, 8);
		snprintf(token, sizeof token, "%s", page->next_page_token);
	} while (token[0] != '\0');
	assert_int_equal(expected, 0);
}

static void a_number_of_former_revisions_is_kept(void **state)
{
	const int kept = LOCAL_SERVER_REVISIONS_KEPT;
	uint64_t id = new_post(&server, &(struct sketch){ .title = "P" }, &answer)->id;
	for (int i = 2; i <= kept + 6; i++) {
		char body[32];
		snprintf(body, sizeof body, "body %d", i);
		changed_post(&server, &(struct sketch){ .id = id, .body = body }, &answer);
	}
	const Lectern__V1__ListPostRevisionsResponse *all = list(id, 100, "");
	assert_int_equal(all->n_revisions, kept + 1);
	assert_int_equal(all->total_size, kept + 1);
	assert_int_equal(all->revisions[kept]->revision, 6);
	assert_int_equal(get(id, 6), CODE_OK);
	const Lectern__V1__GetPostRevisionResponse *response = (const void *)answer.message;
	assert_string_equal(response->revision->post->body, "body 6");
	get(id, 5);
	assert_failed_as(CODE_NOT_FOUND, "REVISION_NOT_FOUND", "the oldest that is kept is 6");
	get(id, 999);
	assert_failed_as(CODE_NOT_FOUND, "REVISION_NOT_FOUND", "no revision 999");
	roll_back(&(struct rollback){ .id = id, .revision = 5 });
	assert_failed_as(CODE_NOT_FOUND, "REVISION_NOT_FOUND", "those from 6 to 16 are kept");
}

static void a_rollback_brings_content_back_and_leaves_the_rest(void **state)
{
	struct sketch first = { .title = "One",
		.body = "# Head\n\nfirst",
		.tags = { "Stays", "Renamed", "Goes" },
		.categories = { "C" } };
	uint64_t id = new_post(&server, &first, &answer)->id;
	changed_post(&server,
		&(struct sketch){ .id = id,
			.title = "Two",
			.body = "second",
			.tags = { "Stays" },
			.slug = "two",
			.state = PUBLISHED },
		&answer);
	rename_tag(2, "Newly named");
	Lectern__V1__DeleteTagRequest delete = LECTERN__V1__DELETE_TAG_REQUEST__INIT;
	delete.key_case = LECTERN__V1__DELETE_TAG_REQUEST__KEY_ID;
	delete.id = 3;
	call_ok(&server, "TagService/DeleteTag", &delete.base, &answer);

	uint64_t before = revision_of(&server);
	assert_int_equal(
		roll_back(&(struct rollback){ .id = id, .revision = 1, .validate_only = true }),
		CODE_OK);
	assert_int_equal(revision_of(&server), before);
	assert_int_equal(roll_back(&(struct rollback){
				 .id = id, .revision = 1, .request_id = "r", .author = "Ada" }),
		CODE_OK);
	assert_int_equal(roll_back(&(struct rollback){
				 .id = id, .revision = 1, .request_id = "r", .author = "Ada" }),
		CODE_OK); /* once */
	const Lectern__V1__Post *post = read_post(&server, id, &answer);
	assert_int_equal(post->revision, 3);
	assert_string_equal(post->title, "One");
	assert_string_equal(post->body, "# Head\n\nfirst");
	assert_non_null(strstr(post->html, "first</p>"));
	assert_int_equal(post->n_outline, 1);
	assert_int_equal(post->word_count, 2);
	assert_int_equal(post->n_tags, 2);
	assert_string_equal(post->tags[0]->name, "Stays");
	assert_string_equal(post->tags[1]->name, "Newly named");
	assert_int_equal(post->n_categories, 1);
	assert_string_equal(post->slug, "two");
	assert_int_equal(post->state, PUBLISHED);
	const Lectern__V1__ListPostRevisionsResponse *all = list(id, 1, "");
	assert_string_equal(all->revisions[0]->note->summary, "rolled back to revision 1");
	assert_string_equal(all->revisions[0]->note->author, "Ada");

	/* And forward again; the body of 2 is a former one by now. */
	assert_int_equal(
		roll_back(&(struct rollback){ .id = id, .revision = 2, .summary = "better so" }),
		CODE_OK);
	post = read_post(&server, id, &answer);
	assert_string_equal(post->body, "second");
	assert_string_equal(list(id, 1, "")->revisions[0]->note->summary, "better so");
}

static void rollbacks_that_change_nothing_or_are_refused(void **state)
{
	uint64_t id = new_post(&server, &(struct sketch){ .title = "One" }, &answer)->id;
	char stale[65];
	snprintf(stale, sizeof stale, "%s", read_post(&server, id, &answer)->etag);
	changed_post(&server, &(struct sketch){ .id = id, .title = "Two" }, &answer);
	uint64_t before = revision_of(&server);
	assert_int_equal(roll_back(&(struct rollback){ .id = id, .revision = 2 }), CODE_OK);
	assert_int_equal(revision_of(&server), before);
	roll_back(&(struct rollback){ .id = id, .revision = 1, .etag = stale });
	assert_failed_as(CODE_ABORTED, "ETAG_MISMATCH", "the post has changed");
	roll_back(&(struct rollback){ .id = id });
	assert_failed_as(CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", "revision: tell which");
	roll_back(&(struct rollback){ .id = 99, .revision = 1 });
	assert_failed_as(CODE_NOT_FOUND, "POST_NOT_FOUND", "id 99");
	roll_back(&(struct rollback){ .revision = 1 });
	assert_failed_as(CODE_INVALID_ARGUMENT, "KEY_REQUIRED", "key");
	roll_back(&(struct rollback){ .id = id, .revision = 1, .summary = "a\nb" });
	assert_failed_as(CODE_INVALID_ARGUMENT, "CONTROL_CHARACTER", "note.summary");
	move_post(&server, "Delete", id, "", &answer);
	roll_back(&(struct rollback){ .id = id, .revision = 1 });
	assert_failed_as(CODE_FAILED_PRECONDITION, "POST_TRASHED", "trash");
}

static void a_purge_ends_the_history(void **state)
{
	uint64_t id = new_post(&server, &(struct sketch){ .title = "P" }, &answer)->id;
	changed_post(&server, &(struct sketch){ .id = id, .body = "b" }, &answer);
	move_post(&server, "Delete", id, "", &answer);
	assert_int_equal(move_post(&server, "Purge", id, "", &answer), CODE_OK);
	get(id, 1);
	assert_failed_as(CODE_NOT_FOUND, "POST_NOT_FOUND", "id");
}

static void notes_are_bounded(void **state)
{
	char author[202];
	char summary[502];
	uint64_t id = new_post(&server, &(struct sketch){ .title = "P" }, &answer)->id;
	memset(author, 'a', sizeof author);
	memset(summary, 's', sizeof summary);
	author[201] = summary[501] = '\0';
	update_with_note(id, "Q", author, "");
	assert_failed_as(CODE_INVALID_ARGUMENT, "FIELD_TOO_LONG", "note.author");
	update_with_note(id, "Q", "", summary);
	assert_failed_as(CODE_INVALID_ARGUMENT, "FIELD_TOO_LONG", "note.summary");
	author[200] = summary[500] = '\0';
	update_with_note(id, "Q", author, summary);
	assert_int_equal(answer.code, CODE_OK);
	assert_string_equal(list(id, 1, "")->revisions[0]->note->summary, summary);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_change_is_kept_as_it_was),
		TEST(pages_go_back_in_time),
		TEST(a_number_of_former_revisions_is_kept),
		TEST(a_rollback_brings_content_back_and_leaves_the_rest),
		TEST(rollbacks_that_change_nothing_or_are_refused),
		TEST(a_purge_ends_the_history),
		TEST(notes_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
