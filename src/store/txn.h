/*
 * Transactions over the store's tables, with a sticky error: after the first failure every further
 * step does nothing, and txn_status() tells what it was. So code that reads or writes many keys
 * checks once, at the end.
 *
 * Every entry but those of TABLE_META carries a checksum, which is verified when it is read: damage
 * of the data file is a failure of the transaction and never an answer.
 *
 * Slices that point into the store are valid until the transaction ends or, in a write
 * transaction, until the next write to it.
 */
#pragma once
#include "base/error.h"
#include "base/slice.h"
#include "store/keys.h"

#include <stdbool.h>

struct txn;

enum table {
	TABLE_META,	     /* name -> number or bytes */
	TABLE_POST,	     /* (id, part) -> piece of lectern.v1.Post */
	TABLE_TERM,	     /* (kind, id) -> store.v1.Term */
	TABLE_SLUG,	     /* (space, slug) -> (id, former) */
	TABLE_NAME,	     /* (kind, folded name, id) -> nothing */
	TABLE_POSTING,	     /* (kind, number, sort, id) -> nothing */
	TABLE_COUNTER,	     /* (kind, number) -> number */
	TABLE_RANK,	     /* (kind, count, id) -> nothing */
	TABLE_CHILD,	     /* (parent, child) -> nothing */
	TABLE_DUE,	     /* (time, post id) -> nothing */
	TABLE_CHANGE,	     /* (revision) -> lectern.v1.Change */
	TABLE_REVISION,	     /* (post id, revision) -> store.v1.Revision */
	TABLE_CONTENT,	     /* (post id, revision, part) -> a former source or html record */
	TABLE_ANSWER,	     /* (request id) -> store.v1.Answer */
	TABLE_ANSWER_EXPIRY, /* (time, request id) -> nothing */
	TABLE_SEARCH,	     /* (half, term, block) -> posts and weights */
	TABLE_RECENT,	     /* (post id) -> changes that TABLE_SEARCH lacks */
	TABLE_LENGTH,	     /* (chunk of ids) -> lengths of their texts */
	TABLE_SUGGEST,	     /* (folded text, kind, ordinal, id) -> nothing */
	TABLE_POSITIONS,     /* (post id) -> its words and where they stand */
	TABLE_COUNT,
};

const char *table_name(enum table table);

/* False if there is no such key or the transaction has failed. */
bool txn_get(struct txn *txn, enum table table, const struct key *key, struct slice *ret);
bool txn_has(struct txn *txn, enum table table, const struct key *key);
void txn_put(struct txn *txn, enum table table, const struct key *key, struct slice value);
/* A key that is not there is a failure: indexes and records have come apart. */
void txn_delete(struct txn *txn, enum table table, const struct key *key);

/* CODE_OK, or the first failure. */
enum code txn_status(struct txn *txn, struct error *err) NODISCARD;
/* Make the transaction fail: memory ran out, or a record cannot be read. */
void txn_fail_memory(struct txn *txn);
void txn_fail_corrupt(struct txn *txn, const char *what, uint64_t id);
/* True if the transaction has failed; makes a snapshot fail with UNAVAILABLE when it should end
 * because the store has to be opened again. What reads for longer than a tenth of a second asks now
 * and then, at best at each record. */
bool txn_interrupted(struct txn *txn);
/* The same, and makes it fail once the caller has stopped waiting (monotonic clock; 0: never). */
void txn_check_deadline(struct txn *txn, uint64_t deadline_ns);
/* How many puts and deletes were done. */
uint64_t txn_writes(const struct txn *txn);

/* The number of entries of one table, and the bytes of its pages. */
uint64_t txn_entries(struct txn *txn, enum table table);
uint64_t txn_table_bytes(struct txn *txn, enum table table);
/* Removes all entries. */
void txn_clear(struct txn *txn, enum table table);

/*
 * A walk over one table in key order, upwards with walk_next() or downwards with walk_previous();
 * it may turn round, and then gives the entry beside the current one. Writing to the table during
 * the walk is allowed.
 */
struct walk {
	struct txn *txn;
	enum table table;
	void *cursor; /* MDB_cursor */
	enum { WALK_BEFORE, WALK_AT, WALK_BEHIND, WALK_OVER } state;
	struct slice key;
	struct slice value;
};

/* walk_next() will give the first key that is not below `from`, walk_previous() the last one that
 * is. */
void walk_start(struct walk *walk, struct txn *txn, enum table table, struct slice from);
/* For walk_seek() or walk_to(). */
void walk_open(struct walk *walk, struct txn *txn, enum table table);
/* Goes to another place of the same table, in either direction. */
void walk_seek(struct walk *walk, struct slice from);
/* Goes to just this key; false, and the walk is over, if it is not there. Cheap for one that is
 * close behind the current one. */
bool walk_to(struct walk *walk, struct slice key);
bool walk_next(struct walk *walk);
bool walk_previous(struct walk *walk);
void walk_end(struct walk *walk);

static inline bool key_has_prefix(struct slice key, struct slice prefix)
{
	return slice_begins_with(key, prefix);
}

/* "0.9.24" and so on. */
const char *txn_library_version(void);
/* Of xxHash, which makes the checksums. */
const char *txn_hash_version(void);

/* Numbers in TABLE_META; 0 if not there. */
uint64_t txn_meta(struct txn *txn, const char *name);
void txn_put_meta(struct txn *txn, const char *name, uint64_t value);
extern const char META_FORMAT[], META_REVISION[], META_NEXT_POST_ID[], META_NEXT_TERM_ID[];
extern const char META_PAGE_TOKEN_KEY[];  /* bytes */
extern const char META_EPOCH[];		  /* text: names the history that revisions count in */
extern const char META_SEARCH_ANALYZER[]; /* what the derived tables were made with */
extern const char
	META_SEAL[]; /* bytes: how far giving entries of an older format checksums has come */
extern const char META_REBUILD[]; /* bytes: how far making them has come; none when all is made */

/* The revision of the store that the transaction sees. */
uint64_t txn_revision(struct txn *txn);
