/*
 * Text analysis: how a text becomes the terms that the search index holds. The index, queries and
 * snippets all use this, so that what is found, counted and highlighted agree.
 *
 * A word is a run of letters, marks and digits (single apostrophes inside it are dropped, as in
 * text_slug(), but an elided article is a word of its own: "l'eau"). It is folded with utf8proc
 * (NFKD, accents removed, case folded, NFC: "Café", "ＣＡＦÉ" and "cafe" are one word; see
 * characters.h) and then stemmed with the Snowball stemmer of the text's language
 * (https://snowballstem.org). Folding comes first in every language, so that a query that is typed
 * without accents has the same stems. Runs of Han, Hiragana, Katakana, Hangul, Thai, Lao, Khmer and
 * Myanmar have no spaces between words; they become overlapping pairs of characters.
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
	/* Numbers of stemmers, 0 for "none" included. */
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
	/* A line break stands between the token before and this one; false of the first token. */
	bool after_break;
	/* Folded, not stemmed; at most TERM_BYTES_MAX bytes. Valid until the next token. */
	struct slice word;
	/* What the index holds: the stem of word, or word itself. Never empty. */
	struct slice term;
};

struct analyzer;

/* BCP 47 for a text without linguistic content (ISO 639: "zxx"): it has no stemmer, so the terms
 * are the words. */
#define ANALYZER_UNSTEMMED "zxx"

/* NULL when out of memory. */
struct analyzer *analyzer_new(void) NODISCARD;
void analyzer_free(struct analyzer *analyzer);

/* Begins with a text in a language (a BCP 47 tag, see analyzer_language()). The text is valid UTF-8
 * and borrowed until the next start. */
void analyzer_start(struct analyzer *analyzer, struct slice text, const char *language);
bool analyzer_next(struct analyzer *analyzer, struct token *ret);

/* The stemmer that a BCP 47 tag has by its primary subtag, as a number below ANALYZER_LANGUAGES_MAX
 * that never changes; 0 if it has none (zh, ja, pl): its words are not stemmed. Texts often do not
 * say their language, and yet "run" should find "running": "" and "und" have the English stemmer,
 * which leaves other scripts alone. */
unsigned analyzer_language(const char *language);
/* The term of one folded WORD under the stemmer of that number. Valid until the next call. */
struct slice analyzer_stem(struct analyzer *analyzer, struct slice word, unsigned language);

/* Another number means that the same text may become other terms: an index that was made with
 * another fingerprint must be made again. 0 when out of memory, never else. */
uint64_t analyzer_fingerprint(void);
