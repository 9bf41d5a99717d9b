/* The store opens itself again after a failed write of a meta page, when snapshots let it. */
#include "support/store_fixture.h"

#include "base/clock.h"
#include "base/limits.h"
#include "store/check.h"
#include "store/posting.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* The disk: LMDB's calls come here, since the program's definitions precede those of libraries. */
#define EXPORT __attribute__((visibility("default")))

static atomic_int meta_errno;	   /* of writes through a descriptor that syncs by itself */
static atomic_int write_errno;	   /* of other writes */
static atomic_int late_meta_errno; /* the same, and they have been carried out */
static atomic_int back_errno;	   /* of the write that takes a failed one of a meta page back */
static atomic_int settle_errno;	   /* of those to the beginning of the file */
static atomic_int sync_errno;

static bool fails(int error)
{
	if (error != 0)
		errno = error;
	return error != 0;
}

EXPORT ssize_t pwrite(int file, const void *bytes, size_t size, off_t at);
EXPORT ssize_t pwrite(int file, const void *bytes, size_t size, off_t at)
{
	bool meta = (fcntl(file, F_GETFL) & O_DSYNC) != 0;
	bool back = !meta && size < 4096; /* LMDB writes all else by the page */
	if (fails(meta ? meta_errno : write_errno) || (!meta && at == 0 && fails(settle_errno)) ||
		(back && fails(back_errno)))
		return -1;
	ssize_t done = syscall(SYS_pwrite64, file, bytes, size, at);
	return meta && fails(late_meta_errno) ? -1 : done;
}

EXPORT ssize_t writev(int file, const struct iovec *parts, int count);
EXPORT ssize_t writev(int file, const struct iovec *parts, int count)
{
	return fails(write_errno) ? -1 : syscall(SYS_writev, file, parts, count);
}

EXPORT int fdatasync(int file);
EXPORT int fdatasync(int file)
{
	return fails(sync_errno) ? -1 : (int)syscall(SYS_fdatasync, file);
}

static struct store_fixture fixture;
static struct write_result result;

static int set_up(void **state)
{
	store_fixture_open(&fixture, 1 << 28);
	return 0;
}

static int tear_down(void **state)
{
	meta_errno = 0;
	write_errno = 0;
	settle_errno = 0;
	late_meta_errno = 0;
	back_errno = 0;
	sync_errno = 0;
	store_fixture_close(&fixture);
	return 0;
}

static enum code put_tag_once(const char *name, char *request_id)
{
	static uint8_t fingerprint[16];
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__PutTerm put = LECTERN__STORE__V1__PUT_TERM__INIT;
	Lectern__Store__V1__Term term = LECTERN__STORE__V1__TERM__INIT;
	char text[64];
	snprintf(text, sizeof text, "%s", name);
	term.name = text;
	put.kind = LECTERN__STORE__V1__TERM_KIND__TERM_KIND_TAG;
	put.term = &term;
	put.field_mask = UINT64_MAX;
	put.slug_base = text;
	command.time_us = clock_realtime_us();
	if (request_id != NULL) {
		command.request_id = request_id;
		command.fingerprint.data = fingerprint;
		command.fingerprint.len = sizeof fingerprint;
	}
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_PUT_TERM;
	command.put_term = &put;
	store_fixture_apply(&fixture, &command, &result);
	return result.error.code;
}

static enum code put_tag(const char *name)
{
	return put_tag_once(name, NULL);
}

static struct txn *snapshot_ok(void)
{
	struct txn *snapshot;
	struct error err;
	if (store_snapshot(fixture.store, &snapshot, &err) != CODE_OK)
		fail_msg("snapshot: %s", err.text);
	return snapshot;
}

static uint64_t count_tags(void)
{
	struct txn *snapshot = snapshot_ok();
	uint64_t count = posting_count(
		snapshot, POSTING_TERMS, LECTERN__STORE__V1__TERM_KIND__TERM_KIND_TAG);
	store_release(fixture.store, snapshot);
	return count;
}

