/* The writer: group commit, refused and late writes, a full map, due times, the lock. */
#include "support/store_fixture.h"

#include "base/clock.h"
#include "base/limits.h"
#include "store/posting.h"
#include "store/term.h"

#include <lectern/v1/tag.pb-c.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <times.h>

#include <cmocka.h>

/* A command that makes a tag or a post, with its parts in one place. */
struct put {
	Lectern__Store__V1__Command command;
	Lectern__Store__V1__PutTerm put_term;
	Lectern__Store__V1__PutPost put_post;
	Lectern__Store__V1__Term term;
	Lectern__V1__Post post;
	char name[64];
};

static void init_tag(struct put *put, const char *name)
{
	lectern__store__v1__command__init(&put->command);
	lectern__store__v1__put_term__init(&put->put_term);
	lectern__store__v1__term__init(&put->term);
	snprintf(put->name, sizeof put->name, "%s", name);
	put->term.name = put->name;
	put->put_term.kind = LECTERN__STORE__V1__TERM_KIND__TERM_KIND_TAG;
	put->put_term.term = &put->term;
	put->put_term.field_mask = UINT64_MAX;
	put->put_term.slug_base = put->name;
	put->command.time_us = 1000;
	put->command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_PUT_TERM;
	put->command.put_term = &put->put_term;
}

static void init_post(struct put *put, char *title, char *body)
{
	lectern__store__v1__command__init(&put->command);
	lectern__store__v1__put_post__init(&put->put_post);
	lectern__v1__post__init(&put->post);
	put->post.title = title;
	put->post.body = body;
	put->post.state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	put->put_post.post = &put->post;
	put->put_post.field_mask = UINT64_MAX;
	put->put_post.slug_base = title;
	put->command.time_us = 1000;
	put->command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_PUT_POST;
	put->command.put_post = &put->put_post;
}

static uint64_t count_of(struct store_fixture *fixture, uint8_t kind, uint64_t number)
{
	struct txn *txn;
	struct error err;
	assert_int_equal(store_snapshot(fixture->store, &txn, &err), CODE_OK);
	uint64_t count = posting_count(txn, kind, number);
	store_release(fixture->store, txn);
	return count;
}

/* Writes that are queued together, to see how the writer deals with a batch. */
enum { BATCH = 64 };

struct batch {
	struct put puts[BATCH];
	struct store_write writes[BATCH];
	struct arena arenas[BATCH];
	enum code codes[BATCH];
	pthread_mutex_t mutex;
	pthread_cond_t finished;
	int left;
};

static struct batch batch;

static void batch_done(struct store_write *write, const struct error *err)
{
	size_t index = (size_t)(write - batch.writes);
	pthread_mutex_lock(&batch.mutex);
	batch.codes[index] = err == NULL ? CODE_OK : err->code;
	batch.left--;
	pthread_cond_signal(&batch.finished);
	pthread_mutex_unlock(&batch.mutex);
}

static void batch_run(struct store_fixture *fixture)
{
	struct error err;
	pthread_mutex_init(&batch.mutex, NULL);
	pthread_cond_init(&batch.finished, NULL);
	batch.left = BATCH;
	for (int i = 0; i < BATCH; i++) {
		arena_init(&batch.arenas[i], LIMIT_ARENA_BYTES);
		batch.writes[i].command = &batch.puts[i].command;
		batch.writes[i].arena = &batch.arenas[i];
		batch.writes[i].done = batch_done;
		if (batch.writes[i].deadline_ns == 0)
			batch.writes[i].deadline_ns = UINT64_MAX;
	}
	for (int i = 0; i < BATCH; i++)
		assert_int_equal(
			store_submit(fixture->store, &batch.writes[i], 100, &err), CODE_OK);
	pthread_mutex_lock(&batch.mutex);
	while (batch.left > 0)
		pthread_cond_wait(&batch.finished, &batch.mutex);
	pthread_mutex_unlock(&batch.mutex);
	for (int i = 0; i < BATCH; i++)
		arena_done(&batch.arenas[i]);
	pthread_cond_destroy(&batch.finished);
	pthread_mutex_destroy(&batch.mutex);
}

