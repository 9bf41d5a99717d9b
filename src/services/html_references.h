/*
 * Numeric character references whose number is more than a character can have. HTML makes U+FFFD of
 * them, but gumbo's numbers overflow: "&#xFFFFFFFF;" ends the parse, "&#x80000080;" gives a byte
 * that is not UTF-8, "&#x100000041;" an "A".
 */
#pragma once
#include "base/buffer.h"

/* Whether there are any; if so *out, empty, gets the html with "&#xFFFD;" for each. */
bool html_mend_references(struct slice html, struct buffer *out) NODISCARD;
