#include "services/html_attributes.h"

#include "services/html_urls.h"

#include <stdlib.h>
#include <strings.h>

enum kind {
	TEXT,  /* anything: nothing but a person reads it */
	EMPTY, /* true by being there */
	NUMBER,
	LENGTH, /* a number, perhaps of percent */
	WORD, /* letters, digits and -_+./: as languages, types, times and numbers of lists have */
	TYPE, /* of a list, or of media with its codecs */
	LIST, /* what sizes and media conditions are made of */
	ALIGN,
	DIRECTION,
	LOADING,
	PRELOAD,
	TRACK_KIND,
	SCOPE,
	TARGET,
	CLASS,
	RELATION,
	LINK,
	MEDIA,
	IMAGE,
	SRCSET,
};

/* By name, in the order of strcmp(). elements: the names that have it, each between blanks; NULL:
 * every element. */
static const struct attribute {
	const char *name;
	const char *elements;
	enum kind kind;
} attributes[] = {
	{ "abbr", " th ", TEXT },
	{ "align",
		" caption col colgroup div h1 h2 h3 h4 h5 h6 hr img p table tbody td tfoot th "
		"thead tr ",
		ALIGN },
	{ "alt", " img ", TEXT },
	{ "cite", " blockquote del ins q ", MEDIA },
	{ "class", NULL, CLASS },
	{ "colspan", " td th ", NUMBER },
	{ "controls", " audio video ", EMPTY },
	{ "datetime", " del ins time ", WORD },
	{ "default", " track ", EMPTY },
	{ "dir", NULL, DIRECTION },
	{ "height", " img source video ", LENGTH },
	{ "href", " a ", LINK },
	{ "hreflang", " a ", WORD },
	{ "kind", " track ", TRACK_KIND },
	{ "label", " track ", TEXT },
	{ "lang", NULL, WORD },
	{ "loading", " img ", LOADING },
	{ "loop", " audio video ", EMPTY },
	{ "media", " source ", LIST },
	{ "muted", " audio video ", EMPTY },
	{ "open", " details ", EMPTY },
	{ "playsinline", " video ", EMPTY },
	{ "poster", " video ", MEDIA },
	{ "preload", " audio video ", PRELOAD },
	{ "rel", " a ", RELATION },
	{ "reversed", " ol ", EMPTY },
	{ "rowspan", " td th ", NUMBER },
	{ "scope", " th ", SCOPE },
	{ "sizes", " img source ", LIST },
	{ "span", " col colgroup ", NUMBER },
	{ "src", " audio img source track video ", MEDIA },
	{ "srclang", " track ", WORD },
	{ "srcset", " img source ", SRCSET },
	{ "start", " ol ", WORD },
	{ "target", " a ", TARGET },
	{ "title", NULL, TEXT },
	{ "type", " ol source ", TYPE },
	{ "value", " li ", WORD },
	{ "width", " col img source table td th video ", LENGTH },
};

static const char *const alignments[] = { "center", "justify", "left", "right", NULL };
static const char *const directions[] = { "auto", "ltr", "rtl", NULL };
static const char *const loadings[] = { "eager", "lazy", NULL };
static const char *const preloads[] = { "auto", "metadata", "none", NULL };
static const char *const track_kinds[] = { "captions", "chapters", "descriptions", "subtitles",
	NULL };
static const char *const scopes[] = { "col", "colgroup", "row", "rowgroup", NULL };
/* Names of windows are not: they could be those of frames around the page. */
static const char *const targets[] = { "_blank", NULL };
static const char *const relations[] = { "author", "bookmark", "external", "help", "license", "me",
	"next", "nofollow", "noopener", "noreferrer", "prev", "sponsored", "tag", "ugc", NULL };
/*
 * How the classes begin that say what a thing is or how it is aligned, as WordPress, Ghost and
 * Markdown have them. Others belong to the style sheets and scripts of the page where a post came
 * from, and might mean something else to those of the page where it goes.
 */
static const char *const class_starts[] = { "align", "attachment-", "blocks-gallery-", "footnote",
	"gallery", "has-", "is-", "kg-", "lang-", "language-", "size-", "wp-", NULL };

static bool is_word(struct slice text, const char *word)
{
	return strlen(word) == text.size &&
	       strncasecmp((const char *)text.data, word, text.size) == 0;
}

static bool starts_with(struct slice text, const char *start)
{
	size_t size = strlen(start);
	return text.size >= size && memcmp(text.data, start, size) == 0;
}

static struct slice trim(struct slice text)
{
	while (text.size > 0 &&
		(text.data[0] == ' ' || text.data[0] == '\t' || text.data[0] == '\n'))
		text = slice_of(text.data + 1, text.size - 1);
	while (text.size > 0 && strchr(" \t\n", text.data[text.size - 1]) != NULL)
		text.size--;
	return text;
}

