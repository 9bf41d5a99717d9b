/* What the writer does by itself as time goes by: purging the trash, forgetting answers, trimming
 * the change log; and what it does not when the clock jumps. */
#include "support/store_fixture.h"

#include "base/clock.h"
#include "base/limits.h"
#include "store/posting.h"
#include "store/txn.h"

#include <lectern/v1/change.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <times.h>

#include <cmocka.h>

#define SECOND_US INT64_C(1000000)
#define DAY_US (86400 * SECOND_US)

/* Both clocks follow `elapsed`; the one that can jump has `jump` besides. */
static atomic_llong elapsed_us;
static atomic_llong jump_us;

static int64_t real_us(void)
{
	return INT64_C(1700000000) * SECOND_US + atomic_load(&elapsed_us) + atomic_load(&jump_us);
}

static uint64_t monotonic_ns(void)
{
	return (uint64_t)(SECOND_US + atomic_load(&elapsed_us)) * 1000;
}

static void open_store(struct store_fixture *fixture, struct store_retention retention)
{
	atomic_store(&elapsed_us, 0);
	atomic_store(&jump_us, 0);
	clock_set_realtime_hook(real_us);
	clock_set_monotonic_hook(monotonic_ns);
	store_fixture_open(fixture, 0);
	fixture->retention = retention;
	store_fixture_reopen(fixture);
}

static void close_store(struct store_fixture *fixture)
{
	store_fixture_assert_sound(fixture);
	store_fixture_close(fixture);
	clock_set_realtime_hook(NULL);
	clock_set_monotonic_hook(NULL);
}

static void apply(struct store_fixture *fixture, Lectern__Store__V1__Command *command)
{
	static struct write_result result;
	command->time_us = real_us();
	store_fixture_apply(fixture, command, &result);
	if (result.error.code != CODE_OK)
		fail_msg("%s", result.error.text);
}

static void put_post(struct store_fixture *fixture, const char *title, const char *request_id)
{
	static uint8_t print[] = { 1 };
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__PutPost op = LECTERN__STORE__V1__PUT_POST__INIT;
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	post.title = (char *)(uintptr_t)title;
	op.post = &post;
	op.field_mask = UINT64_MAX;
	op.slug_base = post.title;
	command.request_id = (char *)(uintptr_t)request_id;
	command.fingerprint.data = print;
	command.fingerprint.len = sizeof print;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_PUT_POST;
	command.put_post = &op;
	apply(fixture, &command);
}

/* Wakes the writer, which looks at the clocks whenever it is woken; changes nothing. */
static void wake(struct store_fixture *fixture)
{
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__MergeSearch op = LECTERN__STORE__V1__MERGE_SEARCH__INIT;
	command.validate_only = true;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_MERGE_SEARCH;
	command.merge_search = &op;
	apply(fixture, &command);
}

static void trash_post(struct store_fixture *fixture, uint64_t id)
{
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__MovePost op = LECTERN__STORE__V1__MOVE_POST__INIT;
	Lectern__Store__V1__Key key = LECTERN__STORE__V1__KEY__INIT;
	key.id = id;
	op.key = &key;
	op.action = LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_TRASH;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_MOVE_POST;
	command.move_post = &op;
	apply(fixture, &command);
}

static uint64_t trashed(struct store_fixture *fixture)
{
	struct txn *txn;
	struct error err;
	assert_int_equal(store_snapshot(fixture->store, &txn, &err), CODE_OK);
	uint64_t count = posting_count(txn, POSTING_TRASHED, 0);
	store_release(fixture->store, txn);
	return count;
}

static uint64_t answers(struct store_fixture *fixture)
{
	return store_fixture_entries(fixture, TABLE_ANSWER);
}

static uint64_t changes(struct store_fixture *fixture)
{
	return store_fixture_entries(fixture, TABLE_CHANGE);
}

static void wait_until(
	struct store_fixture *fixture, uint64_t (*count)(struct store_fixture *), uint64_t wanted)
{
	for (int i = 0; i < 1000 && count(fixture) != wanted; i++)
		wake(fixture);
	assert_int_equal(count(fixture), wanted);
}

/* The writer looks at the clocks more than once: it sweeps whatever it would sweep. */
static void let_it_look(struct store_fixture *fixture)
{
	for (int i = 0; i < 20; i++)
		wake(fixture);
}

static void the_trash_is_purged_in_time(void **state)
{
	(void)state;
	struct store_fixture fixture;
	open_store(&fixture, (struct store_retention){ .trash_us = 30 * DAY_US });
	put_post(&fixture, "one", "");
	put_post(&fixture, "two", "");
	put_post(&fixture, "three", "");
	trash_post(&fixture, 1);
	atomic_fetch_add(&elapsed_us, 10 * DAY_US);
	trash_post(&fixture, 2);
	atomic_fetch_add(&elapsed_us, 19 * DAY_US);
	let_it_look(&fixture);
	assert_int_equal(trashed(&fixture), 2);
	atomic_fetch_add(&elapsed_us, 1 * DAY_US);
	wait_until(&fixture, trashed, 1);
	atomic_fetch_add(&elapsed_us, 10 * DAY_US);
	wait_until(&fixture, trashed, 0);
	close_store(&fixture);
}

static void a_trash_without_a_time_is_kept(void **state)
{
	(void)state;
	struct store_fixture fixture;
	open_store(&fixture, (struct store_retention){ .trash_us = 0 });
	put_post(&fixture, "one", "");
	trash_post(&fixture, 1);
	atomic_fetch_add(&elapsed_us, 4000 * DAY_US);
	let_it_look(&fixture);
	assert_int_equal(trashed(&fixture), 1);
	close_store(&fixture);
}

