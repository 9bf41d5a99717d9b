/* Checksums of entries: what is damaged is not answered with; what an older format has without them
 * gets them when it is opened. */
#include "support/store_fixture.h"

#include "base/limits.h"
#include "store/post.h"
#include "store/store_private.h"

#include <lectern/v1/change.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { POSTS = 600, SEAL_BYTES = 4 };

/* Posts with tags, categories, an answer each and, for the first, a history. */
static void put_post(struct store_fixture *fixture, int number, uint64_t id)
{
	static struct write_result result;
	char title[32];
	char request_id[32];
	uint8_t print[] = { 1 };
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__PutPost op = LECTERN__STORE__V1__PUT_POST__INIT;
	Lectern__Store__V1__Key key = LECTERN__STORE__V1__KEY__INIT;
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Lectern__V1__TermRef tag = LECTERN__V1__TERM_REF__INIT;
	Lectern__V1__TermRef *tags[] = { &tag };
	snprintf(title, sizeof title, "Title %d of %d", number, (int)id);
	snprintf(request_id, sizeof request_id, "request-%d-%d", number, (int)id);
	tag.name = (char[]){ "Tag" };
	post.title = title;
	post.body = title;
	post.html = title;
	post.state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	post.tags = tags;
	post.n_tags = 1;
	post.categories = tags;
	post.n_categories = 1;
	op.post = &post;
	op.field_mask = UINT64_MAX;
	op.slug_base = title;
	op.create_missing_terms = true;
	if (id != 0) {
		key.id = id;
		op.key = &key;
	}
	command.time_us = 1000;
	command.revisions_kept = 3;
	command.request_id = request_id;
	command.fingerprint.data = print;
	command.fingerprint.len = sizeof print;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_PUT_POST;
	command.put_post = &op;
	store_fixture_apply(fixture, &command, &result);
	if (result.error.code != CODE_OK)
		fail_msg("%s", result.error.text);
}

static void begin(struct store_fixture *fixture, struct txn *txn)
{
	struct error err;
	assert_int_equal(txn_begin_write(&fixture->store->env, txn, &err), CODE_OK);
}

static void commit(struct txn *txn)
{
	struct error err;
	if (txn_commit(txn, &err) != CODE_OK)
		fail_msg("%s", err.text);
}

/* The first entry of a table, as LMDB has it. */
static bool first_entry(struct txn *txn, enum table table, MDB_val *key, MDB_val *value)
{
	MDB_cursor *cursor;
	assert_int_equal(mdb_cursor_open(txn->mdb, txn->env->tables[table], &cursor), 0);
	bool found = mdb_cursor_get(cursor, key, value, MDB_FIRST) == 0;
	mdb_cursor_close(cursor);
	return found;
}

/* Flips one bit of the first entry behind the checksum's back; `at` counts from the end of the
 * value, then from the end of the key. False if the entry has no such byte. */
static bool flip(struct store_fixture *fixture, enum table table, size_t at, int bit)
{
	struct txn txn;
	uint8_t key_bytes[KEY_BYTES_MAX];
	static uint8_t value_bytes[65536];
	MDB_val key;
	MDB_val value;
	begin(fixture, &txn);
	if (!first_entry(&txn, table, &key, &value)) {
		txn_abort(&txn);
		return false;
	}
	assert_true(value.mv_size <= sizeof value_bytes);
	memcpy(key_bytes, key.mv_data, key.mv_size);
	memcpy(value_bytes, value.mv_data, value.mv_size);
	bool in_value = at < value.mv_size;
	bool exists = in_value || at - value.mv_size < key.mv_size;
	if (exists && in_value)
		value_bytes[value.mv_size - 1 - at] ^= (uint8_t)(1 << bit);
	else if (exists)
		key_bytes[key.mv_size - 1 - (at - value.mv_size)] ^= (uint8_t)(1 << bit);
	if (!exists) {
		txn_abort(&txn);
		return false;
	}
	MDB_val old = key;
	assert_int_equal(mdb_del(txn.mdb, txn.env->tables[table], &old, NULL), 0);
	MDB_val new_key = { .mv_size = key.mv_size, .mv_data = key_bytes };
	MDB_val new_value = { .mv_size = value.mv_size, .mv_data = value_bytes };
	assert_int_equal(mdb_put(txn.mdb, txn.env->tables[table], &new_key, &new_value, 0), 0);
	commit(&txn);
	return true;
}

