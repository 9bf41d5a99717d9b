#include "store/backup.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/rfc3339.h"
#include "store/check.h"
#include "store/store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	DIRECTORY_MODE = 0700,
	PIPE_BYTES = 1024 * 1024, /* as much as LMDB writes at a time */
};

enum code backup_check_name(const char *name, struct error *err)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	if (name[0] != '.' && name[strspn(name, allowed)] == '\0' &&
		strlen(name) <= LIMIT_BACKUP_NAME_BYTES)
		return CODE_OK;
	return fail_field(err, CODE_INVALID_ARGUMENT, "BACKUP_NAME_INVALID", "name",
		"must be a file name of at most %d letters, digits, '.', '_' and '-' that does not "
		"begin with a dot; where it lies is the server's choice",
		LIMIT_BACKUP_NAME_BYTES);
}

/* Beforehand, to spare the work; the rename decides. */
static enum code check_free(const struct backup_options *options, struct error *err)
{
	char path[NEW_FILE_PATH_BYTES];
	struct stat status;
	if (options->name[0] == '\0')
		return CODE_OK;
	snprintf(path, sizeof path, "%s/%s", options->directory, options->name);
	if (lstat(path, &status) != 0)
		return CODE_OK;
	return fail_reason(err, CODE_ALREADY_EXISTS, "BACKUP_EXISTS",
		"%s exists; choose another name", options->name);
}

/* --- The copy. LMDB writes it into a pipe, so that it can be ended and its progress is known. ---
 */

struct copying {
	pthread_t thread;
	MDB_env *mdb;
	int pipe; /* the end that is written to */
	unsigned flags;
	int rc;
};

static void *copy_main(void *argument)
{
	struct copying *copying = argument;
	sigset_t pipe;
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE); /* when the reader has gone */
	pthread_sigmask(SIG_BLOCK, &pipe, NULL);
	copying->rc = mdb_env_copyfd2(copying->mdb, copying->pipe, copying->flags);
	close(copying->pipe);
	return NULL;
}

/* What one copy goes by. */
struct plan {
	struct txn *snapshot; /* open meanwhile */
	int64_t time_us;
	uint64_t revision; /* at least */
	uint64_t entries;
	uint64_t bytes; /* that a compact copy is expected to have */
};

static void tell_bytes(const struct plan *plan, struct progress *progress, uint64_t bytes)
{
	double part = plan->bytes == 0 ? 1 : (double)bytes / (double)plan->bytes;
	progress->done = (uint64_t)((part < 1 ? part : 1) * (double)plan->entries);
	progress_tell(progress);
}

static enum code drain(int pipe, const struct plan *plan, struct new_file *file,
	struct progress *progress, struct error *err)
{
	char *buffer = malloc(PIPE_BYTES);
	enum code code = buffer == NULL ? fail_out_of_memory(err) : CODE_OK;
	while (code == CODE_OK) {
		ssize_t size = read(pipe, buffer, PIPE_BYTES);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			code = fail_file(err, errno, "read the pipe to", file->path);
		if (size <= 0)
			break;
		code = new_file_write(file, buffer, (size_t)size, err);
		tell_bytes(plan, progress, file->size_bytes);
		if (code == CODE_OK && progress->ended)
			code = fail_stopping(err);
		if (code == CODE_OK && txn_interrupted(plan->snapshot))
			code = txn_status(plan->snapshot, err);
	}
	free(buffer);
	return code;
}

static enum code copy_with(struct store *store, unsigned flags, const struct plan *plan,
	struct new_file *file, struct progress *progress, int *ret_rc, struct error *err)
{
	int ends[2];
	struct copying copying = { .mdb = store->env.mdb, .flags = flags };
	*ret_rc = 0;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return fail_file(err, errno, "make a pipe to", file->path);
	fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES); /* for speed alone */
	copying.pipe = ends[1];
	if (pthread_create(&copying.thread, NULL, copy_main, &copying) != 0) {
		close(ends[0]);
		close(ends[1]);
		return fail_reason(err, CODE_RESOURCE_EXHAUSTED, "OUT_OF_THREADS",
			"cannot start a thread for the copy; repeat later");
	}
	enum code code = drain(ends[0], plan, file, progress, err);
	close(ends[0]); /* ends the copy if it still writes */
	pthread_join(copying.thread, NULL);
	*ret_rc = copying.rc;
	return code;
}

static enum code copy(struct store *store, const struct plan *plan, struct new_file *file,
	struct progress *progress, struct error *err)
{
	int rc;
	enum code code = copy_with(store, MDB_CP_COMPACT, plan, file, progress, &rc, err);
	/* LMDB's answer to a file with pages that are neither used nor free, which harm nothing.
	 * Then the copy has all of them. */
	if (code == CODE_OK && rc == MDB_INCOMPATIBLE) {
		code = new_file_restart(file, err);
		if (code == CODE_OK)
			code = copy_with(store, 0, plan, file, progress, &rc, err);
	}
	if (code == CODE_OK && rc != 0)
		code = fail_mdb(err, &store->env, rc, "copy the store");
	return code;
}

