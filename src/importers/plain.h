/* Plain text as people see it, out of text that may hold HTML's character references. */
#pragma once
#include "base/attributes.h"
#include "base/buffer.h"

/*
 * Appends the text with character references ("&amp;", "&#8217;", "&ldquo;") replaced as HTML says,
 * runs of ASCII white space made one blank and the ends trimmed. Markup is text here: "<b>" stays.
 * raw is valid UTF-8. False when out of memory or over the buffer's maximum.
 */
bool plain_text(struct slice raw, struct buffer *out) NODISCARD;
