#include "base/xml.h"

/* U+FFFE and U+FFFF are EF BF BE and EF BF BF. */
size_t xml_forbidden(struct slice text)
{
	uint8_t c = text.data[0];
	if (c < 0x20)
		return c != '\t' && c != '\n' && c != '\r';
	return c == 0xEF && text.size >= 3 && text.data[1] == 0xBF && text.data[2] >= 0xBE ? 3 : 0;
}

/* NULL for a character that stays as it is. */
static const char *reference(uint8_t c, enum xml_place place)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return place == XML_ATTRIBUTE ? "&quot;" : NULL;
	case '\t':
		return place == XML_ATTRIBUTE ? "&#9;" : NULL;
	case '\r':
		return place == XML_ATTRIBUTE ? "&#13;" : NULL;
	case '\n':
		return place == XML_ATTRIBUTE ? "&#10;" : NULL;
	default:
		return NULL;
	}
}

void xml_put_escaped(struct buffer *out, struct slice text, enum xml_place place)
{
	size_t start = 0;
	for (size_t i = 0; i < text.size;) {
		size_t skipped = xml_forbidden(slice_of(text.data + i, text.size - i));
		const char *written = skipped > 0 ? "" : reference(text.data[i], place);
		if (written == NULL) {
			i++;
			continue;
		}
		buffer_append(out, text.data + start, i - start);
		buffer_append_text(out, written);
		i += skipped > 0 ? skipped : 1;
		start = i;
	}
	if (text.size > start)
		buffer_append(out, text.data + start, text.size - start);
}
