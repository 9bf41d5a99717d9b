/* ImportPostRevision: the history of a post that comes from elsewhere. */
#include "support/json_call.h"
#include "support/own_server.h"

#include "store/store.h"
#include "store/txn.h"

#include <lectern/v1/import.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <times.h>

#include <cmocka.h>

#define CREATED LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_CREATED
#define UPDATED LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_UPDATED
#define UNCHANGED LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_UNCHANGED

#define METHOD "ImportService/ImportPostRevision"
#define import_revision(...) \
	(((const Lectern__V1__ImportPostRevisionResponse *)call_json_ok( \
		  &server, &answer, METHOD, __VA_ARGS__)) \
			->result)

static void import_current(void)
{
	call_json_ok(&server, &answer, "ImportService/ImportPost",
		"{'post': {'origin': 'o', 'slug': 's', 'title': 'Five', 'revision': 5, 'body': "
		"'new',"
		" 'tags': [{'name': 'Go'}], 'create_time': '2020-01-01T00:00:00Z',"
		" 'update_time': '2024-01-05T00:00:00Z'}}");
}

static const Lectern__V1__PostRevision *get(int revision)
{
	const Lectern__V1__GetPostRevisionResponse *response = call_json_ok(&server, &answer,
		"PostService/GetPostRevision", "{'slug': 's', 'revision': %d}", revision);
	return response->revision;
}

/* Entries of the table of former bodies. */
static uint64_t kept_contents(void)
{
	struct txn *txn;
	struct error err;
	assert_int_equal(store_snapshot(server.store, &txn, &err), CODE_OK);
	uint64_t count = txn_entries(txn, TABLE_CONTENT);
	store_release(server.store, txn);
	return count;
}

static void a_whole_history_and_a_repeat(void **state)
{
	static const char *const bodies[] = { "", "old", "old", "mid", "new" };
	import_current();
	for (int run = 0; run < 2; run++) {
		for (int i = 4; i >= 1; i--) {
			uint64_t revision = revision_of(&server);
			assert_int_equal(
				import_revision(
					"{'origin': 'o', 'revision': {'revision': %d,"
					" 'create_time': '2024-01-0%dT00:00:00.1234567Z',"
					" 'note': {'author': 'a%d', 'summary': '%s'},"
					" 'post': {'title': 'T%d', 'slug': 's%d', 'body': '%s',"
					" 'etag': '1', 'html': '<script>', 'state': "
					"'POST_STATE_PUBLISHED'}}}",
					i, i, i, i == 2 ? "" : "why", i, i, bodies[i - 1]),
				run == 0 ? CREATED : UNCHANGED);
			assert_true(revision_of(&server) == revision);
		}
		assert_int_equal(import_revision("{'id': 1, 'revision': {'revision': 5,"
						 " 'note': {'author': 'a5', 'summary': 'last'}}}"),
			run == 0 ? UPDATED : UNCHANGED);
	}
	const Lectern__V1__ListPostRevisionsResponse *list =
		call_json_ok(&server, &answer, "PostService/ListPostRevisions", "{'slug': 's'}");
	assert_int_equal(list->total_size, 5);
	for (size_t i = 0; i < 5; i++) {
		const Lectern__V1__PostRevision *one = list->revisions[i];
		int number = 5 - (int)i;
		char author[8];
		snprintf(author, sizeof author, "a%d", number);
		assert_int_equal(one->revision, number);
		assert_string_equal(one->note->author, author);
		assert_string_equal(one->note->summary, number == 5   ? "last"
							: number == 2 ? "imported"
								      : "why");
		assert_true(timestamp_to_us(one->create_time) ==
			    INT64_C(1704067200000000) + (number - 1) * DAY_US +
				    (number == 5 ? 0 : 123456));
		assert_string_equal(one->post->origin, "o");
		assert_int_equal(one->post->id, 1);
		if (number < 5)
			assert_string_equal(one->post->etag, "");
	}
	for (int i = 1; i <= 5; i++)
		assert_string_equal(get(i)->post->body, bodies[i - 1]);
	assert_string_equal(get(2)->post->html, "<p>old</p>\n");
	assert_int_equal(get(2)->post->word_count, 1);
	assert_string_equal(get(1)->post->html, "");
	/* Slugs of former states lead nowhere. */
	assert_int_equal(call_json(&server, &answer, "PostService/GetPost", "{'slug': 's4'}"),
		CODE_NOT_FOUND);
	/* States 2 and 3 share a body: source and html of 1, 3 and 4 are kept. */
	assert_int_equal(kept_contents(), 6);
	call_json_ok(&server, &answer, "PostService/RollbackPost", "{'slug': 's', 'revision': 2}");
	const Lectern__V1__Post *post = read_post(&server, 1, &answer);
	assert_string_equal(post->body, "old");
	assert_string_equal(post->title, "T2");
	assert_int_equal(post->revision, 6);
	assert_string_equal(get(5)->post->body, "new");
}

