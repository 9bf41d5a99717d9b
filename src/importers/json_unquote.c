#include "importers/json_unquote.h"

#include "base/text.h"

#include <utf8proc.h>

enum {
	ESCAPE_DIGITS = 4, /* of \uXXXX */
	HIGH_SURROGATE = 0xD800,
	LOW_SURROGATE = 0xDC00,
	LOW_SURROGATE_LAST = 0xDFFF,
};

static bool read_hex(const uint8_t *at, const uint8_t *end, uint32_t *ret)
{
	uint32_t value = 0;
	if (end - at < ESCAPE_DIGITS)
		return false;
	for (size_t i = 0; i < ESCAPE_DIGITS; i++) {
		uint8_t c = at[i];
		uint32_t digit = 16;
		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			digit = (c | 0x20u) - 'a' + 10;
		if (digit == 16)
			return false;
		value = value << 4 | digit;
	}
	*ret = value;
	return true;
}

/* Behind "\u". Moves *at behind the escape; two of them make one character beyond U+FFFF. */
static const char *read_unicode(const uint8_t **at, const uint8_t *end, uint32_t *ret)
{
	uint32_t character;
	if (!read_hex(*at, end, &character))
		return "holds an escape that JSON does not have";
	*at += ESCAPE_DIGITS;
	if (character == 0)
		return "holds \\u0000, which is not allowed in texts";
	if (character < HIGH_SURROGATE || character > LOW_SURROGATE_LAST) {
		*ret = character;
		return NULL;
	}
	uint32_t low;
	if (character >= LOW_SURROGATE || end - *at < 2 + ESCAPE_DIGITS || (*at)[0] != '\\' ||
		(*at)[1] != 'u' || !read_hex(*at + 2, end, &low) || low < LOW_SURROGATE ||
		low > LOW_SURROGATE_LAST)
		return "holds half a surrogate pair, which is no character";
	*at += 2 + ESCAPE_DIGITS;
	*ret = 0x10000 + ((character - HIGH_SURROGATE) << 10) + (low - LOW_SURROGATE);
	return NULL;
}

/* Behind the backslash. */
static const char *read_escape(const uint8_t **at, const uint8_t *end, uint32_t *ret)
{
	static const char pairs[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
	uint8_t c = *at == end ? 0 : *(*at)++;
	if (c == 'u')
		return read_unicode(at, end, ret);
	for (const char *pair = pairs; *pair != '\0'; pair += 2) {
		if (c == (uint8_t)pair[0]) {
			*ret = (uint8_t)pair[1];
			return NULL;
		}
	}
	return "holds an escape that JSON does not have";
}

const char *unquote(struct slice text, uint8_t *out, size_t *ret_size)
{
	if (text.size < 2 || text.data[0] != '"' || text.data[text.size - 1] != '"')
		return "is no text";
	const uint8_t *at = text.data + 1;
	const uint8_t *end = text.data + text.size - 1;
	size_t size = 0;
	while (at < end) {
		uint8_t c = *at++;
		if (c < 0x20)
			return "holds a control character that is not escaped";
		if (c != '\\') {
			out[size++] = c;
			continue;
		}
		uint32_t character;
		const char *problem = read_escape(&at, end, &character);
		if (problem != NULL)
			return problem;
		size += (size_t)utf8proc_encode_char((utf8proc_int32_t)character, out + size);
	}
	if (text_find_invalid(slice_of(out, size)) < size)
		return "holds bytes that are not UTF-8";
	*ret_size = size;
	return NULL;
}
