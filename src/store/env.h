/* The LMDB environment and what a transaction is made of. Only for the files of this layer that
 * speak to LMDB itself: env.c, txn.c, snapshot.c, writer.c. */
#pragma once
#include "store/txn.h"

#include <lmdb.h>
#include <stdatomic.h>

struct env {
	MDB_env *mdb; /* NULL while it is closed and could not be opened again */
	MDB_dbi tables[TABLE_COUNT];
	char *directory; /* owned */
	uint64_t map_bytes;
	int lock_file; /* flock()ed while open, -1 otherwise */
	/* Read transactions should end soon: the environment is to be opened again. */
	atomic_bool interrupts;
	/* The rest belongs to the thread that writes; see reopen.c. */
	bool commit_failed; /* set by a commit that LMDB has refused, for reopen.c to look at */
	bool refuses;	    /* no write may begin, for the reason in trouble */
	struct error trouble;
	void (*on_assertion)(const char *text); /* of store_options; set before env_open() */
	struct snapshot_pool *pool;		/* is told of commits; NULL without one */
};

struct snapshot_pool;

/* After each commit, before anybody is told of it. */
void snapshot_pool_commit(struct snapshot_pool *pool);

struct txn {
	struct env *env;
	MDB_txn *mdb; /* NULL while a pooled snapshot is not in use and never was */
	bool read_only;
	bool unsealed;	    /* reads values as formats before 3 have them */
	struct error error; /* sticky; code is CODE_OK while all is well */
	uint64_t writes;
	/* One cursor a table, kept with a pooled snapshot. */
	MDB_cursor *cursors[TABLE_COUNT];
	bool cursor_fresh[TABLE_COUNT]; /* renewed for this use of the snapshot */
	bool cursor_busy[TABLE_COUNT];
	struct txn *next;	/* in the pool */
	bool live;		/* in the pool, too: the transaction was not reset */
	uint64_t store_version; /* no commit between its beginning and this one is missing */
	/* While it is in use. */
	struct txn *older;
	struct txn *newer;
	uint64_t opened_ns;   /* monotonic */
	atomic_ullong commit; /* LMDB's number of the last one that it sees; 0: not yet known */
	uint64_t revision;    /* what it was at revision_commit */
	uint64_t revision_commit;
};

/* Opens or makes the environment and its tables; checks the data file (pages.h) and the format.
 * Where the disk cannot be written to, a store that is there is opened all the same, and refuses
 * writes. */
enum code env_open(struct env *env, const char *directory, uint64_t map_bytes, struct error *err)
	NODISCARD;
void env_close(struct env *env);

/* Makes the directory if it is not there and takes its lock; part of env_open(). env->lock_file is
 * -1 before. */
enum code env_take_directory(struct env *env, const char *directory, struct error *err) NODISCARD;

/* FAILED_PRECONDITION, STORE_FORMAT: a newer server has made the store. */
enum code fail_newer_format(struct error *err, uint64_t format);

/* Gives the store another epoch: its revisions begin to count in another history. */
void env_new_epoch(struct txn *txn);
/* The parts of them that do not concern the directory's lock, for reopen.c. `flags` are MDB_RDONLY
 * or 0. */
enum code env_open_mdb(struct env *env, unsigned flags, struct error *err) NODISCARD;
enum code env_open_tables(struct env *env, struct error *err) NODISCARD;
void env_close_mdb(struct env *env);

/* Makes the disk hold the meta pages as this process sees them; see reopen.c. */
enum code env_settle(struct env *env, struct error *err) NODISCARD;

/* Whether next to nothing is left on the disk of the data file. */
bool env_disk_is_full(const struct env *env);

/* Converts an LMDB or errno code. This is the only place where they end. */
enum code fail_mdb(struct error *err, const struct env *env, int rc, const char *what);

/* A write transaction. Only in the writer's thread (or before it runs). */
enum code txn_begin_write(struct env *env, struct txn *txn, struct error *err) NODISCARD;
/* A look at the store outside the pool; ends with txn_abort(), or with txn_commit() to keep the
 * handles of tables that it has opened. */
enum code txn_begin_look(struct env *env, struct txn *txn, struct error *err) NODISCARD;
/* Ends it in either case; commits nothing if the transaction has failed. */
enum code txn_commit(struct txn *txn, struct error *err) NODISCARD;
void txn_abort(struct txn *txn);
