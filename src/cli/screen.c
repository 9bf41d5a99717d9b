#include "cli/screen.h"

#include "base/text.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utf8proc.h>

enum { COLUMNS_DEFAULT = 80, COLUMNS_MIN = 20, COLUMNS_MAX = 1000 };

static unsigned find_columns(int descriptor)
{
	const char *given = getenv("COLUMNS");
	unsigned long columns = given == NULL ? 0 : strtoul(given, NULL, 10);
	struct winsize size;
	if (columns == 0 && ioctl(descriptor, TIOCGWINSZ, &size) == 0)
		columns = size.ws_col;
	if (columns == 0 || columns > COLUMNS_MAX)
		return COLUMNS_DEFAULT;
	return columns < COLUMNS_MIN ? COLUMNS_MIN : (unsigned)columns;
}

void screen_init(struct screen *screen, int descriptor)
{
	const char *no_color = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");
	bool dumb = terminal == NULL || strcmp(terminal, "dumb") == 0;
	screen->terminal = isatty(descriptor) == 1;
	screen->colour = screen->terminal && !dumb && (no_color == NULL || *no_color == '\0');
	screen->columns = find_columns(descriptor);
}

void screen_style(const struct screen *screen, struct buffer *out, enum style style)
{
	if (!screen->colour)
		return;
	switch (style) {
	case STYLE_BOLD:
		buffer_append_text(out, "\x1b[1m");
		break;
	case STYLE_DIM:
		buffer_append_text(out, "\x1b[2m");
		break;
	case STYLE_HEADING:
		buffer_append_text(out, "\x1b[1;36m");
		break;
	case STYLE_ERROR:
		buffer_append_text(out, "\x1b[1;31m");
		break;
	case STYLE_ADDED:
		buffer_append_text(out, "\x1b[32m");
		break;
	case STYLE_REMOVED:
		buffer_append_text(out, "\x1b[31m");
		break;
	}
}

void screen_plain(const struct screen *screen, struct buffer *out)
{
	if (screen->colour)
		buffer_append_text(out, "\x1b[0m");
}

/* Characters that hide or reorder what is around them:
 * https://www.unicode.org/reports/tr9/#Explicit_Directional_Embeddings and the separators. */
static bool is_disorder(utf8proc_int32_t character)
{
	return (character >= 0x80 && character <= 0x9F) || character == 0x061C ||
	       character == 0x200E || character == 0x200F ||
	       (character >= 0x2028 && character <= 0x202E) ||
	       (character >= 0x2066 && character <= 0x2069) || character == 0xFEFF;
}

static void put_character(
	struct buffer *out, utf8proc_int32_t character, struct slice bytes, bool lines)
{
	if (character == '\n' || character == '\t')
		buffer_append_char(out, lines ? (char)character : ' ');
	else if (character == '\r' && lines)
		return; /* of a line that ends as on Windows */
	else if (character < 0x20 || character == 0x7F)
		buffer_printf(out, "^%c", (int)(character ^ 0x40));
	else if (is_disorder(character))
		buffer_printf(out, "<U+%04X>", (unsigned)character);
	else
		buffer_append(out, bytes.data, bytes.size);
}

void screen_text(struct buffer *out, struct slice text, bool lines)
{
	while (text.size > 0) {
		utf8proc_int32_t character;
		utf8proc_ssize_t size =
			utf8proc_iterate(text.data, (utf8proc_ssize_t)text.size, &character);
		if (size <= 0) {
			buffer_append_text(out, "\xEF\xBF\xBD");
			size = 1;
		} else {
			put_character(out, character, slice_of(text.data, (size_t)size), lines);
		}
		text = slice_of(text.data + size, text.size - (size_t)size);
	}
}

/* Reverse video has an end of its own, so that it can stand inside another style. */
static void put_match(const struct screen *screen, struct buffer *out, bool start)
{
	if (screen->colour)
		buffer_append_text(out, start ? "\x1b[7m" : "\x1b[27m");
}

void screen_marked(const struct screen *screen, struct buffer *out, struct slice text)
{
	bool inside = false;   /* of a match */
	bool indented = false; /* a match goes on behind the blanks that follow */
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];
		if (indented && c != ' ') {
			put_match(screen, out, true);
			indented = false;
		}
		if (c == MARK_START || c == MARK_END) {
			if (inside != (c == MARK_START))
				put_match(screen, out, c == MARK_START);
			inside = c == MARK_START;
			continue;
		}
		if (c == '\n' && inside) {
			put_match(screen, out, false);
			indented = true;
		}
		buffer_append_char(out, (char)c);
	}
	if (inside && !indented)
		put_match(screen, out, false);
}

/* Steps over one character and adds its columns. */
static size_t step(struct slice text, size_t *columns)
{
	utf8proc_int32_t character;
	utf8proc_ssize_t size =
		utf8proc_iterate(text.data, (utf8proc_ssize_t)text.size, &character);
	if (size <= 0) {
		*columns += 1;
		return 1;
	}
	int width = utf8proc_charwidth(character);
	*columns += width > 0 ? (size_t)width : 0;
	return (size_t)size;
}

size_t screen_width(struct slice text)
{
	size_t columns = 0;
	for (size_t at = 0; at < text.size;)
		at += step(slice_of(text.data + at, text.size - at), &columns);
	return columns;
}

size_t screen_fit(struct slice text, size_t columns)
{
	size_t used = 0;
	size_t at = 0;
	while (at < text.size) {
		size_t size = step(slice_of(text.data + at, text.size - at), &used);
		if (used > columns)
			break;
		at += size;
	}
	return at;
}
