/*
 * Backups of a real server that four writers keep busy. Every answer of a write tells the revision
 * that it made, so what a backup of one revision holds is known: each post in the version of its
 * last write up to there. And what is left of a backup whose server ends in the middle of it.
 */
#include "integration/lecternd.h"

#include <dirent.h>
#include <inttypes.h>
#include <lectern/client.h>
#include <lectern/v1/admin.pb-c.h>
#include <lectern/v1/post.pb-c.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

enum {
	WRITERS = 4,
	POSTS = 12, /* of each writer */
	WRITES_MAX = 20000,
	TIMEOUT_MS = 120000,
	PATH_BYTES = 512,
};

struct written {
	uint64_t revision;
	int post;
	unsigned version;
};

struct writer {
	pthread_t thread;
	int number;
	lectern_client *client;
	uint64_t ids[POSTS];
	struct written log[WRITES_MAX];
	atomic_int count;
	char failure[600];
};

static struct lecternd server;
static lectern_client *client;
static struct writer writers[WRITERS];
static atomic_bool stop;

/* --- Calls. --- */

static enum lectern_code call(lectern_client *by, const char *method,
	const ProtobufCMessage *request, lectern_reply **reply, struct lectern_error *err)
{
	static _Thread_local uint8_t bytes[65536];
	struct lectern_call how = { .method = method,
		.request = bytes,
		.request_size_bytes = protobuf_c_message_pack(request, bytes),
		.timeout_ms = TIMEOUT_MS };
	return lectern_call(by, &how, reply, err);
}

static Lectern__V1__CreateBackupResponse *backup(const char *name, bool background)
{
	Lectern__V1__CreateBackupRequest request = LECTERN__V1__CREATE_BACKUP_REQUEST__INIT;
	lectern_reply *reply;
	struct lectern_error err;
	size_t size;
	request.name = (char *)(uintptr_t)name;
	request.background = background;
	if (call(client, "lectern.v1.AdminService/CreateBackup", &request.base, &reply, &err) !=
		LECTERN_OK)
		fail_msg("backup %s: %s", name, err.message);
	const uint8_t *data = lectern_reply_data(reply, &size);
	Lectern__V1__CreateBackupResponse *response =
		lectern__v1__create_backup_response__unpack(NULL, size, data);
	assert_non_null(response);
	lectern_reply_free(reply);
	return response;
}

/* --- Writers. --- */

static void version_text(int writer, int post, unsigned version, char *title, char *body)
{
	sprintf(title, "Writer %d post %d version %u", writer, post, version);
	body[0] = '\0';
	for (int line = 0; line < 60; line++)
		sprintf(body + strlen(body), "Line %d of version %u of %d/%d.\n\n", line, version,
			writer, post);
}

static bool write_version(struct writer *writer, int index, unsigned version)
{
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Lectern__V1__CreatePostRequest create = LECTERN__V1__CREATE_POST_REQUEST__INIT;
	Lectern__V1__UpdatePostRequest update = LECTERN__V1__UPDATE_POST_REQUEST__INIT;
	char title[128];
	char body[8192];
	lectern_reply *reply;
	struct lectern_error err;
	size_t size;
	version_text(writer->number, index, version, title, body);
	post.title = title;
	post.body = body;
	post.state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	post.id = version == 1 ? 0 : writer->ids[index];
	create.post = update.post = &post;
	enum lectern_code code = version == 1
					 ? call(writer->client, "lectern.v1.PostService/CreatePost",
						   &create.base, &reply, &err)
					 : call(writer->client, "lectern.v1.PostService/UpdatePost",
						   &update.base, &reply, &err);
	if (code != LECTERN_OK) {
		snprintf(writer->failure, sizeof writer->failure, "%s", err.message);
		return false;
	}
	if (version == 1) {
		const uint8_t *data = lectern_reply_data(reply, &size);
		Lectern__V1__CreatePostResponse *response =
			lectern__v1__create_post_response__unpack(NULL, size, data);
		writer->ids[index] = response->post->id;
		lectern__v1__create_post_response__free_unpacked(response, NULL);
	}
	int count = atomic_load(&writer->count);
	writer->log[count] = (struct written){
		.revision = lectern_reply_revision(reply), .post = index, .version = version
	};
	atomic_store(&writer->count, count + 1);
	lectern_reply_free(reply);
	return count + 1 < WRITES_MAX;
}

static void *writer_main(void *argument)
{
	struct writer *writer = argument;
	for (unsigned version = 1; !atomic_load(&stop); version++)
		for (int index = 0; index < POSTS && !atomic_load(&stop); index++)
			if (!write_version(writer, index, version))
				return NULL;
	return NULL;
}

