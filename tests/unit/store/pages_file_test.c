/*
 * Data files as a whole: sound ones, none, other ones, cut and long ones, a disk that cannot be
 * read, and what opening a store makes of them.
 */
#include "support/closed_store.h"

#include "base/limits.h"
#include "store/pages.h"
#include "store/txn.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void sound_stores_are_accepted(void **state)
{
	struct pages_report report;
	struct error err;
	assert_int_equal(pages_verify(closed.path, true, &report, &err), CODE_OK);
	assert_int_equal(report.file_bytes, closed.image.size);
	assert_int_equal(report.pages, closed.image.newer->last_page + 1);
	assert_true(report.walked);
	assert_int_equal(report.lost_pages, 0);
	assert_int_equal(report.used_pages + report.free_pages, report.pages);
	size_t used = 0;
	for (size_t page = 0; page < closed.image.page_count; page++)
		used += closed.image.kinds[page] != KIND_NONE;
	assert_int_equal(report.used_pages, used);
}

static void a_file_without_pages_is_a_new_store(void **state)
{
	struct pages_report report;
	struct error err;
	assert_int_equal(truncate(closed.path, 0), 0);
	for (int absent = 0; absent < 2; absent++) {
		memset(&report, 0xFF, sizeof report);
		assert_int_equal(pages_verify(closed.path, true, &report, &err), CODE_OK);
		assert_int_equal(report.file_bytes, 0);
		assert_int_equal(report.pages, 0);
		unlink(closed.path);
	}
	store_fixture_reopen(&closed.fixture);
	assert_int_equal(pages_verify(closed.path, true, &report, &err), CODE_OK);
	assert_true(report.pages > 2);
	store_close(closed.fixture.store);
	closed.fixture.store = NULL;
	closed_store_restore(&closed);
}

static void what_is_no_file_is_refused(void **state)
{
	struct pages_report report;
	struct error err;
	unlink(closed.path);
	assert_int_equal(mkdir(closed.path, 0700), 0);
	assert_int_equal(pages_verify(closed.path, true, &report, &err), CODE_FAILED_PRECONDITION);
	assert_non_null(strstr(err.text, "is no regular file"));
	rmdir(closed.path);
	assert_int_equal(mkfifo(closed.path, 0600), 0);
	assert_int_equal(pages_verify(closed.path, true, &report, &err), CODE_FAILED_PRECONDITION);
	assert_non_null(strstr(err.text, "is no regular file"));
	unlink(closed.path);
	assert_int_equal(symlink("data.mdb", closed.path), 0);
	assert_int_equal(pages_verify(closed.path, true, &report, &err), CODE_FAILED_PRECONDITION);
	assert_non_null(strstr(err.text, closed.path));
	assert_non_null(strstr(err.text, strerror(ELOOP)));
	unlink(closed.path);
	closed_store_restore(&closed);
}

/* LMDB does not read these, and so nobody is kept from the store. */
static void what_nobody_follows_is_no_damage(void **state)
{
	uint8_t bytes[sizeof(struct tree_record)];
	struct store_image *image = &closed.image;
	const uint8_t *older = (const uint8_t *)image->older;
	const uint8_t *newer = (const uint8_t *)image->newer;
	uint8_t *leaf = store_image_page(image, store_image_find(image, KIND_TABLE_LEAF, 0));
	memset(bytes, 0xA5, sizeof bytes);
	closed_store_overwrite(
		&closed, older + offsetof(struct meta_record, tables), bytes, sizeof bytes);
	closed_store_overwrite(&closed, older + offsetof(struct meta_record, last_page), bytes, 8);
	closed_store_overwrite(&closed, older + offsetof(struct meta_record, map_bytes), bytes, 8);
	closed_store_assert_accepted(&closed, "the older meta page");
	closed_store_overwrite(&closed, newer + offsetof(struct meta_record, address), bytes, 16);
	closed_store_assert_accepted(&closed, "address and size of the map");
	closed_store_overwrite(&closed,
		store_image_page(image, store_image_find(image, KIND_NONE, 0)), bytes,
		sizeof bytes);
	closed_store_assert_accepted(&closed, "a free page");
	closed_store_overwrite(&closed, leaf + store_image_header(leaf)->lower, bytes, 1);
	closed_store_overwrite(&closed, leaf + offsetof(struct page_header, pad), bytes, 2);
	closed_store_assert_accepted(&closed, "free space of a page");
	assert_int_equal(truncate(closed.path, (off_t)image->size + 5000), 0);
	closed_store_assert_accepted(&closed, "a longer file");
}