static void assert_refused(enum code code, const char *reason, const char *text)
{
	assert_int_equal(result.error.code, code);
	assert_string_equal(result.error.reason, reason);
	if (strstr(result.error.text, text) == NULL)
		fail_msg("'%s' is not in '%s'", text, result.error.text);
}

/* Until the store takes writes again; the first that it takes is the tag. */
static void put_tag_again(const char *name)
{
	struct timespec pause = { .tv_nsec = 10 * 1000000 };
	for (int i = 0; i < 1000 && put_tag(name) != CODE_OK; i++)
		nanosleep(&pause, NULL); /* what is waited for has no other sign */
	assert_int_equal(result.error.code, CODE_OK);
}

static const struct {
	const char *label;
	atomic_int *call;
	int error;
	enum code code;
	const char *reason;
	const char *text;
} failures[] = {
	{ "pages, I/O", &write_errno, EIO, CODE_UNAVAILABLE, "DISK_ERROR", "Input/output error" },
	{ "pages, full", &write_errno, ENOSPC, CODE_RESOURCE_EXHAUSTED, "DISK_FULL", "free space" },
	{ "sync, I/O", &sync_errno, EIO, CODE_UNAVAILABLE, "DISK_ERROR", "Input/output error" },
	{ "sync, full", &sync_errno, ENOSPC, CODE_RESOURCE_EXHAUSTED, "DISK_FULL", "free space" },
	{ "meta page, I/O", &meta_errno, EIO, CODE_UNAVAILABLE, "DISK_ERROR",
		"repeat later, a write with the same request id" },
	{ "meta page, full", &meta_errno, ENOSPC, CODE_RESOURCE_EXHAUSTED, "DISK_FULL",
		"free space" },
	{ "meta page, read-only", &meta_errno, EROFS, CODE_UNAVAILABLE, "DISK_ERROR",
		"Read-only file system" },
};

static void writes_fail_and_reads_go_on(void **state)
{
	struct error err;
	assert_int_equal(put_tag("first"), CODE_OK);
	for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
		print_message("%s\n", failures[i].label);
		uint64_t tags = count_tags();
		char name[32];
		snprintf(name, sizeof name, "tag %zu", i);
		for (int attempt = 0; attempt < 3; attempt++) {
			*failures[i].call = failures[i].error;
			put_tag(name);
			assert_refused(failures[i].code, failures[i].reason, failures[i].text);
			assert_int_equal(
				result.error.retry_ms > 0, failures[i].code == CODE_UNAVAILABLE);
			assert_int_equal(count_tags(), tags);
			assert_int_equal(store_health(fixture.store, &err), CODE_OK);
			*failures[i].call = 0;
			if (attempt == 0)
				store_fixture_assert_sound(&fixture);
		}
		put_tag_again(name);
		assert_int_equal(count_tags(), tags + 1);
	}
	store_fixture_assert_sound(&fixture);
	store_fixture_reopen(&fixture);
	assert_int_equal(count_tags(), 1 + sizeof failures / sizeof *failures);
}

/* Where the meta pages cannot be written and synced again, no write begins, not even one that the
 * disk would take now. */
static void writes_wait_for_the_meta_pages(void **state)
{
	assert_int_equal(put_tag("first"), CODE_OK);
	meta_errno = EIO;
	settle_errno = ENOSPC;
	assert_int_equal(put_tag("second"), CODE_UNAVAILABLE);
	meta_errno = 0;
	for (int i = 0; i < 3; i++) {
		put_tag("second");
		assert_refused(CODE_RESOURCE_EXHAUSTED, "DISK_FULL",
			"write: the disk of the data directory is full");
		assert_int_equal(count_tags(), 1);
	}
	settle_errno = 0;
	put_tag_again("second");
	assert_int_equal(count_tags(), 2);
	store_fixture_assert_sound(&fixture);
}

/* A commit that failed and that neither LMDB nor anybody else could take back is there. But as long
 * as the disk may not have it, its repeat must not be answered. */