static void start_writers(void)
{
	struct lectern_client_options options = { .url = server.url };
	struct lectern_error err;
	atomic_store(&stop, false);
	for (int i = 0; i < WRITERS; i++) {
		writers[i].number = i;
		assert_int_equal(
			lectern_client_open(&options, &writers[i].client, &err), LECTERN_OK);
		pthread_create(&writers[i].thread, NULL, writer_main, &writers[i]);
	}
}

static void stop_writers(void)
{
	atomic_store(&stop, true);
	for (int i = 0; i < WRITERS; i++) {
		pthread_join(writers[i].thread, NULL);
		lectern_client_close(writers[i].client);
		assert_string_equal(writers[i].failure, "");
	}
}

/* So many further writes; polls a counter, the number of writes decides. */
static void wait_for_writes(int more)
{
	struct timespec pause = { .tv_nsec = 500000 };
	int until = atomic_load(&writers[0].count) + more;
	while (atomic_load(&writers[0].count) < until) {
		assert_string_equal(writers[0].failure, "");
		nanosleep(&pause, NULL);
	}
}

/* The version of a post at a revision; 0: it was not there yet. */
static unsigned version_at(const struct writer *writer, int post, uint64_t revision)
{
	unsigned version = 0;
	int count = atomic_load(&writer->count);
	for (int i = 0; i < count; i++)
		if (writer->log[i].post == post && writer->log[i].revision <= revision)
			version = writer->log[i].version;
	return version;
}

/* --- Restoring. --- */

