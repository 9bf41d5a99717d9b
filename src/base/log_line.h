/* One line of the log as bytes. Only for log.c. */
#pragma once
#include "base/buffer.h"
#include "base/log.h"

enum { LOG_LINE_BYTES = 8192 };

struct log_style {
	enum log_format format;
	bool colour; /* of the level, in text */
};

const char *log_level_name(enum log_level level);

/* Writes the line with its newline, the only one in it, into an empty buffer of LOG_LINE_BYTES. */
void log_line_write(struct buffer *line, const struct log_style *style, enum log_level level,
	const char *message, const struct log_field *fields);
