/*
 * Power cuts amid writes, on a disk that fails: a model of it stands between LMDB and the kernel.
 * The kernel's cache is the file itself; what the disk would have after a power cut is an image in
 * memory, to which pages go when they are synced, or at any time before. A failed sync leaves each
 * page written, or lost for good although the kernel takes it for clean, or still to be written.
 *
 * At random calls the power is cut: the image, with any of the pages that were still to be written,
 * is opened as a store of its own. It must be sound and hold every acknowledged write. The live
 * store goes on, with its next failures, and is restarted now and then.
 */
#include "support/random.h"
#include "support/store_fixture.h"

#include "base/clock.h"
#include "base/limits.h"
#include "store/post.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#define EXPORT __attribute__((visibility("default")))

enum {
	ROUNDS = 500,
	POSTS = 12,
	BODY_BYTES = 9000,
	PAGE_BYTES = 4096,
	PAGES = 4096,
};

static struct store_fixture fixture;
static struct random dice;

/* The versions of each post; every one has another title and another body. */
struct versions {
	unsigned acknowledged[POSTS];
	unsigned attempted[POSTS];
};
static struct versions versions; /* under the disk's mutex */

static struct {
	pthread_mutex_t mutex;
	struct random dice;
	int file; /* for a look at the cache; -1: there is no disk yet */
	uint8_t image[PAGES][PAGE_BYTES];
	bool dirty[PAGES];
	size_t page_count;
	unsigned failures;   /* so many of 100 calls */
	unsigned calls_left; /* until the power is cut */
	/* After that, until the test has looked at it. */
	bool has_cut;
	uint8_t cut[PAGES][PAGE_BYTES];
	size_t cut_page_count;
	struct versions cut_versions;
} disk = { .mutex = PTHREAD_MUTEX_INITIALIZER, .file = -1 };

static bool disk_says(unsigned percent)
{
	return random_below(&disk.dice, 100) < percent;
}

static void write_back(uint8_t pages[PAGES][PAGE_BYTES], size_t page)
{
	ssize_t done = pread(disk.file, pages[page], PAGE_BYTES, (off_t)(page * PAGE_BYTES));
	if (done < 0)
		abort();
}

/* The kernel writes some dirty pages whenever it likes. */
static void flush_some(void)
{
	unsigned percent = (unsigned)random_below(&disk.dice, 40);
	for (size_t page = 0; page < disk.page_count; page++)
		if (disk.dirty[page] && disk_says(percent)) {
			write_back(disk.image, page);
			disk.dirty[page] = false;
		}
}

static void cut_power(void)
{
	memcpy(disk.cut, disk.image, disk.page_count * PAGE_BYTES);
	for (size_t page = 0; page < disk.page_count; page++)
		if (disk.dirty[page] && disk_says(50))
			write_back(disk.cut, page);
	disk.cut_page_count = disk.page_count;
	disk.cut_versions = versions;
	disk.has_cut = true;
}

static void count_call(void)
{
	flush_some();
	if (!disk.has_cut && disk.calls_left > 0 && --disk.calls_left == 0)
		cut_power();
}

/* Dirty pages of a range are written, or lost, or neither. */
static void end_sync(size_t from, size_t until, bool failed)
{
	for (size_t page = from; page < until; page++) {
		unsigned fate = failed ? (unsigned)random_below(&disk.dice, 3) : 0;
		if (!disk.dirty[page] || fate == 2)
			continue;
		if (fate == 0)
			write_back(disk.image, page);
		disk.dirty[page] = false;
	}
}

static void note_write(size_t at, size_t size)
{
	size_t end = (at + size + PAGE_BYTES - 1) / PAGE_BYTES;
	if (end > PAGES)
		abort();
	if (end > disk.page_count)
		disk.page_count = end;
	for (size_t page = at / PAGE_BYTES; page < end; page++)
		disk.dirty[page] = true;
}

/* Locks the disk if the file is on it. */
static bool enter(int file)
{
	char path[64];
	char target[128] = "";
	char wanted[96];
	snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	snprintf(wanted, sizeof wanted, "%s/data.mdb", fixture.directory);
	if (readlink(path, target, sizeof target - 1) < 0 || strcmp(target, wanted) != 0)
		return false;
	pthread_mutex_lock(&disk.mutex);
	if (disk.file < 0)
		disk.file = open(wanted, O_RDONLY | O_CLOEXEC);
	count_call();
	return true;
}

static void leave(void)
{
	int error = errno;
	count_call();
	pthread_mutex_unlock(&disk.mutex);
	errno = error;
}

static ssize_t write_at(int file, const struct iovec *parts, int count, off_t at)
{
	ssize_t done = syscall(SYS_pwritev, file, parts, count, at, 0);
	if (done > 0)
		note_write((size_t)at, (size_t)done);
	return done;
}

