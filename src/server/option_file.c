/* Options from an INI file: sections as the groups of the table, "name = value" lines. */
#include "base/buffer.h"
#include "server/option_sources.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FILE_BYTES_MAX = 256 * 1024,
	LINE_BYTES_MAX = 190, /* inih cuts what is longer than its own buffer of 200 */
};

/* A file on its way through inih. */
struct options_file {
	struct server_options *options;
	struct options_given *given;
	const char *path;
	const char *rest; /* what is not read yet */
	unsigned line;
	struct error *err;
	enum code code;		      /* of the first error */
	bool of_file[OPTIONS_MAX];    /* given by this very file */
	bool overridden[OPTIONS_MAX]; /* and by an argument or a variable */
};

static PRINTF_LIKE(2, 3) enum code refuse(struct options_file *file, const char *fmt, ...)
{
	char text[256];
	va_list arguments;
	va_start(arguments, fmt);
	vsnprintf(text, sizeof text, fmt, arguments);
	va_end(arguments);
	return fail(file->err, CODE_INVALID_ARGUMENT, "%s:%u: %s", file->path, file->line, text);
}

static enum code refuse_name(struct options_file *file, const char *name)
{
	const struct option_row *nearest = option_nearest(name, OPTION_IN_FILE);
	const struct option_row *row = option_find(name, NULL);
	if (row != NULL)
		return refuse(
			file, "'%.40s' cannot stand in a file; give it as an argument%s", name, "");
	if (nearest == NULL)
		return refuse(file, "there is no option '%.40s'; see lecternd --help", name);
	return refuse(file, "there is no option '%.40s'; did you mean '%s'?", name, nearest->name);
}

static enum code check_section(
	struct options_file *file, const struct option_row *row, const char *section)
{
	const char *right = option_group_of(row)->name;
	if (strcmp(section, right) == 0)
		return CODE_OK;
	return refuse(file, "'%s' belongs to the section [%s]", row->name, right);
}

/* A value that another one wins over must be right all the same: some day it holds. */
static enum code check_overridden(
	struct options_file *file, size_t index, const char *value, const char *source)
{
	struct server_options unused;
	memset(&unused, 0, sizeof unused);
	arena_init(&unused.texts, FILE_BYTES_MAX);
	enum code code = options_take(&unused, index, value, source, file->err);
	arena_done(&unused.texts);
	return code;
}

static enum code take(
	struct options_file *file, const char *section, const char *name, const char *value)
{
	size_t index;
	const struct option_row *row = option_find(name, &index);
	if (row == NULL || (row->places & OPTION_IN_FILE) == 0)
		return refuse_name(file, name);
	enum code code = check_section(file, row, section);
	if (code != CODE_OK)
		return code;
	if (value[0] == '\0')
		return refuse(file, "'%s' has no value", name);
	if (value[0] == '"' || value[0] == '\'')
		return refuse(file, "'%s': values stand without quotation marks", name);
	if (file->of_file[index] && row->type != OPTION_LIST)
		return refuse(file, "'%s' is given twice", name);
	bool first = !file->of_file[index];
	file->of_file[index] = true;
	char source[512];
	snprintf(source, sizeof source, "%s:%u", file->path, file->line);
	if (first && file->given->rows[index]) /* by an argument or a variable */
		file->overridden[index] = true;
	if (file->overridden[index])
		return check_overridden(file, index, value, source);
	file->given->rows[index] = true;
	return options_take(file->options, index, value, source, file->err);
}

/* inih's handler: 0 is an error. */
static int on_value(void *user, const char *section, const char *name, const char *value)
{
	struct options_file *file = user;
	if (file->code == CODE_OK)
		file->code = take(file, section, name, value);
	return file->code == CODE_OK;
}

/* inih's reader, which is asked for one line; they are short enough. */
static char *read_line(char *out, int capacity, void *stream)
{
	struct options_file *file = stream;
	size_t size = strcspn(file->rest, "\n");
	bool ended = file->rest[size] == '\0';
	if (file->rest[0] == '\0' || (int)size + 1 >= capacity)
		return NULL;
	memcpy(out, file->rest, size);
	out[size] = '\0';
	file->rest += size + !ended;
	file->line++;
	return out;
}