/* Terms of an old state: those that are there by any name of theirs, those that are not, and what a
 * rollback makes of both. */
static void terms_of_former_states(void **state)
{
	import_current();
	call_json_ok(&server, &answer, "TagService/UpdateTag",
		"{'tag': {'id': 1, 'slug': 'golang', 'name': 'Golang'}}");
	/* That was a change of the post, too. */
	assert_int_equal(read_post(&server, 1, &answer)->revision, 6);
	assert_int_equal(
		import_revision(
			"{'origin': 'o', 'revision': {'revision': 4,"
			" 'create_time': '2024-01-04T00:00:00Z', 'post': {'title': 'T',"
			" 'tags': [{'id': 77, 'slug': 'go', 'name': 'Go'}, {'name': 'Gone'},"
			" {'slug': 'lost', 'name': 'Lost'}], 'categories': [{'name': 'No'}],"
			" 'authors': [{'slug': 'nobody'}],"
			" 'series': {'name': 'Tour', 'part': 3}}}}"),
		CREATED);
	const Lectern__V1__Post *post = get(4)->post;
	assert_int_equal(post->n_tags, 3);
	assert_int_equal(post->tags[0]->id, 1);
	assert_string_equal(post->tags[0]->name, "Go");
	assert_int_equal(post->tags[1]->id, 0);
	assert_string_equal(post->tags[1]->name, "Gone");
	assert_int_equal(post->tags[2]->id, 0);
	assert_int_equal(post->categories[0]->id, 0);
	assert_string_equal(post->authors[0]->slug, "nobody");
	assert_int_equal(post->series->id, 0);
	/* One of them is made later. */
	new_tag(&server, "GONE");
	call_json_ok(&server, &answer, "PostService/RollbackPost", "{'slug': 's', 'revision': 4}");
	post = read_post(&server, 1, &answer);
	assert_int_equal(post->n_tags, 2);
	assert_string_equal(post->tags[0]->name, "Golang");
	assert_string_equal(post->tags[1]->name, "GONE");
	assert_int_equal(post->n_categories, 0);
	assert_int_equal(post->n_authors, 0);
	assert_string_equal(post->series->slug, "tour");
	assert_int_equal(post->series->part, 3);
}

static void times_and_notes_of_the_current_revision(void **state)
{
	static const struct {
		const char *label, *fields;
		Lectern__V1__ImportResult result;
		const char *author, *summary;
	} cases[] = {
		{ "nothing", "", UNCHANGED, "", "created" },
		{ "author", ", 'note': {'author': 'a'}", UPDATED, "a", "created" },
		{ "again", ", 'note': {'author': 'a'}", UNCHANGED, "a", "created" },
		{ "summary", ", 'note': {'author': 'a', 'summary': 'b'}", UPDATED, "a", "b" },
		{ "time", ", 'create_time': '2001-01-01T00:00:00Z'", UPDATED, "a", "b" },
		{ "the same time", ", 'create_time': '2001-01-01T00:00:00Z'", UNCHANGED, "a", "b" },
		{ "a post, which does not count",
			", 'create_time': '2001-01-01T00:00:00Z', 'post': {'title': 'Other'}",
			UNCHANGED, "a", "b" },
	};
	import_current();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		Lectern__V1__ImportResult result = import_revision(
			"{'slug': 's', 'revision': {'revision': 5%s}}", cases[i].fields);
		const Lectern__V1__PostRevision *one = get(5);
		if (result != cases[i].result || strcmp(one->note->author, cases[i].author) != 0 ||
			strcmp(one->note->summary, cases[i].summary) != 0 ||
			strcmp(one->post->title, "Five") != 0)
			fail_msg("%s: %d, \"%s\", \"%s\"", cases[i].label, (int)result,
				one->note->author, one->note->summary);
	}
	assert_true(timestamp_to_us(get(5)->create_time) == INT64_C(978307200000000));
}

