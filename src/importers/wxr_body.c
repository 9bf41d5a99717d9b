#include "importers/wxr_body.h"

#include "importers/autop.h"

#include <string.h>

/* A mark that stands in a comment. */
enum mark {
	MARK_NONE,
	MARK_MORE,
	MARK_BLOCK,
	MARK_BLOCK_WITHOUT_CONTENT, /* <!-- wp:name {...} /--> */
};

static struct slice trim_left(struct slice text)
{
	while (text.size > 0 &&
		(text.data[0] == ' ' || (text.data[0] >= '\t' && text.data[0] <= '\r')))
		text = slice_of(text.data + 1, text.size - 1);
	return text;
}

static bool takes(struct slice *text, const char *start)
{
	size_t size = strlen(start);
	if (text->size < size || memcmp(text->data, start, size) != 0)
		return false;
	*text = slice_of(text->data + size, text->size - size);
	return true;
}

/* What the inside of a comment means; *ret_name begins with the name of a block. */
static enum mark mark_of(struct slice inside, struct slice *ret_name)
{
	bool without_content = inside.size > 0 && inside.data[inside.size - 1] == '/';
	struct slice text = inside;
	if (takes(&text, "noteaser"))
		return text.size == 0 ? MARK_MORE : MARK_NONE;
	text = inside;
	if (takes(&text, "more"))
		return text.size == 0 || text.data[0] == ' ' ? MARK_MORE : MARK_NONE;
	text = trim_left(inside);
	bool close = takes(&text, "/");
	if (!takes(&text, "wp:"))
		return MARK_NONE;
	*ret_name = text;
	return without_content && !close ? MARK_BLOCK_WITHOUT_CONTENT : MARK_BLOCK;
}

static void copy_name(struct slice from, char name[WXR_BLOCK_NAME_BYTES])
{
	size_t size = 0;
	while (size < from.size && size + 1 < WXR_BLOCK_NAME_BYTES && from.data[size] > ' ' &&
		from.data[size] < 0x7F)
		size++;
	memcpy(name, from.data, size);
	name[size] = '\0';
}

static bool is_line_start(const struct buffer *out)
{
	return out->size == 0 || out->data[out->size - 1] == '\n';
}

static bool is_blank_line(const struct buffer *out)
{
	return out->size >= 2 && memcmp(out->data + out->size - 2, "\n\n", 2) == 0;
}

/* Leaves out what is only there for the editor. *ret_blocks: there was a mark of a block. */
static void drop_marks(
	struct slice source, struct buffer *out, struct wxr_body *body, bool *ret_blocks)
{
	struct slice rest = source;
	const uint8_t *mark;
	const uint8_t *end = NULL;
	while (rest.size > 0 && (mark = memmem(rest.data, rest.size, "<!--", 4)) != NULL) {
		size_t before = (size_t)(mark - rest.data);
		if (end == NULL || end < mark + 4)
			end = memmem(mark + 4, rest.size - before - 4, "-->", 3);
		if (end == NULL)
			break;
		struct slice name = slice_of(NULL, 0);
		enum mark what = mark_of(slice_of(mark + 4, (size_t)(end - mark) - 4), &name);
		/* WordPress finds marks in other comments, too. */
		size_t used = what == MARK_NONE ? before + 4 : (size_t)(end - rest.data) + 3;
		buffer_append(out, rest.data, what == MARK_NONE ? used : before);
		rest = slice_of(rest.data + used, rest.size - used);
		if (what == MARK_NONE)
			continue;
		if (what == MARK_MORE && body->teaser.data == NULL)
			body->teaser = slice_of(source.data, (size_t)(mark - source.data));
		*ret_blocks = *ret_blocks || what != MARK_MORE;
		if (what == MARK_BLOCK_WITHOUT_CONTENT && body->dynamic_block[0] == '\0')
			copy_name(name, body->dynamic_block);
		/* The line goes with its mark. */
		if (what != MARK_MORE && is_line_start(out) && rest.size > 0 &&
			rest.data[0] == '\n')
			rest = slice_of(rest.data + 1, rest.size - 1);
		while (is_blank_line(out) && rest.size > 0 && rest.data[0] == '\n')
			rest = slice_of(rest.data + 1, rest.size - 1);
	}
	buffer_append(out, rest.data, rest.size);
}

static const char *find_shortcode(struct slice text)
{
	static const char *const names[] = { "gallery", "caption", "embed", "audio", "video",
		"playlist", NULL };
	for (struct slice rest = text; rest.size > 0;) {
		const uint8_t *mark = memchr(rest.data, '[', rest.size);
		if (mark == NULL)
			return NULL;
		size_t used = (size_t)(mark - rest.data) + 1;
		rest = slice_of(rest.data + used, rest.size - used);
		for (size_t i = 0; names[i] != NULL; i++) {
			struct slice behind = rest;
			if (takes(&behind, names[i]) && behind.size > 0 &&
				(behind.data[0] == ']' || behind.data[0] == ' '))
				return names[i];
		}
	}
	return NULL;
}

static void trim(struct buffer *out, size_t start)
{
	while (out->size > start && out->data[out->size - 1] <= ' ')
		out->size--;
}

bool wxr_body_html(
	struct slice source, struct buffer *scratch, struct buffer *out, struct wxr_body *ret)
{
	bool blocks = false;
	*ret = (struct wxr_body){ .shortcode = NULL };
	buffer_clear(scratch);
	drop_marks(source, scratch, ret, &blocks);
	if (scratch->overflow)
		return false;
	struct slice html = trim_left(slice_of(scratch->data, scratch->size));
	size_t start = out->size;
	ret->shortcode = find_shortcode(html);
	if (blocks)
		buffer_append(out, html.data, html.size);
	else if (!autop(html, out))
		return false;
	trim(out, start);
	return !out->overflow;
}
