/* What is told of a rendered body beside its html: the headings with their anchors, and how many
 * words it has. The same for every format of a body. */
#pragma once
#include "base/arena.h"
#include "base/limits.h"

#include <lectern/v1/post.pb-c.h>

enum {
	/* A slug, '-' and a number. */
	ANCHOR_BYTES_MAX = LIMIT_SLUG_BYTES + 12,
};

struct anchor_base;

struct outline {
	struct arena *arena; /* borrowed */
	Lectern__V1__Heading **headings;
	struct anchor_base *bases; /* as many */
	size_t count;
	uint32_t words;
	bool failed; /* out of memory */
	/* Whether an element that is no heading has this id; may be NULL. */
	bool (*is_taken)(const void *context, const char *anchor);
	const void *context;
};

/* Everything lies in the arena. False when out of memory. */
bool outline_init(struct outline *outline, struct arena *arena) NODISCARD;

/* No more headings are taken in. */
bool outline_is_full(const struct outline *outline);

/* Adds a heading unless the outline is full. anchor is the id that its author gave it, unique
 * among all ids; NULL: one is made, the slug of the text, numbered behind the headings before it
 * with the same slug. Returns the anchor, NULL when out of memory or full. */
const char *outline_add(
	struct outline *outline, unsigned level, const char *text, const char *anchor);

/* Counts the words of a piece of text. Letters of scripts that are written without blanks count one
 * each. */
void outline_count_words(struct outline *outline, const char *text);

/* Fills outline, word_count and reading_seconds. */
void outline_finish(const struct outline *outline, Lectern__V1__Post *post);
