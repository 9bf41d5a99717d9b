/* What the characters of a text are to the analyzer, and how a word of them is folded. */
#pragma once
#include "analysis/analyzer.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum character_kind {
	CHARACTER_OTHER,     /* separates words */
	CHARACTER_BREAK,     /* ends a line, too */
	CHARACTER_WORD,	     /* letter or digit */
	CHARACTER_MARK,	     /* combines with the character before */
	CHARACTER_INVISIBLE, /* soft hyphens, joiners: not even there */
	CHARACTER_APOSTROPHE,
	/* Letter of a script that puts no space between words. */
	CHARACTER_DENSE,
};

/* The kind of the character at `at` and in *size its length in bytes. A byte that is not UTF-8 is
 * OTHER. */
enum character_kind character_at(struct slice text, size_t at, size_t *size);

/* The end of the dense character that begins at `at`: with its marks, and Hangul with all its
 * letters. */
size_t dense_character_end(struct slice text, size_t at);

/* Whether the character at `at` is Chinese or Japanese, not Hangul, which has spaces. False at the
 * end of the text. */
bool is_han_or_kana(struct slice text, size_t at);

/*
 * Folds a word: NFKD; accents removed, which are the combining marks that stand above, below and
 * through letters and the points of Hebrew and Arabic, not the vowels, viramas and tones of Indic
 * and Thai writing, and not the breve of Cyrillic, which makes й another letter than и; case
 * folded; ø, ł, đ, ħ, ı, æ and œ made the letters that people type for them; whatever is no letter,
 * mark or digit then removed; NFC. Writes at most `capacity` bytes (up to TERM_BYTES_MAX), cut at
 * a character, and returns the size.
 */
size_t fold_word(struct slice word, uint8_t *out, size_t capacity);
