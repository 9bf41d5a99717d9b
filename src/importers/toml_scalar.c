#include "importers/toml_scalar.h"

#include <utf8proc.h>

enum code toml_fail(const char *problem, struct error *err)
{
	return fail(err, CODE_INVALID_ARGUMENT, "the front matter is no TOML: %s", problem);
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static int peek_at(const struct toml_scan *scan, size_t ahead)
{
	return (size_t)(scan->end - scan->at) > ahead ? scan->at[ahead] : -1;
}

int toml_peek(const struct toml_scan *scan)
{
	return peek_at(scan, 0);
}

bool toml_take(struct toml_scan *scan, char c)
{
	if (toml_peek(scan) != (uint8_t)c)
		return false;
	scan->at++;
	return true;
}

void toml_skip_blanks(struct toml_scan *scan)
{
	while (toml_peek(scan) == ' ' || toml_peek(scan) == '\t')
		scan->at++;
}

static bool take_newline(struct toml_scan *scan)
{
	if (toml_peek(scan) == '\r' && peek_at(scan, 1) == '\n')
		scan->at++;
	if (!toml_take(scan, '\n'))
		return false;
	scan->tree->line++;
	return true;
}

/* Characters that TOML allows nowhere but as the end of a line. */
static bool is_control(int c)
{
	return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7F;
}

static enum code skip_comment(struct toml_scan *scan, struct error *err)
{
	if (!toml_take(scan, '#'))
		return CODE_OK;
	while (scan->at < scan->end && !is_control(*scan->at))
		scan->at++;
	int c = toml_peek(scan);
	if (c == -1 || c == '\n' || (c == '\r' && peek_at(scan, 1) == '\n'))
		return CODE_OK;
	return toml_fail("a comment holds a control character", err);
}

enum code toml_skip_lines(struct toml_scan *scan, struct error *err)
{
	do {
		toml_skip_blanks(scan);
		enum code code = skip_comment(scan, err);
		if (code != CODE_OK)
			return code;
	} while (take_newline(scan));
	return CODE_OK;
}

enum code toml_end_line(struct toml_scan *scan, struct error *err)
{
	toml_skip_blanks(scan);
	enum code code = skip_comment(scan, err);
	if (code == CODE_OK && scan->at < scan->end && !take_newline(scan))
		return toml_fail("something stands behind the value in its line", err);
	return code;
}

static bool is_bare(int c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
	       c == '_';
}

/* The value of the digits of "\u00e9" or "\U0001F600"; -1 if there are too few. */
static int64_t take_hex(struct toml_scan *scan, size_t count)
{
	int64_t value = 0;
	for (size_t i = 0; i < count; i++) {
		int c = peek_at(scan, i);
		int digit = is_digit(c)		   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;
		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	scan->at += count;
	return value;
}

static enum code read_code_point(struct toml_scan *scan, size_t digits, struct error *err)
{
	int64_t value = take_hex(scan, digits);
	utf8proc_uint8_t bytes[4];
	if (value < 1 || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
		return toml_fail("'\\u' and '\\U' need the number of a character", err);
	utf8proc_ssize_t size = utf8proc_encode_char((utf8proc_int32_t)value, bytes);
	buffer_append(&scan->text, bytes, (size_t)size);
	return CODE_OK;
}

/* What stands behind a '\'. */
static enum code read_escape(struct toml_scan *scan, bool multiline, struct error *err)
{
	static const char names[] = "btnfr\"\\";
	static const char values[] = "\b\t\n\f\r\"\\";
	int c = toml_peek(scan);
	const char *at = c <= 0 ? NULL : strchr(names, c);
	if (at != NULL) {
		buffer_append_char(&scan->text, values[at - names]);
		scan->at++;
		return CODE_OK;
	}
	if (c == 'u' || c == 'U') {
		scan->at++;
		return read_code_point(scan, c == 'u' ? 4 : 8, err);
	}
	/* The end of the line and what white space follows it. */
	const uint8_t *start = scan->at;
	toml_skip_blanks(scan);
	if (multiline && take_newline(scan)) {
		do
			toml_skip_blanks(scan);
		while (take_newline(scan));
		return CODE_OK;
	}
	scan->at = start;
	return toml_fail("a '\\' that means nothing; texts in '...' need none", err);
}

static bool at_three(const struct toml_scan *scan, int quote)
{
	return peek_at(scan, 0) == quote && peek_at(scan, 1) == quote && peek_at(scan, 2) == quote;
}

/* Up to two quotes may stand before the three that end it. */
static bool take_three(struct toml_scan *scan, int quote)
{
	if (!at_three(scan, quote))
		return false;
	for (int i = 0; i < 2 && peek_at(scan, 3) == quote; i++) {
		buffer_append_char(&scan->text, (char)quote);
		scan->at++;
	}
	scan->at += 3;
	return true;
}

static enum code read_string(struct toml_scan *scan, bool may_be_multiline, struct error *err)
{
	int quote = toml_peek(scan);
	bool multiline = at_three(scan, quote);
	buffer_clear(&scan->text);
	scan->at += multiline ? 3 : 1;
	if (multiline && !may_be_multiline)
		return toml_fail("a key has one quote on each side", err);
	if (multiline)
		(void)take_newline(scan);
	while (scan->at < scan->end) {
		if (multiline ? take_three(scan, quote) : toml_take(scan, (char)quote))
			return scan->text.overflow
				       ? fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory")
				       : CODE_OK;
		if (multiline && take_newline(scan)) {
			buffer_append_char(&scan->text, '\n');
			continue;
		}
		int c = *scan->at++;
		if (is_control(c))
			return toml_fail(c == '\n' ? "a text does not end in its line"
						   : "a text holds a control character",
				err);
		enum code code = CODE_OK;
		if (c == '\\' && quote == '"')
			code = read_escape(scan, multiline, err);
		else
			buffer_append_char(&scan->text, (char)c);
		if (code != CODE_OK)
			return code;
	}
	return toml_fail("a text has no end", err);
}

enum code toml_key(struct toml_scan *scan, struct slice *ret, struct error *err)
{
	struct slice key = slice_of(scan->at, 0);
	int c = toml_peek(scan);
	if (c == '"' || c == '\'') {
		enum code code = read_string(scan, false, err);
		if (code != CODE_OK)
			return code;
		key = slice_of(scan->text.data, scan->text.size);
	} else {
		while (is_bare(toml_peek(scan)))
			scan->at++;
		key.size = (size_t)(scan->at - key.data);
		if (key.size == 0)
			return toml_fail("a key is expected", err);
	}
	const char *copy = arena_text(scan->tree->arena, key);
	if (copy == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	*ret = slice_of(copy, key.size);
	return CODE_OK;
}

/* Whether the text begins with the pattern, in which '0' stands for any digit; then it is taken. */
static bool take_like(struct slice *text, const char *pattern)
{
	size_t size = strlen(pattern);
	if (text->size < size)
		return false;
	for (size_t i = 0; i < size; i++)
		if (pattern[i] == '0' ? !is_digit(text->data[i])
				      : text->data[i] != (uint8_t)pattern[i])
			return false;
	*text = slice_of(text->data + size, text->size - size);
	return true;
}

static bool take_clock(struct slice *text)
{
	if (!take_like(text, "00:00:00"))
		return false;
	if (take_like(text, ".0"))
		while (take_like(text, "0"))
			;
	return true;
}

static bool is_time(struct slice text)
{
	if (!take_like(&text, "0000-00-00"))
		return take_clock(&text) && text.size == 0;
	if (text.size == 0)
		return true;
	if (!take_like(&text, "T") && !take_like(&text, "t") && !take_like(&text, " "))
		return false;
	if (!take_clock(&text))
		return false;
	if (!take_like(&text, "Z") && !take_like(&text, "z") && !take_like(&text, "+00:00"))
		(void)take_like(&text, "-00:00");
	return text.size == 0;
}

/* Digits of the kind with single '_' between them. */
static bool take_digits(struct slice *text, const char *digits)
{
	size_t i = 0;
	bool digit = false;
	for (; i < text->size; i++) {
		bool is = text->data[i] != 0 && strchr(digits, text->data[i]) != NULL;
		bool gap = digit && text->data[i] == '_' && i + 1 < text->size;
		if (!is && !gap)
			break;
		digit = is;
	}
	*text = slice_of(text->data + i, text->size - i);
	return digit;
}

static bool take_any(struct slice *text, const char *of)
{
	if (text->size == 0 || text->data[0] == 0 || strchr(of, text->data[0]) == NULL)
		return false;
	*text = slice_of(text->data + 1, text->size - 1);
	return true;
}

static bool is_number(struct slice text)
{
	static const struct {
		const char *prefix, *digits;
	} bases[] = { { "x", "0123456789abcdefABCDEF" }, { "o", "01234567" }, { "b", "01" } };
	for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++) {
		struct slice rest = text;
		if (take_any(&rest, "0") && take_any(&rest, bases[i].prefix))
			return take_digits(&rest, bases[i].digits) && rest.size == 0;
	}
	(void)take_any(&text, "+-");
	if (slice_equals(text, slice_of_text("inf")) || slice_equals(text, slice_of_text("nan")))
		return true;
	bool zero = text.size > 1 && text.data[0] == '0' &&
		    (is_digit(text.data[1]) || text.data[1] == '_');
	if (zero || !take_digits(&text, "0123456789"))
		return false;
	if (take_any(&text, ".") && !take_digits(&text, "0123456789"))
		return false;
	if (take_any(&text, "eE")) {
		(void)take_any(&text, "+-");
		if (!take_digits(&text, "0123456789"))
			return false;
	}
	return text.size == 0;
}

/* A word without quotes; a time may have one blank in it. */
static struct slice take_bare(struct toml_scan *scan)
{
	const uint8_t *start = scan->at;
	for (;;) {
		int c = toml_peek(scan);
		struct slice sofar = slice_of(start, (size_t)(scan->at - start));
		bool time = c == ' ' && is_digit(peek_at(scan, 1)) &&
			    take_like(&sofar, "0000-00-00") && sofar.size == 0;
		if (!is_bare(c) && c != '+' && c != '.' && c != ':' && !time)
			return slice_of(start, (size_t)(scan->at - start));
		scan->at++;
	}
}

enum code toml_scalar(struct toml_scan *scan, struct value **ret, struct error *err)
{
	int c = toml_peek(scan);
	if (c == '"' || c == '\'') {
		enum code code = read_string(scan, true, err);
		return code != CODE_OK
			       ? code
			       : value_new_text(scan->tree, VALUE_TEXT,
					 slice_of(scan->text.data, scan->text.size), ret, err);
	}
	struct slice text = take_bare(scan);
	bool truth = slice_equals(text, slice_of_text("true"));
	enum value_kind kind = VALUE_NUMBER;
	if (truth || slice_equals(text, slice_of_text("false")))
		kind = VALUE_BOOL;
	else if (is_time(text))
		kind = VALUE_TIME;
	else if (!is_number(text))
		return toml_fail(
			text.size == 0 ? "a value is missing" : "a text needs quotes", err);
	enum code code = value_new_text(scan->tree, kind, text, ret, err);
	if (code == CODE_OK)
		(*ret)->truth = truth;
	return code;
}
