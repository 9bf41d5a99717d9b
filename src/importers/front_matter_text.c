#include "importers/front_matter_text.h"

#include "base/text.h"

#include <utf8proc.h>

static const uint8_t byte_order_mark[] = { 0xEF, 0xBB, 0xBF };

static struct slice skip_mark(struct slice text)
{
	if (text.size >= sizeof byte_order_mark &&
		memcmp(text.data, byte_order_mark, sizeof byte_order_mark) == 0)
		return slice_of(
			text.data + sizeof byte_order_mark, text.size - sizeof byte_order_mark);
	return text;
}

static uint64_t line_of(struct slice text, size_t at)
{
	uint64_t line = 1;
	for (size_t i = 0; i < at; i++)
		line += text.data[i] == '\n';
	return line;
}

/* What 0x80 to 0x9F are in Windows-1252, 0 for nothing:
 * https://encoding.spec.whatwg.org/#index-windows-1252 without the C1 controls it adds. */
static const uint16_t windows_1252[32] = { 0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020,
	0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017D, 0, 0, 0x2018, 0x2019, 0x201C,
	0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178 };

/* Whether no byte speaks against it: there is neither a character in UTF-8 nor an undefined byte.
 */
static bool is_windows_1252(struct slice text)
{
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];
		if (c == 0 || (c >= 0x80 && c < 0xA0 && windows_1252[c - 0x80] == 0))
			return false;
		if (c < 0xC2)
			continue;
		size_t size = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
		if (size <= text.size - i &&
			text_find_invalid(slice_of(text.data + i, size)) == size)
			return false;
	}
	return true;
}

static enum code read_windows_1252(struct buffer *text, struct error *err)
{
	struct buffer out;
	buffer_init(&out, 3 * text->size);
	for (size_t i = 0; i < text->size; i++) {
		uint8_t c = text->data[i];
		utf8proc_uint8_t bytes[4];
		utf8proc_int32_t character = c >= 0x80 && c < 0xA0 ? windows_1252[c - 0x80] : c;
		utf8proc_ssize_t size = utf8proc_encode_char(character, bytes);
		buffer_append(&out, bytes, (size_t)size);
	}
	if (out.overflow) {
		buffer_done(&out);
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	}
	size_t max_bytes = text->max_bytes;
	buffer_done(text);
	*text = out;
	text->max_bytes = max_bytes;
	return CODE_OK;
}

static bool is_utf_16(struct slice text)
{
	return text.size >= 2 && ((text.data[0] == 0xFF && text.data[1] == 0xFE) ||
					 (text.data[0] == 0xFE && text.data[1] == 0xFF));
}

static enum code fail_byte(struct slice text, size_t at, uint64_t *ret_line, struct error *err)
{
	*ret_line = line_of(text, at);
	if (is_utf_16(text))
		return fail(err, CODE_INVALID_ARGUMENT, "it is UTF-16; save the file as UTF-8");
	if (text.data[at] == 0)
		return fail(err, CODE_INVALID_ARGUMENT,
			"line %ju holds the byte 0x00: this is no text", (uintmax_t)*ret_line);
	return fail(err, CODE_INVALID_ARGUMENT,
		"line %ju holds the byte 0x%02x, which is not UTF-8; save the file as UTF-8",
		(uintmax_t)*ret_line, text.data[at]);
}

/* CRLF, and CR alone where there is nothing else, become LF; where the first line ends in LF, each
 * CR is the author's. */
static void unify_lines(struct buffer *text)
{
	uint8_t *end = text->size == 0 ? NULL : memchr(text->data, '\n', text->size);
	if (end != NULL && (end == text->data || end[-1] != '\r'))
		return;
	size_t size = 0;
	for (size_t i = 0; i < text->size; i++) {
		uint8_t c = text->data[i];
		if (c == '\r' && end == NULL)
			c = '\n';
		else if (c == '\r' && i + 1 < text->size && text->data[i + 1] == '\n')
			continue;
		text->data[size++] = c;
	}
	text->size = size;
}

