/* What the text of a post tells about it. */
#pragma once
#include "base/attributes.h"
#include "base/buffer.h"

/* Appends the text as people read it, on one line: without markup of Markdown and HTML and without
 * what templates put in. For titles and excerpts, not exact. The text is valid UTF-8. False when
 * out of memory. */
bool front_matter_plain(struct slice text, struct buffer *out) NODISCARD;

/* The first heading, with its markup; false if there is none. */
bool front_matter_heading(struct slice body, bool is_html, struct slice *ret) NODISCARD;

/* Where an excerpt ends: the mark, or "<!--more-->" where it is empty, outside of code. */
bool front_matter_more(struct slice body, bool is_html, struct slice mark, struct slice *ret)
	NODISCARD;
