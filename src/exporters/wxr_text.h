/* Texts in the forms that WordPress eXtended RSS has them in. What XML 1.0 cannot hold, control
 * characters and two code points that are none, is left out. */
#pragma once
#include "base/buffer.h"

#include <stdint.h>

/* "<![CDATA[...]]>" around three texts, in several sections where "]]>" is in one of them. */
void wxr_put_cdata(struct buffer *out, const char *before, const char *text, const char *behind);

/* Outside of a CDATA section, or in an attribute between quotation marks. */
void wxr_put_escaped(struct buffer *out, const char *text);

/* Plain text as HTML in a CDATA section: WordPress takes titles, names and excerpts for HTML. */
void wxr_put_html_cdata(struct buffer *out, const char *text);

/* A slug as WordPress keeps it: percent-encoded where it is not ASCII. */
void wxr_put_slug(struct buffer *out, const char *slug);

/* "2024-01-31 23:59:59". */
void wxr_put_time(struct buffer *out, int64_t time_us);

/* "Wed, 31 Jan 2024 23:59:59 +0000". */
void wxr_put_rss_time(struct buffer *out, int64_t time_us);
