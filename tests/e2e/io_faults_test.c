/*
 * A real server on a disk that fails: writing pages, syncing them, writing the meta page and
 * opening the file fail with EIO, ENOSPC and more, at each n-th call or all of them, without or
 * after having been carried out. Whatever happens, writes are taken or refused with a reason and a
 * hint, reads go on, an acknowledged write is there, a refused one is wholly there or not at all,
 * and when the disk works again so does the server, without a restart.
 *
 * LECTERN_TEST_SEED chooses which posts are written.
 */
#include "e2e/versions.h"
#include "integration/lecternd.h"
#include "support/io_faults.h"
#include "support/random.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

enum {
	READERS = 2,
	ATTEMPTS = 6, /* of writes, while calls fail */
	BODY_BYTES = 3000,
};

/* `every` of a case that is repeated with each of these. */
static const uint32_t intervals[] = { 1, 2, 3, 4, 5, 7 };

static const struct {
	const char *label;
	enum io_mode mode;
	uint32_t calls;
	int error;
} cases[] = {
	{ "pages, I/O error", IO_FAIL, IO_WRITE, EIO },
	{ "pages, disk full", IO_FAIL, IO_WRITE, ENOSPC },
	{ "sync, I/O error", IO_FAIL, IO_SYNC, EIO },
	{ "sync, disk full", IO_FAIL, IO_SYNC, ENOSPC },
	{ "meta page, I/O error", IO_FAIL, IO_META, EIO },
	{ "meta page, disk full", IO_FAIL, IO_META, ENOSPC },
	{ "all, I/O error", IO_FAIL, IO_WRITE | IO_SYNC | IO_META, EIO },
	{ "all, disk full", IO_FAIL, IO_WRITE | IO_SYNC | IO_META, ENOSPC },
	{ "meta page, answer lost", IO_LATE, IO_META, EIO },
	{ "sync, answer lost", IO_LATE, IO_SYNC, EIO },
	{ "meta page and its way back, answer lost", IO_LATE, IO_META | IO_WRITE, EIO },
	{ "pages, short write", IO_SHORT, IO_WRITE, ENOSPC },
	{ "meta page, short write", IO_SHORT, IO_META, EIO },
	{ "all, short write", IO_SHORT, IO_WRITE | IO_SYNC | IO_META, EIO },
};

static struct lecternd server;
static struct io_faults faults;
static struct versions versions = { .body_bytes = BODY_BYTES };
static lectern_client *client;
static struct random dice;
static unsigned taken_count;
static unsigned refused_count;

struct reader {
	pthread_t thread;
	atomic_uint reads;
	char failure[512];
};
static struct reader readers[READERS];
static atomic_bool stop;

/* Reads all the time; nothing may fail. */
static void *reader_main(void *argument)
{
	struct reader *reader = argument;
	lectern_client *own = versions_connect(server.url);
	struct lectern_archive_query query = { .kind = LECTERN_ARCHIVE_TAG, .term = "tag 1" };
	struct lectern_error err;
	lectern_page *page;
	for (unsigned i = 0; !atomic_load(&stop); i++) {
		if (!versions_read(&versions, own, (int)(i % VERSION_POSTS), reader->failure))
			break;
		enum lectern_code code = lectern_get_archive(own, &query, &page, &err);
		if (code != LECTERN_OK && code != LECTERN_NOT_FOUND) {
			snprintf(reader->failure, sizeof reader->failure, "archive: %s",
				err.message);
			break;
		}
		if (code == LECTERN_OK)
			lectern_page_free(page);
		atomic_fetch_add(&reader->reads, 1);
	}
	lectern_client_close(own);
	return NULL;
}

static void start_readers(void)
{
	atomic_store(&stop, false);
	for (int i = 0; i < READERS; i++)
		pthread_create(&readers[i].thread, NULL, reader_main, &readers[i]);
}

