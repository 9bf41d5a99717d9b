#include "importers/plain.h"

#include "base/text.h"

#include <gumbo.h>

static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Appends the text; a blank goes before a word only, never at the start. */
static void append_words(struct slice text, struct buffer *out)
{
	size_t start = out->size;
	size_t i = 0;
	while (i < text.size) {
		while (i < text.size && is_space(text.data[i]))
			i++;
		size_t word = i;
		while (i < text.size && !is_space(text.data[i]))
			i++;
		if (i == word)
			break;
		if (out->size > start)
			buffer_append_char(out, ' ');
		buffer_append(out, text.data + word, i - word);
	}
}

/* The text as HTML source that shows it: only '<' could begin markup. */
static void append_source(struct slice text, struct buffer *out)
{
	while (text.size > 0) {
		const uint8_t *mark = memchr(text.data, '<', text.size);
		size_t size = mark == NULL ? text.size : (size_t)(mark - text.data);
		buffer_append(out, text.data, size);
		if (mark != NULL)
			buffer_append_text(out, "&lt;");
		size_t used = mark == NULL ? size : size + 1;
		text = slice_of(text.data + used, text.size - used);
	}
}

/* The text with U+FFFD for each byte that is not UTF-8: gumbo's numbers overflow in references such
 * as "&#x213BBBBBBBBB;". */
static void append_valid(struct slice text, struct buffer *out)
{
	while (text.size > 0) {
		size_t valid = text_find_invalid(text);
		buffer_append(out, text.data, valid);
		if (valid < text.size)
			buffer_append_text(out, "\xEF\xBF\xBD");
		size_t used = valid < text.size ? valid + 1 : valid;
		text = slice_of(text.data + used, text.size - used);
	}
}

/* The texts below the root: there are no elements, as the source has no markup. */
static void append_nodes(const GumboNode *root, struct buffer *out)
{
	const GumboVector *children = &root->v.element.children;
	for (unsigned i = 0; i < children->length; i++) {
		const GumboNode *node = children->data[i];
		if (node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_WHITESPACE)
			append_valid(slice_of_text(node->v.text.text), out);
	}
}

static bool decode(struct slice raw, struct buffer *out)
{
	struct buffer source;
	buffer_init(&source, raw.size * 4);
	append_source(raw, &source);
	if (source.overflow) {
		buffer_done(&source);
		return false;
	}
	GumboOptions options = kGumboDefaultOptions;
	options.fragment_context = GUMBO_TAG_BODY;
	options.max_errors = 0;
	GumboOutput *output =
		gumbo_parse_with_options(&options, (const char *)source.data, source.size);
	append_nodes(output->root, out);
	gumbo_destroy_output(&options, output);
	buffer_done(&source);
	return !out->overflow;
}

bool plain_text(struct slice raw, struct buffer *out)
{
	if (raw.size == 0 || memchr(raw.data, '&', raw.size) == NULL) {
		append_words(raw, out);
		return !out->overflow;
	}
	struct buffer decoded;
	buffer_init(&decoded, raw.size * 4 + 16);
	bool done = decode(raw, &decoded);
	if (done)
		append_words(slice_of(decoded.data, decoded.size), out);
	buffer_done(&decoded);
	return done && !out->overflow;
}
