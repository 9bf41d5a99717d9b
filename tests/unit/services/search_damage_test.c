/*
 * Searches in a store that is damaged: every entry that they read is taken away, cut or changed,
 * one at a time. A search may still answer; if it does not, it says that the store is damaged.
 */
#include "base/clock.h"
#include "store/env.h"
#include "store/store_private.h"
#include "support/search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum damage { REMOVED, EMPTY, CUT, FLIPPED, DAMAGES };

/* One entry of a table as it was. */
struct entry {
	struct key key;
	uint8_t *value;
	size_t size;
};

static struct local_server server;

/* Time stands still, so that the writer never rests and merges nothing by itself. */
static int64_t noon_us(void)
{
	return INT64_C(1700000000000000);
}

static int set_up(void **state)
{
	static const struct note notes[] = {
		{ .title = "Coffee", .body = "A coffee shop was running here.", .language = "en" },
		{ .title = "Tea", .excerpt = "No coffee.", .body = "## Coffee shop\n\nThe end." },
		{ .title = "中文", .body = "咖啡 coffee shop.", .tags = { "a", "b" } },
		{ .title = "Coffee draft",
			.state = LECTERN__V1__POST_STATE__POST_STATE_DRAFT,
			.authors = { "ann" } },
	};
	clock_set_realtime_hook(noon_us);
	local_server_open(&server);
	for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
		put_note(&server, &notes[i]);
	return 0;
}

static int tear_down(void **state)
{
	local_server_close(&server);
	clock_set_realtime_hook(NULL);
	return 0;
}

static bool read_entry(enum table table, size_t number, struct entry *ret)
{
	struct txn txn;
	struct error err;
	struct walk walk;
	bool found = true;
	assert_int_equal(txn_begin_write(&server.store->env, &txn, &err), CODE_OK);
	walk_start(&walk, &txn, table, slice_of(NULL, 0));
	for (size_t i = 0; i <= number && found; i++)
		found = walk_next(&walk);
	if (found) {
		ret->key.size = walk.key.size;
		memcpy(ret->key.bytes, walk.key.data, walk.key.size);
		ret->size = walk.value.size;
		ret->value = malloc(walk.value.size + 1);
		assert_non_null(ret->value);
		memcpy(ret->value, walk.value.data, walk.value.size);
	}
	walk_end(&walk);
	txn_abort(&txn);
	return found;
}

/* Writes the entry as it was (DAMAGES) or damaged. */
static void write_entry(enum table table, const struct entry *entry, enum damage damage)
{
	struct txn txn;
	struct error err;
	uint8_t *copy = malloc(entry->size + 1);
	assert_non_null(copy);
	memcpy(copy, entry->value, entry->size);
	if (entry->size > 0)
		copy[entry->size / 2] ^= damage == FLIPPED ? 0x55 : 0;
	size_t size = damage == EMPTY ? 0 : damage == CUT ? entry->size / 2 : entry->size;
	assert_int_equal(txn_begin_write(&server.store->env, &txn, &err), CODE_OK);
	if (damage == REMOVED)
		txn_delete(&txn, table, &entry->key);
	else
		txn_put(&txn, table, &entry->key, slice_of(copy, size));
	assert_int_equal(txn_commit(&txn, &err), CODE_OK);
	free(copy);
}

/* Returns how many of the searches have failed. */
static size_t try_searches(void)
{
	static const struct asked searches[] = {
		{ .query = "coffee -milk" },
		{ .query = "\"coffee shop\" -runnin*" },
		{ .query = "runnin*" },
		{ .query = "中 咖啡" },
		{ .query = "coff*",
			.filter = "state != TRASHED AND NOT tags:\"c\"",
			.facets = { LECTERN__V1__FACET_KIND__FACET_KIND_TAG,
				LECTERN__V1__FACET_KIND__FACET_KIND_AUTHOR,
				LECTERN__V1__FACET_KIND__FACET_KIND_MONTH },
			.facet_count = 3,
			.view = LECTERN__V1__POST_VIEW__POST_VIEW_FULL },
	};
	size_t failures = 0;
	for (size_t i = 0; i < sizeof searches / sizeof *searches; i++) {
		struct answer answer = { 0 };
		enum code code = try_search(&server, &searches[i], &answer);
		if (code != CODE_OK && code != CODE_DATA_LOSS)
			fail_msg("%s: %s: %s", searches[i].query, code_name(code), answer.err.text);
		failures += code != CODE_OK;
		answer_done(&answer);
	}
	return failures;
}

/* Returns how many searches have failed. */
static size_t damage_table(enum table table)
{
	size_t failures = 0;
	struct entry entry;
	for (size_t number = 0; read_entry(table, number, &entry); number++) {
		for (int damage = REMOVED; damage < DAMAGES; damage++) {
			/* A record is answered with as it is. */
			if (table == TABLE_POST && damage != REMOVED)
				continue;
			write_entry(table, &entry, (enum damage)damage);
			failures += try_searches();
			write_entry(table, &entry, DAMAGES);
		}
		free(entry.value);
	}
	assert_int_equal(try_searches(), 0);
	return failures;
}

static void test_posts(void **state)
{
	assert_true(damage_table(TABLE_POST) > 0);
}

static void test_terms(void **state)
{
	assert_true(damage_table(TABLE_TERM) > 0);
}

static void test_the_index(void **state)
{
	merge_search_index(&server);
	assert_true(damage_table(TABLE_SEARCH) > 0);
}

static void test_what_the_index_has_not_merged(void **state)
{
	assert_true(damage_table(TABLE_RECENT) > 0);
}

static void test_lengths(void **state)
{
	(void)damage_table(TABLE_LENGTH); /* scores may be wrong, which the checker tells */
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_posts),
		TEST(test_terms),
		TEST(test_the_index),
		TEST(test_what_the_index_has_not_merged),
		TEST(test_lengths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
