#include "importers/front_matter_body.h"

#include "base/text.h"
#include "importers/plain.h"

#include <strings.h>

enum { PLAIN_BYTES_MAX = 64 * 1024 }; /* more than the longest excerpt; the rest is not read */

static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool begins(struct slice text, const char *with)
{
	size_t size = strlen(with);
	return text.size >= size && strncasecmp((const char *)text.data, with, size) == 0;
}

static struct slice behind(struct slice text, size_t size)
{
	return slice_of(text.data + size, text.size - size);
}

/* The first place of the text, without regard to case; text.size if there is none. */
static size_t find(struct slice text, const char *what)
{
	size_t at = 0;
	for (; at < text.size; at++) {
		const uint8_t *next = NULL;
		if (what[0] != '<') {
			if (begins(behind(text, at), what))
				return at;
			continue;
		}
		next = memchr(text.data + at, '<', text.size - at);
		if (next == NULL)
			return text.size;
		at = (size_t)(next - text.data);
		if (begins(behind(text, at), what))
			return at;
	}
	return text.size;
}

/* The next line without its end; false at the end of the text. */
static bool take_line(struct slice *text, struct slice *ret)
{
	if (text->size == 0)
		return false;
	const uint8_t *end = memchr(text->data, '\n', text->size);
	size_t size = end == NULL ? text->size : (size_t)(end - text->data);
	*ret = slice_of(text->data, size);
	*text = behind(*text, end == NULL ? size : size + 1);
	return true;
}

/* How many bytes at the start are a tag, a comment or a template's command; 0 for none. */
static size_t markup_size(struct slice text)
{
	static const struct {
		const char *begin, *end;
	} kinds[] = { { "<!--", "-->" }, { "{%", "%}" }, { "{{", "}}" } };
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (!begins(text, kinds[i].begin))
			continue;
		size_t end = find(text, kinds[i].end);
		return end == text.size ? text.size : end + strlen(kinds[i].end);
	}
	bool tag = text.size > 1 && text.data[0] == '<' &&
		   ((text.data[1] | 0x20) >= 'a' && (text.data[1] | 0x20) <= 'z');
	if (!tag && !begins(text, "</"))
		return 0;
	const uint8_t *end = memchr(text.data, '>', text.size);
	return end == NULL ? 0 : (size_t)(end - text.data) + 1;
}

/* The address of a link that has just been closed: "(http://...)" or "[1]". */
static size_t address_size(struct slice text)
{
	if (text.size == 0 || (text.data[0] != '(' && text.data[0] != '['))
		return 0;
	const uint8_t *end = memchr(text.data, text.data[0] == '(' ? ')' : ']', text.size);
	return end == NULL ? 0 : (size_t)(end - text.data) + 1;
}

/* "# ", "> ", "- " at the start of a line. */
static size_t block_mark_size(struct slice text)
{
	size_t size = 0;
	while (size < text.size &&
		(text.data[size] == '#' || text.data[size] == '>' || is_space(text.data[size])))
		size++;
	return size;
}

bool front_matter_plain(struct slice text, struct buffer *out)
{
	struct buffer words;
	text.size = text_cut(text, PLAIN_BYTES_MAX);
	buffer_init(&words, text.size + 1);
	bool line_start = true;
	unsigned links = 0;
	for (size_t i = 0; i < text.size;) {
		struct slice rest = behind(text, i);
		size_t skipped = line_start ? block_mark_size(rest) : 0;
		if (skipped == 0)
			skipped = markup_size(rest);
		uint8_t c = rest.data[0];
		bool doubled = rest.size > 1 && rest.data[1] == c;
		if (skipped == 0 && (c == '`' || c == '*' || (c == '_' && doubled)))
			skipped = doubled ? 2 : 1;
		if (skipped == 0 && c == '!' && rest.size > 1 && rest.data[1] == '[')
			skipped = 1;
		if (skipped == 0 && c == '[') {
			links++;
			skipped = 1;
		} else if (skipped == 0 && c == ']' && links > 0) {
			links--;
			skipped = 1 + address_size(behind(rest, 1));
		}
		line_start = skipped == 0 ? c == '\n' : line_start;
		if (skipped == 0)
			buffer_append_char(&words, (char)c);
		else if (c == '<' || is_space(c))
			buffer_append_char(&words, ' ');
		i += skipped == 0 ? 1 : skipped;
	}
	bool done = !words.overflow && plain_text(slice_of(words.data, words.size), out);
	buffer_done(&words);
	return done;
}

