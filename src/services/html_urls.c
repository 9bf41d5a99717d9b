#include "services/html_urls.h"

#include <strings.h>

static bool is_space(uint8_t byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* As the URL Standard does before it parses: without tabs and line breaks, and without the control
 * characters and blanks at the ends. */
static struct slice append_stripped(struct slice value, struct buffer *out)
{
	size_t start = out->size;
	while (value.size > 0 && value.data[0] <= ' ')
		value = slice_of(value.data + 1, value.size - 1);
	while (value.size > 0 && value.data[value.size - 1] <= ' ')
		value.size--;
	for (size_t i = 0; i < value.size; i++)
		if (value.data[i] != '\t' && value.data[i] != '\n' && value.data[i] != '\r')
			buffer_append_char(out, (char)value.data[i]);
	return slice_of(out->data + start, out->size - start);
}

/* What stands before the first ':', unless a '/', '?' or '#' says that the address is relative. A
 * browser takes some of these for relative too, "1:2" for one; to leave them out does no harm. */
static bool find_scheme(struct slice url, struct slice *ret)
{
	for (size_t i = 0; i < url.size; i++) {
		uint8_t byte = url.data[i];
		if (byte == '/' || byte == '\\' || byte == '?' || byte == '#')
			return false;
		if (byte == ':') {
			*ret = slice_of(url.data, i);
			return true;
		}
	}
	return false;
}

static bool starts_with(struct slice text, const char *start)
{
	size_t size = strlen(start);
	return text.size >= size && strncasecmp((const char *)text.data, start, size) == 0;
}

static bool is_one_of(struct slice name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (name.size == strlen(names[i]) && starts_with(name, names[i]))
			return true;
	return false;
}

/* An image in the address itself. SVG is not among the formats: it may hold a program. */
static bool is_image_data(struct slice url)
{
	static const char *const starts[] = { "data:image/png;base64,", "data:image/jpeg;base64,",
		"data:image/jpg;base64,", "data:image/gif;base64,", "data:image/webp;base64," };
	size_t at = 0;
	for (size_t i = 0; i < sizeof starts / sizeof *starts && at == 0; i++)
		at = starts_with(url, starts[i]) ? strlen(starts[i]) : 0;
	if (at == 0)
		return false;
	for (; at < url.size; at++) {
		uint8_t byte = url.data[at];
		bool letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
		if (!letter && !(byte >= '0' && byte <= '9') && byte != '+' && byte != '/' &&
			byte != '=' && byte != ' ' && byte != '%')
			return false;
	}
	return true;
}

static bool is_allowed(struct slice url, enum html_url kind)
{
	static const char *const schemes[] = { "http", "https", "mailto", "tel" };
	enum { MEDIA_SCHEMES = 2, LINK_SCHEMES = 4 };
	struct slice scheme;
	if (!find_scheme(url, &scheme))
		return true;
	if (kind == HTML_URL_IMAGE && is_image_data(url))
		return true;
	return is_one_of(scheme, schemes, kind == HTML_URL_LINK ? LINK_SCHEMES : MEDIA_SCHEMES);
}

bool html_url(struct slice value, enum html_url kind, struct buffer *out)
{
	size_t start = out->size;
	struct slice url = append_stripped(value, out);
	if (out->overflow || is_allowed(url, kind))
		return true;
	out->size = start;
	return false;
}

/* "2x", "1.5x", "640w", "480h", or two of these; or nothing. */
static bool is_descriptor(struct slice text)
{
	for (size_t i = 0; i < text.size; i++) {
		uint8_t byte = text.data[i];
		if (!(byte >= '0' && byte <= '9') && byte != '.' && byte != 'x' && byte != 'w' &&
			byte != 'h' && !is_space(byte))
			return false;
	}
	return true;
}

static void append_descriptor(struct slice text, struct buffer *out)
{
	for (size_t i = 0; i < text.size; i++) {
		if (is_space(text.data[i]))
			continue;
		if (i == 0 || is_space(text.data[i - 1]))
			buffer_append_char(out, ' ');
		buffer_append_char(out, (char)text.data[i]);
	}
}

/* One candidate: an address up to white space, and what follows up to a comma. An address that ends
 * in commas has nothing behind it. Returns what is left of the value. */
static struct slice take_candidate(struct slice rest, struct slice *url, struct slice *descriptor)
{
	size_t at = 0;
	while (at < rest.size && (is_space(rest.data[at]) || rest.data[at] == ','))
		at++;
	size_t start = at;
	while (at < rest.size && !is_space(rest.data[at]))
		at++;
	size_t end = at;
	while (end > start && rest.data[end - 1] == ',')
		end--;
	*url = slice_of(rest.data + start, end - start);
	start = at;
	while (end == at && start < rest.size && rest.data[start] != ',')
		start++;
	*descriptor = slice_of(rest.data + at, start - at);
	return slice_of(rest.data + start, rest.size - start);
}

bool html_srcset(struct slice value, struct buffer *out)
{
	size_t start = out->size;
	while (value.size > 0) {
		struct slice url;
		struct slice descriptor;
		size_t before = out->size;
		value = take_candidate(value, &url, &descriptor);
		if (url.size == 0 || !is_descriptor(descriptor))
			continue;
		if (before > start)
			buffer_append_text(out, ", ");
		if (html_url(url, HTML_URL_MEDIA, out))
			append_descriptor(descriptor, out);
		else
			out->size = before;
	}
	return out->size > start || out->overflow;
}
