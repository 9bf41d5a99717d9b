#include "importers/ghost_text.h"

#include "base/limits.h"
#include "base/text.h"

char *ghost_cut(struct slice text, size_t max_bytes, const char *field, struct import_item *item,
	struct arena *arena)
{
	if (text.size > max_bytes) {
		text.size = text_cut(text, max_bytes);
		if (item != NULL)
			item_note(item, "%s: cut to %zu bytes", field, max_bytes);
	}
	return arena_text(arena, text);
}

/* Bytes of a control character at the beginning; 0 if there is another one. U+0080 to U+009F are C2
 * 80 to C2 9F. */
static size_t control_size(struct slice text)
{
	uint8_t c = text.data[0];
	if (c < 0x20 || c == 0x7F)
		return 1;
	return c == 0xC2 && text.size > 1 && text.data[1] < 0xA0 ? 2 : 0;
}

char *ghost_line(struct slice text, size_t max_bytes, const char *field, struct import_item *item,
	struct arena *arena)
{
	char *line = arena_text(arena, text);
	if (line == NULL)
		return NULL;
	size_t size = 0;
	for (size_t at = 0; at < text.size;) {
		size_t control = control_size(slice_of(text.data + at, text.size - at));
		char c = control > 0 ? ' ' : (char)text.data[at];
		at += control > 0 ? control : 1;
		if (c != ' ' || size > 0)
			line[size++] = c;
	}
	while (size > 0 && line[size - 1] == ' ')
		size--;
	line[size] = '\0';
	if (size <= max_bytes)
		return line;
	return ghost_cut(slice_of(line, size), max_bytes, field, item, arena);
}

char *ghost_slug(struct slice slug, const char *otherwise, struct arena *arena)
{
	if (text_is_slug(slug))
		return arena_text(arena, slug);
	char made[LIMIT_SLUG_BYTES + 1];
	text_slug(slug, made, sizeof made);
	if (made[0] == '\0')
		text_slug(slice_of_text(otherwise), made, sizeof made);
	return arena_text(arena, slice_of_text(made));
}

char *ghost_url(struct slice url, const char *field, struct import_item *item, struct arena *arena)
{
	bool has_scheme = url.size < 2 || memcmp(url.data, "//", 2) != 0;
	char *text = arena_printf(arena, "%s%.*s", has_scheme ? "" : "https:",
		url.size > LIMIT_URL_BYTES ? LIMIT_URL_BYTES + 1 : (int)url.size,
		(const char *)url.data);
	if (text == NULL || text[0] == '\0' || text_is_url(slice_of_text(text)))
		return text;
	item_note(item, "%s: left out, as it is no complete http or https address", field);
	text[0] = '\0';
	return text;
}
