#include "base/text.h"

#include "base/limits.h"

#include <stdlib.h>
#include <strings.h>
#include <utf8proc.h>

/* Length of the well-formed sequence at data (Unicode table 3-7), 0 if there is none. */
static size_t sequence_size(const uint8_t *data, size_t size)
{
	uint8_t lead = data[0];
	if (lead >= 0x01 && lead <= 0x7F)
		return 1;
	uint8_t low = 0x80;
	uint8_t high = 0xBF;
	size_t length;
	if (lead >= 0xC2 && lead <= 0xDF) {
		length = 2;
	} else if (lead >= 0xE0 && lead <= 0xEF) {
		length = 3;
		low = lead == 0xE0 ? 0xA0 : 0x80;
		high = lead == 0xED ? 0x9F : 0xBF;
	} else if (lead >= 0xF0 && lead <= 0xF4) {
		length = 4;
		low = lead == 0xF0 ? 0x90 : 0x80;
		high = lead == 0xF4 ? 0x8F : 0xBF;
	} else {
		return 0;
	}
	if (size < length || data[1] < low || data[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((data[i] & 0xC0) != 0x80)
			return 0;
	return length;
}

enum { WORD_BYTES = 8 };

/* Whether these are ASCII without a NUL: no high bit is set, and none borrows. */
static bool is_ascii_word(const uint8_t *data)
{
	uint64_t word;
	memcpy(&word, data, sizeof word);
	return ((word | (word - UINT64_C(0x0101010101010101))) & UINT64_C(0x8080808080808080)) == 0;
}

size_t text_find_invalid(struct slice text)
{
	size_t at = 0;
	while (at < text.size) {
		while (text.size - at >= WORD_BYTES && is_ascii_word(text.data + at))
			at += WORD_BYTES;
		/* The end may overlap what has been looked at. */
		if (at == text.size || (at >= WORD_BYTES && text.size - at < WORD_BYTES &&
					       is_ascii_word(text.data + text.size - WORD_BYTES)))
			break;
		size_t length = sequence_size(text.data + at, text.size - at);
		if (length == 0)
			return at;
		at += length;
	}
	return text.size;
}

size_t text_cut(struct slice text, size_t max_bytes)
{
	if (text.size <= max_bytes)
		return text.size;
	size_t size = max_bytes;
	while (size > 0 && (text.data[size] & 0xC0) == 0x80)
		size--;
	return size;
}

/* Text after utf8proc's normalisation, NUL-terminated, to be freed with free(); NULL if it failed.
 */
static utf8proc_uint8_t *map(struct slice text, utf8proc_option_t options)
{
	utf8proc_uint8_t *mapped = NULL;
	utf8proc_ssize_t size =
		utf8proc_map(text.data, (utf8proc_ssize_t)text.size, &mapped, options);
	return size < 0 ? NULL : mapped;
}

/* Appends a character if it fits; *size counts without the NUL. */
static bool put(char *out, size_t capacity, size_t *size, utf8proc_int32_t character)
{
	utf8proc_uint8_t bytes[4];
	size_t length = (size_t)utf8proc_encode_char(character, bytes);
	if (*size + length + 1 > capacity)
		return false;
	memcpy(out + *size, bytes, length);
	*size += length;
	return true;
}

static bool is_space(utf8proc_int32_t character)
{
	utf8proc_category_t category = utf8proc_category(character);
	return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
	       category == UTF8PROC_CATEGORY_ZP || (character >= 0x09 && character <= 0x0D) ||
	       character == 0x85;
}

/* Walks mapped text; kind_of tells for each character: keep it, perhaps changed, drop it, or make
 * it a separator. */
enum kind { KEEP, DROP, SEPARATE };

static size_t compact(const utf8proc_uint8_t *mapped, enum kind (*kind_of)(utf8proc_int32_t *),
	utf8proc_int32_t separator, char *out, size_t capacity, bool *cut)
{
	size_t size = 0;
	bool pending = false; /* a separator is due before the next kept character */
	*cut = false;
	for (const utf8proc_uint8_t *at = mapped; *at != 0;) {
		utf8proc_int32_t character;
		utf8proc_ssize_t length = utf8proc_iterate(at, -1, &character);
		if (length <= 0)
			break;
		at += length;
		enum kind kind = kind_of(&character);
		if (kind == SEPARATE)
			pending = size > 0;
		if (kind != KEEP)
			continue;
		size_t before = size;
		if ((pending && !put(out, capacity, &size, separator)) ||
			!put(out, capacity, &size, character)) {
			size = before;
			*cut = true;
			break;
		}
		pending = false;
	}
	out[size] = '\0';
	return size;
}

static enum kind fold_kind(utf8proc_int32_t *character)
{
	return is_space(*character) ? SEPARATE : KEEP;
}

static bool is_ascii(struct slice text)
{
	uint8_t bits = 0;
	for (size_t i = 0; i < text.size; i++)
		bits |= text.data[i];
	return bits < 0x80;
}

/* Most titles and names: no need to ask Unicode's tables. */
static size_t fold_ascii(struct slice text, char *out, size_t capacity)
{
	size_t size = 0;
	bool pending = false;
	for (size_t i = 0; i < text.size; i++) {
		char c = (char)text.data[i];
		if (c == ' ' || (c >= '\t' && c <= '\r')) {
			pending = size > 0;
			continue;
		}
		if (size + pending + 2 > capacity)
			break;
		if (pending)
			out[size++] = ' ';
		out[size++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
		pending = false;
	}
	out[size] = '\0';
	return size;
}

size_t text_fold(struct slice text, char *out, size_t capacity)
{
	out[0] = '\0';
	if (is_ascii(text))
		return fold_ascii(text, out, capacity);
	utf8proc_uint8_t *mapped = map(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT |
						     UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
	if (mapped == NULL)
		return 0;
	bool cut;
	size_t size = compact(mapped, fold_kind, ' ', out, capacity, &cut);
	free(mapped);
	return size;
}

static bool is_word(utf8proc_int32_t character)
{
	switch (utf8proc_category(character)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
		return true;
	default:
		return false;
	}
}

static enum kind slug_kind(utf8proc_int32_t *character)
{
	/* U+02BC is a letter to Unicode, but an apostrophe to who writes it. */
	if (*character == '\'' || *character == 0x2019 || *character == 0x2018 ||
		*character == 0x02BC)
		return DROP;
	/* Case folding makes Cherokee upper case. */
	*character = utf8proc_tolower(*character);
	return is_word(*character) ? KEEP : SEPARATE;
}

size_t text_slug(struct slice text, char *out, size_t capacity)
{
	out[0] = '\0';
	utf8proc_uint8_t *mapped = map(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT |
						     UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
	if (mapped == NULL)
		return 0;
	bool cut;
	size_t size = compact(mapped, slug_kind, '-', out, capacity, &cut);
	free(mapped);
	if (!cut)
		return size;
	/* Cut at a word where that costs at most a quarter. */
	for (size_t at = size; at > size - size / 4; at--) {
		if (out[at - 1] == '-') {
			out[at - 1] = '\0';
			return at - 1;
		}
	}
	return size;
}

bool text_is_slug(struct slice text)
{
	if (text.size == 0 || text.size > LIMIT_SLUG_BYTES || text_find_invalid(text) != text.size)
		return false;
	bool only_dots = true;
	for (size_t at = 0; at < text.size;) {
		utf8proc_int32_t character;
		at += (size_t)utf8proc_iterate(
			text.data + at, (utf8proc_ssize_t)(text.size - at), &character);
		bool punctuation = character == '-' || character == '_' || character == '.';
		if (!punctuation &&
			(!is_word(character) || utf8proc_tolower(character) != character ||
				utf8proc_get_property(character)->ignorable))
			return false;
		only_dots = only_dots && character == '.';
	}
	return !only_dots;
}

bool text_number(struct slice text, uint64_t *ret)
{
	uint64_t number = 0;
	for (size_t i = 0; i < text.size; i++) {
		unsigned digit = (unsigned)text.data[i] - '0';
		if (digit > 9 || number > (UINT64_MAX - digit) / 10)
			return false;
		number = 10 * number + digit;
	}
	if (text.size == 0)
		return false;
	*ret = number;
	return true;
}

static bool begins_with(struct slice text, const char *prefix)
{
	size_t size = strlen(prefix);
	return text.size >= size && strncasecmp((const char *)text.data, prefix, size) == 0;
}

size_t text_find_url_invalid(struct slice text)
{
	if (!begins_with(text, "http://") && !begins_with(text, "https://"))
		return 0;
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];
		if (c <= ' ' || c == 0x7F || c == '"' || c == '<' || c == '>')
			return i;
	}
	return text.size;
}

bool text_is_url(struct slice text)
{
	return text.size > 0 && text.size <= LIMIT_URL_BYTES &&
	       text_find_url_invalid(text) == text.size;
}