static void what_is_refused(void **state)
{
	static const struct {
		const char *label, *request;
		enum code code;
		const char *reason, *text;
	} cases[] = {
		{ "no key", "{'revision': {'revision': 4}}", CODE_INVALID_ARGUMENT, "KEY_REQUIRED",
			"key: name what is meant" },
		{ "nothing", "{'id': 1}", CODE_INVALID_ARGUMENT, "FIELD_REQUIRED",
			"revision: the revision is missing" },
		{ "no number", "{'id': 1, 'revision': {}}", CODE_INVALID_ARGUMENT, "FIELD_REQUIRED",
			"revision.revision: tell which one it is" },
		{ "no such post", "{'origin': 'p', 'revision': {'revision': 4}}", CODE_NOT_FOUND,
			"POST_NOT_FOUND", "there is no post with origin \"p\"" },
		{ "no such slug", "{'slug': 'p', 'revision': {'revision': 4}}", CODE_NOT_FOUND,
			"POST_NOT_FOUND", "there is no post with slug \"p\"" },
		{ "long origin",
			"{'origin': 'ppppppppppppppppppppppppppppppppppppppppppppppppppppp"
			"ppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
			"ppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
			"ppppppppppppppppppppp', 'revision': {'revision': 4}}",
			CODE_INVALID_ARGUMENT, "FIELD_TOO_LONG", "origin: 2" },
		{ "gap",
			"{'id': 1, 'revision': {'revision': 3, 'create_time': "
			"'2001-01-01T00:00:00Z',"
			" 'post': {'title': 'T'}}}",
			CODE_FAILED_PRECONDITION, "REVISION_GAP",
			"revision.revision: the history of post 1 goes back to revision 5, so the "
			"next one that it takes is 4, not 3" },
		{ "ahead",
			"{'id': 1, 'revision': {'revision': 6, 'create_time': "
			"'2001-01-01T00:00:00Z',"
			" 'post': {'title': 'T'}}}",
			CODE_FAILED_PRECONDITION, "REVISION_GAP",
			"revision.revision: post 1 is at revision 5; a later state of it comes "
			"with "
			"ImportPost" },
		{ "no post", "{'id': 1, 'revision': {'revision': 4}}", CODE_INVALID_ARGUMENT,
			"FIELD_REQUIRED",
			"revision.post: revision 4 is a former one, which has a post of its own" },
		{ "no time", "{'id': 1, 'revision': {'revision': 4, 'post': {'title': 'T'}}}",
			CODE_INVALID_ARGUMENT, "FIELD_REQUIRED",
			"revision.create_time: tell when the state was made" },
		{ "no title", "{'id': 1, 'revision': {'revision': 4, 'post': {}}}",
			CODE_INVALID_ARGUMENT, "FIELD_REQUIRED",
			"revision.post.title: must not be empty" },
		{ "a wrong post",
			"{'id': 1, 'revision': {'revision': 4, 'post': {'title': 'T', 'slug': "
			"'A'}}}",
			CODE_INVALID_ARGUMENT, "SLUG_INVALID", "revision.post.slug: a slug is" },
		{ "a wrong note",
			"{'id': 1, 'revision': {'revision': 4, 'note': {'summary': 'a\\nb'}}}",
			CODE_INVALID_ARGUMENT, "CONTROL_CHARACTER", "revision.note.summary: must" },
	};
	import_current();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		call_json(&server, &answer, METHOD, "%s", cases[i].request);
		if (answer.code != cases[i].code || answer.err.reason == NULL ||
			strcmp(answer.err.reason, cases[i].reason) != 0 ||
			strstr(answer.err.text, cases[i].text) == NULL)
			fail_msg("%s: %d %s", cases[i].label, answer.code, answer.err.text);
	}
}

/* The server of these tests keeps 10 former ones. */
static void what_lies_too_far_back_is_no_error(void **state)
{
	call_json_ok(&server, &answer, "ImportService/ImportPost",
		"{'post': {'slug': 's', 'title': 'T', 'revision': 20}}");
	for (int i = 19; i >= 1; i--)
		assert_int_equal(import_revision("{'slug': 's', 'revision': {'revision': %d,"
						 " 'create_time': '2024-01-04T00:00:00Z',"
						 " 'post': {'title': 'T', 'body': 'b%d'}}}",
					 i, i),
			i >= 10 ? CREATED : UNCHANGED);
	/* They go with the changes that follow, as others do. */
	changed_post(&server, &(struct sketch){ .id = 1, .title = "U" }, &answer);
	assert_string_equal(get(11)->post->body, "b11");
	assert_int_equal(call_json(&server, &answer, "PostService/GetPostRevision",
				 "{'slug': 's', 'revision': 10}"),
		CODE_NOT_FOUND);
	assert_int_equal(import_revision("{'slug': 's', 'revision': {'revision': 10,"
					 " 'create_time': '2024-01-04T00:00:00Z',"
					 " 'post': {'title': 'T'}}}"),
		UNCHANGED);
	assert_int_equal(move_post(&server, "Delete", 1, "", &answer), CODE_OK);
	assert_int_equal(move_post(&server, "Purge", 1, "", &answer), CODE_OK);
}

static void a_trial_changes_nothing(void **state)
{
	static const char request[] =
		"'slug': 's', 'revision': {'revision': 4, 'create_time': '2024-01-04T00:00:00Z',"
		" 'post': {'title': 'T', 'body': 'b'}}";
	import_current();
	assert_int_equal(import_revision("{%s, 'validate_only': true}", request), CREATED);
	assert_int_equal(import_revision("{%s, 'request_id': 'r'}", request), CREATED);
	assert_int_equal(import_revision("{%s, 'request_id': 'r'}", request), CREATED);
	assert_int_equal(import_revision("{%s}", request), UNCHANGED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_whole_history_and_a_repeat),
		TEST(terms_of_former_states),
		TEST(times_and_notes_of_the_current_revision),
		TEST(what_is_refused),
		TEST(what_lies_too_far_back_is_no_error),
		TEST(a_trial_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
