/* Whether html is what the renderer promises, told by a parse and by lists that are not its own. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* Whether it is well-formed as XML is, and parsed as a part of a page has only elements, attributes
 * and addresses that are harmless, each id once and no deeper than 256 elements. If not, what is
 * wrong stands in `text`. */
bool is_safe_html(const char *html, char *text, size_t capacity);