static void a_refused_write_harms_no_other(void **state)
{
	struct store_fixture fixture;
	store_fixture_open(&fixture, 0);
	memset(&batch, 0, sizeof batch);
	for (int i = 0; i < BATCH; i++) {
		char name[32];
		snprintf(name, sizeof name, "tag-%d", i % 3 == 0 ? 0 : i);
		init_tag(&batch.puts[i], name);
	}
	batch_run(&fixture);
	int made = 0;
	for (int i = 0; i < BATCH; i++) {
		enum code want = i % 3 == 0 && i > 0 ? CODE_ALREADY_EXISTS : CODE_OK;
		assert_int_equal(batch.codes[i], want);
		made += want == CODE_OK;
	}
	assert_int_equal(count_of(&fixture, POSTING_TERMS, 1), made);
	struct store_stats stats;
	store_stats(fixture.store, &stats);
	assert_int_equal(stats.writes, BATCH);
	assert_true(stats.commits <= BATCH + 1);
	store_fixture_assert_sound(&fixture);
	store_fixture_close(&fixture);
}

static void a_write_whose_deadline_has_passed_has_no_effect(void **state)
{
	struct store_fixture fixture;
	store_fixture_open(&fixture, 0);
	memset(&batch, 0, sizeof batch);
	for (int i = 0; i < BATCH; i++) {
		char name[32];
		snprintf(name, sizeof name, "tag-%d", i);
		init_tag(&batch.puts[i], name);
		if (i % 2 == 1)
			batch.writes[i].deadline_ns = 1; /* long ago */
	}
	batch_run(&fixture);
	for (int i = 0; i < BATCH; i++)
		assert_int_equal(batch.codes[i], i % 2 == 1 ? CODE_DEADLINE_EXCEEDED : CODE_OK);
	assert_int_equal(count_of(&fixture, POSTING_TERMS, 1), BATCH / 2);
	store_fixture_close(&fixture);
}

static void a_full_map_refuses_writes_and_serves_reads(void **state)
{
	static char body[40000];
	static struct write_result result;
	struct store_fixture fixture;
	struct put put;
	char title[32];
	uint64_t made = 0;
	memset(body, 'x', sizeof body - 1);
	store_fixture_open(&fixture, 1 << 20);
	for (int i = 0; i < 100; i++) {
		snprintf(title, sizeof title, "post-%d", i);
		init_post(&put, title, body);
		store_fixture_apply(&fixture, &put.command, &result);
		if (result.error.code != CODE_OK)
			break;
		made++;
	}
	assert_int_equal(result.error.code, CODE_RESOURCE_EXHAUSTED);
	assert_string_equal(result.error.reason, "STORE_FULL");
	assert_non_null(strstr(result.error.text, "--map-size"));
	assert_true(made > 5);
	assert_int_equal(count_of(&fixture, POSTING_LIVE, 0), made);
	store_fixture_assert_sound(&fixture);
	/* A larger map takes writes again. */
	fixture.map_bytes = 4 << 20;
	store_fixture_reopen(&fixture);
	store_fixture_apply(&fixture, &put.command, &result);
	assert_int_equal(result.error.code, CODE_OK);
	assert_int_equal(count_of(&fixture, POSTING_LIVE, 0), made + 1);
	store_fixture_assert_sound(&fixture);
	store_fixture_close(&fixture);
}