static enum code walk_over(struct store_fixture *fixture, enum table table, struct error *err)
{
	struct txn *txn;
	struct walk walk;
	assert_int_equal(store_snapshot(fixture->store, &txn, err), CODE_OK);
	walk_start(&walk, txn, table, slice_of(NULL, 0));
	while (walk_next(&walk))
		;
	walk_end(&walk);
	enum code code = txn_status(txn, err);
	store_release(fixture->store, txn);
	return code;
}

static void a_flipped_bit_is_noticed_in_every_table(void **state)
{
	(void)state;
	struct store_fixture fixture;
	struct error err;
	store_fixture_open(&fixture, 0);
	for (int i = 0; i < 3; i++)
		put_post(&fixture, i, 0);
	put_post(&fixture, 9, 1);
	/* One or the other table is empty, by what was merged when; entries are entries. */
	int tables = 0;
	for (int table = TABLE_POST; table < TABLE_COUNT; table++) {
		for (size_t at = 0; flip(&fixture, (enum table)table, at, (int)(at % 8)); at++) {
			char first[400];
			if (walk_over(&fixture, (enum table)table, &err) != CODE_DATA_LOSS)
				fail_msg("byte %zu from the end of an entry of table %s is not "
					 "missed",
					at, table_name((enum table)table));
			assert_string_equal(err.reason, "STORE_DAMAGED");
			assert_non_null(strstr(err.text, table_name((enum table)table)));
			if (at % 16 == 0)
				assert_true(
					store_fixture_problems(&fixture, first, sizeof first) > 0);
			/* A key that is another one may stand elsewhere: not all is put back. */
			/* A key that is another one may stand elsewhere: not all is put back. */
			if (!flip(&fixture, (enum table)table, at, (int)(at % 8)) ||
				walk_over(&fixture, (enum table)table, &err) != CODE_OK)
				break;
			tables += at == 0;
		}
	}
	assert_true(tables >= 13);
	store_fixture_close(&fixture);
}

/* Makes the store what format 2 was: no checksums, no history, no epoch. */
static void make_format_2(struct store_fixture *fixture)
{
	struct txn txn;
	begin(fixture, &txn);
	txn_clear(&txn, TABLE_REVISION);
	txn_clear(&txn, TABLE_CONTENT);
	for (int table = TABLE_POST; table < TABLE_COUNT; table++) {
		MDB_cursor *cursor;
		MDB_val key;
		MDB_val value;
		assert_int_equal(mdb_cursor_open(txn.mdb, txn.env->tables[table], &cursor), 0);
		for (int rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST); rc == 0;
			rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
			/* The page that they lie in changes. */
			static uint8_t copy[65536];
			uint8_t key_copy[KEY_BYTES_MAX];
			MDB_val less = { .mv_size = value.mv_size - SEAL_BYTES, .mv_data = copy };
			assert_true(value.mv_size <= sizeof copy);
			memcpy(copy, value.mv_data, value.mv_size);
			memcpy(key_copy, key.mv_data, key.mv_size);
			key.mv_data = key_copy;
			assert_int_equal(mdb_cursor_put(cursor, &key, &less, 0), 0);
		}
		mdb_cursor_close(cursor);
	}
	struct key epoch;
	key_meta(&epoch, META_EPOCH);
	txn_delete(&txn, TABLE_META, &epoch);
	txn_put_meta(&txn, META_FORMAT, 2);
	commit(&txn);
}

static void fill(struct store_fixture *fixture)
{
	store_fixture_open(fixture, 0);
	for (int i = 0; i < POSTS; i++)
		put_post(fixture, i, 0);
	put_post(fixture, 1, 1);
}

