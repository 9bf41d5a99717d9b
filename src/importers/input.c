#include "importers/input.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum code input_fail(struct error *err, const char *path)
{
	int number = errno;
	enum code code = number == ENOENT || number == ENOTDIR ? CODE_NOT_FOUND
			 : number == EACCES		       ? CODE_PERMISSION_DENIED
							       : CODE_UNKNOWN;
	return fail(err, code, "cannot read '%s': %s", path, strerror(number));
}

static void stream_closep(FILE **stream)
{
	if (*stream != NULL)
		fclose(*stream);
}

static bool copy_stream(FILE *from, FILE *to)
{
	uint8_t bytes[64 * 1024];
	size_t size;
	while ((size = fread(bytes, 1, sizeof bytes, from)) > 0)
		if (fwrite(bytes, 1, size, to) != size)
			return false;
	return !ferror(from) && fflush(to) == 0;
}

FILE *input_temporary(void)
{
	FILE *file = tmpfile();
	if (file != NULL)
		return file;
	int fd = memfd_create("lectern", MFD_CLOEXEC);
	if (fd < 0)
		return NULL;
	file = fdopen(fd, "w+");
	if (file == NULL)
		close(fd);
	return file;
}

/* Copies a stream that cannot be read twice. */
static enum code spool(struct input_file *file, FILE *from, struct error *err)
{
	if (fseeko(from, 0, SEEK_CUR) == 0)
		return CODE_OK;
	AUTO(stream_closep) FILE *copy = input_temporary();
	if (copy == NULL || !copy_stream(from, copy))
		return input_fail(err, file->path);
	off_t size = ftello(copy);
	file->size_bytes = size > 0 ? (uint64_t)size : 0;
	file->stream = copy;
	file->stream_owned = true;
	copy = NULL; /* the file owns it now */
	return CODE_OK;
}

enum code input_make_seekable(struct input_file *file, struct error *err)
{
	if (file->stream != NULL)
		return file->stream_owned ? CODE_OK : spool(file, file->stream, err);
	AUTO(stream_closep) FILE *from = fopen(file->path, "rbe");
	return from == NULL ? input_fail(err, file->path) : spool(file, from, err);
}

enum code input_open(struct input_file *file, struct input *ret, struct error *err)
{
	FILE *stream = file->stream;
	if (stream == NULL)
		stream = fopen(file->path, "rbe");
	else
		(void)fseeko(stream, 0, SEEK_SET); /* a pipe is read from where it is */
	if (stream == NULL)
		return input_fail(err, file->path);
	*ret = (struct input){
		.stream = stream, .stream_owned = file->stream == NULL, .path = file->path
	};
	buffer_init(&ret->text, INPUT_LINE_BYTES_MAX);
	return CODE_OK;
}

void input_close(struct input *input)
{
	if (input->stream_owned)
		fclose(input->stream);
	buffer_done(&input->text);
	*input = (struct input){ .stream = NULL };
}

enum code input_head(struct input_file *file, uint8_t head[INPUT_HEAD_BYTES], size_t *ret_size,
	struct error *err)
{
	struct input input;
	/* What has a size is no pipe. */
	enum code code = file->size_bytes > 0 ? CODE_OK : input_make_seekable(file, err);
	if (code == CODE_OK)
		code = input_open(file, &input, err);
	if (code != CODE_OK)
		return code;
	*ret_size = fread(head, 1, INPUT_HEAD_BYTES, input.stream);
	if (ferror(input.stream))
		code = input_fail(err, file->path);
	input_close(&input);
	return code;
}

static void trim_line(struct input *input, struct slice *line)
{
	static const uint8_t mark[] = { 0xEF, 0xBB, 0xBF };
	if (line->size > 0 && line->data[line->size - 1] == '\r')
		line->size--;
	if (input->line == 1 && line->size >= sizeof mark &&
		memcmp(line->data, mark, sizeof mark) == 0)
		*line = slice_of(line->data + sizeof mark, line->size - sizeof mark);
}

enum input_event input_next(struct input *input, struct slice *ret)
{
	char piece[4096];
	size_t size = 0;
	int c;
	buffer_clear(&input->text);
	input->line_start = input->offset;
	flockfile(input->stream);
	while ((c = getc_unlocked(input->stream)) != EOF) {
		input->offset++;
		if (c == '\n')
			break;
		piece[size++] = (char)c;
		if (size == sizeof piece) {
			buffer_append(&input->text, piece, size);
			size = 0;
		}
	}
	funlockfile(input->stream);
	buffer_append(&input->text, piece, size);
	if (c == EOF && ferror(input->stream))
		return INPUT_ERROR;
	if (c == EOF && input->offset == input->line_start)
		return INPUT_END;
	input->line++;
	if (input->text.overflow)
		return INPUT_LONG_LINE;
	*ret = slice_of(input->text.data, input->text.size);
	trim_line(input, ret);
	return INPUT_LINE;
}

bool input_seek(struct input *input, uint64_t line, uint64_t line_start)
{
	if (line_start > INT64_MAX || fseeko(input->stream, (off_t)line_start, SEEK_SET) != 0)
		return false;
	input->line = line - 1;
	input->offset = line_start;
	return true;
}
