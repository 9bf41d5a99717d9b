/* Backups onto a disk that is full, or becomes so. */
#include "support/small_disk.h"
#include "support/store_posts.h"

#include "store/backup.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cmocka.h>

enum { DISK_BYTES = 8 << 20 };

static struct store_fixture fixture;
static char disk[64] = "/tmp/lectern-disk-XXXXXX";

static int set_up(void **state)
{
	assert_non_null(mkdtemp(disk));
	if (!mount_small_disk(disk, "8m")) {
		rmdir(disk);
		disk[0] = '\0';
		return 0;
	}
	store_fixture_open(&fixture, 0);
	store_posts_add(&fixture, 0, 50, 40000);
	return 0;
}

static int tear_down(void **state)
{
	if (disk[0] == '\0')
		return 0;
	store_fixture_close(&fixture);
	umount(disk);
	rmdir(disk);
	return 0;
}

/* A file that leaves so much of the disk. */
static void leave(int file, uint64_t bytes)
{
	struct statvfs status;
	assert_int_equal(ftruncate(file, 0), 0);
	assert_int_equal(fstatvfs(file, &status), 0);
	uint64_t free_bytes = (uint64_t)status.f_bavail * status.f_frsize;
	assert_true(free_bytes >= bytes);
	assert_int_equal(posix_fallocate(file, 0, (off_t)(free_bytes - bytes)), 0);
}

struct filling {
	int file;
	uint64_t left_bytes;
	int calls;
};

/* Fills the disk when the copy has begun. */
static bool fill(void *context, uint64_t done, uint64_t total)
{
	struct filling *filling = context;
	if (filling->calls++ == 0)
		leave(filling->file, filling->left_bytes);
	return true;
}

static enum code make(struct filling *filling, struct error *err)
{
	char directory[80];
	struct backup backup;
	struct progress progress = { .report = filling == NULL ? NULL : fill, .context = filling };
	snprintf(directory, sizeof directory, "%s/backups", disk);
	struct backup_options options = { .directory = directory, .name = "a" };
	return backup_make(fixture.store, &options, &progress, &backup, err);
}

static int count_backups(void)
{
	char directory[80];
	snprintf(directory, sizeof directory, "%s/backups", disk);
	return count_files(directory, NULL);
}

static void a_backup_that_does_not_fit_fails_and_leaves_nothing(void **state)
{
	static const uint64_t left_bytes[] = { 0, 4096, 100000, 1 << 20, 2 << 20 };
	struct error err;
	char ballast[80];
	if (disk[0] == '\0')
		skip();
	snprintf(ballast, sizeof ballast, "%s/ballast", disk);
	int file = open(ballast, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	/* Known beforehand: not a byte is written. */
	leave(file, 1 << 20);
	assert_int_equal(make(NULL, &err), CODE_RESOURCE_EXHAUSTED);
	assert_string_equal(err.reason, "DISK_FULL");
	assert_non_null(strstr(err.text, " bytes and its disk has "));
	assert_int_equal(count_backups(), 0);
	/* In the middle of it. */
	for (size_t i = 0; i < sizeof left_bytes / sizeof *left_bytes; i++) {
		struct filling filling = { .file = file, .left_bytes = left_bytes[i] };
		assert_int_equal(ftruncate(file, 0), 0);
		assert_int_equal(make(&filling, &err), CODE_RESOURCE_EXHAUSTED);
		assert_string_equal(err.reason, "DISK_FULL");
		assert_true(filling.calls >= 1);
		assert_int_equal(count_backups(), 0);
	}
	/* With room it succeeds, and the store was none the worse. */
	assert_int_equal(ftruncate(file, 0), 0);
	if (make(NULL, &err) != CODE_OK)
		fail_msg("%s", err.text);
	assert_int_equal(count_backups(), 1);
	store_fixture_assert_sound(&fixture);
	close(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_backup_that_does_not_fit_fails_and_leaves_nothing),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
