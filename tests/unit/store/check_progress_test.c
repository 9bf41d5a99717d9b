/* How far the checker says it is, its end before the end, and what only its sums tell. */
#include "support/store_posts.h"

#include "base/clock.h"
#include "base/limits.h"
#include "store/check.h"
#include "store/txn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { POSTS = 60 };

/* The writer's clock stands still, so that it merges nothing between two checks. */
static int64_t frozen_clock(void)
{
	return INT64_C(1700000000000000);
}

struct watch {
	uint64_t calls;
	uint64_t calls_max; /* more end the check */
	uint64_t done;
};

static bool watch_progress(void *context, uint64_t done, uint64_t total)
{
	struct watch *watch = context;
	assert_true(done >= watch->done);
	assert_true(done <= total);
	watch->done = done;
	return ++watch->calls < watch->calls_max;
}

static enum code run(struct store_fixture *fixture, struct watch *watch, struct progress *progress,
	struct check_report *report, struct error *err)
{
	struct arena arena;
	struct txn *snapshot;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	assert_int_equal(store_snapshot(fixture->store, &snapshot, err), CODE_OK);
	*progress = (struct progress){
		.report = watch_progress, .context = watch, .total = check_total(snapshot)
	};
	enum code code = check_run(snapshot, &arena, progress, report, err);
	store_release(fixture->store, snapshot);
	arena_done(&arena);
	return code;
}

static void a_sound_store_takes_what_was_foretold(void **state)
{
	struct store_fixture fixture;
	struct watch watch = { .calls_max = UINT64_MAX };
	struct progress progress;
	struct check_report report;
	struct error err;
	store_fixture_open(&fixture, 0);
	assert_int_equal(run(&fixture, &watch, &progress, &report, &err), CODE_OK);
	assert_int_equal(report.entries, 0);
	store_posts_add(&fixture, 0, POSTS, 100);
	assert_int_equal(run(&fixture, &watch, &progress, &report, &err), CODE_OK);
	assert_int_equal(report.problem_count, 0);
	assert_int_equal(progress.done, progress.total);
	assert_true(watch.calls >= progress.total / PROGRESS_STEP);
	assert_in_range(report.entries, POSTS * 10, progress.total);
	store_fixture_close(&fixture);
}

static void a_check_ends_wherever_it_is_told_to(void **state)
{
	struct store_fixture fixture;
	struct watch watch = { .calls_max = UINT64_MAX };
	struct progress progress;
	struct check_report report;
	struct error err;
	store_fixture_open(&fixture, 0);
	store_posts_add(&fixture, 0, POSTS, 100);
	assert_int_equal(run(&fixture, &watch, &progress, &report, &err), CODE_OK);
	uint64_t calls = watch.calls;
	assert_true(calls > 5);
	for (uint64_t at = 1; at <= calls; at++) {
		watch = (struct watch){ .calls_max = at };
		assert_int_equal(run(&fixture, &watch, &progress, &report, &err), CODE_UNAVAILABLE);
		assert_string_equal(err.reason, "STOPPING");
		assert_int_equal(watch.calls, at); /* at once */
	}
	store_fixture_close(&fixture);
}

/* Gives the first entry of a table a value. */
static void give_value(struct txn *txn, void *context)
{
	const enum table *table = context;
	struct walk walk;
	struct key key;
	walk_start(&walk, txn, *table, slice_of(NULL, 0));
	assert_true(walk_next(&walk));
	key.size = walk.key.size;
	memcpy(key.bytes, walk.key.data, key.size);
	walk_end(&walk);
	txn_put(txn, *table, &key, slice_of("x", 1));
}

/* Tables whose entries are keys alone. */
static void a_value_where_none_belongs_is_found(void **state)
{
	enum table tables[] = { TABLE_NAME, TABLE_RANK, TABLE_POSTING, TABLE_SUGGEST };
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		struct store_fixture fixture;
		char first[400];
		char text[100];
		store_fixture_open(&fixture, 0);
		store_posts_add(&fixture, 0, POSTS, 100);
		store_posts_edit(&fixture, give_value, &tables[i]);
		store_fixture_reopen(&fixture);
		snprintf(text, sizeof text, "table %s ", table_name(tables[i]));
		assert_int_equal(store_fixture_problems(&fixture, first, sizeof first), 1);
		if (strstr(first, text) == NULL)
			fail_msg("%s: %s", text, first);
		store_fixture_close(&fixture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sound_store_takes_what_was_foretold),
		cmocka_unit_test(a_check_ends_wherever_it_is_told_to),
		cmocka_unit_test(a_value_where_none_belongs_is_found),
	};
	clock_set_realtime_hook(frozen_clock);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