/* Forwards: nothing goes before the new time has lasted. Back again: nothing went. */
static void a_jump_of_the_clock_removes_nothing(void **state)
{
	(void)state;
	struct store_fixture fixture;
	open_store(&fixture,
		(struct store_retention){ .trash_us = 30 * DAY_US, .changes_us = 30 * DAY_US });
	put_post(&fixture, "one", "r1");
	trash_post(&fixture, 1);
	atomic_fetch_add(&elapsed_us, 3600 * SECOND_US);
	let_it_look(&fixture);
	uint64_t before = changes(&fixture);
	atomic_fetch_add(&jump_us, 400 * DAY_US);
	let_it_look(&fixture);
	atomic_fetch_add(&elapsed_us, 500 * SECOND_US);
	let_it_look(&fixture);
	assert_int_equal(trashed(&fixture), 1);
	assert_int_equal(answers(&fixture), 1);
	atomic_fetch_sub(&jump_us, 400 * DAY_US);
	let_it_look(&fixture);
	atomic_fetch_add(&elapsed_us, 3600 * SECOND_US);
	let_it_look(&fixture);
	assert_int_equal(trashed(&fixture), 1);
	assert_int_equal(answers(&fixture), 1);
	assert_int_equal(changes(&fixture), before);

	/* One that lasts is believed. */
	atomic_fetch_add(&jump_us, 400 * DAY_US);
	let_it_look(&fixture);
	atomic_fetch_add(&elapsed_us, 700 * SECOND_US);
	wait_until(&fixture, trashed, 0);
	wait_until(&fixture, answers, 0);
	close_store(&fixture);
}

/* The same across a restart: the clock of a machine that has just started may be wrong. */
static void nothing_is_removed_just_after_a_start(void **state)
{
	(void)state;
	struct store_fixture fixture;
	open_store(&fixture, (struct store_retention){ .trash_us = 30 * DAY_US });
	put_post(&fixture, "one", "r1");
	trash_post(&fixture, 1);
	atomic_fetch_add(&jump_us, 400 * DAY_US);
	store_fixture_reopen(&fixture);
	atomic_fetch_add(&elapsed_us, 500 * SECOND_US);
	let_it_look(&fixture);
	assert_int_equal(trashed(&fixture), 1);
	assert_int_equal(answers(&fixture), 1);
	atomic_fetch_add(&elapsed_us, 200 * SECOND_US);
	wait_until(&fixture, trashed, 0);
	wait_until(&fixture, answers, 0);
	close_store(&fixture);
}

/* More than one transaction takes: the writer goes on at once, not a minute later. */
static void many_old_answers_are_forgotten_soon(void **state)
{
	(void)state;
	enum { ANSWERS = 700 };
	struct store_fixture fixture;
	open_store(&fixture, (struct store_retention){ .trash_us = 0 });
	for (int i = 0; i < ANSWERS; i++) {
		char request_id[16];
		snprintf(request_id, sizeof request_id, "r%d", i);
		put_post(&fixture, "post", request_id);
	}
	atomic_fetch_add(&elapsed_us, REQUEST_ID_TTL_US - SECOND_US);
	let_it_look(&fixture);
	assert_int_equal(answers(&fixture), ANSWERS);
	atomic_fetch_add(&elapsed_us, 61 * SECOND_US);
	wait_until(&fixture, answers, 0);
	assert_int_equal(store_fixture_entries(&fixture, TABLE_ANSWER_EXPIRY), 0);
	close_store(&fixture);
}

static uint64_t oldest_change(struct store_fixture *fixture)
{
	struct txn *txn;
	struct walk walk;
	struct error err;
	uint64_t revision = 0;
	assert_int_equal(store_snapshot(fixture->store, &txn, &err), CODE_OK);
	walk_start(&walk, txn, TABLE_CHANGE, slice_of(NULL, 0));
	if (walk_next(&walk))
		assert_true(key_read_change(walk.key, &revision));
	walk_end(&walk);
	store_release(fixture->store, txn);
	return revision;
}

static void the_log_is_trimmed_by_number(void **state)
{
	(void)state;
	struct store_fixture fixture;
	open_store(&fixture, (struct store_retention){ .changes_kept = 10 });
	for (int i = 0; i < 600; i++)
		put_post(&fixture, "post", "");
	atomic_fetch_add(&elapsed_us, 61 * SECOND_US);
	wait_until(&fixture, changes, 10);
	assert_int_equal(oldest_change(&fixture), 591);
	close_store(&fixture);
}

static void the_log_is_trimmed_by_age(void **state)
{
	(void)state;
	struct store_fixture fixture;
	open_store(&fixture, (struct store_retention){ .changes_us = 7 * DAY_US });
	put_post(&fixture, "one", "");
	put_post(&fixture, "two", "");
	atomic_fetch_add(&elapsed_us, 5 * DAY_US);
	put_post(&fixture, "three", "");
	atomic_fetch_add(&elapsed_us, 3 * DAY_US);
	wait_until(&fixture, changes, 1);
	assert_int_equal(oldest_change(&fixture), 3);
	atomic_fetch_add(&elapsed_us, 5 * DAY_US);
	wait_until(&fixture, changes, 0); /* an empty log is one */
	close_store(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_trash_is_purged_in_time),
		cmocka_unit_test(a_trash_without_a_time_is_kept),
		cmocka_unit_test(a_jump_of_the_clock_removes_nothing),
		cmocka_unit_test(nothing_is_removed_just_after_a_start),
		cmocka_unit_test(many_old_answers_are_forgotten_soon),
		cmocka_unit_test(the_log_is_trimmed_by_number),
		cmocka_unit_test(the_log_is_trimmed_by_age),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
