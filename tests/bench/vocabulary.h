/*
 * Words of the benchmarks' posts: made of syllables, the same at every run, drawn as often as words
 * of a language are. No list of words is copied from anywhere.
 */
#pragma once
#include "support/random.h"

#include <stddef.h>

enum {
	WORDS = 65536, /* a power of two: a draw is a few bits of a random number */
	WORD_BYTES = 15,
};

struct word {
	char text[WORD_BYTES]; /* not terminated */
	uint8_t size;
};

/* A draw by Walker's alias method: either the column itself or the other rank. */
struct draw {
	uint32_t keep; /* the column, where a random number is below this */
	uint32_t other;
};

/* Words by rank, the commonest first. About a megabyte and a half; not for the stack. */
struct vocabulary {
	struct word words[WORDS];
	struct draw draws[WORDS];
};

void vocabulary_init(struct vocabulary *vocabulary);

/*
 * Fills the table of `count` ranks with the weights of Zipf's law in Mandelbrot's form,
 * 1 / (rank + 2.7), ranks from 1. Words beyond the common ones are rarer than that: the weight is
 * halved at rank `bend`, and goes with the square of the rank far behind it (two regimes, as
 * Montemurro, "Beyond the Zipf-Mandelbrot law in quantitative linguistics", 2001, has them); 0
 * leaves the law as it is. count is at most WORDS.
 */
void draws_init(struct draw *draws, size_t count, size_t bend);

/* A rank, from 0, of a table with a power of two of ranks; 48 random bits are used. */
static inline size_t draw_rank(const struct draw *draws, size_t count, uint64_t bits)
{
	size_t column = bits & (count - 1);
	return (uint32_t)(bits >> 16) < draws[column].keep ? column : draws[column].other;
}

/*
 * A word that is in no vocabulary: names and terms of one text or a few. There are 17 million, the
 * lower the rank the more often, so a growing archive brings new words as real ones do (Heaps'
 * law).
 */
struct word rare_word(struct random *random);
