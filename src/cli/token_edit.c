#include "cli/token_edit.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

enum { LOCK_WAIT_MS = 5000, LOCK_PAUSE_MS = 20, NEW_MODE = 0600 };

static void close_file(int *file)
{
	if (*file >= 0)
		close(*file);
}

static enum code fail_system(struct error *err, const char *file, const char *what)
{
	return fail(err, CODE_FAILED_PRECONDITION, "tokens file %s: %s: %s", file, what,
		strerror(errno));
}

/* The real name, so that a symbolic link stays one. */
static enum code find_path(struct token_edit *edit, const char *file, struct error *err)
{
	char folder[PATH_MAX];
	char real[PATH_MAX];
	if (realpath(file, edit->path) != NULL)
		return CODE_OK;
	if (errno != ENOENT || snprintf(folder, sizeof folder, "%s", file) >= PATH_MAX)
		return fail_system(err, file, "find it");
	if (realpath(dirname(folder), real) == NULL)
		return fail_system(err, file, "find its folder");
	const char *slash = strrchr(file, '/');
	int size = snprintf(
		edit->path, sizeof edit->path, "%s/%s", real, slash == NULL ? file : slash + 1);
	if (size >= PATH_MAX || edit->path[size - 1] == '/')
		return fail(err, CODE_INVALID_ARGUMENT, "'%s' is no name of a file", file);
	return CODE_OK;
}

/* The lock of the folder: the file itself is another one after each change. */
static enum code lock(struct token_edit *edit, struct error *err)
{
	char folder[PATH_MAX];
	snprintf(folder, sizeof folder, "%s", edit->path);
	edit->directory = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (edit->directory < 0)
		return fail_system(err, edit->path, "open its folder");
	for (int waited = 0; flock(edit->directory, LOCK_EX | LOCK_NB) != 0;
		waited += LOCK_PAUSE_MS) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return fail_system(err, edit->path, "lock its folder");
		if (waited >= LOCK_WAIT_MS)
			return fail(err, CODE_UNAVAILABLE,
				"tokens file %s: another program holds a lock on its folder; try "
				"again",
				edit->path);
		usleep(LOCK_PAUSE_MS * 1000);
	}
	return CODE_OK;
}

enum code token_edit_begin(
	struct token_edit *edit, const char *file, bool may_be_new, struct error *err)
{
	*edit = (struct token_edit){ .directory = -1 };
	enum code code = find_path(edit, file, err);
	if (code == CODE_OK)
		code = lock(edit, err);
	if (code != CODE_OK)
		return code;
	edit->exists = stat(edit->path, &edit->info) == 0;
	if (edit->exists || !may_be_new)
		code = tokens_load(edit->path, false, &edit->text, &edit->size, err);
	else
		edit->text = strdup("");
	if (code == CODE_OK && edit->text == NULL)
		code = fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	if (code == CODE_OK)
		code = tokens_parse(file, slice_of(edit->text, edit->size), &edit->tokens, err);
	return code;
}

static bool write_all(int descriptor, struct slice text)
{
	while (text.size > 0) {
		ssize_t size = write(descriptor, text.data, text.size);
		if (size < 0)
			return false;
		text = slice_of(text.data + size, text.size - (size_t)size);
	}
	return true;
}

/* Before there is anything in it to be read. */
static bool take_owner(const struct token_edit *edit, int descriptor)
{
	const struct stat *info = &edit->info;
	if (!edit->exists)
		return fchmod(descriptor, NEW_MODE) == 0;
	struct stat now;
	if (fstat(descriptor, &now) != 0)
		return false;
	bool same = now.st_uid == info->st_uid && now.st_gid == info->st_gid;
	return (same || fchown(descriptor, info->st_uid, info->st_gid) == 0) &&
	       fchmod(descriptor, info->st_mode & 07777) == 0;
}

static enum code replace(
	const struct token_edit *edit, const char *temporary, struct slice text, struct error *err)
{
	AUTO(close_file)
	int descriptor =
		open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, NEW_MODE);
	if (descriptor < 0)
		return fail_system(err, edit->path, "make another file beside it");
	const char *what = NULL;
	if (!take_owner(edit, descriptor))
		what = "keep its owner and mode; run this as its owner or as root";
	else if (!write_all(descriptor, text) || fsync(descriptor) != 0)
		what = "write it";
	else if (rename(temporary, edit->path) != 0)
		what = "replace it";
	if (what == NULL)
		return CODE_OK;
	enum code code = fail_system(err, edit->path, what);
	unlink(temporary);
	return code;
}

enum code token_edit_write(const struct token_edit *edit, struct slice text, struct error *err)
{
	struct tokens *tokens = NULL;
	char temporary[PATH_MAX];
	enum code code = tokens_parse(edit->path, text, &tokens, err);
	tokens_free(tokens);
	if (code != CODE_OK)
		return code;
	if (snprintf(temporary, sizeof temporary, "%s.lectern-tmp", edit->path) >= PATH_MAX)
		return fail(err, CODE_INVALID_ARGUMENT, "tokens file %s: its name is too long",
			edit->path);
	unlink(temporary); /* of a program that was killed: the lock is ours */
	code = replace(edit, temporary, text, err);
	if (code == CODE_OK)
		(void)fsync(edit->directory); /* not every file system can */
	return code;
}

void token_edit_done(struct token_edit *edit)
{
	close_file(&edit->directory);
	free(edit->text);
	tokens_free(edit->tokens);
}
