#include "cli/wrap.h"

#include "cli/screen.h"

#include <string.h>

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The next word; empty at the end. Moves *text behind it. */
static struct slice next_word(struct slice *text)
{
	size_t start = 0;
	while (start < text->size && is_blank(text->data[start]))
		start++;
	size_t end = start;
	while (end < text->size && !is_blank(text->data[end]))
		end++;
	struct slice word = slice_of(text->data + start, end - start);
	*text = slice_of(text->data + end, text->size - end);
	return word;
}

void wrap_words(struct buffer *out, struct slice text, const char *first, const char *rest,
	unsigned columns)
{
	size_t used = 0;
	bool open = false;
	for (;;) {
		struct slice word = next_word(&text);
		if (word.size == 0)
			break;
		size_t width = screen_width(word);
		bool fits = open && used + 1 + width <= columns;
		if (fits) {
			buffer_append_char(out, ' ');
			used += 1 + width;
		} else {
			const char *indent = open ? rest : first;
			if (open)
				buffer_append_char(out, '\n');
			buffer_append_text(out, indent);
			used = screen_width(slice_of_text(indent)) + width;
		}
		buffer_append(out, word.data, word.size);
		open = true;
	}
	if (open)
		buffer_append_char(out, '\n');
}

/* The text up to an empty line; moves *text behind it and the empty lines after it. */
static struct slice next_paragraph(struct slice *text)
{
	while (text->size > 0 && text->data[0] == '\n')
		*text = slice_of(text->data + 1, text->size - 1);
	if (text->size == 0)
		return *text;
	const uint8_t *end = memmem(text->data, text->size, "\n\n", 2);
	size_t size = end == NULL ? text->size : (size_t)(end - text->data);
	struct slice paragraph = slice_of(text->data, size);
	*text = slice_of(text->data + size, text->size - size);
	return paragraph;
}

void wrap_paragraphs(struct buffer *out, struct slice text, const char *indent, unsigned columns)
{
	bool first = true;
	for (;;) {
		struct slice paragraph = next_paragraph(&text);
		if (paragraph.size == 0)
			return;
		if (!first)
			buffer_append_char(out, '\n');
		first = false;
		/* Lines that are indented already are an example. */
		if (paragraph.data[0] == ' ') {
			buffer_append_text(out, indent);
			buffer_append(out, paragraph.data, paragraph.size);
			buffer_append_char(out, '\n');
		} else {
			wrap_words(out, paragraph, indent, indent, columns);
		}
	}
}
