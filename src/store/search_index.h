/*
 * The inverted index: for each term the posts in which it occurs, and how much weight it has there.
 *
 * What a post contributes is a function of its summary and html records (title, excerpt, text with
 * headings, language) and of whether it is public; a write computes it before and after and applies
 * the difference in the same transaction. Public posts and hidden ones stand apart, so that a
 * public search never meets a draft and its counts and statistics are those of public posts. There
 * are no word positions in it: phrases are proved on the text (services/search_text.h), which also
 * makes them exact where stems are not.
 *
 * A term's posts stand in blocks in ascending order of id: gaps and weights as varints.
 * docs/store-format.md has the bytes.
 */
#pragma once
#include "analysis/analyzer.h"
#include "base/arena.h"
#include "store/txn.h"

#include <lectern/v1/post.pb-c.h>

/* A post as the index sees it. */
struct search_document {
	uint64_t id;
	bool hidden; /* not published */
	struct slice title;
	struct slice excerpt;
	struct slice html;
	const char *language;
};

/* What the arena of search_index_replace() needs for two versions of the longest body with nothing
 * but words that occur once. */
enum { SEARCH_ARENA_BYTES = 384 * 1024 * 1024 };

/* How much one occurrence counts. */
enum { WEIGHT_TITLE = 4, WEIGHT_HEADING = 2, WEIGHT_TEXT = 1 };

/* Makes the index hold `after` instead of `before`; NULL: not in the index. The arena is scratch;
 * the documents' texts may be in the store: they are read before the first write. */
void search_index_replace(struct txn *txn, struct arena *arena, struct analyzer *analyzer,
	const struct search_document *before, const struct search_document *after);

/* --- Reading. `hidden` chooses the half of the index. --- */

/* Of one half. */
struct search_statistics {
	uint64_t documents;
	uint64_t length; /* sum of the documents' lengths, see search_length() */
};
void search_statistics(struct txn *txn, bool hidden, struct search_statistics *ret);

/* Numbers of the stemmers (analyzer_language()) that posts of this half use, 0 included where there
 * are posts without one. Returns the count. */
size_t search_languages(struct txn *txn, bool hidden, uint8_t ret[ANALYZER_LANGUAGES_MAX]);

/*
 * The length of a document: the sum of the weights of all its words, coded in one byte as Lucene
 * codes norms (SmallFloat.intToByte4: exact up to 39, then four significant bits). The same for
 * both halves. Reading ascending ids is cheap: lengths of 1024 posts stand in one record.
 */
struct search_lengths {
	struct txn *txn;
	uint64_t chunk; /* that `bytes` are of; UINT64_MAX at first */
	struct slice bytes;
};
void search_lengths_init(struct search_lengths *lengths, struct txn *txn);
uint32_t search_length(struct search_lengths *lengths, uint64_t id);

/* The posts of one term in ascending order of id. No cursor stays open between two calls, so any
 * number of terms may be read at once, and one may be left without search_postings_end(). */
struct search_postings {
	uint64_t id;	    /* of the current post */
	uint32_t weight;    /* sum of the weights of the term's occurrences in it */
	uint64_t documents; /* how many posts the term has; 0: the term is not in the index */
	uint64_t blocks_read;
	/* The implementation's own. */
	struct txn *txn;
	struct slice rest; /* of the current block */
	uint64_t floor;	   /* below the ids of the current block; 0: it is the first one */
	uint64_t last_id;  /* of the current block */
	uint64_t block_id; /* of the last posting that was read in it, 0 if none */
	bool has_further;  /* the term has more than one block */
	bool hidden;
	bool ended;
	uint8_t term_bytes;
	uint8_t term[TERM_BYTES_MAX];
};
void search_postings_start(
	struct search_postings *postings, struct txn *txn, bool hidden, struct slice term);
bool search_postings_next(struct search_postings *postings);
/* Moves to the first post whose id is at least `id`; never back. */
bool search_postings_seek(struct search_postings *postings, uint64_t id);
void search_postings_end(struct search_postings *postings);

/* The terms that begin with a prefix, in the order of their bytes. */
struct search_terms {
	struct slice term; /* of the current one, in the store */
	uint64_t documents;
	/* The implementation's own. */
	struct walk walk;
	struct key prefix;
	bool hidden;
	bool ended;
};
void search_terms_start(
	struct search_terms *terms, struct txn *txn, bool hidden, struct slice prefix);
bool search_terms_next(struct search_terms *terms);
void search_terms_end(struct search_terms *terms);