static void a_small_write_goes_on_beside_one_that_does_not_fit(void **state)
{
	static char body[2 << 20];
	struct store_fixture fixture;
	memset(body, 'x', sizeof body - 1);
	store_fixture_open(&fixture, 1 << 20);
	memset(&batch, 0, sizeof batch);
	for (int i = 0; i < BATCH; i++) {
		char name[32];
		snprintf(name, sizeof name, "tag-%d", i);
		init_tag(&batch.puts[i], name);
	}
	init_post(&batch.puts[10], (char[]){ "too-large" }, body);
	batch_run(&fixture);
	for (int i = 0; i < BATCH; i++)
		assert_int_equal(batch.codes[i], i == 10 ? CODE_RESOURCE_EXHAUSTED : CODE_OK);
	assert_int_equal(count_of(&fixture, POSTING_TERMS, 1), BATCH - 1);
	assert_int_equal(count_of(&fixture, POSTING_LIVE, 0), 0);
	store_fixture_assert_sound(&fixture);
	store_fixture_close(&fixture);
}

static atomic_llong fake_now_us;

static int64_t fake_clock(void)
{
	return atomic_load(&fake_now_us);
}

static void due_posts_are_published_while_running_and_before_serving(void **state)
{
	static struct write_result result;
	struct store_fixture fixture;
	struct put put;
	Google__Protobuf__Timestamp publish;
	Google__Protobuf__Timestamp expire;
	atomic_store(&fake_now_us, 1000);
	clock_set_realtime_hook(fake_clock);
	store_fixture_open(&fixture, 0);
	timestamp_from_us(&publish, 5000000);
	timestamp_from_us(&expire, 9000000);
	init_post(&put, (char[]){ "later" }, (char[]){ "" });
	put.post.publish_time = &publish;
	put.post.expire_time = &expire;
	store_fixture_apply(&fixture, &put.command, &result);
	assert_int_equal(result.error.code, CODE_OK);
	assert_int_equal(count_of(&fixture, POSTING_STATE, 2), 1); /* SCHEDULED */

	/* While running: the writer looks again within half a second of real time. */
	atomic_store(&fake_now_us, 6000000);
	uint64_t give_up_ns = clock_monotonic_ns() + UINT64_C(20) * 1000000000;
	while (count_of(&fixture, POSTING_LIVE, 0) == 0 && clock_monotonic_ns() < give_up_ns)
		sched_yield();
	assert_int_equal(count_of(&fixture, POSTING_LIVE, 0), 1);
	store_fixture_assert_sound(&fixture);

	/* The clock jumps back: nothing is undone. */
	atomic_store(&fake_now_us, 1000);
	store_fixture_reopen(&fixture);
	assert_int_equal(count_of(&fixture, POSTING_LIVE, 0), 1);

	/* Before serving: expired while the store was closed. */
	atomic_store(&fake_now_us, 10000000);
	store_fixture_reopen(&fixture);
	assert_int_equal(count_of(&fixture, POSTING_LIVE, 0), 0);
	assert_int_equal(count_of(&fixture, POSTING_STATE, 4), 1); /* EXPIRED */
	store_fixture_assert_sound(&fixture);
	store_fixture_close(&fixture);
	clock_set_realtime_hook(NULL);
}

