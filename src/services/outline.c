#include "services/outline.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

enum {
	WORDS_PER_MINUTE = 238,
	HEADING_TEXT_BYTES = 512,
};

/* The slug that a heading's anchor was made of, and its number: 1 for the slug alone. */
struct anchor_base {
	const char *text;
	unsigned number;
};

static bool counts_alone(utf8proc_int32_t c)
{
	return (c >= 0x3040 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x4DBF) ||
	       (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
	       (c >= 0x20000 && c <= 0x3FFFF);
}

static bool is_letter_or_digit(utf8proc_int32_t c)
{
	if (c < 0x80)
		return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
	utf8proc_category_t category = utf8proc_category(c);
	return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
}

static uint32_t count_words(const char *text)
{
	uint32_t words = 0;
	bool inside = false;
	for (const uint8_t *at = (const uint8_t *)text; *at != 0;) {
		utf8proc_int32_t c = *at;
		utf8proc_ssize_t size = c < 0x80 ? 1 : utf8proc_iterate(at, -1, &c);
		at += size > 0 ? size : 1;
		if (size <= 0)
			continue;
		if (counts_alone(c)) {
			words++;
			inside = false;
		} else if (is_letter_or_digit(c)) {
			words += !inside;
			inside = true;
		} else if (c != '\'' && c != 0x2019 && c != '-') {
			inside = false;
		}
	}
	return words;
}

static bool anchor_is_taken(const struct outline *outline, const char *anchor)
{
	for (size_t i = 0; i < outline->count; i++)
		if (strcmp(outline->headings[i]->anchor, anchor) == 0)
			return true;
	return outline->is_taken != NULL && outline->is_taken(outline->context, anchor);
}

static char *make_anchor(struct outline *outline, const char *text)
{
	char base[LIMIT_SLUG_BYTES + 1];
	char anchor[ANCHOR_BYTES_MAX + 1];
	if (text_slug(slice_of_text(text), base, sizeof base) == 0)
		snprintf(base, sizeof base, "section");
	struct anchor_base *made = &outline->bases[outline->count];
	made->number = 1;
	made->text = arena_text(outline->arena, slice_of_text(base));
	for (size_t i = 0; i < outline->count; i++)
		if (strcmp(outline->bases[i].text, base) == 0)
			made->number = outline->bases[i].number + 1;
	if (made->number == 1)
		snprintf(anchor, sizeof anchor, "%s", base);
	else
		snprintf(anchor, sizeof anchor, "%s-%u", base, made->number);
	while (anchor_is_taken(outline, anchor))
		snprintf(anchor, sizeof anchor, "%s-%u", base, ++made->number);
	return made->text == NULL ? NULL : arena_text(outline->arena, slice_of_text(anchor));
}

static char *keep_anchor(struct outline *outline, const char *anchor)
{
	char *copy = arena_text(outline->arena, slice_of_text(anchor));
	outline->bases[outline->count] = (struct anchor_base){ .text = copy, .number = 1 };
	return copy;
}

bool outline_init(struct outline *outline, struct arena *arena)
{
	*outline = (struct outline){ .arena = arena };
	outline->headings = arena_calloc(arena, LIMIT_OUTLINE, sizeof *outline->headings);
	outline->bases = arena_calloc(arena, LIMIT_OUTLINE, sizeof *outline->bases);
	return outline->headings != NULL && outline->bases != NULL;
}

bool outline_is_full(const struct outline *outline)
{
	return outline->count == LIMIT_OUTLINE;
}

const char *outline_add(
	struct outline *outline, unsigned level, const char *text, const char *anchor)
{
	struct slice all = slice_of_text(text);
	if (outline_is_full(outline))
		return NULL;
	Lectern__V1__Heading *heading = arena_alloc(outline->arena, sizeof *heading);
	if (heading == NULL) {
		outline->failed = true;
		return NULL;
	}
	lectern__v1__heading__init(heading);
	heading->level = level;
	heading->text =
		arena_text(outline->arena, slice_of(all.data, text_cut(all, HEADING_TEXT_BYTES)));
	heading->anchor =
		anchor == NULL ? make_anchor(outline, text) : keep_anchor(outline, anchor);
	if (heading->text == NULL || heading->anchor == NULL) {
		outline->failed = true;
		return NULL;
	}
	outline->headings[outline->count++] = heading;
	return heading->anchor;
}

void outline_count_words(struct outline *outline, const char *text)
{
	outline->words += count_words(text);
}

void outline_finish(const struct outline *outline, Lectern__V1__Post *post)
{
	post->outline = outline->headings;
	post->n_outline = outline->count;
	post->word_count = outline->words;
	post->reading_seconds = (uint32_t)(((uint64_t)outline->words * 60 + WORDS_PER_MINUTE - 1) /
					   WORDS_PER_MINUTE);
}