static void stop_readers(void)
{
	atomic_store(&stop, true);
	for (int i = 0; i < READERS; i++) {
		pthread_join(readers[i].thread, NULL);
		assert_string_equal(readers[i].failure, "");
		assert_true(atomic_load(&readers[i].reads) > 0);
	}
}

static void assert_refusal(const struct lectern_error *err)
{
	if (err->code == LECTERN_RESOURCE_EXHAUSTED) {
		assert_string_equal(err->reason, "DISK_FULL");
		assert_non_null(strstr(err->message, "free space"));
		return;
	}
	if (err->code != LECTERN_UNAVAILABLE || strcmp(err->reason, "DISK_ERROR") != 0)
		fail_msg("%s: %s", lectern_code_name(err->code), err->message);
	assert_non_null(strstr(err->message, "repeat"));
	assert_true(err->retry_after_ms > 0);
}

static void pause_ms(int ms)
{
	struct timespec pause = { .tv_nsec = ms * 1000000 };
	nanosleep(&pause, NULL);
}

/* One attempt to write some post. */
static bool try_to_write(struct lectern_error *err)
{
	int post = (int)random_below(&dice, VERSION_POSTS);
	if (versions_write(&versions, client, post, err)) {
		taken_count++;
		return true;
	}
	refused_count++;
	assert_refusal(err);
	return false;
}

/* Until every write that was refused is taken. There is nothing to wait for but its success. */
static void write_all_again(void)
{
	struct lectern_error err;
	for (int post = 0; post < VERSION_POSTS; post++) {
		int attempts = 0;
		while (versions.attempted[post] > versions.acknowledged[post] &&
			!versions_write(&versions, client, post, &err)) {
			assert_refusal(&err);
			if (++attempts > 1000)
				fail_msg("not written again after 20 s: %s", err.message);
			pause_ms(20);
		}
	}
}

static void run_case(size_t index, uint32_t every)
{
	struct lectern_error err;
	unsigned taken = 0;
	io_control_set(faults.control, cases[index].mode, cases[index].calls, cases[index].error,
		every, 0);
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		if (try_to_write(&err)) {
			taken++;
			continue;
		}
		if (attempt == 0 && cases[index].mode == IO_FAIL)
			assert_int_equal(err.code, cases[index].error == ENOSPC
							   ? LECTERN_RESOURCE_EXHAUSTED
							   : LECTERN_UNAVAILABLE);
		pause_ms(10); /* so that the server tries to mend it in between, now and then */
	}
	assert_true(every > 1 || faults.control->failed_count > 0);
	if (every == 1 && cases[index].mode != IO_LATE)
		assert_int_equal(taken, 0);
	assert_true(versions_serving(client));
	io_control_set(faults.control, IO_OFF, 0, 0, 1, 0);
	write_all_again();
}

static void restart(void)
{
	lectern_client_close(client);
	lecternd_kill(&server);
	lecternd_run(&server);
	client = versions_connect(server.url);
}

static void wait_for_log(const char *text)
{
	char line[4096];
	do
		assert_non_null(fgets(line, sizeof line, server.log));
	while (strstr(line, text) == NULL);
}

static int start_server(void **state)
{
	io_faults_open(&faults);
	server.environment = faults.environment;
	lecternd_start(&server);
	client = versions_connect(server.url);
	dice = random_start();
	return 0;
}

static int stop_server(void **state)
{
	io_control_set(faults.control, IO_OFF, 0, 0, 1, 0);
	lectern_client_close(client);
	int status = lecternd_stop(&server);
	io_faults_close(&faults);
	memset(versions.acknowledged, 0, sizeof versions.acknowledged);
	memset(versions.attempted, 0, sizeof versions.attempted);
	return status;
}