/* A shorter list of free pages loses them; nothing else is wrong with the store. */
static void lost_pages_are_counted(void **state)
{
	struct pages_report report;
	struct error err;
	uint8_t *page =
		store_image_page(&closed.image, store_image_find(&closed.image, KIND_FREE_LEAF, 0));
	uint8_t *list = store_image_value(page, 0);
	uint64_t count;
	memcpy(&count, list, sizeof count);
	assert_true(count > 2);
	closed_store_overwrite(&closed, list, &(uint64_t){ count - 2 }, sizeof count);
	assert_int_equal(pages_verify(closed.path, true, &report, &err), CODE_OK);
	assert_int_equal(report.lost_pages, 2);
	assert_int_equal(report.used_pages + report.free_pages + 2, report.pages);
	closed_store_restore(&closed);
}

static void other_files_are_no_store(void **state)
{
	static const char zeros[64];
	for (uint64_t number = 0; number < META_PAGES; number++) {
		uint8_t *page = store_image_page(&closed.image, number);
		uint8_t *meta = page + sizeof(struct page_header);
		closed_store_overwrite(
			&closed, meta + offsetof(struct meta_record, magic), zeros, 4);
		closed_store_assert_damaged(&closed, "magic", "MDB_INVALID");
		closed_store_restore(&closed);
		closed_store_overwrite(
			&closed, page + offsetof(struct page_header, flags), zeros, 2);
		closed_store_assert_damaged(&closed, "meta flag", "MDB_INVALID");
		closed_store_restore(&closed);
		closed_store_overwrite(
			&closed, meta + offsetof(struct meta_record, version), &(uint32_t){ 2 }, 4);
		closed_store_assert_refused(&closed, "version", CODE_FAILED_PRECONDITION,
			"STORE_FORMAT", "made by another version of LMDB");
		closed_store_restore(&closed);
	}
}

/* Whether LMDB would miss something in a file of `size` bytes. */
static bool is_missed(size_t size)
{
	for (size_t page = size / closed.image.page_bytes; page < closed.image.page_count; page++)
		if (closed.image.kinds[page] != KIND_NONE)
			return true;
	return false;
}

static void a_file_that_was_cut_is_refused(void **state)
{
	struct random random = { .state = 1 };
	struct pages_report report;
	struct error err;
	size_t refused = 0;
	/* Shorter and shorter, at every page and at two sizes between. */
	for (size_t page = closed.image.page_count; page-- > 0;) {
		size_t at = page * closed.image.page_bytes;
		size_t sizes[] = { at + closed.image.page_bytes - 1,
			at + 1 + random_below(&random, 4000), at };
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes && sizes[i] > 0; i++) {
			assert_int_equal(truncate(closed.path, (off_t)sizes[i]), 0);
			enum code code = pages_verify(closed.path, true, &report, &err);
			refused += code != CODE_OK;
			if (code != (is_missed(sizes[i]) ? CODE_DATA_LOSS : CODE_OK))
				fail_msg("%zu of %zu bytes: %s", sizes[i], closed.image.size,
					err.text);
		}
	}
	assert_true(refused > closed.image.page_count);
	closed_store_restore(&closed);
	assert_int_equal(truncate(closed.path, (off_t)closed.image.page_bytes + 100), 0);
	closed_store_assert_damaged(&closed, "a cut meta page", "MDB_INVALID");
	assert_int_equal(truncate(closed.path, 100), 0);
	closed_store_assert_damaged(&closed, "a cut meta page", "MDB_INVALID");
	closed_store_restore(&closed);
}

/* What pread() does in this program: see tests/unit/CMakeLists.txt. */
static int fail_after = -1; /* so many calls; negative: never */
static ssize_t failure;	    /* what it returns then */
static bool stutter;	    /* a signal before each call, one byte from it */
ssize_t __real_pread(int file, void *out, size_t size, off_t offset);
ssize_t __wrap_pread(int file, void *out, size_t size, off_t offset);

ssize_t __wrap_pread(int file, void *out, size_t size, off_t offset)
{
	static bool interrupted;
	if (fail_after == 0) {
		errno = EIO;
		return failure;
	}
	fail_after -= fail_after > 0;
	interrupted = stutter && !interrupted;
	if (interrupted) {
		errno = EINTR;
		return -1;
	}
	return __real_pread(file, out, stutter && size > 1 ? size / 2 : size, offset);
}