static void a_request_id_is_answered_again_for_a_day(void **state)
{
	static struct write_result first;
	static struct write_result second;
	struct store_fixture fixture;
	struct put put;
	uint8_t print[] = { 1, 2, 3 };
	atomic_store(&fake_now_us, 0);
	clock_set_realtime_hook(fake_clock);
	store_fixture_open(&fixture, 0);
	init_tag(&put, "once");
	put.command.request_id = (char[]){ "r1" };
	put.command.fingerprint.data = print;
	put.command.fingerprint.len = sizeof print;
	store_fixture_apply(&fixture, &put.command, &first);
	assert_int_equal(first.error.code, CODE_OK);
	store_fixture_reopen(&fixture);
	store_fixture_apply(&fixture, &put.command, &second);
	assert_int_equal(second.error.code, CODE_OK);
	assert_true(first.revision == second.revision);
	assert_int_equal(first.payload_size, second.payload_size);
	assert_memory_equal(first.payload, second.payload, first.payload_size);
	assert_int_equal(count_of(&fixture, POSTING_TERMS, 1), 1);

	print[0] = 9;
	store_fixture_apply(&fixture, &put.command, &second);
	assert_int_equal(second.error.code, CODE_INVALID_ARGUMENT);
	assert_string_equal(second.error.reason, "REQUEST_ID_REUSED");

	/* As long as the answer is there it counts, whatever the clock says: it may have jumped. */
	print[0] = 1;
	put.command.time_us += 2 * REQUEST_ID_TTL_US;
	store_fixture_apply(&fixture, &put.command, &second);
	assert_int_equal(second.error.code, CODE_OK);
	assert_true(first.revision == second.revision);
	store_fixture_assert_sound(&fixture);
	store_fixture_close(&fixture);
	clock_set_realtime_hook(NULL);
}

static uint64_t entries_of(struct store_fixture *fixture, enum table table)
{
	struct txn *txn;
	assert_int_equal(store_snapshot(fixture->store, &txn, NULL), CODE_OK);
	uint64_t entries = txn_entries(txn, table);
	store_release(fixture->store, txn);
	return entries;
}

/* Waits in real time; the writer looks at the clock again every half second. */
static void wait_for_merge(struct store_fixture *fixture)
{
	uint64_t give_up_ns = clock_monotonic_ns() + UINT64_C(20) * 1000000000;
	while (entries_of(fixture, TABLE_RECENT) > 0 && clock_monotonic_ns() < give_up_ns)
		sched_yield();
	assert_int_equal(entries_of(fixture, TABLE_RECENT), 0);
}

static void words_are_merged_when_writing_rests(void **state)
{
	static struct write_result result;
	struct store_fixture fixture;
	struct store_stats stats;
	struct put put;
	atomic_store(&fake_now_us, 1000);
	clock_set_realtime_hook(fake_clock);
	store_fixture_open(&fixture, 0);
	for (int i = 0; i < 3; i++) {
		init_post(&put, (char[]){ "title" }, (char[]){ "body" });
		store_fixture_apply(&fixture, &put.command, &result);
		assert_int_equal(result.error.code, CODE_OK);
	}
	assert_int_equal(entries_of(&fixture, TABLE_RECENT), 3);
	assert_int_equal(entries_of(&fixture, TABLE_SEARCH), 0);
	store_fixture_reopen(&fixture); /* opening leaves them alone */
	assert_int_equal(entries_of(&fixture, TABLE_RECENT), 3);
	atomic_fetch_add(&fake_now_us, 1000000);
	wait_for_merge(&fixture);
	assert_true(entries_of(&fixture, TABLE_SEARCH) > 0);
	store_fixture_assert_sound(&fixture);

	/* Once, and with nothing to merge never again. */
	store_stats(fixture.store, &stats);
	assert_int_equal(stats.commits, 1);
	atomic_fetch_add(&fake_now_us, 5000000);
	init_tag(&put, "tag");
	store_fixture_apply(&fixture, &put.command, &result);
	atomic_fetch_add(&fake_now_us, 5000000);
	init_tag(&put, "other");
	store_fixture_apply(&fixture, &put.command, &result);
	store_stats(fixture.store, &stats);
	assert_int_equal(stats.commits, 3);

	/* A clock that is set back does not keep them from it. */
	init_post(&put, (char[]){ "title" }, (char[]){ "body" });
	store_fixture_apply(&fixture, &put.command, &result);
	assert_int_equal(entries_of(&fixture, TABLE_RECENT), 1);
	atomic_store(&fake_now_us, 10);
	wait_for_merge(&fixture);
	store_fixture_assert_sound(&fixture);
	store_fixture_close(&fixture);
	clock_set_realtime_hook(NULL);
}

