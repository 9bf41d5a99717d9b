/* What a store is made of. Only for store.c, snapshot.c, stats.c, backup.c, writer.c,
 * housekeeping.c and reopen.c. */
#pragma once
#include "store/env.h"
#include "store/housekeeping_state.h"
#include "store/store.h"

#include <pthread.h>

/*
 * Snapshots that are not in use wait here with their cursors open. As long as nothing is committed
 * they also stay as they are: the next read goes on with one instead of beginning a transaction and
 * looking for the roots of tables. A commit resets them all, so none keeps old pages from being
 * used again.
 */
struct snapshot_pool {
	atomic_ullong version; /* changes with each commit; see store_version() */
	pthread_mutex_t mutex; /* for everything below */
	struct txn *idle;
	/* Those in use, in the order in which they were opened. */
	struct txn *oldest;
	struct txn *newest;
	uint32_t open_count;
	/* No snapshot begins and nobody looks at env.mdb, but for the writer's thread: the
	 * environment is opened again. Those who come wait for a moment, or not at all once it is
	 * known that opening has failed. */
	bool closed;
	struct error why_closed; /* CODE_OK as long as it is only a moment */
	pthread_cond_t opened;	 /* or why_closed was set */
	pthread_cond_t emptied;	 /* open_count is 0 */
	uint64_t store_bytes;	 /* as they were when last looked at */
};

/* What becomes of trouble with the disk; reopen.c. */
struct reopen {
	bool given_up;	      /* LMDB begins no transaction any more */
	bool read_only;	      /* the environment is open, but only for reading */
	bool stale;	      /* a sync has failed since the environment was opened */
	uint64_t next_try_ns; /* not before */
	void (*on_disk)(const struct error *trouble); /* store_options */
	bool told;				      /* that there is trouble */
	uint64_t told_ns;
};

struct writer {
	pthread_t thread;
	bool started;
	pthread_mutex_t mutex; /* for everything below */
	pthread_cond_t work;
	struct store_write *first;
	struct store_write *last;
	uint32_t queued;
	size_t queued_bytes;
	bool closing;
	uint64_t commits;
	uint64_t writes;
	uint64_t commit_buckets[STORE_COMMIT_BUCKETS]; /* commits that took at most 2^i microseconds
							*/
	uint64_t commit_max_us;
	uint64_t commit_ns;			     /* of all together */
	uint64_t batch_buckets[STORE_BATCH_BUCKETS]; /* commits of at most 2^i writes */
	uint64_t batch_writes;			     /* in all of those */
	uint32_t batch_max;
	void (*on_commit)(void *context, uint64_t revision);
	void *on_commit_context;
	/* The writer thread's own. */
	struct housekeeping housekeeping;
	struct reopen reopen;
	struct arena arena;
	struct analyzer *analyzer;
};

struct store {
	struct env env;
	struct store_retention retention;
	struct snapshot_pool pool;
	struct writer writer;
};

void snapshot_pool_init(struct snapshot_pool *pool);
void snapshot_pool_done(struct snapshot_pool *pool);
/* Lets no snapshot in and waits until none is open; false if one is still open at until_ns. */
bool snapshot_pool_close(struct snapshot_pool *pool, uint64_t until_ns) NODISCARD;
/* Frees the transactions of a pool that is closed and empty. */
void snapshot_pool_discard(struct snapshot_pool *pool);
void snapshot_pool_open(struct snapshot_pool *pool);
/* Leaves it closed for a time that nobody should wait for. */
void snapshot_pool_refuse(struct snapshot_pool *pool, const struct error *why);

/* After each turn of the writer's thread, between its transactions; see reopen.c. */
void reopen_if_broken(struct store *store);

/* Commits and counts; tells whoever wants to know. `writes` is the number of callers' writes. */
enum code writer_commit(struct store *store, struct txn *txn, uint32_t writes, struct error *err)
	NODISCARD;
/* Calls the hook of store_on_commit(). */
void writer_tell_revision(struct writer *writer, uint64_t revision);
enum code writer_start(struct store *store, struct error *err) NODISCARD;
/* Finishes the queue and ends the thread. */
void writer_stop(struct store *store);
