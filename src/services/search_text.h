/* Which parts of a post's text a query found. */
#pragma once
#include "analysis/analyzer.h"
#include "services/search_query.h"

#include <lectern/v1/search.pb-c.h>

/* The texts of one post; slices are borrowed. */
struct search_text {
	struct slice title;
	struct slice excerpt;
	struct slice body; /* from html_text() */
	const char *language;
};

/* What the query's clauses that are not excluded find of a text: ranges in order, not overlapping,
 * at most 100, pairs of characters that overlap joined. Words of a phrase are found only where the
 * whole phrase stands. *ret points into the arena; false when out of memory. */
bool search_text_highlight(struct arena *arena, struct analyzer *analyzer,
	const struct search_query *query, struct slice text, const char *language,
	Lectern__V1__HighlightedText *ret) NODISCARD;

/*
 * The part of a text, about `size_bytes` long, in which most different clauses are found, the
 * rarest counted first by `clause_weights` (one for each clause), cut at words and in any case at
 * characters, line breaks made blanks, "…" put where text was left out before or behind. The
 * beginning of the text where nothing is found. False when out of memory.
 */
bool search_text_snippet(struct arena *arena, struct analyzer *analyzer,
	const struct search_query *query, const double *clause_weights, struct slice text,
	const char *language, size_t size_bytes, Lectern__V1__HighlightedText *ret) NODISCARD;