static void a_repeat_waits_for_the_meta_pages(void **state)
{
	char request_id[] = "one";
	assert_int_equal(put_tag("first"), CODE_OK);
	late_meta_errno = EIO;
	back_errno = EIO;
	settle_errno = EIO;
	assert_int_equal(put_tag_once("second", request_id), CODE_UNAVAILABLE);
	assert_int_equal(count_tags(), 2);
	for (int i = 0; i < 3; i++) {
		put_tag_once("second", request_id);
		assert_refused(CODE_UNAVAILABLE, "DISK_ERROR", "write: the disk");
	}
	late_meta_errno = 0;
	back_errno = 0;
	settle_errno = 0;
	struct timespec pause = { .tv_nsec = 10 * 1000000 };
	for (int i = 0; i < 1000 && put_tag_once("second", request_id) != CODE_OK; i++)
		nanosleep(&pause, NULL);
	assert_int_equal(result.error.code, CODE_OK);
	assert_int_equal(result.revision, 2);
	assert_int_equal(count_tags(), 2);
	store_fixture_assert_sound(&fixture);
}

/* A long reader, on a thread of its own. */
struct reader {
	pthread_t thread;
	struct txn *snapshot;
	atomic_bool end; /* without being interrupted */
	struct error error;
};

static void *read_until_interrupted(void *argument)
{
	struct reader *reader = argument;
	struct timespec pause = { .tv_nsec = 1000000 };
	while (!atomic_load(&reader->end) && !txn_interrupted(reader->snapshot))
		nanosleep(&pause, NULL);
	reader->error.code = txn_status(reader->snapshot, &reader->error);
	store_release(fixture.store, reader->snapshot);
	return NULL;
}

static void long_readers_are_interrupted(void **state)
{
	struct reader reader = { .snapshot = snapshot_ok() };
	assert_false(txn_interrupted(reader.snapshot));
	pthread_create(&reader.thread, NULL, read_until_interrupted, &reader);
	meta_errno = EIO;
	assert_int_equal(put_tag("refused"), CODE_UNAVAILABLE);
	meta_errno = 0;
	assert_int_equal(count_tags(), 0); /* waits for the store to be opened again */
	pthread_join(reader.thread, NULL);
	assert_int_equal(reader.error.code, CODE_UNAVAILABLE);
	assert_string_equal(reader.error.reason, "DISK_ERROR");
	assert_true(reader.error.retry_ms > 0);
	put_tag_again("taken");
	store_fixture_assert_sound(&fixture);
}

static void short_readers_are_waited_for(void **state)
{
	struct reader reader = { .snapshot = snapshot_ok() };
	meta_errno = EIO;
	assert_int_equal(put_tag("refused"), CODE_UNAVAILABLE);
	meta_errno = 0;
	atomic_store(&reader.end, true);
	pthread_create(&reader.thread, NULL, read_until_interrupted, &reader);
	assert_int_equal(count_tags(), 0);
	pthread_join(reader.thread, NULL);
	assert_int_equal(reader.error.code, CODE_OK);
	put_tag_again("taken");
}

static void the_checker_is_interrupted(void **state)
{
	struct arena arena;
	struct check_report report;
	struct error err;
	for (int i = 0; i < 20; i++) {
		char name[32];
		snprintf(name, sizeof name, "tag %d", i);
		assert_int_equal(put_tag(name), CODE_OK);
	}
	struct txn *snapshot = snapshot_ok();
	meta_errno = EIO;
	assert_int_equal(put_tag("refused"), CODE_UNAVAILABLE);
	meta_errno = 0;
	struct timespec pause = { .tv_nsec = 1000000 };
	while (!txn_interrupted(snapshot))
		nanosleep(&pause, NULL);
	arena_init(&arena, LIMIT_ARENA_BYTES);
	assert_int_equal(check_run(snapshot, &arena, NULL, &report, &err), CODE_UNAVAILABLE);
	assert_string_equal(err.reason, "DISK_ERROR");
	assert_int_equal(report.entries, 0);
	arena_done(&arena);
	store_release(fixture.store, snapshot);
	put_tag_again("taken");
	store_fixture_assert_sound(&fixture);
}

