/* Backups of a store that is in use: what is in them, and what is left of one that failed. */
#include "support/store_posts.h"

#include "base/clock.h"
#include "store/backup.h"
#include "store/posting.h"
#include "store/txn.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* The writer merges nothing by itself, so that only writes change a store. */
static int64_t frozen_clock(void)
{
	return INT64_C(1700000000000000);
}

/* A store, and a directory for its backups. */
struct scene {
	struct store_fixture fixture;
	char backups[128];
};

static void open_scene(struct scene *scene, int posts)
{
	store_fixture_open(&scene->fixture, 0);
	snprintf(scene->backups, sizeof scene->backups, "%s-backups", scene->fixture.directory);
	store_posts_add(&scene->fixture, 0, posts, 3000);
}

static void close_scene(struct scene *scene)
{
	char command[160];
	store_fixture_close(&scene->fixture);
	snprintf(command, sizeof command, "rm -rf '%s'", scene->backups);
	assert_int_equal(system(command), 0);
}

static enum code make(struct scene *scene, const char *name, bool skip_check,
	struct progress *progress, struct backup *ret, struct error *err)
{
	struct progress nobody = { .report = NULL };
	struct backup_options options = {
		.directory = scene->backups, .name = name, .skip_check = skip_check
	};
	return backup_make(
		scene->fixture.store, &options, progress != NULL ? progress : &nobody, ret, err);
}

/* What a file holds, opened as the store of another directory. */
static uint64_t digest_of(const char *path, uint64_t *ret_revision)
{
	struct store_fixture copy = { .directory = "/tmp/lectern-copy-XXXXXX" };
	char data[128];
	size_t size;
	assert_non_null(mkdtemp(copy.directory));
	snprintf(data, sizeof data, "%s/data.mdb", copy.directory);
	uint8_t *bytes = read_whole(path, &size);
	write_whole(data, bytes, size);
	free(bytes);
	store_fixture_reopen(&copy);
	uint64_t digest = store_posts_digest(&copy, ret_revision);
	store_fixture_assert_sound(&copy);
	store_fixture_close(&copy);
	return digest;
}

/* --- Beside a writer. --- */

enum { REVISIONS_MAX = 4000 };

struct writing {
	struct store_fixture *fixture;
	int waits;	       /* reports that wait */
	pthread_mutex_t mutex; /* for what follows */
	pthread_cond_t changed;
	int posts;
	bool stop;
	uint64_t digests[REVISIONS_MAX]; /* of the store at each revision */
};

static void *write_posts(void *argument)
{
	struct writing *writing = argument;
	bool stop = false;
	while (!stop) {
		uint64_t revision;
		store_posts_add(writing->fixture, writing->posts, 1, 3000);
		uint64_t digest = store_posts_digest(writing->fixture, &revision);
		assert_true(revision < REVISIONS_MAX);
		pthread_mutex_lock(&writing->mutex);
		writing->posts++;
		writing->digests[revision] = digest;
		pthread_cond_signal(&writing->changed);
		stop = writing->stop;
		pthread_mutex_unlock(&writing->mutex);
	}
	return NULL;
}

static void wait_for_posts(struct writing *writing, int count)
{
	pthread_mutex_lock(&writing->mutex);
	int until = writing->posts + count;
	while (writing->posts < until)
		pthread_cond_wait(&writing->changed, &writing->mutex);
	pthread_mutex_unlock(&writing->mutex);
}

/* The first reports wait for further writes, so that the copy has old pages to keep. */
static bool report_between_writes(void *context, uint64_t done, uint64_t total)
{
	struct writing *writing = context;
	if (writing->waits > 0) {
		writing->waits--;
		wait_for_posts(writing, 4);
	}
	return true;
}