/* --- All of it. --- */

static void name_of(const struct backup_options *options, int64_t time_us, uint64_t revision,
	char out[NEW_FILE_NAME_BYTES])
{
	char time[RFC3339_BYTES];
	size_t size = 0;
	rfc3339_format(time_us / 1000000 * 1000000, time);
	for (const char *c = time; *c != '\0'; c++)
		if (*c != '-' && *c != ':')
			time[size++] = *c;
	time[size] = '\0';
	if (options->name[0] != '\0')
		snprintf(out, NEW_FILE_NAME_BYTES, "%s", options->name);
	else
		snprintf(out, NEW_FILE_NAME_BYTES, "lectern-%s-%" PRIu64 ".mdb", time, revision);
}

static enum code make_directory(
	const struct backup_options *options, char ret[PATH_MAX], struct error *err)
{
	if (mkdir(options->directory, DIRECTORY_MODE) != 0 && errno != EEXIST)
		return fail_file(err, errno, "make the directory", options->directory);
	if (realpath(options->directory, ret) == NULL)
		return fail_file(err, errno, "open the directory", options->directory);
	new_file_remove_leftovers(ret);
	return CODE_OK;
}

static void make_plan(struct store *store, struct txn *snapshot, bool check,
	struct progress *progress, struct plan *ret)
{
	struct store_pages pages;
	*ret = (struct plan){ .snapshot = snapshot,
		.time_us = clock_realtime_us(),
		.revision = txn_revision(snapshot) };
	for (int table = 0; table < TABLE_COUNT; table++)
		ret->entries += txn_entries(snapshot, (enum table)table);
	store_pages(store, snapshot, &pages);
	ret->bytes = (pages.used - pages.free) * pages.page_bytes;
	progress->done = 0;
	progress->total = 2 * ret->entries + (check ? check_total(snapshot) : 0);
}

/* On the snapshot's pages or newer ones. The snapshot stays open meanwhile: what the copy holds up
 * is seen then, and waited for. */
static enum code write_copy(struct store *store, const struct backup_options *options,
	const char *directory, struct new_file *file, struct progress *progress, struct plan *plan,
	struct error *err)
{
	char name[NEW_FILE_NAME_BYTES];
	struct txn *snapshot;
	enum code code = store_snapshot(store, &snapshot, err);
	if (code != CODE_OK)
		return code;
	make_plan(store, snapshot, !options->skip_check, progress, plan);
	code = txn_status(snapshot, err);
	name_of(options, plan->time_us, plan->revision, name);
	if (code == CODE_OK)
		code = new_file_begin(file, directory, name, err);
	if (code == CODE_OK)
		code = new_file_need(file, plan->bytes, err);
	if (code == CODE_OK)
		code = copy(store, plan, file, progress, err);
	store_release(store, snapshot);
	return code;
}

static enum code finish(const struct backup_options *options, const char *directory,
	struct new_file *file, struct progress *progress, const struct plan *plan,
	struct backup *ret, struct error *err)
{
	char name[NEW_FILE_NAME_BYTES];
	struct store_facts facts;
	enum code code = new_file_sync(file, err);
	if (code == CODE_OK && !progress_tell(progress))
		code = fail_stopping(err);
	if (code == CODE_OK)
		code = store_file_verify(file->path, !options->skip_check, progress, &facts, err);
	if (code != CODE_OK)
		return code == CODE_DATA_LOSS ? wrap(err, code, "verify the copy") : code;
	name_of(options, plan->time_us, facts.revision, name);
	ret->size_bytes = file->size_bytes;
	ret->revision = facts.revision;
	snprintf(ret->path, sizeof ret->path, "%s/%s", directory, name);
	return new_file_publish(file, name, err);
}

enum code backup_make(struct store *store, const struct backup_options *options,
	struct progress *progress, struct backup *ret, struct error *err)
{
	char directory[PATH_MAX];
	struct plan plan;
	struct new_file file = { .directory = -1, .file = -1 };
	enum code code = backup_check_name(options->name, err);
	if (code == CODE_OK)
		code = check_free(options, err);
	if (code == CODE_OK)
		code = make_directory(options, directory, err);
	if (code != CODE_OK)
		return code;
	code = write_copy(store, options, directory, &file, progress, &plan, err);
	if (code == CODE_OK)
		code = finish(options, directory, &file, progress, &plan, ret, err);
	new_file_discard(&file);
	return code;
}
