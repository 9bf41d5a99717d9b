/* Which files an import reads. */
#include "importers/input.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static enum code fail_memory(struct error *err)
{
	return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
}

/* Takes a copy of the path. */
static enum code add_file(
	struct input_files *files, struct input_file file, const char *path, struct error *err)
{
	if (files->count == files->capacity) {
		size_t capacity = files->capacity == 0 ? 16 : files->capacity * 2;
		struct input_file *more = realloc(files->files, capacity * sizeof *more);
		if (more == NULL)
			return fail_memory(err);
		files->files = more;
		files->capacity = capacity;
	}
	file.path = strdup(path);
	if (file.path == NULL)
		return fail_memory(err);
	files->files[files->count++] = file;
	return CODE_OK;
}

/* By bytes, whatever the locale says, so that the order is the same everywhere. */
static int compare_names(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Takes what stands in a folder. */
static enum code add_entry(
	struct input_files *files, size_t relative, FTS *tree, FTSENT *entry, struct error *err)
{
	struct input_file file = { .relative = relative, .listed = true };
	bool hidden = entry->fts_level > FTS_ROOTLEVEL && entry->fts_name[0] == '.';
	switch (entry->fts_info) {
	case FTS_D:
		if (hidden)
			fts_set(tree, entry, FTS_SKIP);
		return CODE_OK;
	case FTS_F:
		file.size_bytes = (uint64_t)entry->fts_statp->st_size;
		break;
	case FTS_DNR:
	case FTS_NS:
		file.error = entry->fts_errno;
		break;
	case FTS_SLNONE:
		file.error = ENOENT;
		break;
	case FTS_ERR:
		errno = entry->fts_errno;
		return input_fail(err, entry->fts_path);
	default: /* the end of a folder, a folder that contains itself, a device */
		return CODE_OK;
	}
	return hidden ? CODE_OK : add_file(files, file, entry->fts_path, err);
}

/* The path is without slashes at its end, unless it is the root. */
static enum code walk_folder(struct input_files *files, char *path, struct error *err)
{
	char *paths[] = { path, NULL };
	size_t size = strlen(path);
	size_t relative = path[size - 1] == '/' ? size : size + 1;
	FTS *tree = fts_open(paths, FTS_LOGICAL | FTS_NOCHDIR, compare_names);
	if (tree == NULL)
		return input_fail(err, path);
	enum code code = CODE_OK;
	FTSENT *entry;
	while (code == CODE_OK && (errno = 0, entry = fts_read(tree)) != NULL)
		code = add_entry(files, relative, tree, entry, err);
	if (code == CODE_OK && errno != 0)
		code = input_fail(err, path);
	fts_close(tree);
	return code;
}

static enum code add_folder(struct input_files *files, const char *path, struct error *err)
{
	size_t size = strlen(path);
	while (size > 1 && path[size - 1] == '/')
		size--;
	char *trimmed = strndup(path, size);
	if (trimmed == NULL)
		return fail_memory(err);
	enum code code = walk_folder(files, trimmed, err);
	free(trimmed);
	return code;
}

static enum code add_path(struct input_files *files, const char *path, struct error *err)
{
	struct input_file file = { .stream = NULL };
	if (strcmp(path, "-") == 0) {
		file.stream = stdin;
		return add_file(files, file, path, err);
	}
	struct stat status;
	if (stat(path, &status) != 0)
		return input_fail(err, path);
	if (S_ISDIR(status.st_mode))
		return add_folder(files, path, err);
	const char *slash = strrchr(path, '/');
	file.relative = slash == NULL ? 0 : (size_t)(slash + 1 - path);
	file.size_bytes = S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0;
	return add_file(files, file, path, err);
}

enum code input_list(
	const char *const *paths, size_t count, struct input_files *ret, struct error *err)
{
	struct input_files files = { .files = NULL };
	for (size_t i = 0; i < count; i++) {
		enum code code = add_path(&files, paths[i], err);
		if (code != CODE_OK) {
			input_files_done(&files);
			return code;
		}
	}
	*ret = files;
	return CODE_OK;
}

void input_files_done(struct input_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		if (files->files[i].stream_owned)
			fclose(files->files[i].stream);
		free(files->files[i].path);
	}
	free(files->files);
	*files = (struct input_files){ .files = NULL };
}
