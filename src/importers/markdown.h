/* Writing plain text as Markdown that shows exactly that text: https://spec.commonmark.org/0.31.2/
 * and GitHub's extensions of it. */
#pragma once
#include "base/buffer.h"

/* Both append one block, with an empty line before it unless the buffer is empty. The text is one
 * line without blanks at its ends. An overflow shows in the buffer. */
void markdown_paragraph(struct slice text, struct buffer *out);
void markdown_heading(unsigned level, struct slice text, struct buffer *out);