/* Runs a command line of the shell; its exit status. */
static int run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static int run(const char *fmt, ...)
{
	char command[4 * PATH_BYTES];
	va_list args;
	va_start(args, fmt);
	vsnprintf(command, sizeof command, fmt, args);
	va_end(args);
	int status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const char *bin(void)
{
	const char *given = getenv("LECTERN_BIN");
	return given == NULL ? "bin" : given;
}

static int restore(const char *file, const char *directory)
{
	return run("'%s/lecternd' --restore '%s' --data '%s/data' 2>'%s.log'", bin(), file,
		directory, directory);
}

/* A second server on what was restored from the file. */
static void start_restored(struct lecternd *other, const char *file)
{
	*other = (struct lecternd){ .directory = "/tmp/lectern-test-XXXXXX" };
	assert_non_null(mkdtemp(other->directory));
	snprintf(other->url, sizeof other->url, "ipc://%s/rpc.sock", other->directory);
	if (restore(file, other->directory) != 0)
		run("cat '%s.log' >&2", other->directory);
	assert_int_equal(run("grep -q '\"restored\"' '%s.log'", other->directory), 0);
	assert_int_equal(restore(file, other->directory), 1); /* not into a store */
	assert_int_equal(run("grep -q 'has a store already' '%s.log'", other->directory), 0);
	run("rm '%s.log'", other->directory);
	lecternd_run(other);
}

static void verify_post(
	lectern_client *by, const struct writer *writer, int index, uint64_t revision)
{
	char slug[64];
	char title[128];
	char body[8192];
	struct lectern_error err;
	lectern_post *post;
	unsigned version = version_at(writer, index, revision);
	snprintf(slug, sizeof slug, "writer-%d-post-%d-version-1", writer->number, index);
	enum lectern_code code =
		lectern_get_post(by, slug, LECTERN_VIEW_FULL, TIMEOUT_MS, &post, &err);
	if (version == 0) {
		assert_int_equal(code, LECTERN_NOT_FOUND);
		return;
	}
	if (code != LECTERN_OK)
		fail_msg("%s, version %u: %s", slug, version, err.message);
	version_text(writer->number, index, version, title, body);
	assert_string_equal(lectern_post_title(post), title);
	assert_string_equal(lectern_post_body(post), body);
	lectern_post_free(post);
}

static void verify_backup(const Lectern__V1__CreateBackupResponse *made)
{
	struct lecternd other;
	lectern_client *by;
	struct lectern_error err;
	struct stat status;
	assert_int_equal(stat(made->path, &status), 0);
	assert_int_equal(status.st_size, made->size_bytes);
	start_restored(&other, made->path);
	struct lectern_client_options options = { .url = other.url };
	assert_int_equal(lectern_client_open(&options, &by, &err), LECTERN_OK);
	for (int i = 0; i < WRITERS; i++)
		for (int index = 0; index < POSTS; index++)
			verify_post(by, &writers[i], index, made->revision);
	lectern_client_close(by);
	assert_int_equal(run("'%s/lectern' --server '%s' check >/dev/null", bin(), other.url), 0);
	assert_int_equal(lecternd_stop(&other), 0);
}

static void backups_beside_four_writers(void **state)
{
	Lectern__V1__CreateBackupResponse *made[3];
	start_writers();
	for (int i = 0; i < 3; i++) {
		wait_for_writes(20);
		made[i] = backup(i == 0 ? "" : i == 1 ? "one.mdb" : "two.mdb", false);
		assert_true(i == 0 || made[i]->revision > made[i - 1]->revision);
	}
	wait_for_writes(20);
	stop_writers();
	for (int i = 0; i < 3; i++) {
		verify_backup(made[i]);
		lectern__v1__create_backup_response__free_unpacked(made[i], NULL);
	}
}

/* At rest: the export of what was restored is the export of the original. */
static void the_restored_store_exports_the_same(void **state)
{
	struct lecternd other;
	Lectern__V1__CreateBackupResponse *made = backup("rest.mdb", false);
	start_restored(&other, made->path);
	assert_int_equal(run("'%s/lectern' --server '%s' export jsonl '%s/a' 2>/dev/null", bin(),
				 server.url, server.directory),
		0);
	assert_int_equal(run("'%s/lectern' --server '%s' export jsonl '%s/b' 2>/dev/null", bin(),
				 other.url, server.directory),
		0);
	assert_int_equal(run("test -s '%s/a' && cmp '%s/a' '%s/b'", server.directory,
				 server.directory, server.directory),
		0);
	lectern__v1__create_backup_response__free_unpacked(made, NULL);
	assert_int_equal(lecternd_stop(&other), 0);
}

/* --- Ends in the middle. --- */

static void backups_path(const char *name, char out[PATH_BYTES])
{
	snprintf(out, PATH_BYTES, "%s/data/backups/%s", server.directory, name);
}

static bool is_there(const char *name)
{
	char path[PATH_BYTES];
	backups_path(name, path);
	return access(path, F_OK) == 0;
}

static int count_temporaries(void)
{
	char path[PATH_BYTES];
	int count = 0;
	backups_path("", path);
	DIR *entries = opendir(path);
	assert_non_null(entries);
	for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
		count += strstr(entry->d_name, ".lectern-tmp") != NULL;
	closedir(entries);
	return count;
}

/* Begins a backup and waits until its temporary file is there, or it is done. */
static void begin_backup(const char *name)
{
	char temporary[64];
	struct timespec pause = { .tv_nsec = 50000 };
	snprintf(temporary, sizeof temporary, ".%s.lectern-tmp", name);
	lectern__v1__create_backup_response__free_unpacked(backup(name, true), NULL);
	while (!is_there(temporary) && !is_there(name))
		nanosleep(&pause, NULL);
}

static void a_killed_server_leaves_no_half_backup(void **state)
{
	enum { ROUNDS = 6 };
	int halves = 0;
	for (int round = 0; round < ROUNDS; round++) {
		char name[32];
		char path[PATH_BYTES];
		struct timespec pause = { .tv_nsec = round * 3000000 }; /* another moment */
		struct lecternd other;
		snprintf(name, sizeof name, "killed-%d.mdb", round);
		begin_backup(name);
		nanosleep(&pause, NULL);
		lecternd_kill(&server);
		bool whole = is_there(name);
		halves += !whole && count_temporaries() == 1;
		lecternd_run(&server);
		assert_int_equal(count_temporaries(), 0);
		assert_int_equal(is_there(name), whole);
		if (!whole)
			continue;
		backups_path(name, path);
		start_restored(&other, path);
		assert_int_equal(lecternd_stop(&other), 0);
	}
	assert_true(halves > 0);
}

static void a_server_that_ends_leaves_no_half_backup(void **state)
{
	int status;
	char line[4096];
	begin_backup("ended.mdb");
	kill(server.pid, SIGTERM);
	while (fgets(line, sizeof line, server.log) != NULL)
		if (strstr(line, "ERROR: ") != NULL) /* of a sanitizer */
			fputs(line, stderr);
	waitpid(server.pid, &status, 0);
	fclose(server.log);
	assert_int_equal(status, 0);
	assert_int_equal(count_temporaries(), 0);
	lecternd_run(&server);
}

static int set_up(void **state)
{
	struct lectern_error err;
	lecternd_start(&server);
	struct lectern_client_options options = { .url = server.url, .max_attempts = 1000 };
	return lectern_client_open(&options, &client, &err) == LECTERN_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	lectern_client_close(client);
	return lecternd_stop(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(backups_beside_four_writers),
		cmocka_unit_test(the_restored_store_exports_the_same),
		cmocka_unit_test(a_killed_server_leaves_no_half_backup),
		cmocka_unit_test(a_server_that_ends_leaves_no_half_backup),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
