/* Making a store from a backup, and what is refused. */
#include "support/random.h"
#include "support/store_posts.h"

#include "base/clock.h"
#include "store/backup.h"
#include "store/txn.h"

#include <lmdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { POSTS = 20 };

/* The writer merges nothing by itself, so that only writes change a store. */
static int64_t frozen_clock(void)
{
	return INT64_C(1700000000000000);
}

/* A store that is open, a backup of it, and a directory that is not there yet. */
struct scene {
	struct store_fixture fixture;
	char backups[128];
	struct backup backup;
	struct store_fixture target;
};

static void open_scene(struct scene *scene)
{
	struct error err;
	struct progress progress = { .report = NULL };
	*scene = (struct scene){ .backups = "" };
	store_fixture_open(&scene->fixture, 0);
	snprintf(scene->backups, sizeof scene->backups, "%s-backups", scene->fixture.directory);
	snprintf(scene->target.directory, sizeof scene->target.directory, "%s-target",
		scene->fixture.directory);
	store_posts_add(&scene->fixture, 0, POSTS, 3000);
	struct backup_options options = { .directory = scene->backups, .name = "a" };
	if (backup_make(scene->fixture.store, &options, &progress, &scene->backup, &err) != CODE_OK)
		fail_msg("backup: %s", err.text);
}

static void close_scene(struct scene *scene)
{
	char command[300];
	if (scene->target.store != NULL)
		store_fixture_close(&scene->target);
	store_fixture_close(&scene->fixture);
	snprintf(command, sizeof command, "rm -rf '%s' '%s'", scene->backups,
		scene->target.directory);
	assert_int_equal(system(command), 0);
}

static void epoch_of(struct store_fixture *fixture, char ret[64])
{
	struct txn *snapshot;
	struct error err;
	struct key key;
	struct slice value;
	assert_int_equal(store_snapshot(fixture->store, &snapshot, &err), CODE_OK);
	key_meta(&key, META_EPOCH);
	assert_true(txn_get(snapshot, TABLE_META, &key, &value));
	assert_in_range(value.size, 8, 63);
	memcpy(ret, value.data, value.size);
	ret[value.size] = '\0';
	store_release(fixture->store, snapshot);
}

static void the_store_is_the_same_but_for_its_epoch(void **state)
{
	struct scene scene;
	struct store_facts facts;
	struct error err;
	char epoch[64];
	char other[64];
	size_t size;
	size_t size_after;
	uint64_t revision;
	uint64_t restored;
	open_scene(&scene);
	uint64_t digest = store_posts_digest(&scene.fixture, &revision);
	uint8_t *before = read_whole(scene.backup.path, &size);
	if (backup_restore(scene.backup.path, scene.target.directory, &facts, &err) != CODE_OK)
		fail_msg("%s", err.text);
	assert_int_equal(facts.revision, revision);
	assert_int_equal(facts.post_count, POSTS);
	assert_int_equal(facts.format, STORE_FORMAT);
	assert_false(facts.is_outdated);
	uint8_t *after = read_whole(scene.backup.path, &size_after);
	assert_int_equal(size, size_after);
	assert_memory_equal(before, after, size);
	free(before);
	free(after);
	assert_int_equal(count_files(scene.target.directory, NULL), 2); /* and the lock */

	store_fixture_reopen(&scene.target);
	assert_true(store_posts_digest(&scene.target, &restored) == digest);
	assert_int_equal(restored, revision);
	epoch_of(&scene.fixture, epoch);
	epoch_of(&scene.target, other);
	assert_string_not_equal(epoch, other);
	store_fixture_assert_sound(&scene.target);
	store_posts_add(&scene.target, POSTS, 1, 3000);
	store_fixture_assert_sound(&scene.target);
	close_scene(&scene);
}

static void a_directory_with_a_store_is_refused(void **state)
{
	struct scene scene;
	struct store_facts facts;
	struct error err;
	uint64_t revision;
	open_scene(&scene);
	assert_int_equal(backup_restore(scene.backup.path, scene.fixture.directory, &facts, &err),
		CODE_FAILED_PRECONDITION);
	assert_non_null(strstr(err.text, "another process has the store"));
	assert_int_equal(
		backup_restore(scene.backup.path, scene.target.directory, &facts, &err), CODE_OK);
	store_fixture_reopen(&scene.target);
	store_posts_add(&scene.target, POSTS, 1, 3000);
	uint64_t digest = store_posts_digest(&scene.target, &revision);
	store_close(scene.target.store);
	scene.target.store = NULL;
	assert_int_equal(backup_restore(scene.backup.path, scene.target.directory, &facts, &err),
		CODE_FAILED_PRECONDITION);
	assert_non_null(strstr(err.text, "has a store already"));
	store_fixture_reopen(&scene.target);
	assert_true(store_posts_digest(&scene.target, &revision) == digest);
	close_scene(&scene);
}

