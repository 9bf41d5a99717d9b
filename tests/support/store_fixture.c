#include "support/store_fixture.h"

#include "base/limits.h"
#include "store/check.h"

#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

void store_fixture_reopen(struct store_fixture *fixture)
{
	struct error err;
	struct store_options options = { .directory = fixture->directory,
		.map_bytes = fixture->map_bytes,
		.retention = fixture->retention };
	store_close(fixture->store);
	fixture->store = NULL;
	if (store_open(&options, &fixture->store, &err) != CODE_OK)
		fail_msg("open store: %s", err.text);
}

void store_fixture_open(struct store_fixture *fixture, uint64_t map_bytes)
{
	*fixture = (struct store_fixture){ .map_bytes = map_bytes };
	snprintf(fixture->directory, sizeof fixture->directory, "/tmp/lectern-store-XXXXXX");
	assert_non_null(mkdtemp(fixture->directory));
	store_fixture_reopen(fixture);
}

void store_fixture_close(struct store_fixture *fixture)
{
	static const char *const files[] = { "data.mdb", "lock.mdb", "lecternd.lock" };
	char path[128];
	store_close(fixture->store);
	fixture->store = NULL;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(path, sizeof path, "%s/%s", fixture->directory, files[i]);
		unlink(path);
	}
	rmdir(fixture->directory);
}

struct waiter {
	struct store_write write;
	struct write_result *result;
	pthread_mutex_t mutex;
	pthread_cond_t finished;
	bool done;
};

static void done(struct store_write *write, const struct error *err)
{
	struct waiter *waiter = (struct waiter *)write;
	struct write_result *result = waiter->result;
	pthread_mutex_lock(&waiter->mutex);
	result->error.code = CODE_OK;
	if (err != NULL)
		result->error = *err;
	result->revision = write->revision;
	result->payload_size = write->payload.size;
	assert_true(write->payload.size <= sizeof result->payload);
	if (write->payload.size > 0)
		memcpy(result->payload, write->payload.data, write->payload.size);
	waiter->done = true;
	pthread_cond_signal(&waiter->finished);
	pthread_mutex_unlock(&waiter->mutex);
}

void store_fixture_apply(struct store_fixture *fixture, const Lectern__Store__V1__Command *command,
	struct write_result *ret)
{
	struct arena arena;
	struct waiter waiter = { .result = ret };
	pthread_mutex_init(&waiter.mutex, NULL);
	pthread_cond_init(&waiter.finished, NULL);
	arena_init(&arena, LIMIT_ARENA_BYTES);
	waiter.write.command = command;
	waiter.write.arena = &arena;
	waiter.write.deadline_ns = UINT64_MAX;
	waiter.write.done = done;
	enum code code = store_submit(fixture->store, &waiter.write, 1, &ret->error);
	if (code == CODE_OK) {
		pthread_mutex_lock(&waiter.mutex);
		while (!waiter.done)
			pthread_cond_wait(&waiter.finished, &waiter.mutex);
		pthread_mutex_unlock(&waiter.mutex);
	}
	arena_done(&arena);
	pthread_cond_destroy(&waiter.finished);
	pthread_mutex_destroy(&waiter.mutex);
}

uint64_t store_fixture_problems(struct store_fixture *fixture, char *first, size_t first_bytes)
{
	struct arena arena;
	struct error err;
	struct txn *snapshot;
	struct check_report report;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	if (store_snapshot(fixture->store, &snapshot, &err) != CODE_OK)
		fail_msg("snapshot: %s", err.text);
	if (check_run(snapshot, &arena, NULL, &report, &err) != CODE_OK)
		fail_msg("check: %s", err.text);
	store_release(fixture->store, snapshot);
	snprintf(first, first_bytes, "%s", report.kept_count > 0 ? report.problems[0] : "");
	uint64_t count = report.problem_count;
	arena_done(&arena);
	return count;
}

void store_fixture_assert_sound(struct store_fixture *fixture)
{
	char first[400];
	uint64_t count = store_fixture_problems(fixture, first, sizeof first);
	if (count != 0)
		fail_msg("the checker found %" PRIu64 " problems, the first: %s", count, first);
}

uint64_t store_fixture_entries(struct store_fixture *fixture, enum table table)
{
	struct txn *txn;
	struct error err;
	assert_int_equal(store_snapshot(fixture->store, &txn, &err), CODE_OK);
	uint64_t count = txn_entries(txn, table);
	store_release(fixture->store, txn);
	return count;
}
