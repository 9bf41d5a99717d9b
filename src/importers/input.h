/* Reading input files: the list of them, and their lines with a bound on each. */
#pragma once
#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
	INPUT_LINE_BYTES_MAX = 16 * 1024 * 1024,
	INPUT_HEAD_BYTES = 4096, /* what a format is recognised by */
};

/* One file of an import. */
struct input_file {
	char *path; /* owned; "-" for standard input */
	/* Where in path the part begins that is relative to the folder which was named; of a file
	 * that was named itself, where its name does. */
	size_t relative;
	bool listed;  /* found in a folder, not named itself */
	int error;    /* why it cannot be read, as errno has it; 0 where nothing is known of that */
	FILE *stream; /* for standard input, and for a pipe after input_make_seekable() */
	bool stream_owned;
	uint64_t size_bytes; /* 0: not known */
};

struct input_files {
	struct input_file *files;
	size_t count;
	size_t capacity;
};

/* Lists the files; those of a directory, and of the ones in it, in the order of their names; hidden
 * ones (whose names begin with '.') left out. One in them that cannot be read has an error.
 * NOT_FOUND for a path that does not exist. */
enum code input_list(const char *const *paths, size_t count, struct input_files *ret,
	struct error *err) NODISCARD;
void input_files_done(struct input_files *files);

/* A failure to read the path: errno tells why. */
enum code input_fail(struct error *err, const char *path);

/* A file without a name that can be written and read: on disk or, where no temporary directory can
 * be written as in a container with a read-only root, in memory. NULL with errno set. */
FILE *input_temporary(void) NODISCARD;

/* Copies a pipe into a temporary file, so that it can be read twice. */
enum code input_make_seekable(struct input_file *file, struct error *err) NODISCARD;

/* The first INPUT_HEAD_BYTES of a file; the file can still be read from its beginning. */
enum code input_head(struct input_file *file, uint8_t head[INPUT_HEAD_BYTES], size_t *ret_size,
	struct error *err) NODISCARD;

/* A file that is read line by line. */
struct input {
	FILE *stream;
	bool stream_owned;
	const char *path;
	uint64_t line;	     /* number of the line last read, from 1 */
	uint64_t line_start; /* its offset in the file */
	uint64_t offset;     /* of the next line */
	struct buffer text;  /* of the line last read */
};

enum input_event {
	INPUT_LINE,
	INPUT_LONG_LINE, /* over INPUT_LINE_BYTES_MAX; passed over */
	INPUT_END,
	INPUT_ERROR,
};

enum code input_open(struct input_file *file, struct input *ret, struct error *err) NODISCARD;
void input_close(struct input *input);

/* Reads the next line, without its end (LF or CRLF) and, on the first one, without a byte-order
 * mark. The slice is valid until the next call. */
enum input_event input_next(struct input *input, struct slice *ret) NODISCARD;

/* Goes to a line that input_next() has given before. False if the file cannot be read there. */
bool input_seek(struct input *input, uint64_t line, uint64_t line_start) NODISCARD;
