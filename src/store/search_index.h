/*
 * The inverted index: for each term the posts in which it occurs, and how much weight it has there.
 *
 * What a post contributes is a function of its summary and html records (title, excerpt, text with
 * headings, language) and of whether it is public; a write computes it before and after and applies
 * the difference in the same transaction. Public posts and hidden ones stand apart, so that a
 * public search never meets a draft and its counts and statistics are those of public posts. There
 * are no word positions in it: each post has its words and their positions in one record
 * (search_positions.h), on which phrases are proved, which also makes them exact where stems are
 * not.
 *
 * A term's posts stand in blocks in ascending order of id: gaps and weights as varints. A post has
 * some hundred terms, and editing a block of each would cost a write some hundred pages. So what a
 * write changes is first kept as one record of that post (search_recent.h) and merged into the
 * blocks when there are so many of them (below), or when writing rests. Readers lay the records
 * over the blocks. docs/store-format.md has the bytes.
 */
#pragma once
#include "analysis/analyzer.h"
#include "base/arena.h"
#include "store/txn.h"

#include <lectern/v1/post.pb-c.h>

struct recent;
struct recent_walk;
struct search_change;

/* A post as the index sees it. */
struct search_document {
	uint64_t id;
	bool hidden; /* not published */
	struct slice title;
	struct slice excerpt;
	struct slice html;
	const char *language;
};

/* What the arena of search_index_replace() needs for two versions of the longest body (4 MiB) with
 * nothing but words that occur once, in another language each: some 520 MiB. */
enum { SEARCH_ARENA_BYTES = 768 * 1024 * 1024 };

/* How many posts' changes make the writer merge them into the blocks. Posts share most of their
 * words, so the more are merged at once, the fewer blocks are written for each; but every search
 * reads the records of all that wait. Imports, which bring many, and rebuilds let more wait. */
enum {
	SEARCH_RECENT_POSTS = 512,
	SEARCH_RECENT_IMPORTED = 2048,
	SEARCH_RECENT_MAX = SEARCH_RECENT_IMPORTED, /* there are fewer after each command */
};

/* How much one occurrence counts. */
enum { WEIGHT_TITLE = 4, WEIGHT_HEADING = 2, WEIGHT_TEXT = 1 };

/* The words of a document that is not in the index yet. */
struct search_prepared {
	struct search_document document; /* id aside; the texts are borrowed */
	struct slice record;		 /* as search_recent.h has it */
	struct slice positions;		 /* as search_positions.h has them */
	uint64_t length;
};

/*
 * Makes them, so that the writer need not: most of what indexing a post takes. Any thread, with an
 * analyzer of its own. The result is in `arena`, `scratch` is for the work and may then be reset.
 * NULL where memory is out, and where there are no words or too many for a record: the writer does
 * it then. What the index holds is the same either way.
 */
const struct search_prepared *search_prepare(struct arena *arena, struct arena *scratch,
	struct analyzer *analyzer, const struct search_document *document);

/* Makes the index hold `after` instead of `before`; NULL: not in the index. The arena is scratch
 * and may be reset; the documents' texts may be in the store: they are read before the first write.
 * `prepared` may be NULL or of another document: then the words are made here. */
void search_index_replace(struct txn *txn, struct arena *arena, struct analyzer *analyzer,
	const struct search_prepared *prepared, const struct search_document *before,
	const struct search_document *after);

/* Merges all recent changes into the blocks. The arena is scratch. */
void search_index_merge(struct txn *txn, struct arena *arena);
/* The same if so many posts have changes; to be called after search_index_replace(). */
void search_index_settle(struct txn *txn, struct arena *arena, uint64_t posts);

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

/*
 * What one query reads the index with. The arena must live as long; it takes as much as the recent
 * changes of the terms that are read.
 */
struct search_reader {
	struct txn *txn;
	/* The implementation's own. */
	struct arena *arena;
	struct recent *recents; /* in ascending order of id */
	size_t recent_count;
	struct search_change *changes; /* scratch: one for each of the recents */
};
/* What goes wrong shows in txn_status(). */
void search_reader_open(struct search_reader *reader, struct txn *txn, struct arena *arena);

/* One term's posts in the blocks. */
struct search_blocks {
	struct txn *txn;
	uint64_t id; /* of the current posting, 0 at first */
	uint32_t weight;
	uint64_t documents;
	uint64_t read;	   /* blocks */
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

/* The posts of one term in ascending order of id. No cursor stays open between two calls, so any
 * number of terms may be read at once, and one may be left without search_postings_end(). */
struct search_postings {
	uint64_t id;	    /* of the current post */
	uint32_t weight;    /* sum of the weights of the term's occurrences in it */
	bool in_title;	    /* one of them is in the title */
	uint64_t documents; /* how many posts the term has; 0: the term is not in the index */
	uint64_t blocks_read;
	/* The implementation's own. */
	struct search_blocks blocks;
	bool ahead; /* the current posting of the blocks was not given yet */
	const struct search_change *changes; /* in the reader's arena */
	size_t change_count;
	size_t change; /* the next one */
	bool ended;
};
void search_postings_start(struct search_postings *postings, struct search_reader *reader,
	bool hidden, struct slice term);
bool search_postings_next(struct search_postings *postings);
/* Moves to the first post whose id is at least `id`; never back. */
bool search_postings_seek(struct search_postings *postings, uint64_t id);
void search_postings_end(struct search_postings *postings);

/* The terms that begin with a prefix and have posts, in the order of their bytes. */
struct search_terms {
	struct slice term; /* of the current one; in the store or in the reader's arena */
	uint64_t documents;
	/* The implementation's own. */
	struct search_reader *reader;
	struct walk walk;
	struct recent_walk *recent; /* NULL if there are no recent changes */
	struct key prefix;
	struct slice block_term; /* the next ones; empty: no more */
	struct slice recent_term;
	uint64_t block_documents;
	bool hidden;
};
void search_terms_start(
	struct search_terms *terms, struct search_reader *reader, bool hidden, struct slice prefix);
bool search_terms_next(struct search_terms *terms);
void search_terms_end(struct search_terms *terms);
