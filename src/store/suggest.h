/*
 * The index of suggestions: titles of published posts and names of tags, categories and authors by
 * each of their words, for completing what somebody types.
 *
 * Texts are folded as the search index folds words (analysis/analyzer.h), the words joined by one
 * blank, so that "deep lea" finds "Deep Learning" and "Über deep-learning". A run of a script
 * without spaces between words is one word here, but each of its characters begins a suggestion.
 * At most SUGGEST_WORDS_MAX words or characters of a text begin one.
 */
#pragma once
#include "analysis/analyzer.h"
#include "store/txn.h"

enum {
	SUGGEST_BYTES_MAX = 64, /* of the folded text, from the word on */
	SUGGEST_WORDS_MAX = 32,
};

/* Numbers are part of the store's keys. */
enum suggest_kind {
	SUGGEST_POST = 1,
	SUGGEST_TAG = 2,
	SUGGEST_CATEGORY = 3,
	SUGGEST_AUTHOR = 4,
};

/* Folds what was typed, without a blank at its end; cut at a character. A text in which nothing is
 * a letter or a digit becomes "". Returns the size; a NUL is written behind it. */
size_t suggest_fold(struct analyzer *analyzer, struct slice text, char out[SUGGEST_BYTES_MAX + 1]);

/* A word of a text at which a folded prefix was found. */
struct suggestion {
	enum suggest_kind kind;
	uint64_t id;	     /* of the post or term */
	unsigned ordinal;    /* of the word or character in the text, 0: the text begins so */
	struct slice folded; /* the text from the word on, in the store */
};

/* Everything that begins with a folded prefix: by folded text, then kind, ordinal and id. One post
 * or term comes up again for each of its words that begins so. An empty prefix finds all. */
struct suggest_walk {
	struct suggestion found;
	struct walk walk;
	char prefix[SUGGEST_BYTES_MAX];
	size_t prefix_bytes;
};
void suggest_walk_start(struct suggest_walk *walk, struct txn *txn, struct slice prefix);
bool suggest_walk_next(struct suggest_walk *walk);
void suggest_walk_end(struct suggest_walk *walk);

/* The kind of suggestions that terms of a kind (store.v1.TermKind) are; false for series. */
bool suggest_kind_of_term(uint8_t term_kind, enum suggest_kind *ret);

/* Makes the index hold the text `after` instead of `before` for a post or term; empty: none. */
void suggest_replace(struct txn *txn, struct analyzer *analyzer, enum suggest_kind kind,
	uint64_t id, struct slice before, struct slice after);

/* A folded text and where its words begin: what the index is made from. */
struct suggest_text {
	char bytes[(SUGGEST_WORDS_MAX + 1) * (TERM_BYTES_MAX + 1)];
	size_t size;
	size_t starts[SUGGEST_WORDS_MAX];
	size_t count;
};
void suggest_read(struct analyzer *analyzer, struct slice text, struct suggest_text *ret);
/* The key of one of its words. */
void suggest_key(struct key *key, const struct suggest_text *text, size_t ordinal,
	enum suggest_kind kind, uint64_t id);
