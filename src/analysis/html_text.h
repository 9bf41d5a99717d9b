/*
 * The plain text of a post's rendered html: what search indexes and snippets are cut from. The html
 * is well-formed, because it comes out of our own renderer; anything else gives some text, never a
 * crash. Tags and comments are left out, character references decoded, runs of white space made one
 * blank (none where Chinese or Japanese was wrapped in the source), and a line break put wherever a
 * block (p, h1-h6, li, pre, blockquote, td, br ...) begins or ends.
 */
#pragma once
#include "base/arena.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/* A part of the text that is a heading (h1 to h6). */
struct text_span {
	size_t start; /* bytes */
	size_t end;
};

struct html_text {
	struct slice text; /* in the arena, not longer than the html */
	struct text_span *headings;
	size_t heading_count;
};

/* False when out of memory. */
bool html_text(struct arena *arena, struct slice html, struct html_text *ret) NODISCARD;
