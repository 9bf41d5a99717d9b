/* A guess at how deep an HTML body is nested, before it is parsed. */
#pragma once
#include "base/attributes.h"
#include "base/slice.h"

#include <stdbool.h>

enum { HTML_UNCLOSED_MAX = 4096 };

/*
 * Whether at some place more than HTML_UNCLOSED_MAX start tags have no end tag yet, those that a
 * parser closes by itself (p, li, td ...) aside. gumbo goes over all open elements for most tags,
 * so such a body would take seconds only to be refused for its depth. One that is less deep than
 * this is parsed and its depth is known.
 */
bool html_is_unclosed(struct slice html) NODISCARD;
