/* Which addresses may stand in rendered html. Everything is decided on the text as browsers see it
 * and as it is written: references decoded, tabs and line breaks left out, the ends trimmed. */
#pragma once
#include "base/attributes.h"
#include "base/buffer.h"

enum html_url {
	HTML_URL_LINK,	/* relative, http, https, mailto, tel */
	HTML_URL_MEDIA, /* relative, http, https */
	HTML_URL_IMAGE, /* the same, and data: of the common bitmap formats */
};

/* Appends the address as it is to be written. False, with nothing appended, where its scheme is
 * not allowed. */
bool html_url(struct slice value, enum html_url kind, struct buffer *out) NODISCARD;

/* The same for the candidates of a srcset; those that are not allowed are left out. False where
 * none is left. */
bool html_srcset(struct slice value, struct buffer *out) NODISCARD;
