/* The checker finds each kind of damage: one entry is taken away or put in, and the report says
 * where. */
#include "support/store_fixture.h"

#include "base/clock.h"
#include "store/env.h"
#include "store/post.h"
#include "store/posting.h"
#include "store/search_recent.h"
#include "store/store_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <times.h>

#include <cmocka.h>

/* The writer's clock stands still, so that it merges nothing by itself. */
static int64_t frozen_clock(void)
{
	return INT64_C(1700000000000000);
}

/* Post 2, with the origin "from". */
static void import_post(struct store_fixture *fixture)
{
	static struct write_result result;
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__ImportPost op = LECTERN__STORE__V1__IMPORT_POST__INIT;
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_IMPORT_POST;
	command.import_post = &op;
	op.post = &post;
	op.slug_base = (char[]){ "imported" };
	post.title = (char[]){ "2" };
	post.origin = (char[]){ "from" };
	store_fixture_apply(fixture, &command, &result);
	assert_int_equal(result.error.code, CODE_OK);
}

/* A store with one of everything. */
static void fill(struct store_fixture *fixture)
{
	static struct write_result result;
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__PutPost op = LECTERN__STORE__V1__PUT_POST__INIT;
	Lectern__Store__V1__PutTerm term_op = LECTERN__STORE__V1__PUT_TERM__INIT;
	Lectern__Store__V1__Term child = LECTERN__STORE__V1__TERM__INIT;
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Lectern__V1__TermRef tag = LECTERN__V1__TERM_REF__INIT;
	Lectern__V1__TermRef category = LECTERN__V1__TERM_REF__INIT;
	Lectern__V1__TermRef *tags[] = { &tag };
	Lectern__V1__TermRef *categories[] = { &category };
	Lectern__V1__SeriesRef series = LECTERN__V1__SERIES_REF__INIT;
	Google__Protobuf__Timestamp expire;
	uint8_t print[] = { 7 };
	timestamp_from_us(&expire, INT64_C(4000000000000000));
	tag.name = (char[]){ "Tag" };
	category.name = (char[]){ "Category" };
	series.name = (char[]){ "Series" };
	post.title = (char[]){ "Title" };
	post.body = (char[]){ "Body" };
	post.language = (char[]){ "ja" }; /* which has no stemmer */
	post.state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	post.tags = tags;
	post.n_tags = 1;
	post.categories = categories;
	post.n_categories = 1;
	post.series = &series;
	post.expire_time = &expire;
	op.post = &post;
	op.field_mask = UINT64_MAX;
	op.slug_base = (char[]){ "title" };
	op.create_missing_terms = true;
	command.time_us = 1000;
	command.request_id = (char[]){ "id" };
	command.fingerprint.data = print;
	command.fingerprint.len = sizeof print;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_PUT_POST;
	command.put_post = &op;
	store_fixture_apply(fixture, &command, &result);
	assert_int_equal(result.error.code, CODE_OK);
	/* What is said of it stands in the blocks of the search index, not yet what follows. */
	Lectern__Store__V1__MergeSearch merge = LECTERN__STORE__V1__MERGE_SEARCH__INIT;
	command.request_id = (char[]){ "" };
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_MERGE_SEARCH;
	command.merge_search = &merge;
	store_fixture_apply(fixture, &command, &result);
	assert_int_equal(result.error.code, CODE_OK);
	Lectern__Store__V1__Key key = LECTERN__STORE__V1__KEY__INIT;
	key.id = 1;
	op.key = &key;
	post.title = (char[]){ "Other title" };
	post.body = (char[]){ "another body" };
	command.revisions_kept = 5;
	command.request_id = (char[]){ "id3" };
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_PUT_POST;
	command.put_post = &op;
	store_fixture_apply(fixture, &command, &result);
	assert_int_equal(result.error.code, CODE_OK);
	child.name = (char[]){ "Child" };
	child.parent = &category;
	term_op.kind = LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY;
	term_op.term = &child;
	term_op.field_mask = UINT64_MAX;
	term_op.slug_base = (char[]){ "child" };
	command.request_id = (char[]){ "id2" };
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_PUT_TERM;
	command.put_term = &term_op;
	store_fixture_apply(fixture, &command, &result);
	assert_int_equal(result.error.code, CODE_OK);
	store_fixture_assert_sound(fixture);
}