static struct slice trim(struct slice text)
{
	while (text.size > 0 && is_space(text.data[text.size - 1]))
		text.size--;
	while (text.size > 0 && is_space(text.data[0]))
		text = behind(text, 1);
	return text;
}

static bool html_heading(struct slice body, struct slice *ret)
{
	while (body.size > 0) {
		body = behind(body, find(body, "<h"));
		if (body.size < 4)
			return false;
		uint8_t level = body.data[2];
		if (level < '1' || level > '6' ||
			(body.data[3] != '>' && !is_space(body.data[3]))) {
			body = behind(body, 2);
			continue;
		}
		const uint8_t *start = memchr(body.data, '>', body.size);
		if (start == NULL)
			return false;
		struct slice text = behind(body, (size_t)(start - body.data) + 1);
		*ret = trim(slice_of(text.data, find(text, "</h")));
		return ret->size > 0;
	}
	return false;
}

/* Whether the line is of code that begins or ends with a fence. */
static bool is_fence(struct slice line)
{
	line = trim(line);
	return begins(line, "```") || begins(line, "~~~");
}

static bool is_underline(struct slice line)
{
	line = trim(line);
	for (size_t i = 0; i < line.size; i++)
		if (line.data[i] != line.data[0])
			return false;
	return line.size > 0 && (line.data[0] == '=' || (line.data[0] == '-' && line.size > 2));
}

static bool atx_heading(struct slice line, struct slice *ret)
{
	size_t level = 0;
	while (level < line.size && line.data[level] == '#')
		level++;
	if (level == 0 || level > 6)
		return false;
	struct slice text = behind(line, level);
	if (text.size > 0 && text.data[0] != ' ' && text.data[0] != '\t')
		return false;
	text = trim(text);
	while (text.size > 0 && text.data[text.size - 1] == '#')
		text.size--;
	*ret = trim(text);
	return ret->size > 0;
}

static bool markdown_heading_of(struct slice body, struct slice *ret)
{
	struct slice line;
	struct slice before = slice_of(NULL, 0);
	bool in_code = false;
	while (take_line(&body, &line)) {
		if (is_fence(line))
			in_code = !in_code;
		bool code = in_code || begins(line, "    ") || begins(line, "\t");
		if (!code && atx_heading(line, ret))
			return true;
		if (!code && before.size > 0 && is_underline(line)) {
			*ret = before;
			return true;
		}
		before = code ? slice_of(NULL, 0) : trim(line);
	}
	return false;
}

bool front_matter_heading(struct slice body, bool is_html, struct slice *ret)
{
	return is_html ? html_heading(body, ret) : markdown_heading_of(body, ret);
}

/* "<!--more-->" with blanks or without them. */
static size_t find_comment(struct slice line, size_t *ret_size)
{
	for (size_t at = 0; at < line.size; at++) {
		at += find(behind(line, at), "<!--");
		struct slice rest = at < line.size ? behind(line, at + 4) : slice_of(NULL, 0);
		while (rest.size > 0 && is_space(rest.data[0]))
			rest = behind(rest, 1);
		if (!begins(rest, "more"))
			continue;
		rest = behind(rest, 4);
		while (rest.size > 0 && is_space(rest.data[0]))
			rest = behind(rest, 1);
		if (begins(rest, "-->")) {
			*ret_size = line.size - at - rest.size + 3;
			return at;
		}
	}
	return line.size;
}

bool front_matter_more(struct slice body, bool is_html, struct slice mark, struct slice *ret)
{
	struct slice line;
	bool in_code = false;
	if (mark.size > 0) {
		const uint8_t *at =
			body.size == 0 ? NULL : memmem(body.data, body.size, mark.data, mark.size);
		if (at != NULL)
			*ret = slice_of(at, mark.size);
		return at != NULL;
	}
	while (take_line(&body, &line)) {
		if (!is_html && is_fence(line))
			in_code = !in_code;
		if (!is_html && (in_code || begins(line, "    ") || begins(line, "\t")))
			continue;
		size_t size = 0;
		size_t at = find_comment(line, &size);
		if (at < line.size && (at == 0 || line.data[at - 1] != '`')) {
			*ret = slice_of(line.data + at, size);
			return true;
		}
	}
	return false;
}