static void a_backup_is_the_store_at_one_revision(void **state)
{
	static struct writing writing;
	struct scene scene;
	struct backup backup;
	struct error err;
	struct stat status;
	struct store_stats stats;
	pthread_t thread;
	uint64_t revision;
	open_scene(&scene, 0);
	store_posts_add(&scene.fixture, 1000, 50, 40000); /* more than LMDB buffers */
	writing = (struct writing){ .fixture = &scene.fixture };
	pthread_mutex_init(&writing.mutex, NULL);
	pthread_cond_init(&writing.changed, NULL);
	pthread_create(&thread, NULL, write_posts, &writing);
	for (int round = 0; round < 3; round++) {
		struct progress progress = { .report = report_between_writes, .context = &writing };
		char name[16];
		snprintf(name, sizeof name, "r%d", round);
		wait_for_posts(&writing, 10);
		writing.waits = 10;
		if (make(&scene, name, round == 1, &progress, &backup, &err) != CODE_OK)
			fail_msg("backup: %s", err.text);
		assert_int_equal(stat(backup.path, &status), 0);
		assert_int_equal(status.st_size, backup.size_bytes);
		assert_int_equal(status.st_mode & 0777, 0600);
		uint64_t digest = digest_of(backup.path, &revision);
		assert_int_equal(revision, backup.revision);
		pthread_mutex_lock(&writing.mutex);
		while (writing.digests[revision] == 0)
			pthread_cond_wait(&writing.changed, &writing.mutex);
		assert_true(writing.digests[revision] == digest);
		pthread_mutex_unlock(&writing.mutex);
	}
	pthread_mutex_lock(&writing.mutex);
	writing.stop = true;
	pthread_mutex_unlock(&writing.mutex);
	pthread_join(thread, NULL);
	assert_int_equal(count_files(scene.backups, NULL), 3);
	store_stats(scene.fixture.store, &stats);
	assert_int_equal(stats.open_snapshots, 0);
	close_scene(&scene);
	pthread_cond_destroy(&writing.changed);
	pthread_mutex_destroy(&writing.mutex);
}

/* --- Names. --- */

static void names_are_one_file_in_the_directory(void **state)
{
	char longest[202];
	memset(longest, 'a', sizeof longest);
	longest[201] = '\0';
	const struct {
		const char *label;
		const char *name;
		enum code code;
	} cases[] = {
		{ "of the server's choice", "", CODE_OK },
		{ "plain", "Backup_1-of-2.mdb", CODE_OK },
		{ "longest", longest + 1, CODE_OK },
		{ "too long", longest, CODE_INVALID_ARGUMENT },
		{ "hidden", ".hidden", CODE_INVALID_ARGUMENT },
		{ "parent", "..", CODE_INVALID_ARGUMENT },
		{ "elsewhere", "a/b", CODE_INVALID_ARGUMENT },
		{ "blank", "a b", CODE_INVALID_ARGUMENT },
		{ "another script", "\xC3\xA9", CODE_INVALID_ARGUMENT },
	};
	struct scene scene;
	struct backup backup;
	struct error err;
	open_scene(&scene, 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum code code = make(&scene, cases[i].name, false, NULL, &backup, &err);
		if (code != cases[i].code)
			fail_msg("%s: %s", cases[i].label, code_name(code));
		if (code != CODE_OK)
			assert_string_equal(err.reason, "BACKUP_NAME_INVALID");
		else if (cases[i].name[0] != '\0')
			assert_string_equal(strrchr(backup.path, '/') + 1, cases[i].name);
		else
			assert_string_equal(
				strrchr(backup.path, '/'), "/lectern-20231114T221320Z-2.mdb");
		assert_true(code != CODE_OK || backup.path[0] == '/');
	}
	close_scene(&scene);
}

/* The name is taken while the backup is made. */
static bool take_name(void *context, uint64_t done, uint64_t total)
{
	char path[256];
	snprintf(path, sizeof path, "%s/name", ((struct scene *)context)->backups);
	write_whole(path, (const uint8_t *)"mine", 4);
	return true;
}

