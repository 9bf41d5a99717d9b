/* What GetStats tells, after things whose figures are known. */
#include "support/own_server.h"

#include "base/clock.h"
#include "services/services.h"
#include "store/store.h"
#include "store/txn.h"

#include <lectern/v1/admin.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

/* The writer merges nothing by itself, so that every commit is one of a test. */
static int64_t frozen_clock(void)
{
	return START_US + DAY_US;
}

static const Lectern__V1__GetStatsResponse *stats(void)
{
	Lectern__V1__GetStatsRequest request = LECTERN__V1__GET_STATS_REQUEST__INIT;
	return call_ok(&server, "AdminService/GetStats", &request.base, &answer);
}

static void a_new_store(void **state)
{
	const Lectern__V1__GetStatsResponse *got = stats();
	assert_int_equal(got->calls, 0); /* nobody counts them here */
	assert_int_equal(got->n_call_durations, 0);
	assert_int_equal(got->commits, 0);
	assert_int_equal(got->writes, 0);
	assert_int_equal(got->commit_p50_us, 0);
	assert_int_equal(got->commit_p99_us, 0);
	assert_int_equal(got->commit_max_us, 0);
	assert_int_equal(got->batch_max, 0);
	assert_int_equal(got->open_snapshots, 0);
	assert_int_equal(got->oldest_snapshot_age_ms, 0);
	assert_int_equal(got->oldest_snapshot_lag, 0);
	assert_int_equal(got->queued_writes, 0);
	assert_int_equal(got->queued_bytes, 0);
	assert_int_equal(got->revision, 0);
	assert_int_equal(got->oldest_change_revision, 1); /* an empty log */
	assert_int_equal(got->trashed_post_count, 0);
	assert_null(got->next_due_time);
	assert_null(got->last_backup_time);
	assert_int_equal(got->map_bytes, 1 << 30);
	assert_in_range(got->store_bytes, 4096, 1 << 20);
	assert_true(got->disk_free_bytes > 0);
}

static void writes_and_their_commits(void **state)
{
	enum { POSTS = 20 };
	for (int i = 0; i < POSTS; i++)
		publish(START_US + i, NULL, NULL);
	const Lectern__V1__GetStatsResponse *got = stats();
	assert_int_equal(got->writes, POSTS);
	assert_int_equal(got->commits, POSTS);
	assert_int_equal(got->batch_max, 1);
	assert_int_equal(got->revision, POSTS);
	assert_int_equal(answer.revision, POSTS);
	assert_int_equal(got->oldest_change_revision, 1);
	assert_true(got->commit_p50_us > 0);
	assert_true(got->commit_p50_us <= got->commit_p99_us);
	assert_true(got->commit_p99_us <= got->commit_max_us);
	assert_true(got->free_bytes > 0); /* what the commits before the last two have freed */
	assert_true(got->free_bytes < got->store_bytes);
}

/* The same and more for metrics; each commit is in one bucket of each histogram. */
static void figures_for_metrics(void **state)
{
	enum { POSTS = 5 };
	struct services_figures figures;
	uint64_t commits = 0;
	for (int i = 0; i < POSTS; i++)
		publish(START_US + i, "Tag", NULL);
	services_read_figures(server.services, &figures);
	for (int i = 0; i < STORE_COMMIT_BUCKETS; i++)
		commits += figures.store.commit_buckets[i];
	assert_int_equal(commits, figures.store.commits);
	assert_true(figures.store.commit_ns > 0);
	assert_true(figures.store.commit_ns <= commits * figures.store.commit_max_us * 1000);
	assert_int_equal(figures.store.batch_buckets[0], commits);
	assert_int_equal(figures.store.batch_writes, figures.store.writes);
	assert_true(figures.content_known);
	assert_true(figures.store_healthy);
	assert_int_equal(figures.posts[0], 0);
	assert_int_equal(figures.posts[2], POSTS);
	assert_int_equal(figures.terms[0], 1);
	assert_int_equal(figures.terms[1], 0);
	assert_int_equal(figures.revision, POSTS + 1); /* the tag has one, too */
	assert_int_equal(figures.oldest_change_revision, 1);
	assert_int_equal(figures.next_due_us, 0);
	assert_int_equal(figures.feed_lag, 0);
	assert_int_equal(figures.last_backup_us, 0);
}

static void no_metrics_where_nothing_is_counted(void **state)
{
	Lectern__V1__GetMetricsRequest request = LECTERN__V1__GET_METRICS_REQUEST__INIT;
	assert_int_equal(call(&server, "AdminService/GetMetrics", &request.base, &answer),
		CODE_UNIMPLEMENTED);
}

static void tables_are_those_of_the_store(void **state)
{
	uint64_t bytes = 0;
	publish(START_US, "Tag", "Category");
	const Lectern__V1__GetStatsResponse *got = stats();
	assert_int_equal(got->n_tables, TABLE_COUNT);
	for (int table = 0; table < TABLE_COUNT; table++) {
		assert_string_equal(got->tables[table]->name, table_name((enum table)table));
		assert_int_equal(got->tables[table]->bytes > 0, got->tables[table]->entries > 0);
		bytes += got->tables[table]->bytes;
	}
	assert_int_equal(got->tables[TABLE_POST]->entries, 3);
	assert_int_equal(got->tables[TABLE_TERM]->entries, 2);
	assert_int_equal(got->tables[TABLE_SLUG]->entries, 3);
	/* The rest: two meta pages, the lists of tables and of free pages. */
	assert_in_range(got->store_bytes - got->free_bytes - bytes, 2 * 4096, 8 * 4096);
}