/* In the lower case of the list. */
static bool append_choice(struct slice value, const char *const *choices, struct buffer *out)
{
	for (; *choices != NULL; choices++) {
		if (is_word(value, *choices)) {
			buffer_append_text(out, *choices);
			return true;
		}
	}
	return false;
}

static bool is_alphanumeric(uint8_t byte)
{
	return ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') || (byte >= '0' && byte <= '9');
}

static bool append_characters(struct slice value, const char *others, struct buffer *out)
{
	for (size_t i = 0; i < value.size; i++)
		if (!is_alphanumeric(value.data[i]) &&
			(value.data[i] == '\0' || strchr(others, value.data[i]) == NULL))
			return false;
	buffer_append(out, value.data, value.size);
	return value.size > 0;
}

static bool append_number(struct slice value, bool percent, struct buffer *out)
{
	enum { DIGITS_MAX = 5 };
	size_t digits = 0;
	while (digits < value.size && value.data[digits] >= '0' && value.data[digits] <= '9')
		digits++;
	bool is_percent = percent && digits + 1 == value.size && value.data[digits] == '%';
	if (digits == 0 || digits > DIGITS_MAX || (digits < value.size && !is_percent))
		return false;
	buffer_append(out, value.data, value.size);
	return true;
}

static bool is_class(struct slice token)
{
	bool known = false;
	for (size_t i = 0; class_starts[i] != NULL && !known; i++)
		known = starts_with(token, class_starts[i]);
	for (size_t i = 0; i < token.size; i++)
		known = known &&
			(is_alphanumeric(token.data[i]) || strchr("-_+#.", token.data[i]) != NULL);
	return known;
}

/* The words that are allowed, one blank between them. */
static bool append_tokens(struct slice value, enum kind kind, struct buffer *out)
{
	size_t start = out->size;
	size_t at = 0;
	while (at < value.size) {
		size_t end = at;
		while (end < value.size && strchr(" \t\n", value.data[end]) == NULL)
			end++;
		struct slice token = slice_of(value.data + at, end - at);
		size_t before = out->size;
		at = end + 1;
		if (token.size == 0)
			continue;
		if (before > start)
			buffer_append_char(out, ' ');
		if (kind == CLASS && is_class(token))
			buffer_append(out, token.data, token.size);
		else if (kind == CLASS || !append_choice(token, relations, out))
			out->size = before;
	}
	return out->size > start;
}

static bool append_value(enum kind kind, struct slice value, struct buffer *out)
{
	struct slice trimmed = trim(value);
	switch (kind) {
	case TEXT:
		buffer_append(out, value.data, value.size);
		return true;
	case EMPTY:
		return true;
	case NUMBER:
		return append_number(trimmed, false, out);
	case LENGTH:
		return append_number(trimmed, true, out);
	case WORD:
		return append_characters(trimmed, "-_+./: ", out);
	case TYPE:
		return append_characters(trimmed, "-_+./; =,\"", out);
	case LIST:
		return append_characters(trimmed, "-_+./: (),%*<>=", out);
	case ALIGN:
		return append_choice(trimmed, alignments, out);
	case DIRECTION:
		return append_choice(trimmed, directions, out);
	case LOADING:
		return append_choice(trimmed, loadings, out);
	case PRELOAD:
		return append_choice(trimmed, preloads, out);
	case TRACK_KIND:
		return append_choice(trimmed, track_kinds, out);
	case SCOPE:
		return append_choice(trimmed, scopes, out);
	case TARGET:
		return append_choice(trimmed, targets, out);
	case CLASS:
	case RELATION:
		return append_tokens(value, kind, out);
	case LINK:
		return html_url(value, HTML_URL_LINK, out);
	case MEDIA:
		return html_url(value, HTML_URL_MEDIA, out);
	case IMAGE:
		return html_url(value, HTML_URL_IMAGE, out);
	case SRCSET:
		return html_srcset(value, out);
	}
	return false;
}

static bool belongs_to(const char *elements, const char *element)
{
	size_t size = strlen(element);
	if (elements == NULL)
		return true;
	for (const char *at = elements; (at = strstr(at, element)) != NULL; at++)
		if (at[-1] == ' ' && at[size] == ' ')
			return true;
	return false;
}

static int compare(const void *name, const void *attribute)
{
	return strcmp(name, ((const struct attribute *)attribute)->name);
}

bool html_attribute(const char *element, const char *name, struct slice value, struct buffer *out)
{
	const struct attribute *found = bsearch(name, attributes,
		sizeof attributes / sizeof *attributes, sizeof *attributes, compare);
	if (found == NULL || !belongs_to(found->elements, element))
		return false;
	bool image = found->kind == MEDIA && strcmp(element, "img") == 0;
	size_t start = out->size;
	if (append_value(image ? IMAGE : found->kind, value, out) || out->overflow)
		return true;
	out->size = start;
	return false;
}