static void a_name_that_is_taken_is_left_alone(void **state)
{
	struct scene scene;
	struct backup backup;
	struct error err;
	char one[256];
	char path[512];
	size_t size;
	open_scene(&scene, 3);
	struct progress progress = { .report = take_name, .context = &scene };
	for (int round = 0; round < 2; round++) { /* meanwhile, and beforehand */
		assert_int_equal(
			make(&scene, "name", false, round == 0 ? &progress : NULL, &backup, &err),
			CODE_ALREADY_EXISTS);
		assert_string_equal(err.reason, "BACKUP_EXISTS");
		assert_int_equal(count_files(scene.backups, one), 1);
		snprintf(path, sizeof path, "%s/%s", scene.backups, one);
		uint8_t *bytes = read_whole(path, &size);
		assert_int_equal(size, 4);
		assert_memory_equal(bytes, "mine", 4);
		free(bytes);
	}
	close_scene(&scene);
}

/* --- Ends. --- */

struct countdown {
	uint64_t calls;
	uint64_t calls_max;
	uint64_t done;
};

static bool count_down(void *context, uint64_t done, uint64_t total)
{
	struct countdown *countdown = context;
	assert_true(done >= countdown->done);
	assert_true(done <= total);
	countdown->done = done;
	return ++countdown->calls < countdown->calls_max;
}

static void a_backup_ends_wherever_it_is_told_to(void **state)
{
	struct scene scene;
	struct backup backup;
	struct error err;
	struct countdown countdown = { .calls_max = UINT64_MAX };
	struct progress progress = { .report = count_down, .context = &countdown };
	open_scene(&scene, 100);
	assert_int_equal(make(&scene, "whole", false, &progress, &backup, &err), CODE_OK);
	assert_true(progress.done <= progress.total);
	uint64_t calls = countdown.calls;
	assert_true(calls > 10);
	for (uint64_t at = 1; at < calls; at++) {
		countdown = (struct countdown){ .calls_max = at };
		progress = (struct progress){ .report = count_down, .context = &countdown };
		if (make(&scene, "part", false, &progress, &backup, &err) == CODE_OK) {
			/* How much of the pipe one read gets is the system's choice. */
			assert_true(at + 3 >= calls);
			break;
		}
		assert_int_equal(err.code, CODE_UNAVAILABLE);
		assert_string_equal(err.reason, "STOPPING");
		assert_int_equal(count_files(scene.backups, NULL), 1);
	}
	close_scene(&scene);
}

/* What a process that was killed has left goes; what another one is writing, and what is not ours,
 * stays. */
static void leftovers_are_removed(void **state)
{
	static const struct {
		const char *name;
		bool stays;
	} files[] = { { ".a.mdb.lectern-tmp", false }, { ".b.lectern-tmp", false },
		{ ".held.lectern-tmp", true }, { ".c.tmp", true }, { "d.lectern-tmp", true },
		{ ".lectern-tmp", true } };
	struct scene scene;
	struct backup backup;
	struct error err;
	char path[256];
	int held = -1;
	open_scene(&scene, 1);
	assert_int_equal(mkdir(scene.backups, 0700), 0);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(path, sizeof path, "%s/%s", scene.backups, files[i].name);
		write_whole(path, (const uint8_t *)"x", 1);
		if (strstr(files[i].name, "held") != NULL)
			held = open(path, O_RDONLY | O_CLOEXEC);
	}
	assert_int_equal(flock(held, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(make(&scene, "name", false, NULL, &backup, &err), CODE_OK);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(path, sizeof path, "%s/%s", scene.backups, files[i].name);
		if ((access(path, F_OK) == 0) != files[i].stays)
			fail_msg("%s %s", files[i].name, files[i].stays ? "is gone" : "is left");
	}
	/* One under the very name that is being written. */
	assert_int_equal(make(&scene, "held", false, NULL, &backup, &err), CODE_ALREADY_EXISTS);
	close(held);
	assert_int_equal(make(&scene, "held", false, NULL, &backup, &err), CODE_OK);
	close_scene(&scene);
}

/* --- Stores that are not sound. --- */

static void add_posting(struct txn *txn, void *context)
{
	struct key key;
	struct posting posting = { .kind = POSTING_TAG, .number = 99, .sort = 5, .id = 77 };
	key_posting(&key, &posting);
	txn_put(txn, TABLE_POSTING, &key, slice_of(NULL, 0));
}

