/* The paragraphs of posts that were written in the classic editor of WordPress. */
#pragma once
#include "base/attributes.h"
#include "base/buffer.h"

/*
 * Appends the HTML with the elements that WordPress puts around it whenever it shows the post
 * (wpautop in its wp-includes/formatting.php): blank lines separate paragraphs, a single line end
 * is a <br />, blocks and what is in pre, script and the like stay as they are. Where WordPress'
 * regular expressions leave tags that do not pair, these pair. False when out of memory or over the
 * buffer's maximum.
 */
bool autop(struct slice html, struct buffer *out) NODISCARD;