static uint64_t entries_of(struct store_fixture *fixture, enum table table)
{
	struct txn *txn;
	assert_int_equal(store_snapshot(fixture->store, &txn, NULL), CODE_OK);
	uint64_t entries = txn_entries(txn, table);
	store_release(fixture->store, txn);
	return entries;
}

static void assert_is_new(struct store_fixture *fixture)
{
	store_fixture_assert_sound(fixture);
	assert_int_equal(entries_of(fixture, TABLE_REVISION), POSTS);
	assert_int_equal(entries_of(fixture, TABLE_CHANGE), 0);
	assert_int_equal(entries_of(fixture, TABLE_ANSWER), POSTS + 1);
	put_post(fixture, 2, 2); /* writing goes on, into a history that has begun */
	assert_int_equal(entries_of(fixture, TABLE_REVISION), POSTS + 1);
	assert_int_equal(entries_of(fixture, TABLE_CHANGE), 1);
	store_fixture_assert_sound(fixture);
}

static void a_store_of_format_2_gets_checksums_and_a_history(void **state)
{
	(void)state;
	struct store_fixture fixture;
	fill(&fixture);
	make_format_2(&fixture);
	store_fixture_reopen(&fixture);
	assert_is_new(&fixture);
	store_fixture_close(&fixture);
}

/* A map that is too small ends it after some transactions, as a kill would; a little more each time
 * lets it end at several places. */
static void what_was_cut_off_goes_on(void **state)
{
	(void)state;
	struct store_fixture fixture;
	struct error err;
	char compact[96];
	int cut_count = 0;
	fill(&fixture);
	make_format_2(&fixture);
	/* Without the free pages that all this has left behind. */
	snprintf(compact, sizeof compact, "%s/compact", fixture.directory);
	assert_int_equal(mkdir(compact, 0700), 0);
	assert_int_equal(mdb_env_copy2(fixture.store->env.mdb, compact, MDB_CP_COMPACT), 0);
	store_close(fixture.store);
	fixture.store = NULL;
	char from[128];
	char to[128];
	struct stat file;
	snprintf(from, sizeof from, "%s/data.mdb", compact);
	snprintf(to, sizeof to, "%s/data.mdb", fixture.directory);
	assert_int_equal(stat(from, &file), 0);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(rmdir(compact), 0);
	struct store_options options = { .directory = fixture.directory,
		.map_bytes = (uint64_t)file.st_size };
	while (store_open(&options, &fixture.store, &err) != CODE_OK) {
		assert_int_equal(err.code, CODE_RESOURCE_EXHAUSTED);
		cut_count += strstr(err.text, "bring the store to format 3") != NULL;
		options.map_bytes += 16384;
	}
	assert_true(cut_count > 0);
	store_fixture_reopen(&fixture);
	assert_is_new(&fixture);
	store_fixture_close(&fixture);
}

/* The server that made it knows better; nothing of it is touched. */
static void a_newer_format_is_refused(void **state)
{
	(void)state;
	struct store_fixture fixture;
	struct txn txn;
	struct error err;
	store_fixture_open(&fixture, 0);
	put_post(&fixture, 1, 0);
	begin(&fixture, &txn);
	txn_put_meta(&txn, META_FORMAT, STORE_FORMAT + 1);
	commit(&txn);
	store_close(fixture.store);
	fixture.store = NULL;
	struct store_options options = { .directory = fixture.directory };
	assert_int_equal(store_open(&options, &fixture.store, &err), CODE_FAILED_PRECONDITION);
	assert_string_equal(err.reason, "STORE_FORMAT");
	assert_non_null(
		strstr(err.text, "the store has format 5, this server reads formats up to 4"));
	store_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flipped_bit_is_noticed_in_every_table),
		cmocka_unit_test(a_store_of_format_2_gets_checksums_and_a_history),
		cmocka_unit_test(what_was_cut_off_goes_on),
		cmocka_unit_test(a_newer_format_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
