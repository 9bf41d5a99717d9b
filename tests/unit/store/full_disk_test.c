/* A full disk: a small tmpfs in a mount namespace of the test's own. */
#include "support/small_disk.h"
#include "support/store_fixture.h"

#include "store/posting.h"
#include "store/txn.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cmocka.h>

static enum code post(struct store_fixture *fixture, int number, struct write_result *result)
{
	static char body[40000];
	char title[32];
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__PutPost put = LECTERN__STORE__V1__PUT_POST__INIT;
	Lectern__V1__Post new_post = LECTERN__V1__POST__INIT;
	memset(body, 'x', sizeof body - 1);
	snprintf(title, sizeof title, "post-%d", number);
	new_post.title = title;
	new_post.body = body;
	new_post.state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	put.post = &new_post;
	put.field_mask = UINT64_MAX;
	put.slug_base = title;
	command.time_us = 1000;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_PUT_POST;
	command.put_post = &put;
	store_fixture_apply(fixture, &command, result);
	return result->error.code;
}

/* More than ever before, so that each needs a place in LMDB's reader table that is new. */
static void read_much_at_once(struct store_fixture *fixture, uint64_t live)
{
	enum { SNAPSHOTS = 300 };
	static struct txn *snapshots[SNAPSHOTS];
	struct error err;
	for (int i = 0; i < SNAPSHOTS; i++) {
		if (store_snapshot(fixture->store, &snapshots[i], &err) != CODE_OK)
			fail_msg("snapshot %d: %s", i, err.text);
		assert_int_equal(posting_count(snapshots[i], POSTING_LIVE, 0), live);
	}
	for (int i = 0; i < SNAPSHOTS; i++)
		store_release(fixture->store, snapshots[i]);
}

static void a_full_disk_refuses_writes_and_serves_reads(void **state)
{
	static struct write_result result;
	struct store_fixture fixture;
	struct error err;
	char directory[64] = "/tmp/lectern-disk-XXXXXX";
	assert_non_null(mkdtemp(directory));
	if (!mount_small_disk(directory, "3m")) {
		rmdir(directory);
		skip();
	}
	fixture = (struct store_fixture){ .map_bytes = 0 };
	snprintf(fixture.directory, sizeof fixture.directory, "%s/d", directory);
	char ballast[96];
	snprintf(ballast, sizeof ballast, "%s/ballast", directory);
	int file = open(ballast, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(posix_fallocate(file, 0, 1 << 20), 0);
	store_fixture_reopen(&fixture);

	int made = 0;
	while (made < 1000 && post(&fixture, made, &result) == CODE_OK)
		made++;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(result.error.code, CODE_RESOURCE_EXHAUSTED);
		assert_string_equal(result.error.reason, "DISK_FULL");
		post(&fixture, made, &result);
	}
	assert_int_equal(store_health(fixture.store, &err), CODE_OK);
	read_much_at_once(&fixture, (uint64_t)made);
	store_fixture_assert_sound(&fixture);

	/* With room again writes go on, without a restart. */
	assert_int_equal(ftruncate(file, 0), 0);
	assert_int_equal(post(&fixture, made, &result), CODE_OK);
	read_much_at_once(&fixture, (uint64_t)made + 1);
	store_fixture_assert_sound(&fixture);
	store_fixture_close(&fixture);
	close(file);
	umount(directory);
	rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_disk_refuses_writes_and_serves_reads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
