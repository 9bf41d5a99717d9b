#include "cli/screen.h"
#include "cli/wrap.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { INDENT_BYTES = 64 };

struct markdown {
	struct buffer *out;
	const struct screen *screen;
	const char *indent;
	struct buffer paragraph;  /* lines that belong together, joined */
	char first[INDENT_BYTES]; /* before the paragraph's first line */
	char rest[INDENT_BYTES];  /* before its other lines */
	struct slice fence;	  /* of the code block that is open; empty outside */
	bool blank;		  /* the last line written was empty */
};

static struct slice next_line(struct slice *text)
{
	const uint8_t *end = memchr(text->data, '\n', text->size);
	size_t size = end == NULL ? text->size : (size_t)(end - text->data);
	struct slice line = slice_of(text->data, size);
	size_t used = end == NULL ? size : size + 1;
	*text = slice_of(text->data + used, text->size - used);
	return line;
}

static struct slice trim_start(struct slice line)
{
	size_t start = 0;
	while (start < line.size && (line.data[start] == ' ' || line.data[start] == '\t'))
		start++;
	return slice_of(line.data + start, line.size - start);
}

/* How many of the character stand at the start. */
static size_t run_of(struct slice text, char c)
{
	size_t size = 0;
	while (size < text.size && text.data[size] == (uint8_t)c)
		size++;
	return size;
}

static void flush(struct markdown *markdown)
{
	struct slice text = slice_of(markdown->paragraph.data, markdown->paragraph.size);
	wrap_words(markdown->out, text, markdown->first, markdown->rest, markdown->screen->columns);
	if (text.size > 0)
		markdown->blank = false;
	buffer_clear(&markdown->paragraph);
	snprintf(markdown->first, INDENT_BYTES, "%s", markdown->indent);
	snprintf(markdown->rest, INDENT_BYTES, "%s", markdown->indent);
}

static void write_line(struct markdown *markdown, struct slice line)
{
	if (line.size > 0)
		buffer_append_text(markdown->out, markdown->indent);
	buffer_append(markdown->out, line.data, line.size);
	buffer_append_char(markdown->out, '\n');
	markdown->blank = false;
}

static void write_blank(struct markdown *markdown)
{
	if (!markdown->blank)
		buffer_append_char(markdown->out, '\n');
	markdown->blank = true;
}

static void write_heading(struct markdown *markdown, struct slice line)
{
	flush(markdown);
	write_blank(markdown);
	buffer_append_text(markdown->out, markdown->indent);
	screen_style(markdown->screen, markdown->out, STYLE_HEADING);
	buffer_append(markdown->out, line.data, line.size);
	screen_plain(markdown->screen, markdown->out);
	buffer_append_char(markdown->out, '\n');
	markdown->blank = false;
}

/* "- ", "* ", "+ ", "12. " or "3) ": the bytes of the marker with its blank, else 0. */
static size_t marker_size(struct slice text)
{
	if (text.size >= 2 && strchr("-*+", text.data[0]) != NULL && text.data[1] == ' ')
		return 2;
	size_t digits = 0;
	while (digits < text.size && isdigit(text.data[digits]))
		digits++;
	bool ordered = digits > 0 && digits < 10 && digits + 1 < text.size &&
		       strchr(".)", text.data[digits]) != NULL && text.data[digits + 1] == ' ';
	return ordered ? digits + 2 : 0;
}

/* Starts a paragraph whose first line has a marker and whose other lines stand below its text. */
static void start_item(struct markdown *markdown, struct slice line, struct slice text, size_t size)
{
	flush(markdown);
	size_t depth = (size_t)(text.data - line.data);
	if (depth > INDENT_BYTES / 4)
		depth = INDENT_BYTES / 4;
	snprintf(markdown->first, INDENT_BYTES, "%s%*s%.*s", markdown->indent, (int)depth, "",
		(int)size, (const char *)text.data);
	snprintf(markdown->rest, INDENT_BYTES, "%s%*s", markdown->indent, (int)(depth + size), "");
	/* wrap_words() drops blanks at the start: the marker's own blank is in `first`. */
	buffer_append(&markdown->paragraph, text.data + size, text.size - size);
}

static void write_quote(struct markdown *markdown, struct slice text)
{
	struct slice inner = trim_start(slice_of(text.data + 1, text.size - 1));
	bool goes_on = markdown->paragraph.size > 0 && strstr(markdown->first, "> ") != NULL;
	if (!goes_on || inner.size == 0) {
		flush(markdown);
		snprintf(markdown->first, INDENT_BYTES, "%s> ", markdown->indent);
		snprintf(markdown->rest, INDENT_BYTES, "%s> ", markdown->indent);
	}
	if (inner.size == 0)
		write_line(markdown, slice_of(">", 1));
	buffer_append_char(&markdown->paragraph, ' ');
	buffer_append(&markdown->paragraph, inner.data, inner.size);
}

/* Whether the line opens or closes a block of code. */
static bool take_fence(struct markdown *markdown, struct slice line, struct slice text)
{
	char c = text.size > 0 && text.data[0] == '~' ? '~' : '`';
	size_t size = run_of(text, c);
	if (markdown->fence.size == 0) {
		if (size < 3)
			return false;
		flush(markdown);
		markdown->fence = slice_of(text.data, size);
	} else if (size >= markdown->fence.size && markdown->fence.data[0] == (uint8_t)c &&
		   trim_start(slice_of(text.data + size, text.size - size)).size == 0) {
		markdown->fence = slice_of(NULL, 0);
	}
	write_line(markdown, line);
	return true;
}

static void add_line(struct markdown *markdown, struct slice line)
{
	struct slice text = trim_start(line);
	if (markdown->fence.size > 0 || (text.size > 0 && strchr("`~", text.data[0]) != NULL)) {
		if (take_fence(markdown, line, text))
			return;
	}
	bool code = markdown->paragraph.size == 0 && text.size > 0 &&
		    (line.data[0] == '\t' || (size_t)(text.data - line.data) >= 4);
	size_t hashes = run_of(text, '#');
	size_t marker = marker_size(text);
	if (text.size == 0) {
		flush(markdown);
		write_blank(markdown);
	} else if (hashes >= 1 && hashes <= 6 && hashes < text.size && text.data[hashes] == ' ') {
		write_heading(markdown, text);
	} else if (marker > 0) {
		start_item(markdown, line, text, marker);
	} else if (code || text.data[0] == '|') {
		flush(markdown);
		write_line(markdown, line);
	} else if (text.data[0] == '>') {
		write_quote(markdown, text);
	} else {
		buffer_append_char(&markdown->paragraph, ' ');
		buffer_append(&markdown->paragraph, text.data, text.size);
	}
}

void wrap_markdown(
	struct buffer *out, struct slice text, const struct screen *screen, const char *indent)
{
	struct markdown markdown = {
		.out = out, .screen = screen, .indent = indent, .blank = true
	};
	buffer_init(&markdown.paragraph, out->max_bytes);
	flush(&markdown);
	markdown.blank = true;
	while (text.size > 0)
		add_line(&markdown, next_line(&text));
	flush(&markdown);
	buffer_done(&markdown.paragraph);
}
