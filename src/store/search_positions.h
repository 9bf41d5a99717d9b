/*
 * Where words stand in a post: its folded words (not stems) in order of their bytes, each with the
 * places where it occurs in title, excerpt and text. What Lucene calls a term vector with
 * positions. It tells of phrases, and of words that begin in some way but have a shorter stem, what
 * the inverted index does not say, without reading the post.
 *
 * Positions count words from 2 on; where a line or a text ends one is left out, so words that stand
 * side by side in one line are those whose positions do. docs/store-format.md has the bytes.
 */
#pragma once
#include "analysis/analyzer.h"
#include "base/arena.h"
#include "base/slice.h"
#include "store/txn.h"

#include <stdbool.h>
#include <stdint.h>

struct document_term;

/* --- Writing --- */

struct occurrence {
	uint32_t position;
	uint32_t next; /* of the same word: its number from 1 on, 0 if none */
};

/* The words of a document as they come; zeroed but for the arena at first. */
struct occurrences {
	struct arena *arena;
	struct occurrence *all;
	size_t count;
	size_t capacity;
	uint32_t position; /* of the last one */
};

/* The next one follows another text. */
static inline void occurrences_break(struct occurrences *occurrences)
{
	occurrences->position++;
}

/* False when out of memory. */
bool occurrences_add(struct occurrences *occurrences, struct document_term *word, bool after_break)
	NODISCARD;

/* The record; `words` are in order of their bytes, and some may have no occurrence. Empty when out
 * of memory. */
struct slice positions_write(struct arena *arena, struct document_term *const *words, size_t count,
	const struct occurrences *occurrences) NODISCARD;

/* --- Reading --- */

enum { POSITIONS_GROUP = 16 }; /* words, the first of which stands in full */

/* A record. The bytes stay where they are. */
struct positions {
	size_t count;	     /* of words */
	struct slice places; /* of the groups */
	struct slice words;
};

/* False if the bytes are no such record; damage further inside shows later. */
bool positions_read(struct slice value, struct positions *ret) NODISCARD;

/* For positions_get(); walk_end() ends it. */
void positions_open(struct walk *walk, struct txn *txn);
/* Those of a post, cheaper if its number is close behind that of the one before. False when the
 * transaction has failed; a post without them is a failure. */
bool positions_get(struct walk *walk, uint64_t id, struct positions *ret) NODISCARD;

/* A word of a record. */
struct positions_cursor {
	const struct positions *positions;
	struct slice rest;
	size_t index; /* of the next word */
	bool damaged;
	/* The current word. */
	struct slice at; /* its positions, coded */
	uint8_t size;
	uint8_t word[TERM_BYTES_MAX];
};

/* Moves to the first word that is not below the given one. False if there is none, and where bytes
 * cannot be read (`damaged`). */
bool positions_seek(
	struct positions_cursor *cursor, const struct positions *positions, struct slice word);
bool positions_next(struct positions_cursor *cursor);

static inline struct slice positions_word(const struct positions_cursor *cursor)
{
	return slice_of(cursor->word, cursor->size);
}

/* Takes the next of a word's positions, ascending; *position is the one before it, 0 at first.
 * False behind the last one, where nothing is left, and where bytes cannot be read. */
bool positions_take(struct slice *at, uint32_t *position);