static void a_read_error_is_an_error(void **state)
{
	size_t failures = 0;
	failure = -1;
	for (int calls = 0;; calls += 1 + calls / 8) {
		struct pages_report report;
		struct error err;
		fail_after = calls;
		enum code code = pages_verify(closed.path, true, &report, &err);
		bool all = fail_after > 0;
		fail_after = -1;
		if (all) {
			assert_int_equal(code, CODE_OK);
			break;
		}
		assert_int_not_equal(code, CODE_OK);
		assert_int_not_equal(code, CODE_DATA_LOSS); /* nothing is known of the file */
		assert_non_null(strstr(err.text, "Input/output error"));
		assert_non_null(strstr(err.text, closed.path));
		failures++;
	}
	assert_true(failures > 10);
	failure = 0;
	fail_after = 5;
	closed_store_assert_damaged(
		&closed, "the end of the file", "it became shorter while it was read");
	fail_after = -1;
	stutter = true;
	closed_store_assert_accepted(&closed, "short reads and signals");
	stutter = false;
}

static enum code open_store(struct error *err)
{
	struct store_options options = { .directory = closed.fixture.directory };
	struct store *store = NULL;
	*err = (struct error){ .code = CODE_OK };
	enum code code = store_open(&options, &store, err);
	store_close(store);
	return code;
}

static void the_store_is_not_opened(void **state)
{
	struct error err;
	assert_int_equal(open_store(&err), CODE_OK);
	assert_int_equal(truncate(closed.path, (off_t)(closed.image.size / 2)), 0);
	assert_int_equal(open_store(&err), CODE_DATA_LOSS);
	assert_string_equal(err.reason, "STORE_DAMAGED");
	assert_non_null(strstr(err.text, "open store in /tmp/lectern-store-"));
	assert_non_null(strstr(err.text, " is missing: the file ends after "));
}

static void rename_table(const char *name)
{
	uint8_t *list = store_image_page(&closed.image, closed.image.newer->tables.root);
	uint8_t *key = store_image_key(list, store_image_table(&closed.image, name));
	/* One less stands between the same tables. */
	uint8_t last = (uint8_t)(name[strlen(name) - 1] - 1);
	closed_store_overwrite(&closed, key + strlen(name) - 1, &last, 1);
}

/* Older formats had fewer tables. */
static void set_format(uint8_t format)
{
	struct tree_record meta;
	uint8_t *list = store_image_page(&closed.image, closed.image.newer->tables.root);
	memcpy(&meta, store_image_value(list, store_image_table(&closed.image, "meta")),
		sizeof meta);
	uint8_t *leaf = store_image_page(&closed.image, meta.root);
	for (uint32_t i = 0; i < store_image_nodes(leaf); i++)
		if (store_image_node_header(leaf, i).key_size == strlen(META_FORMAT) &&
			memcmp(store_image_key(leaf, i), META_FORMAT, strlen(META_FORMAT)) == 0)
			closed_store_overwrite(&closed, store_image_value(leaf, i) + 7, &format, 1);
}

/* A table by another name is a sound tree, but none that a store has. */
static void a_table_without_its_name_is_missed(void **state)
{
	static const struct {
		const char *table;
		uint8_t format;
	} cases[] = { { "meta", STORE_FORMAT }, { "post", STORE_FORMAT },
		{ "positions", STORE_FORMAT }, { "suggest", 3 }, { "post", 2 }, { "due", 1 } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct error err;
		char text[64];
		rename_table(cases[i].table);
		set_format(cases[i].format);
		closed_store_assert_accepted(&closed, cases[i].table);
		assert_int_equal(open_store(&err), CODE_DATA_LOSS);
		snprintf(text, sizeof text, "the store has no table %s; restore", cases[i].table);
		if (strcmp(err.reason, "STORE_DAMAGED") != 0 || strstr(err.text, text) == NULL)
			fail_msg("%s: %s", cases[i].table, err.text);
		closed_store_restore(&closed);
	}
	/* The newer server's words count. */
	rename_table("post");
	set_format(STORE_FORMAT + 1);
	struct error err;
	assert_int_equal(open_store(&err), CODE_FAILED_PRECONDITION);
	assert_string_equal(err.reason, "STORE_FORMAT");
}

