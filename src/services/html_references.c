#include "services/html_references.h"

static int digit_of(uint8_t byte, uint32_t base)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	uint8_t lower = byte | 0x20;
	return base == 16 && lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Behind the digits that follow the "&#" at `at`; *overflows tells whether they are too much. */
static size_t find_end(struct slice html, size_t at, bool *overflows)
{
	enum { CHARACTER_MAX = 0x10FFFF };
	uint32_t number = 0;
	at += 2;
	bool hexadecimal = at < html.size && (html.data[at] | 0x20) == 'x';
	uint32_t base = hexadecimal ? 16 : 10;
	at += hexadecimal;
	*overflows = false;
	for (; at < html.size; at++) {
		int digit = digit_of(html.data[at], base);
		if (digit < 0)
			break;
		number = *overflows ? 0 : number * base + (uint32_t)digit;
		*overflows = *overflows || number > CHARACTER_MAX;
	}
	return at;
}

bool html_mend_references(struct slice html, struct buffer *out)
{
	size_t copied = 0;
	size_t at = 0;
	const uint8_t *found;
	while (at < html.size &&
		(found = memmem(html.data + at, html.size - at, "&#", 2)) != NULL) {
		bool overflows;
		size_t start = (size_t)(found - html.data);
		at = find_end(html, start, &overflows);
		if (!overflows)
			continue;
		buffer_append(out, html.data + copied, start - copied);
		buffer_append_text(out, "&#xFFFD;");
		at += at < html.size && html.data[at] == ';';
		copied = at;
	}
	if (copied == 0)
		return false;
	buffer_append(out, html.data + copied, html.size - copied);
	return true;
}
