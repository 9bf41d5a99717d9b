/* The LMDB environment and what a transaction is made of. Only for the files of this layer that
 * speak to LMDB itself: env.c, txn.c, snapshot.c, writer.c. */
#pragma once
#include "store/txn.h"

#include <lmdb.h>
#include <stdatomic.h>

struct env {
	MDB_env *mdb;
	MDB_dbi tables[TABLE_COUNT];
	uint64_t map_bytes;
	int lock_file;	    /* flock()ed while open, -1 otherwise */
	atomic_bool broken; /* a commit failed halfway: no more writes in this process */
};

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
	struct txn *next; /* in the pool */
};

/* Opens or makes the environment and its tables; checks the format. */
enum code env_open(struct env *env, const char *directory, uint64_t map_bytes, struct error *err)
	NODISCARD;
void env_close(struct env *env);

/* Gives the store another epoch: its revisions begin to count in another history. */
void env_new_epoch(struct txn *txn);

/* Whether next to nothing is left on the disk of the data file. */
bool env_disk_is_full(const struct env *env);

/* Converts an LMDB or errno code. This is the only place where they end. */
enum code fail_mdb(struct error *err, const struct env *env, int rc, const char *what);

/* A write transaction. Only in the writer's thread (or before it runs). */
enum code txn_begin_write(struct env *env, struct txn *txn, struct error *err) NODISCARD;
/* Ends it in either case; commits nothing if the transaction has failed. */
enum code txn_commit(struct txn *txn, struct error *err) NODISCARD;
void txn_abort(struct txn *txn);