/* Damages a branch of the posts in a file that is too long for the walk. */
static void damage_long_file(void)
{
	uint8_t *branch = store_image_page(
		&closed.image, store_image_find(&closed.image, KIND_TABLE_BRANCH, 0));
	assert_int_equal(truncate(closed.path, (off_t)OPEN_VERIFY_BYTES + 1), 0);
	closed_store_overwrite(&closed, branch + offsetof(struct page_header, lower),
		&(uint16_t){ sizeof(struct page_header) + 2 }, 2);
}

static void a_long_file_is_walked_when_asked(void **state)
{
	struct pages_report report;
	struct error err;
	damage_long_file();
	if (pages_verify(closed.path, false, &report, &err) != CODE_OK)
		fail_msg("%s", err.text);
	assert_false(report.walked);
	assert_int_equal(report.pages, closed.image.newer->last_page + 1);
	assert_int_equal(report.used_pages, 0);
	closed_store_assert_damaged(&closed, "a long file", "it has too few entries");
	assert_int_equal(truncate(closed.path, (off_t)OPEN_VERIFY_BYTES), 0);
	assert_int_equal(pages_verify(closed.path, false, &report, &err), CODE_DATA_LOSS);

	/* The length is looked at in any case, as far as it can be known: a file that lacks pages
	 * is walked, since they may be free. */
	closed_store_restore(&closed);
	uint64_t last_page = OPEN_VERIFY_BYTES / closed.image.page_bytes + 10;
	assert_int_equal(truncate(closed.path, (off_t)OPEN_VERIFY_BYTES + 1), 0);
	closed_store_overwrite(&closed,
		(uint8_t *)closed.image.newer + offsetof(struct meta_record, last_page), &last_page,
		sizeof last_page);
	assert_int_equal(pages_verify(closed.path, false, &report, &err), CODE_DATA_LOSS);
	assert_non_null(strstr(err.text, " is missing: the file ends after "));
}

static int told;

static void tell(const char *text)
{
	if (write(told, text, strlen(text)) < 0)
		_exit(2);
}

/* In a process of its own: looks into every table, as one of them is damaged. */
static void meet_assertion(void)
{
	struct store_options options = { .directory = closed.fixture.directory,
		.on_assertion = tell };
	struct store *store;
	struct txn *snapshot;
	struct key key;
	close(STDERR_FILENO); /* where LMDB writes, too */
	if (store_open(&options, &store, NULL) != CODE_OK ||
		store_snapshot(store, &snapshot, NULL) != CODE_OK)
		_exit(3);
	key_post(&key, 1, POST_SUMMARY);
	for (int table = 0; table < TABLE_COUNT; table++) {
		struct slice value;
		(void)txn_get(snapshot, (enum table)table, &key, &value);
	}
	_exit(4);
}

/* Where the file was not walked, LMDB may still find that it cannot go on. */
static void an_assertion_of_lmdb_is_told(void **state)
{
	int ends[2];
	int status;
	char text[400] = "";
	damage_long_file();
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		told = ends[1];
		meet_assertion();
	}
	close(ends[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	ssize_t size = read(ends[0], text, sizeof text - 1);
	close(ends[0]);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	assert_true(size > 0);
	if (strstr(text, "NUMKEYS(mp) > 1") == NULL)
		fail_msg("%s", text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(sound_stores_are_accepted, closed_store_setup),
		cmocka_unit_test_setup(a_file_without_pages_is_a_new_store, closed_store_setup),
		cmocka_unit_test_setup(what_is_no_file_is_refused, closed_store_setup),
		cmocka_unit_test_setup(what_nobody_follows_is_no_damage, closed_store_setup),
		cmocka_unit_test_setup(lost_pages_are_counted, closed_store_setup),
		cmocka_unit_test_setup(other_files_are_no_store, closed_store_setup),
		cmocka_unit_test_setup(a_file_that_was_cut_is_refused, closed_store_setup),
		cmocka_unit_test_setup(a_read_error_is_an_error, closed_store_setup),
		cmocka_unit_test_setup(the_store_is_not_opened, closed_store_setup),
		cmocka_unit_test_setup(a_table_without_its_name_is_missed, closed_store_setup),
		cmocka_unit_test_setup(a_long_file_is_walked_when_asked, closed_store_setup),
		cmocka_unit_test_setup(an_assertion_of_lmdb_is_told, closed_store_setup),
	};
	return cmocka_run_group_tests(tests, closed_store_group_setup, closed_store_group_teardown);
}