/* Takes the number-th entry of a table away; false if there are fewer. */
static bool remove_entry(struct store_fixture *fixture, enum table table, size_t number)
{
	struct txn txn;
	struct error err;
	struct walk walk;
	struct key key;
	bool found = true;
	assert_int_equal(txn_begin_write(&fixture->store->env, &txn, &err), CODE_OK);
	walk_start(&walk, &txn, table, slice_of(NULL, 0));
	for (size_t i = 0; i <= number && found; i++)
		found = walk_next(&walk);
	if (found) {
		key.size = walk.key.size;
		memcpy(key.bytes, walk.key.data, walk.key.size);
	}
	walk_end(&walk);
	if (found)
		txn_delete(&txn, table, &key);
	assert_int_equal(txn_commit(&txn, &err), CODE_OK);
	return found;
}

/* Every single entry of every table: when it is missing, the checker says so. */
static void a_missing_entry_is_found_in_every_table(void **state)
{
	for (int table = TABLE_POST; table < TABLE_COUNT; table++) {
		size_t removed = 0;
		for (bool more = true; more; removed++) {
			struct store_fixture fixture;
			char first[400];
			store_fixture_open(&fixture, 0);
			fill(&fixture);
			import_post(&fixture);
			more = remove_entry(&fixture, (enum table)table, removed);
			/* Retention takes the oldest entries of the change log. */
			bool allowed = table == TABLE_CHANGE && removed == 0;
			if (more && !allowed &&
				store_fixture_problems(&fixture, first, sizeof first) == 0)
				fail_msg("entry %zu of table %s is missing unnoticed", removed,
					table_name((enum table)table));
			store_fixture_close(&fixture);
		}
		assert_true(removed > 1); /* the table had entries to lose */
	}
}

/* An entry that should not be there, for each table. */
static void put_stray(struct store_fixture *fixture, enum table table)
{
	struct txn txn;
	struct error err;
	struct key key;
	struct posting posting = { .kind = POSTING_TAG, .number = 1, .sort = 5, .id = 77 };
	uint8_t number[VALUE_U64_BYTES];
	uint8_t slug[VALUE_SLUG_BYTES];
	struct slice value = slice_of(NULL, 0);
	value_u64(number, 3);
	value_slug(slug, 77, false);
	switch (table) {
	case TABLE_POST:
		key_post(&key, 77, POST_SOURCE);
		break;
	case TABLE_TERM:
		key_term(&key, 1, 77);
		break;
	case TABLE_SLUG:
		key_slug(&key, SLUG_POST, slice_of_text("stray"));
		value = slice_of(slug, sizeof slug);
		break;
	case TABLE_NAME:
		key_name(&key, 1, slice_of_text("stray"), 1);
		break;
	case TABLE_POSTING:
		key_posting(&key, &posting);
		break;
	case TABLE_COUNTER:
		key_counter(&key, POSTING_TAG, 77);
		value = slice_of(number, sizeof number);
		break;
	case TABLE_RANK:
		key_rank(&key, 1, 5, 1);
		break;
	case TABLE_CHILD:
		key_child(&key, 3, 2);
		break;
	case TABLE_DUE:
		key_due(&key, 5, 1);
		break;
	case TABLE_CHANGE:
		key_change(&key, 1000);
		break;
	case TABLE_REVISION:
		key_revision(&key, 77, 1);
		break;
	case TABLE_CONTENT:
		key_content(&key, 77, 1, POST_SOURCE);
		break;
	case TABLE_ANSWER:
		key_answer(&key, slice_of_text("stray"));
		break;
	case TABLE_ANSWER_EXPIRY:
		key_answer_expiry(&key, 5, slice_of_text("stray"));
		break;
	case TABLE_SEARCH:
		key_search(&key, false, slice_of_text("stray"));
		value = slice_of("\1\3", 2); /* one post: id 1, weight 1 */
		break;
	case TABLE_RECENT:
		key_recent(&key, 77);
		value = slice_of("\0\1\0\1........\0\0\0\5stray\1", 22); /* in no half before */
		break;
	case TABLE_LENGTH:
		key_length(&key, 5);
		value = slice_of("\1", 1);
		break;
	case TABLE_SUGGEST:
		key_suggest(&key, slice_of_text("stray"), 1, 0, 1);
		break;
	case TABLE_POSITIONS:
		key_positions(&key, 77);
		value = slice_of("\1\0\0\0\0\5stray\1\1", 13);
		break;
	case TABLE_META:
	case TABLE_COUNT:
		fail();
	}
	assert_int_equal(txn_begin_write(&fixture->store->env, &txn, &err), CODE_OK);
	txn_put(&txn, table, &key, value);
	assert_int_equal(txn_commit(&txn, &err), CODE_OK);
}