/* A write to the cache fails now and then, before it has done anything; one that syncs as well may
 * fail when it has. */
static ssize_t disk_write(int file, const struct iovec *parts, int count, off_t at)
{
	bool syncs = (fcntl(file, F_GETFL) & O_DSYNC) != 0;
	bool fails = disk_says(disk.failures);
	bool early = fails && (!syncs || disk_says(20));
	ssize_t done = early ? -1 : write_at(file, parts, count, at);
	if (syncs && !early)
		end_sync((size_t)at / PAGE_BYTES, (size_t)at / PAGE_BYTES + 1, fails);
	if (!fails)
		return done;
	errno = EIO;
	return -1;
}

EXPORT ssize_t pwrite(int file, const void *bytes, size_t size, off_t at);
EXPORT ssize_t pwrite(int file, const void *bytes, size_t size, off_t at)
{
	if (!enter(file))
		return syscall(SYS_pwrite64, file, bytes, size, at);
	struct iovec part = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = size };
	ssize_t done = disk_write(file, &part, 1, at);
	leave();
	return done;
}

EXPORT ssize_t writev(int file, const struct iovec *parts, int count);
EXPORT ssize_t writev(int file, const struct iovec *parts, int count)
{
	if (!enter(file))
		return syscall(SYS_writev, file, parts, count);
	ssize_t done = disk_write(file, parts, count, lseek(file, 0, SEEK_CUR));
	leave();
	return done;
}

EXPORT int fdatasync(int file);
EXPORT int fdatasync(int file)
{
	if (!enter(file))
		return (int)syscall(SYS_fdatasync, file);
	bool fails = disk_says(disk.failures);
	end_sync(0, disk.page_count, fails);
	if (fails)
		errno = EIO;
	leave();
	return fails ? -1 : 0;
}

static void version_text(unsigned post, unsigned version, char title[64], char *body)
{
	size_t size = 100 + (post * 7919 + version * 104729) % (BODY_BYTES - 100);
	sprintf(title, "Post %u version %u", post, version);
	for (size_t i = 0; i < size; i++)
		body[i] = (char)((i + version) % 17 == 0 ? ' ' : 'a' + (i * version + post) % 26);
	body[size] = '\0';
}

static void slug_of(unsigned post, char slug[32])
{
	sprintf(slug, "post-%u", post);
}

/* The version may have been sent before; then the request id makes this a repeat. */
static bool send_version(unsigned number, unsigned version)
{
	static struct write_result result;
	static char body[BODY_BYTES + 1];
	static uint8_t fingerprint[16];
	char title[64];
	char slug[32];
	char request_id[64];
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__PutPost put = LECTERN__STORE__V1__PUT_POST__INIT;
	Lectern__Store__V1__Key key = LECTERN__STORE__V1__KEY__INIT;
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	slug_of(number, slug);
	snprintf(request_id, sizeof request_id, "%s-version-%u", slug, version);
	version_text(number, version, title, body);
	key.slug = slug;
	post.slug = slug;
	post.title = title;
	post.body = body;
	post.html = body;
	post.state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	put.key = &key;
	put.post = &post;
	put.allow_missing = true;
	put.field_mask = UINT64_MAX;
	command.time_us = clock_realtime_us();
	command.request_id = request_id;
	command.fingerprint.data = fingerprint;
	command.fingerprint.len = sizeof fingerprint;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_PUT_POST;
	command.put_post = &put;
	store_fixture_apply(&fixture, &command, &result);
	if (result.error.code != CODE_OK) {
		assert_int_equal(result.error.code, CODE_UNAVAILABLE);
		return false;
	}
	pthread_mutex_lock(&disk.mutex);
	versions.acknowledged[number] = version;
	pthread_mutex_unlock(&disk.mutex);
	return true;
}

/* The next version of some post; a refused one is repeated now and then. */
static bool write_version(void)
{
	unsigned number = (unsigned)random_below(&dice, POSTS);
	pthread_mutex_lock(&disk.mutex);
	unsigned version = ++versions.attempted[number];
	pthread_mutex_unlock(&disk.mutex);
	bool done = send_version(number, version);
	while (!done && random_below(&dice, 2) == 0)
		done = send_version(number, version);
	return done;
}

static Lectern__V1__Post *read_post(struct txn *snapshot, struct arena *arena, const char *slug)
{
	bool former;
	struct post_parts parts;
	uint64_t id = post_find_slug(snapshot, slice_of_text(slug), &former);
	if (id == 0)
		return NULL;
	assert_true(post_read(snapshot, id, LECTERN__V1__POST_VIEW__POST_VIEW_FULL, &parts));
	uint8_t *bytes = arena_alloc(arena, parts.size_bytes);
	size_t size = 0;
	for (size_t i = 0; i < parts.count; i++) {
		memcpy(bytes + size, parts.parts[i].data, parts.parts[i].size);
		size += parts.parts[i].size;
	}
	return lectern__v1__post__unpack(&arena->allocator, size, bytes);
}

