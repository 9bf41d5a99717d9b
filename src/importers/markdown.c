#include "importers/markdown.h"

#include <string.h>

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(uint8_t c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The byte at a place, or 0 outside of the text. */
static uint8_t at(struct slice text, size_t index)
{
	return index < text.size ? text.data[index] : 0;
}

/* Whether the byte would mean something in running text. */
static bool is_special(struct slice text, size_t i)
{
	switch (text.data[i]) {
	case '\\':
	case '`':
	case '*':
	case '[':
	case ']':
	case '<':
	case '~':
		return true;
	case '_': /* inside of a word it means nothing */
		return i == 0 || !is_word(text.data[i - 1]) || !is_word(at(text, i + 1));
	case '&': /* the start of a character reference */
		return is_word(at(text, i + 1)) || at(text, i + 1) == '#';
	case ':': /* of an address that would become a link, escapes and all */
		return at(text, i + 1) == '/' && at(text, i + 2) == '/';
	case '.':
		return i >= 3 && memcmp(text.data + i - 3, "www", 3) == 0;
	default:
		return false;
	}
}

/* How many bytes at the start of a paragraph stand before one that would make it another kind of
 * block; text.size if there is none. */
static size_t find_block_mark(struct slice text)
{
	if (text.size == 0)
		return 0;
	if (strchr("#>+-=", text.data[0]) != NULL && text.data[0] != 0)
		return 0;
	size_t digits = 0;
	while (is_digit(at(text, digits)))
		digits++;
	if (digits > 0 && (at(text, digits) == '.' || at(text, digits) == ')'))
		return digits;
	return text.size;
}

static void append_escaped(struct slice text, size_t mark, bool heading, struct buffer *out)
{
	for (size_t i = 0; i < text.size; i++) {
		if (i == mark || is_special(text, i) || (heading && text.data[i] == '#'))
			buffer_append_char(out, '\\');
		buffer_append_char(out, (char)text.data[i]);
	}
}

static void start_block(struct buffer *out)
{
	if (out->size > 0)
		buffer_append_text(out, "\n\n");
}

void markdown_paragraph(struct slice text, struct buffer *out)
{
	start_block(out);
	append_escaped(text, find_block_mark(text), false, out);
}

void markdown_heading(unsigned level, struct slice text, struct buffer *out)
{
	start_block(out);
	for (unsigned i = 0; i < level; i++)
		buffer_append_char(out, '#');
	buffer_append_char(out, ' ');
	append_escaped(text, text.size, true, out);
}