static void a_store_is_opened_once(void **state)
{
	struct store_fixture fixture;
	struct store *second = NULL;
	struct error err;
	store_fixture_open(&fixture, 0);
	struct store_options options = { .directory = fixture.directory };
	assert_int_equal(store_open(&options, &second, &err), CODE_FAILED_PRECONDITION);
	assert_non_null(strstr(err.text, "another process has the store"));
	store_fixture_close(&fixture);
}

static void what_is_no_store_is_refused(void **state)
{
	static const struct {
		const char *label;
		size_t size;
		int byte;
	} cases[] = {
		{ "text", 100000, 'x' },
		{ "zeros", 100000, 0 },
		{ "short", 10, 'x' },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct store_fixture fixture;
		struct error err;
		struct store *store = NULL;
		char path[128];
		store_fixture_open(&fixture, 0);
		store_close(fixture.store);
		fixture.store = NULL;
		snprintf(path, sizeof path, "%s/data.mdb", fixture.directory);
		FILE *file = fopen(path, "w");
		assert_non_null(file);
		for (size_t n = 0; n < cases[i].size; n++)
			fputc(cases[i].byte, file);
		fclose(file);
		struct store_options options = { .directory = fixture.directory };
		enum code code = store_open(&options, &store, &err);
		if (code == CODE_OK)
			fail_msg("%s was taken for a store", cases[i].label);
		assert_non_null(strstr(err.text, fixture.directory));
		store_fixture_close(&fixture);
	}
}

/* A write whose command blocks the writer, so that the queue fills behind it. */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static atomic_int answered;

static void wait_at_gate(struct store_write *write, const struct error *err)
{
	pthread_mutex_lock(&gate);
	atomic_fetch_add(&answered, 1);
	pthread_mutex_unlock(&gate);
}

static void the_queue_is_bounded(void **state)
{
	static struct store_write writes[LIMIT_WRITE_QUEUE + 300];
	struct store_fixture fixture;
	struct put put;
	struct arena arena;
	struct error err;
	int taken = 0;
	enum code code = CODE_OK;
	store_fixture_open(&fixture, 0);
	arena_init(&arena, LIMIT_ARENA_BYTES);
	init_tag(&put, "same");
	atomic_store(&answered, 0);
	pthread_mutex_lock(&gate); /* the writer stops at the first answer */
	for (int i = 0; i < LIMIT_WRITE_QUEUE + 300 && code == CODE_OK; i++) {
		writes[i] = (struct store_write){ .command = &put.command,
			.arena = &arena,
			.deadline_ns = UINT64_MAX,
			.done = wait_at_gate };
		code = store_submit(fixture.store, &writes[i], 100, &err);
		taken += code == CODE_OK;
	}
	pthread_mutex_unlock(&gate);
	assert_int_equal(code, CODE_RESOURCE_EXHAUSTED);
	assert_string_equal(err.reason, "WRITE_QUEUE_FULL");
	assert_true(err.retry_ms > 0);
	assert_true(taken >= LIMIT_WRITE_QUEUE);
	store_fixture_reopen(&fixture); /* closing answers everything that was taken */
	assert_int_equal(atomic_load(&answered), taken);
	arena_done(&arena);
	store_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refused_write_harms_no_other),
		cmocka_unit_test(a_write_whose_deadline_has_passed_has_no_effect),
		cmocka_unit_test(a_full_map_refuses_writes_and_serves_reads),
		cmocka_unit_test(a_small_write_goes_on_beside_one_that_does_not_fit),
		cmocka_unit_test(due_posts_are_published_while_running_and_before_serving),
		cmocka_unit_test(a_request_id_is_answered_again_for_a_day),
		cmocka_unit_test(words_are_merged_when_writing_rests),
		cmocka_unit_test(a_store_is_opened_once),
		cmocka_unit_test(what_is_no_store_is_refused),
		cmocka_unit_test(the_queue_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
