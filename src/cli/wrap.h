/* Text broken into lines that fit the screen. */
#pragma once
#include "base/buffer.h"
#include "base/slice.h"

/* Appends the words of the text, broken to `columns`, with a newline at the end. The first line
 * starts with `first`, the others with `rest`. A word that is wider than the line has a line of its
 * own; in scripts without blanks a line may end between characters. The text went through
 * screen_text() and may have marks. Nothing for a text without words. */
void wrap_words(struct buffer *out, struct slice text, const char *first, const char *rest,
	unsigned columns);

/* The same for text with paragraphs, separated by empty lines. */
void wrap_paragraphs(struct buffer *out, struct slice text, const char *indent, unsigned columns);

/* A post's Markdown: paragraphs are wrapped, list items and quotes get a hanging indent, code stays
 * as it is, headings stand out. */
struct screen;
void wrap_markdown(
	struct buffer *out, struct slice text, const struct screen *screen, const char *indent);
