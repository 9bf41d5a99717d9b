/* The search index where it is hard: changes too long for a record, records that are damaged. */
#include "support/store_fixture.h"

#include "base/limits.h"
#include "store/apply.h"
#include "store/env.h"
#include "store/search_index.h"
#include "store/store_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { LONG_WORDS = 9000 }; /* a change of so many is too long for a record */

/* Words 0 to count - 1, each once. */
static struct slice long_text(int count)
{
	static char text[LONG_WORDS * 8];
	size_t size = 0;
	for (int word = 0; word < count; word++)
		size += (size_t)snprintf(text + size, sizeof text - size, "z%d ", word);
	return slice_of(text, size);
}

/* Post 7 has words 0 to count - 1 in one half and none in the other. */
static void compare_long(struct txn *txn, struct arena *arena, int count, bool hidden)
{
	struct search_reader reader;
	struct search_postings postings;
	char text[16];
	arena_reset(arena);
	search_reader_open(&reader, txn, arena);
	for (int word = 0; word < LONG_WORDS; word += 97) {
		struct slice term =
			slice_of(text, (size_t)snprintf(text, sizeof text, "z%d", word));
		search_postings_start(&postings, &reader, hidden, term);
		assert_int_equal(postings.documents, word < count);
		assert_int_equal(search_postings_next(&postings), word < count);
		if (word < count)
			assert_true(postings.id == 7 && postings.weight == WEIGHT_TEXT);
		assert_false(search_postings_next(&postings));
		search_postings_start(&postings, &reader, !hidden, term);
		assert_int_equal(postings.documents, 0);
		assert_false(search_postings_next(&postings));
	}
	assert_int_equal(txn_status(txn, NULL), CODE_OK);
}

static void a_long_change_goes_into_the_blocks(void **state)
{
	static const struct {
		int words;
		bool hidden;
		bool merge; /* before it */
		bool waits; /* a record of it */
	} steps[] = {
		{ 10, false, false, true },		 /* new and short */
		{ LONG_WORDS, false, false, false },	 /* over the record */
		{ LONG_WORDS - 50, false, false, true }, /* little is another */
		{ LONG_WORDS - 50, true, false, false }, /* all moves */
		{ 20, true, true, false },		 /* nearly all goes */
		{ 30, true, false, true },
		{ 30, false, false, true },
		{ LONG_WORDS, true, false, false },
		{ 0, true, true, false },
	};
	struct store_fixture fixture;
	struct arena arena;
	struct txn txn;
	struct error err;
	static char old_text[LONG_WORDS * 8];
	struct search_document old = { .id = 7, .language = "" };
	struct search_document new = { .id = 7, .language = "" };
	struct analyzer *analyzer = analyzer_new();
	assert_non_null(analyzer);
	arena_init(&arena, SEARCH_ARENA_BYTES);
	store_fixture_open(&fixture, 0);
	assert_int_equal(txn_begin_write(&fixture.store->env, &txn, &err), CODE_OK);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		arena_reset(&arena);
		if (steps[i].merge)
			search_index_merge(&txn, &arena);
		new.excerpt = long_text(steps[i].words);
		new.hidden = steps[i].hidden;
		search_index_replace(&txn, &arena, analyzer, NULL, i == 0 ? NULL : &old, &new);
		assert_int_equal(txn_entries(&txn, TABLE_RECENT), steps[i].waits);
		compare_long(&txn, &arena, steps[i].words, steps[i].hidden);
		old.hidden = new.hidden;
		if (new.excerpt.size > 0)
			memcpy(old_text, new.excerpt.data, new.excerpt.size);
		old.excerpt = slice_of(old_text, new.excerpt.size);
	}
	assert_int_equal(txn_entries(&txn, TABLE_SEARCH), 0);
	txn_abort(&txn);
	store_fixture_close(&fixture);
	arena_done(&arena);
	analyzer_free(analyzer);
}

