/* Which attributes of the elements that are kept are kept, and with which values. */
#pragma once
#include "base/attributes.h"
#include "base/buffer.h"

/* Appends the value as it is to be written, not yet escaped. element is the name in the output,
 * name that of the attribute in lower case, value valid UTF-8 of characters that may stand in XML.
 * False, with nothing appended, where the attribute is left out. id and name are not for this
 * function: see html_ids.h. */
bool html_attribute(const char *element, const char *name, struct slice value, struct buffer *out)
	NODISCARD;
