/*
 * The ids of an HTML body. An id is written as a slug, whatever it was, and each once: so ids of
 * bodies are never names with upper-case letters or underscores, which a page's own scripts use for
 * what they put into `window`, and no body can do with an id what it could not do with a heading of
 * that text. Links within the body follow.
 */
#pragma once
#include "base/arena.h"
#include "base/buffer.h"

struct html_id;

struct html_ids {
	struct arena *arena;
	struct html_id *first; /* as collected */
	struct html_id **sorted;
	size_t count;
};

void html_ids_init(struct html_ids *ids, struct arena *arena);

/* Collects an id as the author wrote it. False when out of memory. */
bool html_ids_add(struct html_ids *ids, const char *id) NODISCARD;

/* Behind the last one; the others are for after it. False when out of memory. */
bool html_ids_sort(struct html_ids *ids) NODISCARD;

/* The id to write for one that the author wrote, once for each; NULL the next time, and for one
 * without any letter or digit. */
const char *html_ids_take(struct html_ids *ids, const char *id);

/* Whether an id that was collected is written so. */
bool html_ids_has(const struct html_ids *ids, const char *slug);

/* Appends the address with the part behind '#' as the id is written that it means, if it is the
 * address of a place in the same body. */
void html_ids_link(const struct html_ids *ids, struct slice url, struct buffer *out);
