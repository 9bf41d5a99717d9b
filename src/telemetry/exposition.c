#include "telemetry/exposition.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { NUMBER_BYTES = 32 };

/* The shortest decimal that is read as the same number, so that 0.1 is not 0.10000000000000001. */
static void write_number(double value, char out[NUMBER_BYTES])
{
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(out, NUMBER_BYTES, "%.*g", digits, value);
		if (strtod(out, NULL) == value)
			return;
	}
}

/* A backslash, a newline and, in the value of a label, a double quote are escaped. */
static void append_escaped(struct buffer *out, const char *text, bool label)
{
	for (; *text != '\0'; text++) {
		if (*text == '\\')
			buffer_append_text(out, "\\\\");
		else if (*text == '\n')
			buffer_append_text(out, "\\n");
		else if (*text == '"' && label)
			buffer_append_text(out, "\\\"");
		else
			buffer_append_char(out, *text);
	}
}

void exposition_head(struct buffer *out, const char *name, const char *type, const char *help)
{
	buffer_printf(out, "# HELP %s ", name);
	append_escaped(out, help, false);
	buffer_printf(out, "\n# TYPE %s %s\n", name, type);
}

/* Name and labels; a bucket has its bound as the last one. */
static void begin(struct buffer *out, const char *name, const char *ending,
	const struct exposition_label *labels, const char *bound)
{
	char separator = '{';
	buffer_printf(out, "%s%s", name, ending);
	for (; labels != NULL && labels->name != NULL; labels++) {
		buffer_printf(out, "%c%s=\"", separator, labels->name);
		append_escaped(out, labels->value, true);
		buffer_append_char(out, '"');
		separator = ',';
	}
	if (bound != NULL)
		buffer_printf(out, "%cle=\"%s\"", separator, bound);
	buffer_append_text(out, separator == ',' || bound != NULL ? "} " : " ");
}

void exposition_count(
	struct buffer *out, const char *name, const struct exposition_label *labels, uint64_t value)
{
	begin(out, name, "", labels, NULL);
	buffer_printf(out, "%" PRIu64 "\n", value);
}

void exposition_value(
	struct buffer *out, const char *name, const struct exposition_label *labels, double value)
{
	char number[NUMBER_BYTES];
	write_number(value, number);
	begin(out, name, "", labels, NULL);
	buffer_printf(out, "%s\n", number);
}

void exposition_histogram(struct buffer *out, const char *name,
	const struct exposition_label *labels, const struct histogram *histogram)
{
	char number[NUMBER_BYTES];
	uint64_t count = 0;
	for (size_t i = 0; i < histogram->bound_count; i++) {
		count += histogram->counts[i];
		write_number(histogram->bounds[i], number);
		begin(out, name, "_bucket", labels, number);
		buffer_printf(out, "%" PRIu64 "\n", count);
	}
	count += histogram->counts[histogram->bound_count];
	begin(out, name, "_bucket", labels, "+Inf");
	buffer_printf(out, "%" PRIu64 "\n", count);
	write_number(histogram->sum, number);
	begin(out, name, "_sum", labels, NULL);
	buffer_printf(out, "%s\n", number);
	begin(out, name, "_count", labels, NULL);
	buffer_printf(out, "%" PRIu64 "\n", count);
}
