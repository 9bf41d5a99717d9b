/*
 * Text analysis: how a text becomes the terms that the search index holds. The index, queries and
 * snippets all use this, so that what is found, counted and highlighted agree.
 *
 * A word is a run of letters, marks and digits (apostrophes inside it are dropped, as in
 * text_slug()). It is folded with utf8proc (NFKD, case folded, combining marks removed, NFKC:
 * "Café", "ＣＡＦÉ" and "cafe" are one word) and stemmed with the Snowball stemmer of the text's
 * language (https://snowballstem.org). Runs of Han, Hiragana, Katakana and Hangul have no spaces
 * between words; they become overlapping pairs of characters.
 *
 * Pure functions of their arguments and of the libraries' versions, which analyzer_fingerprint()
 * stands for. An analyzer belongs to one thread at a time.
 */
#pragma once
#include "base/attributes.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	/* Longer words are cut at a character. */
	TERM_BYTES_MAX = 64,
	/* Of a language that has a stemmer of its own, "" for all others included. */
	ANALYZER_LANGUAGES_MAX = 40,
};

enum token_kind {
	TOKEN_WORD,
	TOKEN_PAIR, /* two characters of a script without spaces */
	/* The last character of such a run, so that every character begins some token. */
	TOKEN_LAST,
};

struct token {
	enum token_kind kind;
	/* Where it stands in the analysed text, in bytes. Pairs overlap. */
	size_t start;
	size_t end;
	/* A line break stands between the token before and this one. */
	bool after_break;
	/* Folded, not stemmed; at most TERM_BYTES_MAX bytes. Valid until the next token. */
	struct slice word;
	/* What the index holds: the stem of word, or word itself. Never empty. */
	struct slice term;
};

struct analyzer;

/* NULL when out of memory. Stemmers are made when a language is first met and kept. */
struct analyzer *analyzer_new(void) NODISCARD;
void analyzer_free(struct analyzer *analyzer);

/* Begins with a text in a language (a BCP 47 tag; "" or one without a stemmer: words are not
 * stemmed). The text is valid UTF-8 and borrowed until the next start. */
void analyzer_start(struct analyzer *analyzer, struct slice text, const char *language);
bool analyzer_next(struct analyzer *analyzer, struct token *ret);

/* The stemmer that a language has, as a number below ANALYZER_LANGUAGES_MAX; 0 if none. */
unsigned analyzer_language(const char *language);
/* The term of one folded word under the stemmer of that number. Valid until the next call. */
struct slice analyzer_stem(struct analyzer *analyzer, struct slice word, unsigned language);

/* Another number means that the same text may become other terms: an index that was made with
 * another fingerprint must be made again. */
uint64_t analyzer_fingerprint(void);
