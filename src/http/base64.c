#include "http/base64.h"

#include <sodium.h>

bool base64_read(struct slice text, struct arena *arena, struct slice *ret)
{
	while (text.size > 0 && text.data[text.size - 1] == '=')
		text.size--;
	char *copy = arena_text(arena, text);
	uint8_t *out = arena_alloc(arena, text.size / 4 * 3 + 4);
	size_t size;
	if (copy == NULL || out == NULL)
		return false;
	for (size_t i = 0; i < text.size; i++)
		copy[i] = copy[i] == '+' ? '-' : copy[i] == '/' ? '_' : copy[i];
	if (sodium_base642bin(out, text.size / 4 * 3 + 4, copy, text.size, NULL, &size, NULL,
		    sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
		return false;
	*ret = slice_of(out, size);
	return true;
}

void base64_put(struct slice bytes, struct buffer *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < bytes.size; i += 3) {
		size_t left = bytes.size - i;
		uint32_t bits = (uint32_t)bytes.data[i] << 16 |
				(left > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0) |
				(left > 2 ? bytes.data[i + 2] : 0);
		for (size_t digit = 0; digit < (left > 2 ? 4 : left + 1); digit++)
			buffer_append_char(out, digits[bits >> (18 - 6 * digit) & 63]);
	}
}
