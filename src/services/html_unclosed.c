#include "services/html_unclosed.h"

#include <strings.h>

static bool is_letter(uint8_t byte)
{
	return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

static bool is_name(uint8_t byte)
{
	return is_letter(byte) || (byte >= '0' && byte <= '9') || byte == '-';
}

/* Elements without content, and those whose end follows from what comes next. */
static bool closes_itself(struct slice name)
{
	static const char *const names[] = { "a", "area", "base", "br", "button", "col", "colgroup",
		"dd", "dt", "embed", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "image", "img",
		"input", "li", "link", "meta", "nobr", "optgroup", "option", "p", "param", "rb",
		"rp", "rt", "rtc", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track",
		"wbr" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strlen(names[i]) == name.size &&
			strncasecmp(names[i], (const char *)name.data, name.size) == 0)
			return true;
	return false;
}

bool html_is_unclosed(struct slice html)
{
	size_t open = 0;
	const uint8_t *end = html.data + html.size;
	const uint8_t *at = html.data;
	while (at < end && (at = memchr(at, '<', (size_t)(end - at))) != NULL) {
		bool closes = end - at > 1 && at[1] == '/';
		const uint8_t *name = at + 1 + closes;
		at = name;
		if (at == end || !is_letter(*at))
			continue;
		while (at < end && is_name(*at))
			at++;
		/* "i<n;" in a script is no tag. */
		if (at == end || strchr(" \t\n\r\f/>", *at) == NULL ||
			closes_itself(slice_of(name, (size_t)(at - name))))
			continue;
		if (!closes && ++open > HTML_UNCLOSED_MAX)
			return true;
		if (closes && open > 0)
			open--;
	}
	return false;
}
