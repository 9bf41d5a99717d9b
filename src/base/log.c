#include "base/log.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/rfc3339.h"
#include "base/text.h"

#include <stdatomic.h>
#include <unistd.h>

enum { LINE_BYTES = 8192 };

static atomic_int current_format = LOG_TEXT;
static atomic_int current_level = LOG_INFO;
static const char *const level_names[] = { "debug", "info", "warn", "error" };

void log_configure(enum log_format format, enum log_level level)
{
	atomic_store(&current_format, (int)format);
	atomic_store(&current_level, (int)level);
}

bool log_level_parse(const char *name, enum log_level *ret)
{
	for (int i = LOG_DEBUG; i <= LOG_ERROR; i++) {
		if (strcmp(name, level_names[i]) == 0) {
			*ret = (enum log_level)i;
			return true;
		}
	}
	return false;
}

/* The text escaped as in JSON; bytes that are not UTF-8 become U+FFFD. Between double quotes if
 * quoted, else the quotes in it stay as they are. */
static void append_escaped(struct buffer *line, const char *text, bool quoted)
{
	struct slice rest = slice_of_text(text);
	if (rest.size > LINE_BYTES) { /* no byte of it becomes less than one */
		line->overflow = true;
		return;
	}
	if (quoted)
		buffer_append_char(line, '"');
	while (rest.size > 0) {
		unsigned char c = rest.data[0];
		size_t size = 1;
		if (c == '\\' || (c == '"' && quoted))
			buffer_printf(line, "\\%c", c);
		else if (c == '\n')
			buffer_append_text(line, "\\n");
		else if (c < 0x20 || c == 0x7F)
			buffer_printf(line, "\\u%04x", c);
		else if (c < 0x80)
			buffer_append_char(line, (char)c);
		else {
			size_t valid = text_find_invalid(rest);
			for (size = 0; size < valid && rest.data[size] >= 0x80;)
				size++;
			buffer_append(line, rest.data, size);
			if (size == 0) {
				buffer_append_text(line, "\xEF\xBF\xBD");
				size = 1;
			}
		}
		rest = slice_of(rest.data + size, rest.size - size);
	}
	if (quoted)
		buffer_append_char(line, '"');
}

static bool is_bare(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		if (*c <= ' ' || *c == '"' || *c == '=' || *c == '\\' || *c > '~')
			return false;
	return *text != '\0';
}

static void append_json(struct buffer *line, const char *time, enum log_level level,
	const char *message, const struct log_field *fields)
{
	buffer_printf(line, "{\"time\":\"%s\",\"level\":\"%s\",\"msg\":", time, level_names[level]);
	append_escaped(line, message, true);
	for (const struct log_field *field = fields; field->name != NULL; field++) {
		buffer_printf(line, ",\"%s\":", field->name);
		if (field->text != NULL)
			append_escaped(line, field->text, true);
		else
			buffer_printf(line, "%lld", (long long)field->number);
	}
	buffer_append_char(line, '}');
}

static void append_text(struct buffer *line, const char *time, enum log_level level,
	const char *message, const struct log_field *fields)
{
	buffer_printf(line, "%s %-5s ", time, level_names[level]);
	append_escaped(line, message, false);
	for (const struct log_field *field = fields; field->name != NULL; field++) {
		buffer_printf(line, " %s=", field->name);
		if (field->text == NULL)
			buffer_printf(line, "%lld", (long long)field->number);
		else if (is_bare(field->text))
			buffer_append_text(line, field->text);
		else
			append_escaped(line, field->text, true);
	}
}

static void append_line(struct buffer *line, const char *time, enum log_level level,
	const char *message, const struct log_field *fields)
{
	if (atomic_load(&current_format) == LOG_JSON)
		append_json(line, time, level, message, fields);
	else
		append_text(line, time, level, message, fields);
	buffer_append_char(line, '\n');
}

void log_event_fields(enum log_level level, const char *message, const struct log_field *fields)
{
	static const struct log_field none[] = { { .name = NULL } };
	if ((int)level < atomic_load(&current_level))
		return;
	char time[RFC3339_BYTES];
	rfc3339_format(clock_realtime_us(), time);
	struct buffer line;
	buffer_init(&line, LINE_BYTES);
	append_line(&line, time, level, message, fields);
	if (line.overflow) { /* better a short line than half a JSON object */
		buffer_clear(&line);
		append_line(&line, time, level, "log line over 8 KiB left out", none);
	}
	if (!line.overflow && write(STDERR_FILENO, line.data, line.size) < 0) {
		/* Nowhere left to say it. */
	}
	buffer_done(&line);
}
