#include "importers/title.h"

#include <strings.h>

enum { PART_DIGITS_MAX = 4 };

static bool ends_with(struct slice text, const char *end)
{
	size_t size = strlen(end);
	return text.size >= size && memcmp(text.data + text.size - size, end, size) == 0;
}

static struct slice trim_end(struct slice text)
{
	while (ends_with(text, " "))
		text.size--;
	return text;
}

/* Takes a number off the end. */
static bool take_number(struct slice *text, uint32_t *ret)
{
	uint32_t value = 0;
	uint32_t scale = 1;
	size_t digits = 0;
	while (text->size > 0 && digits <= PART_DIGITS_MAX) {
		uint8_t c = text->data[text->size - 1];
		if (c < '0' || c > '9')
			break;
		value += (c - '0') * scale;
		scale *= 10;
		digits++;
		text->size--;
	}
	*ret = value;
	return digits > 0 && digits <= PART_DIGITS_MAX && value > 0;
}

/* Takes the word "part" with a blank behind it off the end. */
static bool take_word(struct slice *text)
{
	static const char word[] = "part ";
	size_t size = sizeof word - 1;
	if (text->size < size ||
		strncasecmp((const char *)text->data + text->size - size, word, size) != 0)
		return false;
	text->size -= size;
	return true;
}

/* Takes off what stands between name and "Part". */
static bool take_separator(struct slice *text, char closing)
{
	if (closing == ')' || closing == ']') {
		if (!ends_with(*text, closing == ')' ? "(" : "["))
			return false;
		text->size--;
		return true;
	}
	*text = trim_end(*text);
	static const char *const marks[] = { ",", ":", " -", " –", " —", "—", NULL };
	for (size_t i = 0; marks[i] != NULL; i++) {
		if (ends_with(*text, marks[i])) {
			text->size -= strlen(marks[i]);
			return true;
		}
	}
	return false;
}

bool title_is_part(struct slice title, struct slice *ret_name, uint32_t *ret_part)
{
	struct slice rest = title;
	char closing = '\0';
	if (ends_with(rest, ")") || ends_with(rest, "]")) {
		closing = (char)rest.data[rest.size - 1];
		rest.size--;
	}
	uint32_t part;
	if (!take_number(&rest, &part) || !take_word(&rest) || !take_separator(&rest, closing))
		return false;
	rest = trim_end(rest);
	if (rest.size == 0)
		return false;
	*ret_name = rest;
	*ret_part = part;
	return true;
}
