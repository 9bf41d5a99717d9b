/* What a post contributes to the search index: its terms, counted, and where its words stand. */
#pragma once
#include "store/search_index.h"

/* One term, or word, of a document before and after a change. */
struct document_term {
	uint32_t weights[2]; /* search_weight_pack() of terms; 0: it is not in it */
	bool in_title[2];
	bool is_pair;	/* of characters: it has no stem */
	uint32_t first; /* of its occurrences after the change, 0: none. Words alone have them */
	uint32_t last;
	uint32_t hash;
	uint64_t head; /* the first bytes as a number, so that most comparisons are one of these */
	uint8_t size;
	uint8_t bytes[];
};

struct document_terms {
	struct document_term **terms; /* in the arena, in the order of their bytes */
	size_t count;
	uint64_t lengths[2];	/* sums of the weights, before they are packed */
	bool same_text;		/* both versions have the same, and so the same positions */
	struct slice positions; /* else of the second one, as search_positions.h has them */
};

static inline struct slice document_term_slice(const struct document_term *term)
{
	return slice_of(term->bytes, term->size);
}

/* The terms of two versions of a document; either may be NULL. False when out of memory. */
bool search_document_terms(struct arena *arena, struct analyzer *analyzer,
	const struct search_document *before, const struct search_document *after,
	struct document_terms *ret) NODISCARD;

/* Whether the index holds the same for both. */
bool search_document_equals(const struct search_document *a, const struct search_document *b);

/* A post's document. The html is separate, because it does not stand in the summary record. */
void search_document_of(
	const Lectern__V1__Post *summary, struct slice html, struct search_document *ret);
