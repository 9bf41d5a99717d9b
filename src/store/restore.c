/* Making a store from a backup. */
#include "store/backup.h"
#include "store/env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_BYTES = 1024 * 1024 };
static const char DATA_FILE[] = "data.mdb";

static void closep(int *file)
{
	if (*file >= 0)
		close(*file);
}

static void freep(char **bytes)
{
	free(*bytes);
}

static enum code open_backup(const char *path, int *ret, uint64_t *ret_bytes, struct error *err)
{
	struct stat status;
	*ret = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a FIFO must not hold it up */
	if (*ret < 0 || fstat(*ret, &status) != 0)
		return fail(err, CODE_INVALID_ARGUMENT, "open %s: %s", path, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return fail(err, CODE_INVALID_ARGUMENT, "%s is not a regular file", path);
	*ret_bytes = (uint64_t)status.st_size;
	return CODE_OK;
}

static enum code check_no_store(const char *directory, struct error *err)
{
	char path[NEW_FILE_PATH_BYTES];
	struct stat status;
	snprintf(path, sizeof path, "%s/%s", directory, DATA_FILE);
	if (lstat(path, &status) != 0 && errno == ENOENT)
		return CODE_OK;
	return fail(err, CODE_FAILED_PRECONDITION,
		"%s has a store already; restore into another directory, or move its data.mdb away",
		directory);
}

static enum code copy(int from, struct new_file *file, const char *path, struct error *err)
{
	AUTO(freep) char *buffer = malloc(COPY_BYTES);
	if (buffer == NULL)
		return fail_out_of_memory(err);
	for (;;) {
		ssize_t size = read(from, buffer, COPY_BYTES);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return fail_file(err, errno, "read", path);
		if (size == 0)
			return new_file_sync(file, err);
		enum code code = new_file_write(file, buffer, (size_t)size, err);
		if (code != CODE_OK)
			return code;
	}
}

/* From the open backup to data.mdb, in a directory that is ours. */
static enum code make(int from, uint64_t bytes, const char *path, const char *directory,
	struct new_file *file, struct store_facts *ret, struct error *err)
{
	new_file_remove_leftovers(directory);
	enum code code = new_file_begin(file, directory, DATA_FILE, err);
	if (code == CODE_OK)
		code = new_file_need(file, bytes, err);
	if (code == CODE_OK)
		code = copy(from, file, path, err);
	if (code != CODE_OK)
		return code;
	code = store_file_verify(file->path, true, NULL, ret, err);
	if (code == CODE_OK && !ret->is_outdated)
		code = store_file_new_epoch(file->path, err);
	if (code != CODE_OK)
		return wrap(err, code, "%s", path);
	code = new_file_sync(file, err);
	return code == CODE_OK ? new_file_publish(file, DATA_FILE, err) : code;
}

enum code backup_restore(
	const char *file, const char *directory, struct store_facts *ret, struct error *err)
{
	AUTO(closep) int from = -1;
	uint64_t bytes = 0;
	struct env env = { .lock_file = -1 };
	struct new_file made = { .directory = -1, .file = -1 };
	enum code code = open_backup(file, &from, &bytes, err);
	if (code == CODE_OK)
		code = env_take_directory(&env, directory, err);
	if (code == CODE_OK)
		code = check_no_store(directory, err);
	if (code == CODE_OK)
		code = make(from, bytes, file, directory, &made, ret, err);
	new_file_discard(&made);
	env_close(&env);
	return code == CODE_OK ? code : wrap(err, code, "restore");
}
