/*
 * A real server with no room left: on a small tmpfs in a mount namespace of the test's own, and in
 * a map that is too small. Writes are refused with what to do, reads go on, and with room again so
 * do writes.
 */
#include "e2e/versions.h"
#include "integration/lecternd.h"
#include "support/small_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <lectern/v1/post.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mount.h>

#include <cmocka.h>

enum {
	BALLAST_BYTES = 4 << 20,
	WRITES_MAX = 5000,
};

static struct lecternd server;
static struct versions versions;
static lectern_client *client;
static char disk[64];
static char data[96];

/* False where neither root nor a user namespace may mount. */
static bool make_disk(void)
{
	strcpy(disk, "/tmp/lectern-disk-XXXXXX");
	if (mkdtemp(disk) == NULL)
		abort();
	snprintf(data, sizeof data, "%s/data", disk);
	if (mount_small_disk(disk, "16m"))
		return true;
	rmdir(disk);
	return false;
}

static void put_ballast(const char *name)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", disk, name);
	int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	assert_int_equal(posix_fallocate(file, 0, BALLAST_BYTES), 0);
	close(file);
}

static void drop_ballast(const char *name)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", disk, name);
	assert_int_equal(unlink(path), 0);
}

static void start(void)
{
	lecternd_start(&server);
	client = versions_connect(server.url);
}

static void stop(void)
{
	lectern_client_close(client);
	assert_int_equal(lecternd_stop(&server), 0);
}

static void kill_and_start(void)
{
	lectern_client_close(client);
	lecternd_kill(&server);
	lecternd_run(&server);
	client = versions_connect(server.url);
}

/* Writes until a write is refused; returns the post whose write that was. */
static int fill(struct lectern_error *err)
{
	for (int writes = 0; writes < WRITES_MAX; writes++)
		if (!versions_write(&versions, client, writes % VERSION_POSTS, err))
			return writes % VERSION_POSTS;
	fail_msg("%d writes, and there is still room", WRITES_MAX);
	return -1;
}

static void assert_refused(const struct lectern_error *err, const char *reason, const char *hint)
{
	if (err->code != LECTERN_RESOURCE_EXHAUSTED)
		fail_msg("%s: %s", lectern_code_name(err->code), err->message);
	assert_string_equal(err->reason, reason);
	if (strstr(err->message, hint) == NULL)
		fail_msg("'%s' is not in '%s'", hint, err->message);
}

/* Everything can be read, and is sound. */
static void assert_reads_go_on(void)
{
	char text[512];
	for (int post = 0; post < VERSION_POSTS; post++)
		if (!versions_read(&versions, client, post, text))
			fail_msg("%s", text);
	versions_check_store(client);
	assert_true(versions_serving(client));
}

static void write_ok(int post)
{
	struct lectern_error err;
	if (!versions_write(&versions, client, post, &err))
		fail_msg("post %d: %s", post, err.message);
}

static void a_full_disk_refuses_writes_and_serves_reads(void **state)
{
	struct lectern_error err;
	if (!make_disk()) {
		print_message("skipped: neither root nor a user namespace may mount here\n");
		skip();
	}
	server = (struct lecternd){ .data = data };
	versions = (struct versions){ .body_bytes = 80000, .growth_bytes = 30000 };
	put_ballast("one");
	put_ballast("two");
	start();
	int refused = fill(&err);
	for (int i = 0; i < 3; i++) {
		assert_refused(&err, "DISK_FULL", "free space");
		assert_reads_go_on();
		refused = fill(&err); /* pages of the writes before are free by now */
	}
	drop_ballast("one");
	write_ok(refused);
	versions_verify(&versions, client);

	/* Full again, killed, and started on the full disk. */
	refused = fill(&err);
	assert_refused(&err, "DISK_FULL", "free space");
	kill_and_start();
	assert_reads_go_on();
	refused = fill(&err);
	assert_refused(&err, "DISK_FULL", "free space");
	drop_ballast("two");
	write_ok(refused);
	versions_verify(&versions, client);
	versions_check_store(client);
	stop();
	umount(disk);
	rmdir(disk);
}

/* Whether the post is purged now; a refusal must say why. */
static bool purge(int post)
{
	struct lectern_error err;
	enum lectern_code code = versions_delete(client, post, &err);
	if (code == LECTERN_OK || code == LECTERN_FAILED_PRECONDITION) /* in the trash already */
		code = versions_purge(client, post, &err);
	if (code != LECTERN_OK && code != LECTERN_NOT_FOUND) {
		assert_refused(&err, "STORE_FULL", "restart the server with a larger --map-size");
		return false;
	}
	versions.acknowledged[post] = 0;
	versions.attempted[post] = 0;
	return true;
}

static void a_full_map_refuses_writes_and_serves_reads(void **state)
{
	struct lectern_error err;
	int purged = 0;
	server = (struct lecternd){ .map_size = "2097152" };
	versions = (struct versions){ .body_bytes = 6000, .growth_bytes = 6000 };
	start();
	fill(&err);
	for (int i = 0; i < 3; i++) {
		assert_refused(&err, "STORE_FULL", "restart the server with a larger --map-size");
		assert_reads_go_on();
		fill(&err); /* pages of the writes before are free by now */
	}
	/* To take something away needs some room as well. */
	for (int post = VERSION_POSTS / 2; post < VERSION_POSTS; post++)
		purged += purge(post);
	print_message("%d of %d posts purged in a full map\n", purged, VERSION_POSTS / 2);
	versions_check_store(client);
	assert_true(versions_serving(client));

	server.map_size = "16777216";
	kill_and_start();
	for (int post = VERSION_POSTS / 2; post < VERSION_POSTS; post++)
		if (versions.acknowledged[post] > 0)
			assert_true(purge(post));
	for (int post = 0; post < VERSION_POSTS / 2; post++)
		write_ok(post);
	assert_reads_go_on();
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_map_refuses_writes_and_serves_reads),
		cmocka_unit_test(a_full_disk_refuses_writes_and_serves_reads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