/* Each post has a version that was acknowledged, or a later one that was not, and is whole. */
static void verify(struct store_fixture *store, const struct versions *known)
{
	static char body[BODY_BYTES + 1];
	struct arena arena;
	struct error err;
	struct txn *snapshot;
	char title[64];
	char slug[32];
	arena_init(&arena, LIMIT_ARENA_BYTES);
	if (store_snapshot(store->store, &snapshot, &err) != CODE_OK)
		fail_msg("snapshot: %s", err.text);
	for (unsigned number = 0; number < POSTS; number++) {
		unsigned version = 0;
		unsigned found_number;
		arena_reset(&arena);
		slug_of(number, slug);
		Lectern__V1__Post *post = read_post(snapshot, &arena, slug);
		if (txn_status(snapshot, &err) != CODE_OK)
			fail_msg("%s: %s", slug, err.text);
		if (post != NULL &&
			sscanf(post->title, "Post %u version %u", &found_number, &version) != 2)
			fail_msg("%s has the title %s", slug, post->title);
		if (version < known->acknowledged[number] || version > known->attempted[number])
			fail_msg("%s has version %u; %u was acknowledged, %u sent", slug, version,
				known->acknowledged[number], known->attempted[number]);
		if (post == NULL)
			continue;
		version_text(number, version, title, body);
		assert_string_equal(post->title, title);
		assert_string_equal(post->body, body);
	}
	store_release(store->store, snapshot);
	store_fixture_assert_sound(store);
	arena_done(&arena);
}

static void verify_cut(void)
{
	char path[96];
	struct store_fixture copy = { .map_bytes = fixture.map_bytes };
	snprintf(copy.directory, sizeof copy.directory, "/tmp/lectern-cut-XXXXXX");
	assert_non_null(mkdtemp(copy.directory));
	snprintf(path, sizeof path, "%s/data.mdb", copy.directory);
	int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	size_t size = disk.cut_page_count * PAGE_BYTES;
	assert_int_equal(write(file, disk.cut, size), size);
	close(file);
	store_fixture_reopen(&copy);
	verify(&copy, &disk.cut_versions);
	store_fixture_close(&copy);
}

/* Cuts the power now or plans that. True if there is something to look at, which then stays. */
static bool plan_cut(void)
{
	pthread_mutex_lock(&disk.mutex);
	if (!disk.has_cut && random_below(&dice, 4) == 0)
		cut_power();
	bool has_cut = disk.has_cut;
	if (!has_cut && disk.calls_left == 0)
		disk.calls_left = 1 + (unsigned)random_below(&dice, 40);
	pthread_mutex_unlock(&disk.mutex);
	return has_cut;
}

static void forget_cut(void)
{
	pthread_mutex_lock(&disk.mutex);
	disk.has_cut = false;
	pthread_mutex_unlock(&disk.mutex);
}

static void set_failures(unsigned percent)
{
	pthread_mutex_lock(&disk.mutex);
	disk.failures = percent;
	pthread_mutex_unlock(&disk.mutex);
}

static void acknowledged_writes_survive_power_cuts(void **state)
{
	struct timespec pause = { .tv_nsec = 5000000 };
	unsigned cuts = 0;
	unsigned taken = 0;
	dice = random_start();
	disk.dice = (struct random){ .state = random_next(&dice) };
	store_fixture_open(&fixture, 1 << 24);
	for (int round = 0; round < ROUNDS; round++) {
		if (round % 50 == 0)
			set_failures((unsigned[]){ 0, 5, 20, 60 }[random_below(&dice, 4)]);
		bool ok = write_version();
		taken += ok;
		if (plan_cut()) {
			verify_cut();
			forget_cut();
			cuts++;
		}
		if (!ok && random_below(&dice, 2) == 0)
			nanosleep(&pause, NULL); /* for attempts to mend; nothing else tells */
		if (round % 20 == 19)
			verify(&fixture, &versions);
		if (random_below(&dice, 60) == 0)
			store_fixture_reopen(&fixture);
	}
	set_failures(0);
	for (int i = 0; i < 1000 && !write_version(); i++)
		nanosleep(&pause, NULL);
	assert_true(write_version());
	verify(&fixture, &versions);
	print_message("%u of %d writes taken, %u power cuts\n", taken, ROUNDS, cuts);
	assert_true(cuts > 40);
	store_fixture_close(&fixture);
	close(disk.file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(acknowledged_writes_survive_power_cuts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
