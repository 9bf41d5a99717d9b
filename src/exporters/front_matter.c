/*
 * The form "front-matter": a folder that Jekyll and Hugo read, a file for each post, with what
 * `lectern import front-matter` needs to make the same posts of it. Terms are in their posts, by
 * name; what else is known about them has no place in such a tree, nor has history.
 */
#include "base/limits.h"
#include "exporters/exporter.h"
#include "exporters/front_matter_fields.h"
#include "exporters/front_matter_name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PATH_BYTES_MAX = 4096,
	FRONT_BYTES_MAX = 4 * 1024 * 1024, /* every text of a post at its longest, and escaped */
	SAME_NAMES_MAX = 100000,	   /* files whose names differ by a number alone */
};

struct front_matter {
	struct exporter exporter; /* the first member */
	char *directory;
	struct buffer path; /* of the file that is written */
	struct buffer text; /* of its front matter */
};

static void front_matter_close(struct exporter *exporter)
{
	struct front_matter *writer = (struct front_matter *)exporter;
	if (writer == NULL)
		return;
	buffer_done(&writer->path);
	buffer_done(&writer->text);
	free(writer->directory);
	free(writer);
}

static enum code front_matter_open(
	const struct export_options *options, struct exporter **ret, struct error *err)
{
	struct front_matter *writer = calloc(1, sizeof *writer);
	char *directory = strdup(options->directory);
	if (writer == NULL || directory == NULL) {
		free(writer);
		free(directory);
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	}
	writer->exporter.format = &front_matter_export;
	writer->directory = directory;
	buffer_init(&writer->path, PATH_BYTES_MAX);
	buffer_init(&writer->text, FRONT_BYTES_MAX);
	*ret = &writer->exporter;
	return CODE_OK;
}

static enum code front_matter_term(struct exporter *exporter, enum export_kind kind,
	const ProtobufCMessage *term, struct error *err)
{
	(void)exporter;
	(void)kind;
	(void)term;
	(void)err;
	return CODE_OK;
}

/* The folders of the path that do not exist yet. False with errno. */
static bool make_folders(struct front_matter *writer)
{
	char *path = buffer_text(&writer->path);
	if (path == NULL) {
		errno = ENAMETOOLONG;
		return false;
	}
	for (char *at = path + strlen(writer->directory) + 1; *at != '\0'; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		bool made = mkdir(path, 0777) == 0 || errno == EEXIST;
		*at = '/';
		if (!made)
			return false;
	}
	return true;
}

static void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* Puts "-2" and so on before the extension. */
static void number_path(struct buffer *path, struct slice plain, unsigned number)
{
	size_t stem = plain.size;
	while (plain.data[stem - 1] != '.')
		stem--;
	buffer_clear(path);
	buffer_append(path, plain.data, stem - 1);
	buffer_printf(path, "-%u.", number);
	buffer_append(path, plain.data + stem, plain.size - stem);
}

/* A new file: one that is there, also under a name that the system takes for the same, is another
 * post's. -1 with errno. */
static int create(struct front_matter *writer)
{
	if (!make_folders(writer))
		return -1;
	char plain[PATH_BYTES_MAX + 1];
	size_t size = writer->path.size;
	memcpy(plain, writer->path.data, size);
	int fd = -1;
	for (unsigned number = 2; number < SAME_NAMES_MAX; number++) {
		const char *path = buffer_text(&writer->path);
		errno = ENAMETOOLONG;
		fd = path == NULL ? -1 : open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
		if (fd >= 0 || errno != EEXIST)
			break;
		number_path(&writer->path, slice_of(plain, size), number);
	}
	return fd;
}

static void begin_path(struct front_matter *writer)
{
	buffer_clear(&writer->path);
	buffer_printf(&writer->path, "%s/", writer->directory);
}

/* The post's own path where it can be had, else one that is made. -1 with errno. */
static int create_for(struct front_matter *writer, const Lectern__V1__Post *post)
{
	int fd = -1;
	begin_path(writer);
	if (front_matter_kept_path(post, &writer->path))
		fd = create(writer);
	/* Another post has a folder's name, or the folder is too deep for this system. */
	if (fd >= 0 || (writer->path.size > strlen(writer->directory) + 1 && errno != ENOTDIR &&
			       errno != EISDIR && errno != ENAMETOOLONG))
		return fd;
	begin_path(writer);
	front_matter_made_path(post, &writer->path);
	return create(writer);
}

static bool write_all(int fd, const void *data, size_t size)
{
	const uint8_t *at = data;
	while (size > 0) {
		ssize_t written = write(fd, at, size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		at += written;
		size -= (size_t)written;
	}
	return true;
}

static enum code fail_file(const struct front_matter *writer, struct error *err)
{
	int number = errno;
	return fail(err, CODE_UNKNOWN, "cannot write '%.*s': %s", (int)writer->path.size,
		(const char *)writer->path.data, strerror(number));
}

/* An import drops the empty line before the text and the end of its last line. */
static enum code front_matter_post(
	struct exporter *exporter, const Lectern__V1__Post *post, struct error *err)
{
	struct front_matter *writer = (struct front_matter *)exporter;
	buffer_clear(&writer->text);
	enum code code = front_matter_write_fields(post, &writer->text, err);
	if (code != CODE_OK)
		return code;
	AUTO(closep) int fd = create_for(writer, post);
	bool empty = post->body[0] == '\0';
	if (fd < 0 || !write_all(fd, writer->text.data, writer->text.size) ||
		(!empty && !write_all(fd, "\n", 1)) ||
		!write_all(fd, post->body, strlen(post->body)) ||
		(!empty && !write_all(fd, "\n", 1)))
		return fail_file(writer, err);
	int closed = close(fd);
	fd = -1;
	return closed == 0 ? CODE_OK : fail_file(writer, err);
}

const struct export_format front_matter_export = {
	.name = "front-matter",
	.is_directory = true,
	.open = front_matter_open,
	.term = front_matter_term,
	.post = front_matter_post,
	.close = front_matter_close,
};
