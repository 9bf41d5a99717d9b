#include "store/new_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
	FILE_MODE = 0600,
	START_BYTES = 8 * 1024 * 1024, /* how much is given to the disk at a time */
};
static const char SUFFIX[] = ".lectern-tmp";

enum code fail_file(struct error *err, int number, const char *what, const char *path)
{
	switch (number) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return fail_reason(err, CODE_RESOURCE_EXHAUSTED, "DISK_FULL",
			"%s %s: %s; free space on its disk", what, path, strerror(number));
	case EACCES:
	case EPERM:
	case EROFS:
	case ENOENT:
	case ENOTDIR:
	case ELOOP:
	case ENAMETOOLONG:
		return fail_reason(err, CODE_FAILED_PRECONDITION, "BACKUP_DIRECTORY",
			"%s %s: %s; the server's user must be able to write there", what, path,
			strerror(number));
	default:
		return fail_reason(err, CODE_INTERNAL, "BACKUP_FAILED", "%s %s: %s", what, path,
			strerror(number));
	}
}

static enum code fail_exists(struct error *err, const char *name, const char *why)
{
	return fail_reason(
		err, CODE_ALREADY_EXISTS, "BACKUP_EXISTS", "%s %s; choose another name", name, why);
}

static enum code open_temporary(struct new_file *file, struct error *err)
{
	file->file = openat(
		file->directory, file->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	if (file->file < 0 && errno == EEXIST)
		return fail_exists(err, file->temporary, "is being written by another server");
	if (file->file < 0)
		return fail_file(err, errno, "make", file->path);
	if (flock(file->file, LOCK_EX | LOCK_NB) != 0)
		return fail_file(err, errno, "lock", file->path);
	return CODE_OK;
}

enum code new_file_begin(
	struct new_file *file, const char *directory, const char *name, struct error *err)
{
	*file = (struct new_file){ .directory = -1, .file = -1 };
	int size = snprintf(file->temporary, sizeof file->temporary, ".%s%s", name, SUFFIX);
	if (size < 0 || (size_t)size >= sizeof file->temporary)
		return fail_file(err, ENAMETOOLONG, "make", name);
	size = snprintf(file->path, sizeof file->path, "%s/%s", directory, file->temporary);
	if (size < 0 || (size_t)size >= sizeof file->path)
		return fail_file(err, ENAMETOOLONG, "make", directory);
	file->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file->directory < 0)
		return fail_file(err, errno, "open", directory);
	return open_temporary(file, err);
}

enum code new_file_need(const struct new_file *file, uint64_t bytes, struct error *err)
{
	struct statvfs disk;
	if (fstatvfs(file->directory, &disk) != 0)
		return CODE_OK; /* writing will tell */
	uint64_t left_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
	if (left_bytes >= bytes)
		return CODE_OK;
	return fail_reason(err, CODE_RESOURCE_EXHAUSTED, "DISK_FULL",
		"%s needs %" PRIu64 " bytes and its disk has %" PRIu64 " left; free space on it",
		file->path, bytes, left_bytes);
}

enum code new_file_write(struct new_file *file, const void *bytes, size_t size, struct error *err)
{
	const char *rest = bytes;
	while (size > 0) {
		ssize_t written = write(file->file, rest, size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return fail_file(err, written < 0 ? errno : EIO, "write", file->path);
		rest += written;
		size -= (size_t)written;
		file->size_bytes += (size_t)written;
	}
	/* Soon, and not all at once with the flush, which would hold up the commits of a store on
	 * the same disk. It is a hint, so what comes of it does not matter. */
	uint64_t waiting_bytes = file->size_bytes - file->started_bytes;
	if (waiting_bytes >= START_BYTES) {
		sync_file_range(file->file, (off_t)file->started_bytes, (off_t)waiting_bytes,
			SYNC_FILE_RANGE_WRITE);
		file->started_bytes = file->size_bytes;
	}
	return CODE_OK;
}

enum code new_file_restart(struct new_file *file, struct error *err)
{
	if (ftruncate(file->file, 0) != 0 || lseek(file->file, 0, SEEK_SET) != 0)
		return fail_file(err, errno, "cut", file->path);
	file->size_bytes = file->started_bytes = 0;
	return CODE_OK;
}

enum code new_file_sync(struct new_file *file, struct error *err)
{
	if (fsync(file->file) != 0)
		return fail_file(err, errno, "flush", file->path);
	posix_fadvise(file->file, 0, 0, POSIX_FADV_DONTNEED);
	return CODE_OK;
}

/* The two ways of renaming without replacing; not every file system knows both. */
static int rename_new(int directory, const char *from, const char *to)
{
	if (renameat2(directory, from, directory, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return errno;
	if (linkat(directory, from, directory, to, 0) != 0)
		return errno;
	return unlinkat(directory, from, 0) == 0 ? 0 : errno;
}

/* The directory may be new, too. Nothing is lost where that cannot be done. */
static void flush_parent(int directory)
{
	int parent = openat(directory, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return;
	fsync(parent);
	close(parent);
}

enum code new_file_publish(struct new_file *file, const char *name, struct error *err)
{
	int rc = rename_new(file->directory, file->temporary, name);
	if (rc == EEXIST)
		return fail_exists(err, name, "exists");
	if (rc != 0)
		return fail_file(err, rc, "rename", file->path);
	file->temporary[0] = '\0';
	if (fsync(file->directory) == 0) {
		flush_parent(file->directory);
		return CODE_OK;
	}
	rc = errno;
	unlinkat(
		file->directory, name, 0); /* a name that a power cut may take away is no success */
	return fail_file(err, rc, "flush the directory of", name);
}

void new_file_discard(struct new_file *file)
{
	if (file->file >= 0 && file->temporary[0] != '\0')
		unlinkat(file->directory, file->temporary, 0);
	if (file->file >= 0)
		close(file->file);
	if (file->directory >= 0)
		close(file->directory);
	file->file = file->directory = -1;
}

static bool is_temporary(const char *name)
{
	size_t size = strlen(name);
	return name[0] == '.' && size > strlen(SUFFIX) &&
	       strcmp(name + size - strlen(SUFFIX), SUFFIX) == 0;
}

/* One whose lock can be had has no owner any more. */
static void remove_if_left(int directory, const char *name)
{
	struct stat status;
	int file = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file < 0)
		return;
	if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
		flock(file, LOCK_EX | LOCK_NB) == 0)
		unlinkat(directory, name, 0);
	close(file);
}

void new_file_remove_leftovers(const char *directory)
{
	DIR *entries = opendir(directory);
	if (entries == NULL)
		return;
	for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
		if (is_temporary(entry->d_name))
			remove_if_left(dirfd(entries), entry->d_name);
	closedir(entries);
}