/* Nothing under the name of a store is left where a file was refused. */
static void assert_refused(
	struct scene *scene, const char *path, const char *label, enum code code, const char *text)
{
	struct store_facts facts;
	struct error err = { .text = "" };
	char one[256] = "";
	enum code got = backup_restore(path, scene->target.directory, &facts, &err);
	if (got != code || strstr(err.text, text) == NULL)
		fail_msg("%s: %s: %s", label, code_name(got), err.text);
	int count = count_files(scene->target.directory, one);
	if (count > 1 || (count == 1 && strcmp(one, "lecternd.lock") != 0))
		fail_msg("%s: %d files are left, %s", label, count, one);
}

static void what_is_no_file_is_refused(void **state)
{
	struct scene scene;
	char path[256];
	open_scene(&scene);
	snprintf(path, sizeof path, "%s/fifo", scene.backups);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(&scene, path, "fifo", CODE_INVALID_ARGUMENT, "is not a regular file");
	assert_refused(
		&scene, scene.backups, "directory", CODE_INVALID_ARGUMENT, "is not a regular file");
	snprintf(path, sizeof path, "%s/nothing", scene.backups);
	assert_refused(&scene, path, "nothing", CODE_INVALID_ARGUMENT, "No such file");
	assert_int_equal(access(scene.target.directory, F_OK), -1);
	close_scene(&scene);
}

static void a_file_that_was_cut_is_refused(void **state)
{
	static const struct {
		const char *label;
		unsigned percent; /* of the bytes that are left */
		unsigned plus;
		const char *text;
	} cases[] = {
		{ "empty", 0, 0, "is empty" },
		{ "some bytes", 0, 100, "is no store" },
		{ "one page", 0, 4096, "is no store" },
		{ "two pages", 0, 8192, "is damaged" },
		{ "half", 50, 0, "the file ends after" },
		{ "almost all", 99, 0, "the file ends after" },
	};
	struct scene scene;
	char path[256];
	size_t size;
	open_scene(&scene);
	snprintf(path, sizeof path, "%s/cut", scene.backups);
	uint8_t *bytes = read_whole(scene.backup.path, &size);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		write_whole(path, bytes, size * cases[i].percent / 100 + cases[i].plus);
		assert_refused(&scene, path, cases[i].label, CODE_DATA_LOSS, cases[i].text);
	}
	free(bytes);
	close_scene(&scene);
}

/* A byte of each body, which stands in the records of source and html. */
static void a_wrong_byte_is_refused(void **state)
{
	struct scene scene;
	char path[256];
	size_t size;
	int flipped = 0;
	open_scene(&scene);
	snprintf(path, sizeof path, "%s/wrong", scene.backups);
	uint8_t *bytes = read_whole(scene.backup.path, &size);
	for (size_t i = 0; i + 13 < size; i++) {
		if (memcmp(bytes + i, "body of post-", 13) != 0)
			continue;
		bytes[i + 5] ^= 0x20;
		write_whole(path, bytes, size);
		bytes[i + 5] ^= 0x20;
		assert_refused(&scene, path, "byte", CODE_DATA_LOSS, "table post");
		flipped++;
	}
	assert_int_equal(flipped, 2 * POSTS);
	free(bytes);
	close_scene(&scene);
}

/* Any bit at all: the file is refused, or what it holds is what was written. Only numbers and keys
 * of the store itself have no checksum. */
static void a_wrong_bit_is_refused_or_harmless(void **state)
{
	enum { FLIPS = 150 };
	struct scene scene;
	struct random random = random_start();
	struct store_facts facts;
	struct error err;
	char path[256];
	size_t size;
	int refused = 0;
	open_scene(&scene);
	snprintf(path, sizeof path, "%s/wrong", scene.backups);
	uint64_t digest = store_posts_digest_tables(&scene.fixture);
	uint8_t *bytes = read_whole(scene.backup.path, &size);
	for (int i = 0; i < FLIPS; i++) {
		size_t at = random_below(&random, size);
		uint8_t bit = (uint8_t)(1u << random_below(&random, 8));
		bytes[at] ^= bit;
		write_whole(path, bytes, size);
		bytes[at] ^= bit;
		if (backup_restore(path, scene.target.directory, &facts, &err) != CODE_OK) {
			refused++;
			continue;
		}
		if (!facts.is_outdated) /* one of these numbers */
			store_fixture_reopen(&scene.target);
		if (!facts.is_outdated && store_posts_digest_tables(&scene.target) != digest)
			fail_msg("bit %u of byte %zu changes the store unnoticed", bit, at);
		store_fixture_close(&scene.target);
	}
	assert_in_range(refused, FLIPS / 4, FLIPS);
	free(bytes);
	close_scene(&scene);
}

