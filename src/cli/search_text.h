/* What a search found, for people. */
#pragma once
#include "base/buffer.h"
#include "cli/screen.h"

#include <lectern/v1/search.pb-c.h>

/* Appends the text made fit for a terminal, on one line, with marks around what was found of it.
 * The ranges may be wrong. Nothing for NULL. */
void mark_text(struct buffer *out, const Lectern__V1__HighlightedText *text);

/* Title, slug and date, snippet; what was found of them stands out. */
void hit_text(struct buffer *out, const struct screen *screen, const Lectern__V1__SearchHit *hit);

/* One table of counts for each facet that has values, with an empty line before each. */
void facet_tables(struct buffer *out, const struct screen *screen,
	Lectern__V1__Facet *const *facets, size_t count);