static void a_stray_entry_is_found_in_every_table(void **state)
{
	for (int table = TABLE_POST; table < TABLE_COUNT; table++) {
		struct store_fixture fixture;
		char first[400];
		store_fixture_open(&fixture, 0);
		fill(&fixture);
		put_stray(&fixture, (enum table)table);
		if (store_fixture_problems(&fixture, first, sizeof first) == 0)
			fail_msg("a stray entry of table %s is unnoticed",
				table_name((enum table)table));
		store_fixture_close(&fixture);
	}
}

/* What leads from origins to posts, both ways. */
static void origins_are_checked(void **state)
{
	static const struct {
		const char *label, *origin;
		uint64_t id;
		bool former, missing;
		const char *text;
	} cases[] = {
		{ "of a post without one", "stray", 1, false, false,
			"slug \"stray\" leads to 1, which does not have it" },
		{ "of no post", "stray", 77, false, false,
			"slug \"stray\" leads to 77, which does not have it" },
		{ "of another post", "from", 1, false, false,
			"slug \"from\" (space 6) should lead to 2" },
		{ "as a former one", "from", 2, true, false,
			"slug \"from\" (space 6) should lead to 2" },
		{ "missing", "from", 2, false, true, "slug \"from\" (space 6) should lead to 2" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct store_fixture fixture;
		struct txn txn;
		struct error err;
		struct key key;
		uint8_t value[VALUE_SLUG_BYTES];
		char first[400];
		store_fixture_open(&fixture, 0);
		fill(&fixture);
		import_post(&fixture);
		store_fixture_assert_sound(&fixture);
		key_slug(&key, SLUG_POST_ORIGIN, slice_of_text(cases[i].origin));
		value_slug(value, cases[i].id, cases[i].former);
		assert_int_equal(txn_begin_write(&fixture.store->env, &txn, &err), CODE_OK);
		if (cases[i].missing)
			txn_delete(&txn, TABLE_SLUG, &key);
		else
			txn_put(&txn, TABLE_SLUG, &key, slice_of(value, sizeof value));
		assert_int_equal(txn_commit(&txn, &err), CODE_OK);
		if (store_fixture_problems(&fixture, first, sizeof first) == 0 ||
			strstr(first, cases[i].text) == NULL)
			fail_msg("%s: %s", cases[i].label, first);
		store_fixture_close(&fixture);
	}
}

/* A record that is cut or overwritten never crashes the checker or a reader. */
/* Ids that would be given again. */
static void a_next_id_that_is_behind_is_found(void **state)
{
	const char *const names[] = { META_NEXT_POST_ID, META_NEXT_TERM_ID };
	for (size_t i = 0; i < 2; i++) {
		struct store_fixture fixture;
		struct txn txn;
		struct error err;
		char first[400];
		store_fixture_open(&fixture, 0);
		fill(&fixture);
		assert_int_equal(txn_begin_write(&fixture.store->env, &txn, &err), CODE_OK);
		txn_put_meta(&txn, names[i], 0);
		assert_int_equal(txn_commit(&txn, &err), CODE_OK);
		assert_true(store_fixture_problems(&fixture, first, sizeof first) > 0);
		assert_non_null(strstr(first, names[i]));
		store_fixture_close(&fixture);
	}
}

static void a_damaged_record_is_a_problem_not_a_crash(void **state)
{
	static const enum table tables[] = { TABLE_POST, TABLE_TERM, TABLE_CHANGE, TABLE_ANSWER,
		TABLE_SEARCH, TABLE_RECENT, TABLE_REVISION, TABLE_CONTENT };
	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
		struct store_fixture fixture;
		struct txn txn;
		struct error err;
		struct walk walk;
		struct key key;
		uint8_t bytes[2048];
		char first[400];
		store_fixture_open(&fixture, 0);
		fill(&fixture);
		assert_int_equal(txn_begin_write(&fixture.store->env, &txn, &err), CODE_OK);
		walk_start(&walk, &txn, tables[t], slice_of(NULL, 0));
		assert_true(walk_next(&walk));
		key.size = walk.key.size;
		memcpy(key.bytes, walk.key.data, key.size);
		size_t size = walk.value.size - 1;
		assert_true(size <= sizeof bytes);
		memcpy(bytes, walk.value.data, size);
		walk_end(&walk);
		txn_put(&txn, tables[t], &key, slice_of(bytes, size));
		assert_int_equal(txn_commit(&txn, &err), CODE_OK);
		assert_true(store_fixture_problems(&fixture, first, sizeof first) > 0);
		store_fixture_close(&fixture);
	}
}

