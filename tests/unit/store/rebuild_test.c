/* Opening makes again what other libraries have made otherwise. */
#include "support/random.h"
#include "support/store_fixture.h"

#include "base/limits.h"
#include "store/apply.h"
#include "store/env.h"
#include "store/search_index.h"
#include "store/store_private.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { POSTS = 700 }; /* more than one transaction of the rebuild */

static const enum table derived[] = { TABLE_POSTING, TABLE_COUNTER, TABLE_RANK, TABLE_SEARCH,
	TABLE_RECENT, TABLE_LENGTH, TABLE_SUGGEST, TABLE_POSITIONS };
enum { DERIVED = sizeof derived / sizeof *derived };

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

static void put_post(struct txn *txn, struct arena *arena, struct analyzer *analyzer, int number)
{
	struct apply_result result;
	struct error err;
	char title[64];
	char html[200];
	char tag_name[32];
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__PutPost op = LECTERN__STORE__V1__PUT_POST__INIT;
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Lectern__V1__TermRef tag = LECTERN__V1__TERM_REF__INIT;
	Lectern__V1__TermRef category = LECTERN__V1__TERM_REF__INIT;
	Lectern__V1__TermRef *tags[] = { &tag };
	Lectern__V1__TermRef *categories[] = { &category };
	Lectern__V1__SeriesRef series = LECTERN__V1__SERIES_REF__INIT;
	snprintf(title, sizeof title, "Title %d of many", number);
	snprintf(html, sizeof html, "<h2>Heading %d</h2><p>Common words, number%d, w%d</p>", number,
		number % 10, number % 100);
	snprintf(tag_name, sizeof tag_name, "Tag %d", number % 7);
	tag.name = tag_name;
	category.name = (char[]){ "Category" };
	series.name = (char[]){ "Series" };
	post.title = title;
	post.html = html;
	post.language = number % 2 == 0 ? (char[]){ "en" } : (char[]){ "de" };
	post.state = number % 5 == 0 ? LECTERN__V1__POST_STATE__POST_STATE_DRAFT
				     : LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	post.tags = tags;
	post.n_tags = 1;
	post.categories = categories;
	post.n_categories = 1;
	post.series = number % 3 == 0 ? &series : NULL;
	op.post = &post;
	op.field_mask = UINT64_MAX;
	op.slug_base = (char[]){ "title" };
	op.create_missing_terms = true;
	command.time_us = 1000 + number;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_PUT_POST;
	command.put_post = &op;
	if (apply_command(txn, arena, analyzer, NULL, &command, &result, &err) != CODE_OK)
		fail_msg("%s", err.text);
}

/* In one transaction, so that the disk is waited for once. */
static void put_posts(struct store_fixture *fixture, int from, int until)
{
	struct txn txn;
	struct arena arena;
	struct analyzer *analyzer = analyzer_new();
	assert_non_null(analyzer);
	arena_init(&arena, LIMIT_ARENA_BYTES);
	begin(fixture, &txn);
	for (int number = from; number < until; number++)
		put_post(&txn, &arena, analyzer, number);
	commit(&txn);
	arena_done(&arena);
	analyzer_free(analyzer);
}

/* The bytes of a meta entry; 0 if there is none. */
static size_t get_meta(struct store_fixture *fixture, const char *name, uint8_t out[KEY_BYTES_MAX])
{
	struct txn *txn;
	struct error err;
	struct key key;
	struct slice value = slice_of(NULL, 0);
	assert_int_equal(store_snapshot(fixture->store, &txn, &err), CODE_OK);
	key_meta(&key, name);
	if (txn_get(txn, TABLE_META, &key, &value) && value.size > 0)
		memcpy(out, value.data, value.size);
	store_release(fixture->store, txn);
	return value.size;
}

static uint64_t get_meta_number(struct store_fixture *fixture, const char *name)
{
	uint8_t bytes[KEY_BYTES_MAX];
	uint64_t number;
	assert_true(value_read_u64(slice_of(bytes, get_meta(fixture, name, bytes)), &number));
	return number;
}

static void assert_made_again(struct store_fixture *fixture)
{
	assert_true(store_fixture_entries(fixture, TABLE_SEARCH) > 0);
	assert_int_equal(store_fixture_entries(fixture, TABLE_RECENT), 0);
	uint8_t bytes[KEY_BYTES_MAX];
	store_fixture_assert_sound(fixture);
	assert_int_equal(get_meta(fixture, META_REBUILD, bytes), 0);
	assert_true(get_meta_number(fixture, META_FORMAT) == STORE_FORMAT);
	assert_true(get_meta_number(fixture, META_SEARCH_ANALYZER) == analyzer_fingerprint());
	put_posts(fixture, POSTS, POSTS + 1);
	store_fixture_assert_sound(fixture);
}

static void open_full(struct store_fixture *fixture)
{
	store_fixture_open(fixture, 0);
	put_posts(fixture, 0, POSTS);
	store_fixture_assert_sound(fixture);
}

static void other_libraries_make_it_new(void **state)
{
	struct store_fixture fixture;
	struct txn txn;
	struct key key;
	open_full(&fixture);
	begin(&fixture, &txn);
	txn_put_meta(&txn, META_SEARCH_ANALYZER, analyzer_fingerprint() + 1);
	key_search(&key, false, slice_of_text("otherwisestemmed"));
	txn_put(&txn, TABLE_SEARCH, &key, slice_of("\1\3", 2));
	commit(&txn);
	store_fixture_reopen(&fixture);
	assert_made_again(&fixture);
	store_fixture_close(&fixture);
}

