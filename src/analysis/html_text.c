#include "analysis/html_text.h"

#include "analysis/characters.h"

#include <string.h>
#include <strings.h>
#include <utf8proc.h>

/* What is due before the next character of the text. */
enum gap {
	GAP_NONE,
	GAP_BLANK,
	GAP_WRAP, /* white space with a line break in it, which the source was wrapped at */
	GAP_BREAK,
};

struct extraction {
	struct slice html;
	size_t at;
	uint8_t *text;
	size_t size;
	enum gap gap;
	bool preformatted;
	struct text_span *headings;
	size_t heading_count;
	bool in_heading;
	bool heading_begun; /* has text; its start is set */
};

static void ask_gap(struct extraction *extraction, enum gap gap)
{
	if (extraction->gap < gap)
		extraction->gap = gap;
}

/* Whether lines that were wrapped here are put together without a blank: between Chinese or
 * Japanese characters, as CSS Text 3 (section 4.1.3) lets browsers do it. */
static bool joins(const struct extraction *extraction, struct slice next)
{
	struct slice text = slice_of(extraction->text, extraction->size);
	size_t last = text.size;
	while (last > 0 && (text.data[--last] & 0xC0) == 0x80)
		;
	return is_han_or_kana(text, last) && is_han_or_kana(next, 0);
}

/* Before text is appended. What was left out of the html is longer than the gap. */
static void fill_gap(struct extraction *extraction, struct slice next)
{
	if (extraction->gap == GAP_WRAP && joins(extraction, next))
		extraction->gap = GAP_NONE;
	if (extraction->gap != GAP_NONE && extraction->size > 0)
		extraction->text[extraction->size++] = extraction->gap == GAP_BREAK ? '\n' : ' ';
	extraction->gap = GAP_NONE;
	if (extraction->in_heading && !extraction->heading_begun) {
		extraction->heading_begun = true;
		extraction->headings[extraction->heading_count].start = extraction->size;
	}
}

static void append(struct extraction *extraction, const void *data, size_t size)
{
	fill_gap(extraction, slice_of(data, size));
	memcpy(extraction->text + extraction->size, data, size);
	extraction->size += size;
}

static void end_heading(struct extraction *extraction)
{
	if (extraction->heading_begun)
		extraction->headings[extraction->heading_count++].end = extraction->size;
	extraction->in_heading = false;
	extraction->heading_begun = false;
}

static bool name_is(struct slice name, const char *what)
{
	return strlen(what) == name.size &&
	       strncasecmp(what, (const char *)name.data, name.size) == 0;
}

static bool is_block(struct slice name)
{
	static const char *const blocks[] = { "p", "li", "ul", "ol", "pre", "blockquote", "br",
		"hr", "td", "th", "tr", "table", "thead", "tbody", "tfoot", "caption", "div", "dl",
		"dt", "dd", "section", "article", "header", "footer", "main", "nav", "aside",
		"figure", "figcaption", "details", "summary", "address" };
	for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
		if (name_is(name, blocks[i]))
			return true;
	return false;
}

static bool is_heading(struct slice name)
{
	return name.size == 2 && (name.data[0] | 0x20) == 'h' && name.data[1] >= '1' &&
	       name.data[1] <= '6';
}