static void a_store_that_contradicts_itself_has_no_backup_with_a_check(void **state)
{
	struct scene scene;
	struct backup backup;
	struct error err;
	open_scene(&scene, 3);
	store_posts_edit(&scene.fixture, add_posting, NULL);
	store_fixture_reopen(&scene.fixture);
	assert_int_equal(make(&scene, "a", false, NULL, &backup, &err), CODE_DATA_LOSS);
	assert_non_null(strstr(err.text, "has post 77, which does not belong there"));
	assert_int_equal(count_files(scene.backups, NULL), 0);
	assert_int_equal(make(&scene, "a", true, NULL, &backup, &err), CODE_OK);
	close_scene(&scene);
}

/* Changes one byte of a closed store's file: of the body of post 1. */
static void damage(struct scene *scene)
{
	char path[128];
	size_t size;
	store_close(scene->fixture.store);
	scene->fixture.store = NULL;
	snprintf(path, sizeof path, "%s/data.mdb", scene->fixture.directory);
	uint8_t *bytes = read_whole(path, &size);
	for (size_t i = 0; i + 14 < size; i++)
		if (memcmp(bytes + i, "body of post-1", 14) == 0)
			bytes[i] ^= 1;
	write_whole(path, bytes, size);
	free(bytes);
	store_fixture_reopen(&scene->fixture);
}

static void a_damaged_entry_is_met_without_the_check_too(void **state)
{
	struct scene scene;
	struct backup backup;
	struct error err;
	open_scene(&scene, 3);
	damage(&scene);
	assert_int_equal(make(&scene, "a", true, NULL, &backup, &err), CODE_DATA_LOSS);
	assert_string_equal(err.reason, "STORE_DAMAGED");
	assert_non_null(strstr(err.text, "table post"));
	assert_int_equal(count_files(scene.backups, NULL), 0);
	close_scene(&scene);
}

/* One page more than is used or free, which harms nothing, but LMDB makes no compact copy then. */
static void a_store_with_a_lost_page_is_copied_as_it_is(void **state)
{
	enum { PAGE = 4096, LAST_PAGE_AT = 16 + 24 + 2 * 48 }; /* page head, numbers, two tables */
	struct scene scene;
	struct backup backup;
	struct error err;
	char path[128];
	size_t size;
	uint64_t revision;
	open_scene(&scene, 3);
	uint64_t digest = store_posts_digest(&scene.fixture, &revision);
	store_close(scene.fixture.store);
	scene.fixture.store = NULL;
	snprintf(path, sizeof path, "%s/data.mdb", scene.fixture.directory);
	uint8_t *bytes = read_whole(path, &size);
	bytes = realloc(bytes, size + PAGE);
	memset(bytes + size, 0, PAGE);
	for (int meta = 0; meta < 2; meta++) {
		uint64_t last;
		memcpy(&last, bytes + meta * PAGE + LAST_PAGE_AT, sizeof last);
		assert_in_range(last, 10, size / PAGE);
		last = size / PAGE;
		memcpy(bytes + meta * PAGE + LAST_PAGE_AT, &last, sizeof last);
	}
	write_whole(path, bytes, size + PAGE);
	free(bytes);
	store_fixture_reopen(&scene.fixture);
	if (make(&scene, "a", false, NULL, &backup, &err) != CODE_OK)
		fail_msg("%s", err.text);
	assert_true(backup.size_bytes >= size);
	assert_true(digest_of(backup.path, &revision) == digest);
	close_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_backup_is_the_store_at_one_revision),
		cmocka_unit_test(names_are_one_file_in_the_directory),
		cmocka_unit_test(a_name_that_is_taken_is_left_alone),
		cmocka_unit_test(a_backup_ends_wherever_it_is_told_to),
		cmocka_unit_test(leftovers_are_removed),
		cmocka_unit_test(a_store_that_contradicts_itself_has_no_backup_with_a_check),
		cmocka_unit_test(a_damaged_entry_is_met_without_the_check_too),
		cmocka_unit_test(a_store_with_a_lost_page_is_copied_as_it_is),
	};
	clock_set_realtime_hook(frozen_clock);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