static void the_oldest_snapshot(void **state)
{
	struct txn *oldest;
	struct txn *other;
	struct error err;
	struct timespec pause = { .tv_nsec = 3000000 };
	publish(START_US, NULL, NULL);
	assert_int_equal(store_snapshot(server.store, &oldest, &err), CODE_OK);
	publish(START_US, NULL, NULL);
	publish(START_US, NULL, NULL);
	assert_int_equal(store_snapshot(server.store, &other, &err), CODE_OK);
	nanosleep(&pause, NULL); /* an age of some milliseconds is what is asked for */
	const Lectern__V1__GetStatsResponse *got = stats();
	assert_int_equal(got->open_snapshots, 2);
	assert_int_equal(got->oldest_snapshot_lag, 2);
	uint64_t age_ms = got->oldest_snapshot_age_ms;
	assert_in_range(age_ms, 3, 60000);
	store_release(server.store, oldest); /* then it is the other one, which sees all */
	publish(START_US, NULL, NULL);
	got = stats();
	assert_int_equal(got->open_snapshots, 1);
	assert_int_equal(got->oldest_snapshot_lag, 1);
	store_release(server.store, other);
	got = stats();
	assert_int_equal(got->open_snapshots, 0);
	assert_int_equal(got->oldest_snapshot_lag, 0);
	assert_int_equal(got->oldest_snapshot_age_ms, 0);
}

/* In any order of their ends. */
static void many_snapshots(void **state)
{
	enum { SNAPSHOTS = 6 };
	static const int orders[][SNAPSHOTS] = { { 0, 1, 2, 3, 4, 5 }, { 5, 4, 3, 2, 1, 0 },
		{ 2, 0, 5, 3, 1, 4 } };
	struct error err;
	for (size_t order = 0; order < 3; order++) {
		struct txn *snapshots[SNAPSHOTS];
		bool open[SNAPSHOTS];
		for (int i = 0; i < SNAPSHOTS; i++) {
			publish(START_US, NULL, NULL);
			assert_int_equal(
				store_snapshot(server.store, &snapshots[i], &err), CODE_OK);
			open[i] = true;
		}
		for (int i = 0; i < SNAPSHOTS; i++) {
			int first = 0;
			while (!open[first])
				first++;
			const Lectern__V1__GetStatsResponse *got = stats();
			assert_int_equal(got->open_snapshots, SNAPSHOTS - i);
			assert_int_equal(got->oldest_snapshot_lag, SNAPSHOTS - 1 - first);
			store_release(server.store, snapshots[orders[order][i]]);
			open[orders[order][i]] = false;
		}
		assert_int_equal(stats()->open_snapshots, 0);
	}
}

static void what_is_due_and_what_is_in_the_trash(void **state)
{
	int64_t due_us = START_US + 100000 * DAY_US;
	uint64_t id = publish(START_US, NULL, NULL);
	new_post(&server,
		&(struct sketch){ .title = "Later",
			.state = LECTERN__V1__POST_STATE__POST_STATE_SCHEDULED,
			.publish_time_us = due_us + DAY_US },
		&answer);
	new_post(&server,
		&(struct sketch){ .title = "Ends",
			.state = PUBLISHED,
			.publish_time_us = START_US,
			.expire_time_us = due_us },
		&answer);
	move_post(&server, "Delete", id, NULL, &answer);
	const Lectern__V1__GetStatsResponse *got = stats();
	assert_int_equal(got->trashed_post_count, 1);
	assert_int_equal(got->next_due_time->seconds, due_us / 1000000);
}

static void the_last_backup(void **state)
{
	Lectern__V1__CreateBackupRequest request = LECTERN__V1__CREATE_BACKUP_REQUEST__INIT;
	Lectern__V1__CheckStoreRequest check = LECTERN__V1__CHECK_STORE_REQUEST__INIT;
	call_ok(&server, "AdminService/CheckStore", &check.base, &answer);
	assert_null(stats()->last_backup_time);
	request.name = text("a");
	call_ok(&server, "AdminService/CreateBackup", &request.base, &answer);
	int64_t seconds = stats()->last_backup_time->seconds;
	assert_true(seconds > START_US / 1000000);
	assert_int_equal(call(&server, "AdminService/CreateBackup", &request.base, &answer),
		CODE_ALREADY_EXISTS);
	assert_int_equal(stats()->last_backup_time->seconds, seconds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_store),
		TEST(writes_and_their_commits),
		TEST(figures_for_metrics),
		TEST(no_metrics_where_nothing_is_counted),
		TEST(tables_are_those_of_the_store),
		TEST(the_oldest_snapshot),
		TEST(many_snapshots),
		TEST(what_is_due_and_what_is_in_the_trash),
		TEST(the_last_backup),
	};
	clock_set_realtime_hook(frozen_clock);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
