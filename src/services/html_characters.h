/* Text on its way from gumbo's tree to rendered html. */
#pragma once
#include "base/buffer.h"

/*
 * Appends a text of the tree as what may stand in HTML and XML alike: what is not UTF-8 becomes
 * U+FFFD, a carriage return a line feed, as it would be read; a form feed a blank; other characters
 * that XML 1.0 does not have are left out, and byte order marks.
 */
void html_append_valid(const char *text, struct buffer *out);

/* Appends valid text escaped for an element's content, or for an attribute's value in quotes. */
void html_append_escaped(struct slice text, bool in_attribute, struct buffer *out);
