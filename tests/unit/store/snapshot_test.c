/* Snapshots that are taken again and again, between commits and across them. */
#include "support/store_fixture.h"

#include "support/random.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct store_fixture fixture;

static int set_up(void **state)
{
	store_fixture_open(&fixture, 1 << 28);
	return 0;
}

static int tear_down(void **state)
{
	store_fixture_close(&fixture);
	return 0;
}

/* Makes a tag; the store's revision is one more then. */
static void commit(uint64_t number)
{
	static struct write_result result;
	char name[32];
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__PutTerm put = LECTERN__STORE__V1__PUT_TERM__INIT;
	Lectern__Store__V1__Term term = LECTERN__STORE__V1__TERM__INIT;
	snprintf(name, sizeof name, "tag-%" PRIu64, number);
	put.kind = LECTERN__STORE__V1__TERM_KIND__TERM_KIND_TAG;
	term.name = name;
	put.term = &term;
	put.field_mask = UINT64_MAX;
	put.slug_base = name;
	command.time_us = 1000;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_PUT_TERM;
	command.put_term = &put;
	store_fixture_apply(&fixture, &command, &result);
	assert_int_equal(result.error.code, CODE_OK);
}

static struct txn *open_snapshot(void)
{
	struct txn *txn;
	struct error err;
	assert_int_equal(store_snapshot(fixture.store, &txn, &err), CODE_OK);
	return txn;
}

static uint64_t revision_of(struct txn *txn)
{
	uint64_t revision = txn_revision(txn);
	/* Also what a cursor of it sees, which the one before may have left somewhere. */
	struct walk walk;
	uint64_t last = 0;
	walk_start(&walk, txn, TABLE_CHANGE, slice_of(NULL, 0));
	while (walk_next(&walk))
		last++;
	walk_end(&walk);
	assert_int_equal(txn_status(txn, NULL), CODE_OK);
	assert_int_equal(last, revision);
	return revision;
}

static void a_commit_is_seen_by_the_next(void **state)
{
	struct txn *old = open_snapshot();
	uint64_t before = revision_of(old);
	uint64_t version = store_version(fixture.store);
	struct txn *again = open_snapshot();
	assert_int_equal(revision_of(again), before);
	store_release(fixture.store, again);
	again = open_snapshot(); /* goes on with that one */
	assert_int_equal(revision_of(again), before);
	store_release(fixture.store, again);
	assert_true(store_version(fixture.store) == version);

	commit(1);
	assert_true(store_version(fixture.store) != version);
	struct txn *after = open_snapshot();
	assert_int_equal(revision_of(after), before + 1);
	assert_int_equal(revision_of(old), before);
	store_release(fixture.store, old); /* is behind when it comes back */
	struct txn *last = open_snapshot();
	assert_int_equal(revision_of(last), before + 1);
	store_release(fixture.store, last);
	store_release(fixture.store, after);
}

/* Else each commit would need pages of its own until the next read. */
static void those_that_wait_keep_no_pages(void **state)
{
	enum { COMMITS = 400, BYTES_MAX = 1024 * 1024 };
	struct store_stats stats;
	struct txn *txns[3];
	for (size_t i = 0; i < 3; i++)
		txns[i] = open_snapshot();
	for (size_t i = 0; i < 3; i++)
		store_release(fixture.store, txns[i]);
	for (uint64_t i = 0; i < COMMITS; i++)
		commit(i);
	store_stats(fixture.store, &stats);
	print_message("%" PRIu64 " bytes\n", stats.store_bytes);
	assert_true(stats.store_bytes < BYTES_MAX);
}

static atomic_ullong committed; /* revisions that writers were told of */
static atomic_bool stopping;

static void *read_on(void *argument)
{
	uint64_t *reads = argument;
	while (!atomic_load(&stopping)) {
		uint64_t told = atomic_load(&committed);
		struct txn *txn = open_snapshot();
		assert_true(txn_revision(txn) >= told);
		store_release(fixture.store, txn);
		++*reads;
	}
	return NULL;
}

/* Whoever was told of a commit reads it. */
static void none_is_older_than_what_was_told(void **state)
{
	enum { THREADS = 3, COMMITS = 300 };
	pthread_t threads[THREADS];
	uint64_t reads[THREADS] = { 0 };
	struct txn *txn = open_snapshot();
	uint64_t first = txn_revision(txn);
	store_release(fixture.store, txn);
	atomic_store(&committed, first);
	atomic_store(&stopping, false);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_on, &reads[i]), 0);
	for (uint64_t i = 0; i < COMMITS; i++) {
		commit(i);
		atomic_store(&committed, first + i + 1);
	}
	atomic_store(&stopping, true);
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_true(reads[i] > 0);
	}
	store_fixture_assert_sound(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_commit_is_seen_by_the_next, set_up, tear_down),
		cmocka_unit_test_setup_teardown(those_that_wait_keep_no_pages, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			none_is_older_than_what_was_told, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
