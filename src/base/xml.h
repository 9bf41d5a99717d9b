/* Text in XML 1.0 documents. What XML cannot hold, control characters and the two code points that
 * are no characters, is left out. */
#pragma once
#include "base/buffer.h"

enum xml_place {
	XML_TEXT,      /* between tags */
	XML_ATTRIBUTE, /* between double quotes, where a parser makes blanks of line ends */
};

/* How many bytes at the front of a text XML cannot hold; 0 for what it can. UTF-8, not empty. */
size_t xml_forbidden(struct slice text);

void xml_put_escaped(struct buffer *out, struct slice text, enum xml_place place);
