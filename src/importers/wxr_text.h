/* Texts of WordPress in the forms that Lectern keeps them in. */
#pragma once
#include "base/attributes.h"
#include "base/buffer.h"
#include "base/limits.h"

#include <stdint.h>

/* Appends HTML as plain text in one line: tags go, character references become what they mean.
 * False when out of memory or over the buffer's maximum. */
bool wxr_plain_line(struct slice html, struct buffer *out) NODISCARD;

/* The same with the lines of the source, and those that its elements begin, kept; blank ones are
 * made one. */
bool wxr_plain_lines(struct slice html, struct buffer *out) NODISCARD;

/* Makes a slug of one that may be percent-encoded, as WordPress' are. *ret_changed: letters were
 * replaced, too. The slug may be empty. */
void wxr_slug(struct slice text, char slug[LIMIT_SLUG_BYTES + 1], bool *ret_changed);

/* Reads "2024-01-31 23:59:59". False for anything else, "0000-00-00 00:00:00" included. */
bool wxr_parse_time(struct slice text, int64_t *ret_us) NODISCARD;

/* Reads "Wed, 31 Jan 2024 23:59:59 +0000", as RFC 822 has it. */
bool wxr_parse_rss_time(struct slice text, int64_t *ret_us) NODISCARD;