static bool is_letter(uint8_t byte)
{
	return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

static bool is_space(uint8_t byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* Behind the '>' that ends a tag, those in quoted values of attributes aside. */
static size_t find_tag_end(struct slice html, size_t at)
{
	uint8_t quote = 0;
	for (; at < html.size; at++) {
		uint8_t byte = html.data[at];
		if (quote != 0)
			quote = byte == quote ? 0 : quote;
		else if (byte == '"' || byte == '\'')
			quote = byte;
		else if (byte == '>')
			return at + 1;
	}
	return html.size;
}

static size_t find_comment_end(struct slice html, size_t at)
{
	const uint8_t *end = memmem(html.data + at, html.size - at, "-->", 3);
	return end == NULL ? html.size : (size_t)(end - html.data) + 3;
}

static void take_tag(struct extraction *extraction)
{
	struct slice html = extraction->html;
	size_t at = extraction->at + 1;
	bool closes = at < html.size && html.data[at] == '/';
	at += closes;
	size_t end = at;
	while (end < html.size &&
		(is_letter(html.data[end]) ||
			(end > at && html.data[end] >= '0' && html.data[end] <= '9')))
		end++;
	struct slice name = slice_of(html.data + at, end - at);
	extraction->at = find_tag_end(html, end);
	if (is_heading(name)) {
		end_heading(extraction);
		extraction->in_heading = !closes;
		ask_gap(extraction, GAP_BREAK);
	} else if (is_block(name)) {
		ask_gap(extraction, GAP_BREAK);
		if (name_is(name, "pre"))
			extraction->preformatted = !closes;
	}
}

/* A '<': a tag, a comment, a declaration, or itself. */
static void take_markup(struct extraction *extraction)
{
	struct slice html = extraction->html;
	size_t at = extraction->at;
	uint8_t next = at + 1 < html.size ? html.data[at + 1] : ' ';
	if (html.size - at >= 4 && memcmp(html.data + at, "<!--", 4) == 0)
		extraction->at = find_comment_end(html, at + 4);
	else if (is_letter(next) || next == '/' || next == '!' || next == '?')
		take_tag(extraction);
	else {
		append(extraction, "<", 1);
		extraction->at++;
	}
}

/* What cmark and people write; cmark decodes all others itself. */
static const struct {
	const char *name;
	const char *text;
} references[] = {
	{ "amp", "&" },
	{ "lt", "<" },
	{ "gt", ">" },
	{ "quot", "\"" },
	{ "apos", "'" },
	{ "nbsp", " " },
	{ "hellip", "…" },
	{ "mdash", "—" },
	{ "ndash", "–" },
	{ "lsquo", "‘" },
	{ "rsquo", "’" },
	{ "ldquo", "“" },
	{ "rdquo", "”" },
	{ "laquo", "«" },
	{ "raquo", "»" },
	{ "copy", "©" },
	{ "reg", "®" },
	{ "trade", "™" },
	{ "times", "×" },
	{ "middot", "·" },
	{ "bull", "•" },
	{ "euro", "€" },
};

/* The number of "#65" or "#x41"; U+FFFD where it is none of a character that may be in a text. */
static utf8proc_int32_t parse_number(struct slice name)
{
	enum { REPLACEMENT = 0xFFFD };
	bool hexadecimal = name.size > 1 && (name.data[1] | 0x20) == 'x';
	utf8proc_int32_t base = hexadecimal ? 16 : 10;
	utf8proc_int32_t number = 0;
	for (size_t i = hexadecimal ? 2 : 1; i < name.size; i++) {
		uint8_t byte = name.data[i];
		utf8proc_int32_t digit = byte <= '9' ? byte - '0' : (byte | 0x20) - 'a' + 10;
		number = number * base + digit;
		if (digit < 0 || digit >= base || number > 0x10FFFF)
			return REPLACEMENT;
	}
	return number == 0 || !utf8proc_codepoint_valid(number) ? REPLACEMENT : number;
}

static void append_character(struct extraction *extraction, utf8proc_int32_t character)
{
	enum { NO_BREAK_SPACE = 0xA0 };
	if (character == ' ' || (character >= '\t' && character <= '\r') ||
		character == NO_BREAK_SPACE) {
		ask_gap(extraction, GAP_BLANK);
		return;
	}
	utf8proc_uint8_t bytes[4];
	append(extraction, bytes, (size_t)utf8proc_encode_char(character, bytes));
}

/* The longest name, as "#x0010FFFF" is. */
enum { REFERENCE_BYTES_MAX = 12 };

/* Decodes the reference behind the '&' at `at`; without a ';' near or of a name that is not known
 * it stands for itself. A reference is longer than what it stands for. */
static void take_reference(struct extraction *extraction)
{
	struct slice rest = slice_of(extraction->html.data + extraction->at + 1,
		extraction->html.size - extraction->at - 1);
	size_t searched = rest.size < REFERENCE_BYTES_MAX ? rest.size : REFERENCE_BYTES_MAX;
	const uint8_t *end = searched == 0 ? NULL : memchr(rest.data, ';', searched);
	struct slice name = slice_of(rest.data, end == NULL ? 0 : (size_t)(end - rest.data));
	if (name.size > 1 && name.data[0] == '#') {
		append_character(extraction, parse_number(name));
		extraction->at += name.size + 2;
		return;
	}
	for (size_t i = 0; i < sizeof references / sizeof *references; i++) {
		struct slice text = slice_of_text(references[i].text);
		if (!slice_equals(slice_of_text(references[i].name), name))
			continue;
		if (text.data[0] == ' ')
			ask_gap(extraction, GAP_BLANK);
		else
			append(extraction, text.data, text.size);
		extraction->at += name.size + 2;
		return;
	}
	append(extraction, "&", 1);
	extraction->at++;
}

static bool is_no_break_space(struct slice html, size_t at)
{
	return html.size - at >= 2 && html.data[at] == 0xC2 && html.data[at + 1] == 0xA0;
}

static void take_plain(struct extraction *extraction)
{
	struct slice html = extraction->html;
	size_t start = extraction->at;
	size_t at = start;
	while (at < html.size && html.data[at] != '<' && html.data[at] != '&' &&
		!is_space(html.data[at]) && !is_no_break_space(html, at))
		at++;
	append(extraction, html.data + start, at - start);
	extraction->at = at;
}

static void extract(struct extraction *extraction)
{
	struct slice html = extraction->html;
	while (extraction->at < html.size) {
		uint8_t byte = html.data[extraction->at];
		if (byte == '<') {
			take_markup(extraction);
		} else if (byte == '&') {
			take_reference(extraction);
		} else if (is_space(byte)) {
			bool wrap = byte == '\n' && !extraction->preformatted;
			ask_gap(extraction, wrap ? GAP_WRAP : GAP_BLANK);
			extraction->at++;
		} else if (is_no_break_space(html, extraction->at)) {
			ask_gap(extraction, GAP_BLANK);
			extraction->at += 2;
		} else {
			take_plain(extraction);
		}
	}
	end_heading(extraction);
}

/* Not fewer than the headings. */
static size_t count_heading_tags(struct slice html)
{
	size_t count = 0;
	for (size_t at = 0; at + 2 < html.size; at++)
		count += html.data[at] == '<' && is_heading(slice_of(html.data + at + 1, 2));
	return count;
}

bool html_text(struct arena *arena, struct slice html, struct html_text *ret)
{
	struct extraction extraction = { .html = html };
	extraction.text = arena_alloc(arena, html.size);
	extraction.headings =
		arena_calloc(arena, count_heading_tags(html), sizeof *extraction.headings);
	if (extraction.text == NULL || extraction.headings == NULL)
		return false;
	extract(&extraction);
	*ret = (struct html_text){
		.text = slice_of(extraction.text, extraction.size),
		.headings = extraction.headings,
		.heading_count = extraction.heading_count,
	};
	return true;
}