/* A section's line: "[store]", and nothing behind it but a comment's mark. */
static enum code check_section_line(struct options_file *file, const char *line, size_t size)
{
	char name[64];
	const char *end = memchr(line, ']', size);
	size_t name_bytes = end == NULL ? 0 : (size_t)(end - line) - 1;
	if (end == NULL || strspn(end + 1, " \t\r") < size - name_bytes - 2)
		return refuse(file, "the line is neither NAME = VALUE nor [SECTION]");
	snprintf(name, sizeof name, "%.*s", (int)name_bytes, line + 1);
	if (option_group_find(name) == NULL)
		return refuse(
			file, "there is no section [%.40s]; see lecternd --print-config", name);
	return CODE_OK;
}

/* inih would end a value at a blank and a semicolon, without a word, and takes a colon for "=". */
static enum code check_value_line(struct options_file *file, const char *line, size_t size)
{
	const char *equals = memchr(line, '=', size);
	const char *colon = memchr(line, ':', size);
	if (equals == NULL || (colon != NULL && colon < equals))
		return refuse(file, "the line is neither NAME = VALUE nor [SECTION]");
	for (size_t i = (size_t)(equals - line) + 1; i + 1 < size; i++)
		if ((line[i] == ' ' || line[i] == '\t') &&
			(line[i + 1] == ';' || line[i + 1] == '#'))
			return refuse(file, "comments stand on lines of their own");
	return CODE_OK;
}

/* What inih would take silently for something else. */
static enum code check_line(struct options_file *file, const char *line, size_t size)
{
	size_t blanks = strspn(line, " \t\r");
	if (size > LINE_BYTES_MAX)
		return refuse(file, "the line is longer than 190 bytes");
	if (blanks >= size || line[0] == '#' || line[0] == ';')
		return CODE_OK;
	if (blanks > 0)
		return refuse(file, "the line begins with a blank; begin it with a name");
	return line[0] == '[' ? check_section_line(file, line, size)
			      : check_value_line(file, line, size);
}

static enum code check_lines(struct options_file *file)
{
	static const char mark[] = "\xEF\xBB\xBF"; /* a byte-order mark */
	const char *line = file->rest;
	if (strncmp(line, mark, sizeof mark - 1) == 0)
		line += sizeof mark - 1;
	while (*line != '\0') {
		size_t size = strcspn(line, "\n");
		file->line++;
		enum code code = check_line(file, line, size);
		if (code != CODE_OK)
			return code;
		line += size + (line[size] != '\0');
	}
	file->line = 0;
	return CODE_OK;
}

static enum code fail_file(struct options_file *file, const char *what)
{
	return fail(file->err, CODE_INVALID_ARGUMENT, "%s: %s", file->path, what);
}

/* The whole file as a text. */
static enum code read_text(struct options_file *file, struct buffer *text)
{
	/* Without waiting for whoever writes into a pipe, which would look empty. */
	int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return fail_file(file, strerror(errno));
	struct stat info;
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
		close(fd);
		return fail_file(file, "is no regular file");
	}
	char piece[4096];
	ssize_t size = 0;
	while (!text->overflow && (size = read(fd, piece, sizeof piece)) > 0)
		buffer_append(text, piece, (size_t)size);
	int failure = size < 0 ? errno : 0;
	close(fd);
	if (failure != 0)
		return fail_file(file, strerror(failure));
	if (text->overflow)
		return fail_file(file, "is larger than 256 KiB");
	if (text->size > 0 && memchr(text->data, '\0', text->size) != NULL)
		return fail_file(file, "has a NUL byte and so is no text");
	return CODE_OK;
}

enum code options_read_file(
	struct server_options *options, struct options_given *given, struct error *err)
{
	struct error own;
	struct buffer text;
	struct options_file file = { .options = options,
		.given = given,
		.path = options->config,
		.err = err == NULL ? &own : err };
	buffer_init(&text, FILE_BYTES_MAX);
	enum code code = read_text(&file, &text);
	file.rest = code == CODE_OK ? buffer_text(&text) : "";
	if (code == CODE_OK)
		code = check_lines(&file);
	if (code == CODE_OK) {
		int line = ini_parse_stream(read_line, &file, on_value, &file);
		code = file.code;
		if (code == CODE_OK && line != 0) {
			file.line = line < 0 ? 0 : (unsigned)line;
			code = refuse(&file, "the line is neither NAME = VALUE nor [SECTION]%s%s",
				"", "");
		}
	}
	buffer_done(&text);
	return code;
}