/* Replaces a value; the bytes that it has are known, so that the format is pinned down here. */
static void plant(struct store_fixture *fixture, enum table table, const struct key *key,
	struct slice was, struct slice planted)
{
	struct txn txn;
	struct error err;
	struct slice value;
	assert_int_equal(txn_begin_write(&fixture->store->env, &txn, &err), CODE_OK);
	assert_true(txn_get(&txn, table, key, &value));
	assert_true(slice_equals(value, was));
	txn_put(&txn, table, key, planted);
	assert_int_equal(txn_commit(&txn, &err), CODE_OK);
}

#define BYTES(text) \
	{ \
		(text), sizeof(text) - 1 \
	}

/* Damage that leaves every entry where it should be. The blocks have one
 * post with the one word "title"; by now it has another one. */
static void wrong_numbers_in_the_search_index_are_found(void **state)
{
	static const struct {
		const char *label;
		struct {
			const char *data;
			size_t size;
		} bytes;
		const char *text;
	} cases[] = {
		{ "weight", BYTES("\2\0\2\11"),
			"\"title\" of post 1 with packed weight 9, it is 8" },
		{ "documents", BYTES("\4\0\2\10"), "\"title\" is in 2 posts, it has 1" },
		{ "further", BYTES("\3\0\2\10"), "\"title\" is in 1 posts, it has 1 in one block" },
		{ "span", BYTES("\2\1\2\10"), "a block of the search index cannot be read" },
		{ "post", BYTES("\2\0\4\10"), "lacks \"title\" of post 1" },
		{ "two posts", BYTES("\4\1\2\10\3"), "\"title\" of post 2, which is not in it" },
		{ "no block", BYTES("\2"), "lacks \"title\" of post 1" },
		{ "rest", BYTES("\2\0\2\10\2"), "a block of the search index cannot be read" },
	};
	struct key key;
	key_search(&key, false, slice_of_text("title"));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct store_fixture fixture;
		char first[400];
		store_fixture_open(&fixture, 0);
		fill(&fixture);
		plant(&fixture, TABLE_SEARCH, &key, slice_of("\2\0\2\10", 4),
			slice_of(cases[i].bytes.data, cases[i].bytes.size));
		if (store_fixture_problems(&fixture, first, sizeof first) == 0)
			fail_msg("%s: unnoticed", cases[i].label);
		if (strstr(first, cases[i].text) == NULL)
			fail_msg("%s: %s", cases[i].label, first);
		store_fixture_close(&fixture);
	}
}

static void wrong_lengths_and_statistics_are_found(void **state)
{
	static const uint8_t kinds[] = { SEARCH_DOCUMENTS, SEARCH_LENGTH, SEARCH_LANGUAGE };
	for (size_t i = 0; i <= sizeof kinds / sizeof *kinds; i++) {
		struct store_fixture fixture;
		struct key key;
		uint8_t was[VALUE_U64_BYTES];
		uint8_t planted[VALUE_U64_BYTES];
		char first[400];
		store_fixture_open(&fixture, 0);
		fill(&fixture);
		if (i == sizeof kinds / sizeof *kinds) {
			key_length(&key, 0);
			plant(&fixture, TABLE_LENGTH, &key, slice_of("\0\x09", 2),
				slice_of("\0\6", 2));
		} else {
			key_counter(&key, kinds[i], 0);
			value_u64(was, kinds[i] == SEARCH_LENGTH ? 8 : 1);
			value_u64(planted, 9);
			plant(&fixture, TABLE_COUNTER, &key, slice_of(was, sizeof was),
				slice_of(planted, sizeof planted));
		}
		assert_true(store_fixture_problems(&fixture, first, sizeof first) > 0);
		if (strstr(first, "search index") == NULL)
			fail_msg("%s", first);
		store_fixture_close(&fixture);
	}
}

