#include "base/log_line.h"

#include "base/clock.h"
#include "base/rfc3339.h"
#include "base/text.h"

static const char *const level_names[] = { "debug", "info", "warn", "error" };
/* Dim, nothing, yellow, red. */
static const char *const level_colours[] = { "\x1b[2m", "", "\x1b[33m", "\x1b[31m" };

const char *log_level_name(enum log_level level)
{
	return level_names[level];
}

static bool is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* How much of the front is the beginning of a token (auth/token.h), up to its secret; 0 if none is
 * there. Whoever sends one in the wrong place must not find it in the log. */
static size_t token_size(struct slice text)
{
	static const char prefix[] = "lectern_";
	enum { PREFIX_BYTES = sizeof prefix - 1, ID_DIGITS = 12 };
	if (text.size <= PREFIX_BYTES + ID_DIGITS || memcmp(text.data, prefix, PREFIX_BYTES) != 0 ||
		text.data[PREFIX_BYTES + ID_DIGITS] != '_')
		return 0;
	for (size_t i = PREFIX_BYTES; i < PREFIX_BYTES + ID_DIGITS; i++)
		if (!is_hex(text.data[i]))
			return 0;
	return PREFIX_BYTES + ID_DIGITS + 1;
}

/* Appends the beginning of a token and stars for its secret; returns what it has of the text. */
static size_t append_token(struct buffer *line, struct slice text)
{
	size_t size = token_size(text);
	if (size == 0)
		return 0;
	buffer_append(line, text.data, size);
	buffer_append_text(line, "***");
	while (size < text.size && is_hex(text.data[size]))
		size++;
	return size;
}

/* The text escaped as in JSON; bytes that are not UTF-8 become U+FFFD. Between double quotes if
 * quoted, else the quotes in it stay as they are. */
static void append_escaped(struct buffer *line, const char *text, bool quoted)
{
	struct slice rest = slice_of_text(text);
	if (rest.size > LOG_LINE_BYTES) { /* no byte of it becomes less than one */
		line->overflow = true;
		return;
	}
	if (quoted)
		buffer_append_char(line, '"');
	while (rest.size > 0) {
		unsigned char c = rest.data[0];
		size_t size = c == 'l' ? append_token(line, rest) : 0;
		if (size > 0) {
			rest = slice_of(rest.data + size, rest.size - size);
			continue;
		}
		size = 1;
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
	return *text != '\0' && strstr(text, "lectern_") == NULL;
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

static void append_text(struct buffer *line, const struct log_style *style, const char *time,
	enum log_level level, const char *message, const struct log_field *fields)
{
	const char *start = style->colour ? level_colours[level] : "";
	buffer_printf(line, "%s %s%-5s%s ", time, start, level_names[level],
		start[0] == '\0' ? "" : "\x1b[0m");
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

static void append_line(struct buffer *line, const struct log_style *style, enum log_level level,
	const char *message, const struct log_field *fields)
{
	char time[RFC3339_BYTES];
	rfc3339_format(clock_realtime_us(), time);
	if (style->format == LOG_JSON)
		append_json(line, time, level, message, fields);
	else
		append_text(line, style, time, level, message, fields);
	buffer_append_char(line, '\n');
}

void log_line_write(struct buffer *line, const struct log_style *style, enum log_level level,
	const char *message, const struct log_field *fields)
{
	static const struct log_field none[] = { { .name = NULL } };
	append_line(line, style, level, message, fields);
	if (!line->overflow)
		return;
	/* Better a short line than half a JSON object. */
	buffer_clear(line);
	append_line(line, style, level, "log line over 8 KiB left out", none);
}