/* What the tables hold, for telling whether they are made again. */
static uint64_t count_entries(struct store_fixture *fixture)
{
	struct txn *txn;
	struct error err;
	uint64_t count = 0;
	assert_int_equal(store_snapshot(fixture->store, &txn, &err), CODE_OK);
	for (size_t i = 0; i < DERIVED; i++)
		count += txn_entries(txn, derived[i]);
	store_release(fixture->store, txn);
	return count;
}

static void a_current_store_is_left_alone(void **state)
{
	struct store_fixture fixture;
	struct txn txn;
	struct key key;
	open_full(&fixture);
	begin(&fixture, &txn);
	key_search(&key, false, slice_of_text("stray"));
	txn_put(&txn, TABLE_SEARCH, &key, slice_of("\1\3", 2));
	commit(&txn);
	uint64_t before = count_entries(&fixture);
	store_fixture_reopen(&fixture);
	assert_true(count_entries(&fixture) == before);
	store_fixture_close(&fixture);
}

/* Whether a closed store is known to be made again, and by now the posts. */
static bool is_among_posts(struct store_fixture *fixture)
{
	struct env env = { .mdb = NULL };
	struct txn txn;
	struct error err;
	struct key key;
	struct slice cursor;
	if (env_open(&env, fixture->directory, 0, &err) != CODE_OK)
		fail_msg("%s", err.text);
	assert_int_equal(txn_begin_write(&env, &txn, &err), CODE_OK);
	key_meta(&key, META_REBUILD);
	bool found = txn_get(&txn, TABLE_META, &key, &cursor) && cursor.data[0] == 1;
	txn_abort(&txn);
	env_close(&env);
	return found;
}

/* A map that is too small ends it after some transactions, as a kill would. A little more each time
 * lets it end at several places. */
static void a_rebuild_that_was_cut_off_goes_on(void **state)
{
	struct store_fixture fixture;
	struct store_stats stats;
	struct txn txn;
	struct error err;
	struct store *store;
	int cut_count = 0;
	open_full(&fixture);
	begin(&fixture, &txn);
	txn_put_meta(&txn, META_SEARCH_ANALYZER, analyzer_fingerprint() + 1);
	commit(&txn);
	store_stats(fixture.store, &stats);
	store_close(fixture.store);
	fixture.store = NULL;
	struct store_options options = { .directory = fixture.directory,
		.map_bytes = stats.store_bytes };
	while (store_open(&options, &store, &err) != CODE_OK) {
		assert_int_equal(err.code, CODE_RESOURCE_EXHAUSTED);
		assert_non_null(strstr(err.text, "make the indexes again"));
		cut_count += is_among_posts(&fixture);
		options.map_bytes += 32768;
	}
	assert_true(cut_count > 0);
	fixture.store = store;
	store_fixture_reopen(&fixture);
	assert_made_again(&fixture);
	store_fixture_close(&fixture);
}

/* What was begun with other libraries is begun again. */
static void a_rebuild_of_other_libraries_does_not_go_on(void **state)
{
	struct store_fixture fixture;
	struct txn txn;
	struct key key;
	open_full(&fixture);
	begin(&fixture, &txn);
	txn_put_meta(&txn, META_SEARCH_ANALYZER, 1);
	key_meta(&key, META_REBUILD);
	txn_put(&txn, TABLE_META, &key, slice_of("\1\0\0\0\0\0\0\0\5\1", 10));
	key_search(&key, false, slice_of_text("otherwisestemmed"));
	txn_put(&txn, TABLE_SEARCH, &key, slice_of("\1\3", 2));
	commit(&txn);
	store_fixture_reopen(&fixture);
	assert_made_again(&fixture);
	store_fixture_close(&fixture);
}

/* Format 3 had no positions. What was begun with it is begun again. */
static void a_store_of_format_3_gets_positions(void **state)
{
	for (int unfinished = 0; unfinished <= 1; unfinished++) {
		struct store_fixture fixture;
		struct txn txn;
		struct key key;
		open_full(&fixture);
		begin(&fixture, &txn);
		txn_put_meta(&txn, META_FORMAT, 3);
		assert_int_equal(mdb_drop(txn.mdb, fixture.store->env.tables[TABLE_POSITIONS], 1),
			MDB_SUCCESS);
		key_meta(&key, META_REBUILD);
		if (unfinished)
			txn_put(&txn, TABLE_META, &key, slice_of("\1\0\0\0\0\0\0\0\5\1", 10));
		commit(&txn);
		store_fixture_reopen(&fixture);
		assert_int_equal(store_fixture_entries(&fixture, TABLE_POSITIONS), POSTS);
		assert_made_again(&fixture);
		store_fixture_close(&fixture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_libraries_make_it_new),
		cmocka_unit_test(a_current_store_is_left_alone),
		cmocka_unit_test(a_rebuild_that_was_cut_off_goes_on),
		cmocka_unit_test(a_rebuild_of_other_libraries_does_not_go_on),
		cmocka_unit_test(a_store_of_format_3_gets_positions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