static void what_is_no_store_is_refused(void **state)
{
	struct scene scene;
	char path[256];
	open_scene(&scene);
	snprintf(path, sizeof path, "%s/text", scene.backups);
	char *text = malloc(100000);
	memset(text, 'x', 100000);
	write_whole(path, (const uint8_t *)text, 100000);
	free(text);
	assert_refused(&scene, path, "text", CODE_DATA_LOSS, "is no store");
	/* A file of LMDB that is somebody else's. */
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi table;
	snprintf(path, sizeof path, "%s/other", scene.backups);
	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(mdb_env_set_maxdbs(env, 2), 0);
	assert_int_equal(mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOLOCK, 0600), 0);
	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
	assert_int_equal(mdb_dbi_open(txn, "other", MDB_CREATE, &table), 0);
	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
	assert_refused(&scene, path, "other", CODE_DATA_LOSS, "is no store of Lectern");
	close_scene(&scene);
}

struct number {
	const char *name;
	uint64_t value;
};

static void put_number(struct txn *txn, void *context)
{
	const struct number *number = context;
	txn_put_meta(txn, number->name, number->value);
}

/* The file of the closed store with another number in its table of numbers. */
static void file_with(struct scene *scene, const char *name, uint64_t value, char path[256])
{
	struct number number = { name, value };
	store_posts_edit(&scene->fixture, put_number, &number);
	snprintf(path, 256, "%s/data.mdb", scene->fixture.directory);
}

static void a_newer_format_is_refused(void **state)
{
	struct scene scene;
	char path[256];
	open_scene(&scene);
	file_with(&scene, META_FORMAT, STORE_FORMAT + 1, path);
	assert_refused(&scene, path, "newer", CODE_FAILED_PRECONDITION, "use a newer server");
	close_scene(&scene);
}

/* Older formats and other libraries: the file is taken as it is, and made new at the first start.
 */
static void an_outdated_store_is_taken_as_it_is(void **state)
{
	const char *const names[] = { META_FORMAT, META_SEARCH_ANALYZER };
	for (size_t i = 0; i < 2; i++) {
		struct scene scene;
		struct store_facts facts;
		struct error err;
		char path[256];
		char made[256];
		size_t size;
		size_t made_size;
		open_scene(&scene);
		file_with(&scene, names[i], 2, path);
		if (backup_restore(path, scene.target.directory, &facts, &err) != CODE_OK)
			fail_msg("%s: %s", names[i], err.text);
		assert_true(facts.is_outdated);
		assert_int_equal(facts.post_count, POSTS);
		snprintf(made, sizeof made, "%s/data.mdb", scene.target.directory);
		uint8_t *bytes = read_whole(path, &size);
		uint8_t *made_bytes = read_whole(made, &made_size);
		assert_int_equal(size, made_size);
		assert_memory_equal(bytes, made_bytes, size);
		free(bytes);
		free(made_bytes);
		close_scene(&scene);
	}
}

/* A contradiction that no checksum tells. */
static void the_checker_is_asked(void **state)
{
	struct scene scene;
	char path[256];
	open_scene(&scene);
	file_with(&scene, META_NEXT_POST_ID, 1, path);
	assert_refused(&scene, path, "contradiction", CODE_DATA_LOSS, META_NEXT_POST_ID);
	close_scene(&scene);
}

/* What a restore that was killed has left does not hinder the next one. */
static void leftovers_are_removed(void **state)
{
	struct scene scene;
	struct store_facts facts;
	struct error err;
	char path[256];
	open_scene(&scene);
	assert_int_equal(mkdir(scene.target.directory, 0700), 0);
	snprintf(path, sizeof path, "%s/.data.mdb.lectern-tmp", scene.target.directory);
	write_whole(path, (const uint8_t *)"x", 1);
	assert_int_equal(
		backup_restore(scene.backup.path, scene.target.directory, &facts, &err), CODE_OK);
	assert_int_equal(access(path, F_OK), -1);
	close_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_store_is_the_same_but_for_its_epoch),
		cmocka_unit_test(a_directory_with_a_store_is_refused),
		cmocka_unit_test(what_is_no_file_is_refused),
		cmocka_unit_test(a_file_that_was_cut_is_refused),
		cmocka_unit_test(a_wrong_byte_is_refused),
		cmocka_unit_test(a_wrong_bit_is_refused_or_harmless),
		cmocka_unit_test(what_is_no_store_is_refused),
		cmocka_unit_test(a_newer_format_is_refused),
		cmocka_unit_test(an_outdated_store_is_taken_as_it_is),
		cmocka_unit_test(the_checker_is_asked),
		cmocka_unit_test(leftovers_are_removed),
	};
	clock_set_realtime_hook(frozen_clock);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