enum code front_matter_decode(
	struct buffer *text, struct front_matter_mends *ret, uint64_t *ret_line, struct error *err)
{
	struct slice whole = slice_of(text->data, text->size);
	struct slice rest = skip_mark(whole);
	*ret = (struct front_matter_mends){ .windows_1252 = false };
	if (rest.size < whole.size) {
		memmove(text->data, rest.data, rest.size);
		text->size = rest.size;
		whole = slice_of(text->data, text->size);
	}
	size_t invalid = text_find_invalid(whole);
	if (invalid < whole.size) {
		if (is_utf_16(whole) || !is_windows_1252(whole))
			return fail_byte(whole, invalid, ret_line, err);
		enum code code = read_windows_1252(text, err);
		if (code != CODE_OK)
			return code;
		ret->windows_1252 = true;
	}
	unify_lines(text);
	return CODE_OK;
}

/* The line at a place without its end; *ret_next is where the next one begins. */
static struct slice line_at(struct slice text, size_t at, size_t *ret_next)
{
	const uint8_t *start = text.data + at;
	const uint8_t *end = memchr(start, '\n', text.size - at);
	size_t size = end == NULL ? text.size - at : (size_t)(end - start);
	*ret_next = at + size + (end != NULL);
	return slice_of(start, size);
}

/* Whether a line is the mark, with nothing but white space behind it. */
static bool is_mark(struct slice line, const char *mark)
{
	size_t size = strlen(mark);
	if (line.size < size || memcmp(line.data, mark, size) != 0)
		return false;
	for (size_t i = size; i < line.size; i++)
		if (line.data[i] != ' ' && line.data[i] != '\t' && line.data[i] != '\r')
			return false;
	return true;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Where the first line that is not empty begins. */
static size_t first_line(struct slice text)
{
	size_t at = 0;
	size_t start = 0;
	while (at < text.size && is_space(text.data[at])) {
		if (text.data[at] == '\n')
			start = at + 1;
		at++;
	}
	return start;
}

static enum front_matter_language language_at(struct slice text, size_t at)
{
	size_t next;
	struct slice line = line_at(text, at, &next);
	if (is_mark(line, "---"))
		return FRONT_MATTER_YAML;
	if (is_mark(line, "+++"))
		return FRONT_MATTER_TOML;
	if (line.size == 0 || line.data[0] != '{')
		return FRONT_MATTER_NONE;
	/* No "{%" and "{{" of a template. */
	for (size_t i = at + 1; i < text.size; i++)
		if (!is_space(text.data[i]))
			return text.data[i] == '"' || text.data[i] == '}' ? FRONT_MATTER_JSON
									  : FRONT_MATTER_NONE;
	return FRONT_MATTER_NONE;
}

enum front_matter_language front_matter_guess(struct slice head)
{
	head = skip_mark(head);
	size_t start = first_line(head);
	return start == head.size ? FRONT_MATTER_NONE : language_at(head, start);
}

static struct slice trim_body(struct slice body)
{
	if (body.size > 0 && body.data[0] == '\n')
		body = slice_of(body.data + 1, body.size - 1);
	if (body.size > 0 && body.data[body.size - 1] == '\n')
		body.size--;
	return body;
}

struct slice front_matter_body_behind(struct slice text, const uint8_t *at)
{
	const uint8_t *end = text.data + text.size;
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	if (at < end && *at == '\n')
		at++;
	return trim_body(slice_of(at, (size_t)(end - at)));
}

enum code front_matter_split(struct slice text, struct front_matter_parts *ret, struct error *err)
{
	size_t start = first_line(text);
	*ret = (struct front_matter_parts){ .body = trim_body(text) };
	if (start == text.size)
		return CODE_OK;
	ret->language = language_at(text, start);
	ret->front_line = line_of(text, start);
	if (ret->language == FRONT_MATTER_NONE)
		return CODE_OK;
	ret->front = slice_of(text.data + start, text.size - start);
	if (ret->language == FRONT_MATTER_JSON)
		return CODE_OK;
	bool yaml = ret->language == FRONT_MATTER_YAML;
	size_t at;
	(void)line_at(text, start, &at);
	ret->front_line++;
	size_t begin = at;
	while (at < text.size) {
		size_t next;
		struct slice line = line_at(text, at, &next);
		if (yaml ? is_mark(line, "---") || is_mark(line, "...") : is_mark(line, "+++")) {
			ret->front = slice_of(text.data + begin, at - begin);
			ret->body = front_matter_body_behind(text, text.data + at + 3);
			return CODE_OK;
		}
		at = next;
	}
	return fail(err, CODE_INVALID_ARGUMENT,
		"the front matter has no end: a second line '%s' is missing", yaml ? "---" : "+++");
}
