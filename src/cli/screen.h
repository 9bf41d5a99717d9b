/* What standard output is shown on, and text made fit for it. */
#pragma once
#include "base/buffer.h"
#include "base/slice.h"

#include <stdbool.h>

struct screen {
	unsigned columns; /* of the terminal, or 80 */
	bool terminal;
	bool colour;
};

enum style { STYLE_BOLD, STYLE_DIM, STYLE_HEADING, STYLE_ERROR, STYLE_ADDED, STYLE_REMOVED };

/* Stand before and behind what a query found in a text. They cannot be the text's own, because
 * screen_text() lets no control characters through, and they take no columns. */
enum mark { MARK_START = 0x01, MARK_END = 0x02 };

/* Looks at the descriptor, COLUMNS and NO_COLOR (https://no-color.org). */
void screen_init(struct screen *screen, int descriptor);

/* Nothing without colour. */
void screen_style(const struct screen *screen, struct buffer *out, enum style style);
void screen_plain(const struct screen *screen, struct buffer *out);

/*
 * Appends text that cannot command a terminal: control characters and those that change the
 * direction of writing are shown as "^[" or "<U+202E>", bytes that are no UTF-8 as the replacement
 * character. Newlines and tabs stay with `lines`, else they become blanks.
 */
void screen_text(struct buffer *out, struct slice text, bool lines);

/* Appends text in which the marks become the beginning and the end of reverse video, or nothing
 * without colour. What goes on in the next line leaves that line's indent alone. */
void screen_marked(const struct screen *screen, struct buffer *out, struct slice text);

/* Columns that the text takes: wide characters take two, marks none. Control characters must be
 * gone. */
size_t screen_width(struct slice text);

/* The bytes of the longest beginning that fits. */
size_t screen_fit(struct slice text, size_t columns);