/* A snapshot that nobody gives back: no new ones for as long as that lasts, and nobody hangs. */
static void readers_that_do_not_end_keep_the_store_closed(void **state)
{
	struct error err;
	struct txn *snapshot;
	struct txn *held = snapshot_ok();
	meta_errno = EIO;
	assert_int_equal(put_tag("refused"), CODE_UNAVAILABLE);
	meta_errno = 0;
	uint64_t start_ns = clock_monotonic_ns();
	assert_int_equal(store_snapshot(fixture.store, &snapshot, &err), CODE_UNAVAILABLE);
	assert_true(clock_monotonic_ns() - start_ns >= UINT64_C(400) * 1000000);
	assert_string_equal(err.reason, "DISK_ERROR");
	assert_true(err.retry_ms > 0);
	assert_int_equal(put_tag("refused"), CODE_UNAVAILABLE); /* after the first attempt */
	assert_refused(CODE_UNAVAILABLE, "DISK_ERROR", "a reader takes too long to end");
	assert_int_equal(store_health(fixture.store, &err), CODE_UNAVAILABLE);
	assert_int_equal(store_snapshot(fixture.store, &snapshot, &err), CODE_UNAVAILABLE);
	assert_non_null(strstr(err.text, "a reader takes too long to end"));
	struct store_stats stats;
	store_stats(fixture.store, &stats);
	assert_int_equal(stats.open_snapshots, 1);
	assert_true(stats.map_bytes > 0);

	store_release(fixture.store, held);
	put_tag_again("taken");
	assert_int_equal(store_health(fixture.store, &err), CODE_OK);
	assert_int_equal(count_tags(), 1);
	store_stats(fixture.store, &stats);
	assert_true(stats.store_bytes > 0);
	store_fixture_assert_sound(&fixture);
}

/* A store on a disk that takes no writes is opened for reading. */
static void a_store_is_opened_where_nothing_can_be_written(void **state)
{
	static const int errors[] = { EIO, ENOSPC };
	struct error err;
	assert_int_equal(put_tag("first"), CODE_OK);
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		write_errno = errors[i];
		sync_errno = errors[i];
		meta_errno = errors[i];
		store_fixture_reopen(&fixture);
		assert_int_equal(count_tags(), 1 + i);
		assert_int_equal(store_health(fixture.store, &err), CODE_OK);
		assert_int_not_equal(put_tag("refused"), CODE_OK);
		assert_string_equal(
			result.error.reason, errors[i] == EIO ? "DISK_ERROR" : "DISK_FULL");
		store_fixture_assert_sound(&fixture);
		write_errno = 0;
		sync_errno = 0;
		meta_errno = 0;
		put_tag_again(i == 0 ? "second" : "third");
		assert_int_equal(count_tags(), 2 + i);
	}
	store_fixture_assert_sound(&fixture);
}

static void a_new_store_is_not_made_where_nothing_can_be_written(void **state)
{
	struct store *store;
	struct error err;
	store_fixture_close(&fixture);
	struct store_options options = { .directory = fixture.directory };
	write_errno = EIO;
	assert_int_equal(store_open(&options, &store, &err), CODE_UNAVAILABLE);
	assert_string_equal(err.reason, "DISK_ERROR");
	write_errno = 0;
	sync_errno = ENOSPC;
	assert_int_equal(store_open(&options, &store, &err), CODE_RESOURCE_EXHAUSTED);
	assert_string_equal(err.reason, "DISK_FULL");
	sync_errno = 0;
	store_fixture_reopen(&fixture);
	assert_int_equal(put_tag("first"), CODE_OK);
	store_fixture_assert_sound(&fixture);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(writes_fail_and_reads_go_on),
		TEST(writes_wait_for_the_meta_pages),
		TEST(a_repeat_waits_for_the_meta_pages),
		TEST(long_readers_are_interrupted),
		TEST(short_readers_are_waited_for),
		TEST(the_checker_is_interrupted),
		TEST(readers_that_do_not_end_keep_the_store_closed),
		TEST(a_store_is_opened_where_nothing_can_be_written),
		TEST(a_new_store_is_not_made_where_nothing_can_be_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
