#include "services/html_characters.h"

#include "base/text.h"

/* Bytes at the start that stay as they are. */
static size_t count_plain(struct slice text)
{
	size_t at = 0;
	for (; at < text.size; at++) {
		uint8_t byte = text.data[at];
		bool control = byte < ' ' && byte != '\t' && byte != '\n';
		if (control || byte == 0xEF)
			break;
	}
	return at;
}

/* U+FEFF, U+FFFE and U+FFFF are EF BB BF, EF BF BE and EF BF BF. */
static bool is_left_out(struct slice text)
{
	return text.size >= 3 && text.data[0] == 0xEF &&
	       ((text.data[1] == 0xBB && text.data[2] == 0xBF) ||
		       (text.data[1] == 0xBF && text.data[2] >= 0xBE));
}

static void append_without_controls(struct slice text, struct buffer *out)
{
	while (text.size > 0) {
		size_t used = count_plain(text);
		buffer_append(out, text.data, used);
		if (used < text.size) {
			struct slice rest = slice_of(text.data + used, text.size - used);
			if (is_left_out(rest))
				used += 2;
			else if (rest.data[0] == 0xEF)
				buffer_append_char(out, (char)0xEF);
			else if (rest.data[0] == '\r')
				buffer_append_char(out, '\n');
			else if (rest.data[0] == '\f')
				buffer_append_char(out, ' ');
			used++;
		}
		text = slice_of(text.data + used, text.size - used);
	}
}

void html_append_valid(const char *from, struct buffer *out)
{
	struct slice text = slice_of_text(from);
	while (text.size > 0) {
		size_t valid = text_find_invalid(text);
		append_without_controls(slice_of(text.data, valid), out);
		if (valid < text.size)
			buffer_append_text(out, "\xEF\xBF\xBD");
		size_t used = valid < text.size ? valid + 1 : valid;
		text = slice_of(text.data + used, text.size - used);
	}
}

static const char *reference_for(uint8_t byte, bool in_attribute)
{
	switch (byte) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return in_attribute ? "&quot;" : NULL;
	default:
		return NULL;
	}
}

void html_append_escaped(struct slice text, bool in_attribute, struct buffer *out)
{
	size_t from = 0;
	for (size_t at = 0; at < text.size; at++) {
		const char *reference = reference_for(text.data[at], in_attribute);
		if (reference == NULL)
			continue;
		buffer_append(out, text.data + from, at - from);
		buffer_append_text(out, reference);
		from = at + 1;
	}
	buffer_append(out, text.data + from, text.size - from);
}