/* Records that cannot be read, or that are not of this post, end reading and merging. */
static void damaged_records_are_data_loss(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} records[] = {
		{ "", 0 },
		{ "\0\1\0\1", 4 },
		{ "\0\1\0\1........\0\0\0\3ab\1", 19 },	   /* cut */
		{ "\0\1\0\1........\0\0\0\3a\0b\1", 20 },  /* no term has a NUL */
		{ "\1\1\0\1........\0\0\0\3abc\5\1", 21 }, /* the blocks have no such weight */
		{ "\1\2\0\1........\0\0\0\3abc\5\1", 21 },
	};
	struct search_document before = { .id = 7, .language = "", .title = slice_of("x", 1) };
	struct search_document after = { .id = 7, .language = "", .title = slice_of("y", 1) };
	struct store_fixture fixture;
	struct arena arena;
	struct txn txn;
	struct error err;
	struct key key;
	struct analyzer *analyzer = analyzer_new();
	assert_non_null(analyzer);
	arena_init(&arena, SEARCH_ARENA_BYTES);
	store_fixture_open(&fixture, 0);
	for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
		for (int replace = 0; replace <= 1; replace++) {
			arena_reset(&arena);
			assert_int_equal(txn_begin_write(&fixture.store->env, &txn, &err), CODE_OK);
			key_recent(&key, 7);
			txn_put(&txn, TABLE_RECENT, &key,
				slice_of(records[i].bytes, records[i].size));
			if (replace)
				search_index_replace(&txn, &arena, analyzer, NULL, &before, &after);
			else
				search_index_merge(&txn, &arena);
			if (txn_status(&txn, &err) != CODE_DATA_LOSS)
				fail_msg("record %zu is taken", i);
			txn_abort(&txn);
		}
	}
	store_fixture_close(&fixture);
	arena_done(&arena);
	analyzer_free(analyzer);
}

/* Adds one post, by an import or another write, and tells how many posts wait then. */
static uint64_t waiting_after(
	struct txn *txn, struct arena *arena, struct analyzer *analyzer, int number, bool import)
{
	char slug[32];
	char title[] = "Running water";
	struct apply_result result;
	struct error err;
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__ImportPost imported = LECTERN__STORE__V1__IMPORT_POST__INIT;
	Lectern__Store__V1__PutPost put = LECTERN__STORE__V1__PUT_POST__INIT;
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	snprintf(slug, sizeof slug, "post-%d", number);
	post.slug = slug;
	post.title = title;
	post.state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	command.time_us = 1;
	imported.post = put.post = &post;
	imported.field_mask = put.field_mask = UINT64_MAX;
	command.operation_case = import ? LECTERN__STORE__V1__COMMAND__OPERATION_IMPORT_POST
					: LECTERN__STORE__V1__COMMAND__OPERATION_PUT_POST;
	if (import)
		command.import_post = &imported;
	else
		command.put_post = &put;
	arena_reset(arena);
	if (apply_command(txn, arena, analyzer, NULL, &command, &result, &err) != CODE_OK)
		fail_msg("%s", err.text);
	return txn_entries(txn, TABLE_RECENT);
}

/* A search can read as many as there ever are. */
static void imports_let_more_posts_wait(void **state)
{
	struct store_fixture fixture;
	struct arena arena;
	struct txn txn;
	struct error err;
	struct search_reader reader;
	struct analyzer *analyzer = analyzer_new();
	assert_non_null(analyzer);
	arena_init(&arena, LIMIT_ARENA_BYTES);
	store_fixture_open(&fixture, 0);
	assert_int_equal(txn_begin_write(&fixture.store->env, &txn, &err), CODE_OK);
	int number = 0;
	uint64_t waiting = 0;
	for (uint64_t i = 1; i < SEARCH_RECENT_IMPORTED && waiting == i - 1; i++)
		waiting = waiting_after(&txn, &arena, analyzer, number++, true);
	search_reader_open(&reader, &txn, &arena);
	size_t read = reader.recent_count;
	uint64_t after_last = waiting_after(&txn, &arena, analyzer, number++, true);
	uint64_t imported = 0;
	for (int i = 0; i < SEARCH_RECENT_POSTS; i++)
		imported = waiting_after(&txn, &arena, analyzer, number++, true);
	uint64_t after_put = waiting_after(&txn, &arena, analyzer, number++, false);
	uint64_t put = 0;
	for (int i = 1; i < SEARCH_RECENT_POSTS; i++)
		put = waiting_after(&txn, &arena, analyzer, number++, false);
	uint64_t after_last_put = waiting_after(&txn, &arena, analyzer, number++, false);
	enum code code = txn_status(&txn, NULL);
	txn_abort(&txn); /* closing the store would wait for it */
	store_fixture_close(&fixture);
	arena_done(&arena);
	analyzer_free(analyzer);
	assert_int_equal(code, CODE_OK);
	assert_int_equal(waiting, SEARCH_RECENT_IMPORTED - 1);
	assert_int_equal(read, SEARCH_RECENT_IMPORTED - 1);
	assert_int_equal(after_last, 0);
	assert_int_equal(imported, SEARCH_RECENT_POSTS);
	assert_int_equal(after_put, 0);
	assert_int_equal(put, SEARCH_RECENT_POSTS - 1);
	assert_int_equal(after_last_put, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_long_change_goes_into_the_blocks),
		cmocka_unit_test(damaged_records_are_data_loss),
		cmocka_unit_test(imports_let_more_posts_wait),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
