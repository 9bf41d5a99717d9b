#include "importers/wxr_text.h"

#include "base/rfc3339.h"
#include "base/text.h"
#include "importers/html_tokens.h"
#include "importers/plain.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const line_tags[] = { "p", "br", "div", "li", "ul", "ol", "h1", "h2", "h3", "h4",
	"h5", "h6", "tr", "table", "blockquote", "pre", "hr", "dt", "dd", "figure", "figcaption",
	"section", "article", NULL };
static const char *const raw_names[] = { "script", "style", NULL };

static bool breaks_line(const char *name)
{
	for (size_t i = 0; line_tags[i] != NULL; i++)
		if (strcmp(line_tags[i], name) == 0)
			return true;
	return false;
}

/* Leaves the text alone, with its character references. */
static void strip_tags(struct slice html, struct buffer *out)
{
	struct html_tokens tokens = html_tokens_of(html, raw_names);
	struct html_token token;
	while (html_next(&tokens, &token)) {
		if (token.kind == HTML_TEXT || token.kind == HTML_NEWLINES)
			buffer_append(out, token.text.data, token.text.size);
		else if ((token.kind == HTML_OPEN || token.kind == HTML_CLOSE) &&
			 breaks_line(token.name))
			buffer_append_char(out, '\n');
	}
}

bool wxr_plain_line(struct slice html, struct buffer *out)
{
	struct buffer text;
	buffer_init(&text, html.size + 1);
	strip_tags(html, &text);
	bool done = !text.overflow && plain_text(slice_of(text.data, text.size), out);
	buffer_done(&text);
	return done;
}

static struct slice take_line(struct slice *text)
{
	const uint8_t *end = text->size == 0 ? NULL : memchr(text->data, '\n', text->size);
	size_t size = end == NULL ? text->size : (size_t)(end - text->data);
	struct slice line = slice_of(text->data, size);
	size_t used = end == NULL ? size : size + 1;
	*text = slice_of(text->data + used, text->size - used);
	return line;
}

bool wxr_plain_lines(struct slice html, struct buffer *out)
{
	struct buffer stripped;
	buffer_init(&stripped, html.size + 1);
	strip_tags(html, &stripped);
	struct slice text = slice_of(stripped.data, stripped.size);
	size_t start = out->size;
	size_t ends = 0; /* lines that ended since the last text */
	bool done = !stripped.overflow;
	while (done && text.size > 0) {
		size_t before = out->size;
		if (before > start)
			buffer_append_text(out, ends > 1 ? "\n\n" : "\n");
		size_t behind = out->size;
		done = plain_text(take_line(&text), out);
		if (out->size == behind)
			out->size = before;
		else
			ends = 0;
		ends++;
	}
	buffer_done(&stripped);
	return done && !out->overflow;
}

static int hex_digit(uint8_t c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

static size_t decode_percent(struct slice text, uint8_t *out, size_t capacity)
{
	size_t size = 0;
	for (size_t i = 0; i < text.size && size < capacity; i++) {
		int high =
			text.data[i] == '%' && i + 2 < text.size ? hex_digit(text.data[i + 1]) : -1;
		int low = high < 0 ? -1 : hex_digit(text.data[i + 2]);
		out[size++] = low < 0 ? text.data[i] : (uint8_t)(high << 4 | low);
		i += low < 0 ? 0 : 2;
	}
	return size;
}

void wxr_slug(struct slice text, char slug[LIMIT_SLUG_BYTES + 1], bool *ret_changed)
{
	uint8_t decoded[4 * LIMIT_SLUG_BYTES];
	size_t size = decode_percent(text, decoded, sizeof decoded);
	/* WordPress has cut some of them in the middle of a character. */
	size_t valid = text_find_invalid(slice_of(decoded, size));
	struct slice whole = slice_of(decoded, valid);
	*ret_changed = valid < size;
	if (text_is_slug(whole)) {
		memcpy(slug, whole.data, whole.size);
		slug[whole.size] = '\0';
		return;
	}
	size_t slug_size = text_slug(whole, slug, LIMIT_SLUG_BYTES + 1);
	if (slug_size == 0) /* only symbols: "%e2%99%a5" is "e2-99-a5" then */
		slug_size = text_slug(text, slug, LIMIT_SLUG_BYTES + 1);
	*ret_changed = *ret_changed || !slice_equals(whole, slice_of(slug, slug_size));
}

/* Sets *ret to a time of the calendar, in UTC. */
static bool make_time(const int parts[6], int64_t *ret)
{
	if (parts[0] < 1 || parts[0] > 9999 || parts[1] < 1 || parts[1] > 12 || parts[2] < 1 ||
		(unsigned)parts[2] > civil_days_in_month(parts[0], (unsigned)parts[1]) ||
		parts[3] < 0 || parts[3] > 23 || parts[4] < 0 || parts[4] > 59 || parts[5] < 0 ||
		parts[5] > 60)
		return false;
	struct civil_date date = { parts[0], (unsigned)parts[1], (unsigned)parts[2] };
	int second = parts[5] == 60 ? 59 : parts[5];
	*ret = civil_date_start_us(date) +
	       ((int64_t)parts[3] * 3600 + parts[4] * 60 + second) * 1000000;
	return true;
}

enum { TIME_BYTES = 64 };

static bool copy_short(struct slice text, char copy[TIME_BYTES])
{
	if (text.size >= TIME_BYTES ||
		memchr(text.data == NULL ? "" : (const char *)text.data, '\0', text.size) != NULL)
		return false;
	memcpy(copy, text.size == 0 ? "" : (const char *)text.data, text.size);
	copy[text.size] = '\0';
	return true;
}

bool wxr_parse_time(struct slice text, int64_t *ret_us)
{
	char copy[TIME_BYTES];
	int parts[6] = { 0 };
	char separator = '\0';
	int used = 0;
	if (!copy_short(text, copy))
		return false;
	int count = sscanf(copy, "%4d-%2d-%2d%c%2d:%2d:%2d%n", &parts[0], &parts[1], &parts[2],
		&separator, &parts[3], &parts[4], &parts[5], &used);
	return (count == 3 || (count == 7 && (separator == ' ' || separator == 'T') &&
				      (copy[used] == '\0' || strcmp(copy + used, "Z") == 0))) &&
	       make_time(parts, ret_us);
}

static int month_of(const char *name)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	for (int i = 0; i < 12; i++)
		if (strncasecmp(names + (size_t)i * 3, name, 3) == 0)
			return i + 1;
	return 0;
}

bool wxr_parse_rss_time(struct slice text, int64_t *ret_us)
{
	char copy[TIME_BYTES];
	char month[4] = "";
	char zone[6] = "";
	int parts[6] = { 0 };
	if (!copy_short(text, copy))
		return false;
	const char *comma = strchr(copy, ',');
	if (sscanf(comma == NULL ? copy : comma + 1, "%2d %3s %4d %2d:%2d:%2d %5s", &parts[2],
		    month, &parts[0], &parts[3], &parts[4], &parts[5], zone) < 6)
		return false;
	parts[1] = month_of(month);
	if (!make_time(parts, ret_us))
		return false;
	int hours = 0;
	int minutes = 0;
	if ((zone[0] == '+' || zone[0] == '-') && sscanf(zone + 1, "%2d%2d", &hours, &minutes) == 2)
		*ret_us -=
			(zone[0] == '-' ? -1 : 1) * (int64_t)(hours * 60 + minutes) * 60 * 1000000;
	return *ret_us >= TIME_US_MIN && *ret_us <= TIME_US_MAX;
}