static void reads_go_on_while_the_disk_fails(void **state)
{
	start_readers();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s\n", cases[i].label);
		for (size_t n = 0; n < sizeof intervals / sizeof *intervals; n++)
			if (cases[i].mode != IO_SHORT || intervals[n] == 1)
				run_case(i, intervals[n]);
		if (i == 0) {
			wait_for_log("the disk refuses writes");
			wait_for_log("the disk takes writes again");
		}
		for (int r = 0; r < READERS; r++)
			assert_string_equal(readers[r].failure, "");
		versions_check_store(client);
	}
	stop_readers();
	versions_verify(&versions, client);
	assert_true(versions_serving(client));
	restart();
	versions_verify(&versions, client);
	versions_check_store(client);
	print_message("%u writes taken, %u refused, %u reads\n", taken_count, refused_count,
		readers[0].reads + readers[1].reads);
	assert_true(taken_count > 100 && refused_count > 100);
}

/* A server that is killed while writes fail and started while they still do. */
static void starts_on_a_disk_that_takes_no_writes(void **state)
{
	static const int errors[] = { EIO, ENOSPC };
	struct lectern_error err;
	char text[512];
	for (int post = 0; post < VERSION_POSTS; post++)
		assert_true(versions_write(&versions, client, post, &err));
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		io_control_set(faults.control, i == 0 ? IO_LATE : IO_FAIL,
			IO_WRITE | IO_SYNC | IO_META, errors[i], 1, 0);
		assert_false(try_to_write(&err));
		restart();
		for (int post = 0; post < VERSION_POSTS; post++)
			if (!versions_read(&versions, client, post, text))
				fail_msg("%s", text);
		versions_check_store(client);
		assert_true(versions_serving(client));
		assert_false(try_to_write(&err));
		io_control_set(faults.control, IO_OFF, 0, 0, 1, 0);
		write_all_again();
		versions_verify(&versions, client);
		versions_check_store(client);
	}
}

/* The disk becomes read-only, as file systems do after an error: the store is open for reading. */
static void reads_where_the_file_opens_for_reading_alone(void **state)
{
	struct lectern_error err;
	for (int post = 0; post < VERSION_POSTS; post++)
		assert_true(versions_write(&versions, client, post, &err));
	start_readers();
	io_control_set(faults.control, IO_FAIL, IO_META | IO_OPEN, EROFS, 1, 0);
	for (int attempt = 0; attempt < 10; attempt++) {
		assert_false(try_to_write(&err));
		assert_int_equal(err.code, LECTERN_UNAVAILABLE);
		pause_ms(50);
	}
	assert_non_null(strstr(err.message, "Read-only file system"));
	assert_true(versions_serving(client));
	versions_check_store(client);
	stop_readers();
	io_control_set(faults.control, IO_OFF, 0, 0, 1, 0);
	write_all_again();
	versions_verify(&versions, client);
	versions_check_store(client);
}

/* The file cannot even be read: calls are refused with a hint, and when it can be all is well again
 * by itself. */
static void comes_back_when_the_file_opens_again(void **state)
{
	struct lectern_error err;
	lectern_post *post;
	for (int i = 0; i < VERSION_POSTS; i++)
		assert_true(versions_write(&versions, client, i, &err));
	io_control_set(faults.control, IO_FAIL, IO_META | IO_OPEN | IO_OPEN_READ, EIO, 1, 0);
	assert_false(try_to_write(&err));
	while (lectern_get_post(client, "post-0", LECTERN_VIEW_BASIC, 5000, &post, &err) ==
		LECTERN_OK)
		lectern_post_free(post); /* a moment passes before it is opened again */
	assert_refusal(&err);
	assert_false(versions_serving(client));
	assert_false(try_to_write(&err));
	io_control_set(faults.control, IO_OFF, 0, 0, 1, 0);
	for (int i = 0; i < 1000 && !versions_serving(client); i++)
		pause_ms(20);
	assert_true(versions_serving(client));
	write_all_again();
	versions_verify(&versions, client);
	versions_check_store(client);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start_server, stop_server)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_go_on_while_the_disk_fails),
		TEST(starts_on_a_disk_that_takes_no_writes),
		TEST(reads_where_the_file_opens_for_reading_alone),
		TEST(comes_back_when_the_file_opens_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
