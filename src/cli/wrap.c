#include "cli/wrap.h"

#include "cli/screen.h"

#include <string.h>
#include <utf8proc.h>

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* What was seen of a word, to tell whether a line may end before its next character. */
struct seen {
	bool any;
	bool wide;    /* the last character that is seen is a wide one, as in Chinese */
	bool opening; /* it is a bracket that opens */
	utf8proc_int32_t last;
	utf8proc_int32_t cluster; /* state of utf8proc */
};

static bool is_opening(utf8proc_category_t category)
{
	return category == UTF8PROC_CATEGORY_PS || category == UTF8PROC_CATEGORY_PI;
}

/* Brackets that close, commas and full stops. */
static bool is_closing(utf8proc_category_t category)
{
	return category == UTF8PROC_CATEGORY_PE || category == UTF8PROC_CATEGORY_PF ||
	       category == UTF8PROC_CATEGORY_PO;
}

/* A line may end beside a wide character, but not before punctuation that closes nor after such
 * that opens: the better part of https://www.unicode.org/reports/tr14/ for scripts without blanks.
 */
static bool may_break(struct seen *seen, utf8proc_int32_t character)
{
	utf8proc_category_t category = utf8proc_category(character);
	int width = utf8proc_charwidth(character);
	bool whole = seen->any &&
		     utf8proc_grapheme_break_stateful(seen->last, character, &seen->cluster);
	bool breaks = whole && seen->last != MARK_START && !seen->opening &&
		      (seen->wide || width == 2) && (width > 0 || character == MARK_START) &&
		      !is_closing(category);
	seen->any = true;
	seen->last = character;
	if (width > 0) {
		seen->wide = width == 2;
		seen->opening = is_opening(category);
	}
	return breaks;
}

/* The bytes of a word that need no look at what is between them: ASCII beside ASCII. */
static size_t skip_ascii(struct slice text)
{
	size_t at = 0;
	while (at + 1 < text.size && text.data[at] < 0x80 && text.data[at + 1] < 0x80 &&
		!is_blank(text.data[at + 1]))
		at++;
	return at;
}

/* The next piece that a line cannot end inside of, empty at the end, and whether a blank is before
 * it. Moves *text behind it. */
static struct slice next_piece(struct slice *text, bool *ret_blank)
{
	size_t start = 0;
	struct seen seen = { .any = false };
	while (start < text->size && is_blank(text->data[start]))
		start++;
	size_t end = start;
	if (end < text->size)
		end += skip_ascii(slice_of(text->data + end, text->size - end));
	while (end < text->size && !is_blank(text->data[end])) {
		utf8proc_int32_t character;
		utf8proc_ssize_t size = utf8proc_iterate(
			text->data + end, (utf8proc_ssize_t)(text->size - end), &character);
		if (may_break(&seen, size > 0 ? character : '?'))
			break;
		end += size > 0 ? (size_t)size : 1;
	}
	*ret_blank = start > 0;
	struct slice piece = slice_of(text->data + start, end - start);
	*text = slice_of(text->data + end, text->size - end);
	return piece;
}

void wrap_words(struct buffer *out, struct slice text, const char *first, const char *rest,
	unsigned columns)
{
	size_t used = 0;
	bool open = false;
	for (;;) {
		bool blank;
		struct slice piece = next_piece(&text, &blank);
		if (piece.size == 0)
			break;
		size_t width = screen_width(piece);
		if (open && used + blank + width <= columns) {
			buffer_append_text(out, blank ? " " : "");
			used += blank + width;
		} else {
			const char *indent = open ? rest : first;
			if (open)
				buffer_append_char(out, '\n');
			buffer_append_text(out, indent);
			used = screen_width(slice_of_text(indent)) + width;
		}
		buffer_append(out, piece.data, piece.size);
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