/* A post whose positions are of another text, and one that has none. */
static void wrong_positions_are_found(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} planted[] = { { "\1\0\0\0\0\5other\1\1", 13 }, { "", 0 }, { NULL, 0 } };
	for (size_t i = 0; i < sizeof planted / sizeof *planted; i++) {
		struct store_fixture fixture;
		struct txn txn;
		struct error err;
		struct key key;
		char first[400];
		store_fixture_open(&fixture, 0);
		fill(&fixture);
		key_positions(&key, 1);
		assert_int_equal(txn_begin_write(&fixture.store->env, &txn, &err), CODE_OK);
		if (planted[i].bytes == NULL)
			txn_delete(&txn, TABLE_POSITIONS, &key);
		else
			txn_put(&txn, TABLE_POSITIONS, &key,
				slice_of(planted[i].bytes, planted[i].size));
		assert_int_equal(txn_commit(&txn, &err), CODE_OK);
		assert_true(store_fixture_problems(&fixture, first, sizeof first) > 0);
		if (strstr(first, "positions of words of post 1") == NULL)
			fail_msg("%s", first);
		store_fixture_close(&fixture);
	}
}

/* Each byte of a record of recent words matters. */
static void any_wrong_byte_of_recent_words_is_found(void **state)
{
	struct store_fixture fixture;
	struct txn txn;
	struct error err;
	struct key key;
	struct slice value;
	uint8_t bytes[RECENT_BYTES_MAX];
	char first[400];
	size_t size = 1;
	store_fixture_open(&fixture, 0);
	fill(&fixture);
	key_recent(&key, 1);
	for (size_t at = 0; at <= size; at++) {
		assert_int_equal(txn_begin_write(&fixture.store->env, &txn, &err), CODE_OK);
		if (at == 0) {
			assert_true(txn_get(&txn, TABLE_RECENT, &key, &value));
			size = value.size;
			memcpy(bytes, value.data, size);
		} else {
			bytes[at - 1]--;
		}
		if (at < size)
			bytes[at]++;
		txn_put(&txn, TABLE_RECENT, &key, slice_of(bytes, size));
		assert_int_equal(txn_commit(&txn, &err), CODE_OK);
		bool found = store_fixture_problems(&fixture, first, sizeof first) > 0;
		if (found != (at < size))
			fail_msg("byte %zu of %zu is wrong unnoticed", at, size);
	}
	store_fixture_close(&fixture);
}

/* A due entry that its post knows nothing of ends the opening with a reason; it must not loop. */
static void a_stray_due_entry_refuses_the_store(void **state)
{
	struct store_fixture fixture;
	struct error err;
	struct store *store;
	store_fixture_open(&fixture, 0);
	fill(&fixture);
	put_stray(&fixture, TABLE_DUE);
	store_close(fixture.store);
	fixture.store = NULL;
	struct store_options options = { .directory = fixture.directory };
	assert_int_equal(store_open(&options, &store, &err), CODE_DATA_LOSS);
	assert_non_null(strstr(err.text, "due post 1 cannot be read"));
	store_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stray_due_entry_refuses_the_store),
		cmocka_unit_test(a_missing_entry_is_found_in_every_table),
		cmocka_unit_test(a_stray_entry_is_found_in_every_table),
		cmocka_unit_test(origins_are_checked),
		cmocka_unit_test(a_next_id_that_is_behind_is_found),
		cmocka_unit_test(wrong_numbers_in_the_search_index_are_found),
		cmocka_unit_test(wrong_lengths_and_statistics_are_found),
		cmocka_unit_test(a_damaged_record_is_a_problem_not_a_crash),
		cmocka_unit_test(wrong_positions_are_found),
		cmocka_unit_test(any_wrong_byte_of_recent_words_is_found),
	};
	clock_set_realtime_hook(frozen_clock);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
