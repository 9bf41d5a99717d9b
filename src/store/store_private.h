/* What a store is made of. Only for store.c, snapshot.c, writer.c and housekeeping.c. */
#pragma once
#include "store/env.h"
#include "store/housekeeping_state.h"
#include "store/store.h"

#include <pthread.h>

/* Snapshots that are not in use wait here with their transactions reset and cursors open. */
struct snapshot_pool {
	pthread_mutex_t mutex;
	struct txn *idle;
	uint32_t open_count;
};

enum { COMMIT_BUCKETS = 40 };

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
	uint64_t commit_buckets[COMMIT_BUCKETS]; /* commits that took at most 2^i microseconds */
	uint64_t commit_max_us;
	uint32_t batch_max;
	void (*on_commit)(void *context, uint64_t revision);
	void *on_commit_context;
	/* The writer thread's own. */
	struct housekeeping housekeeping;
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

/* Commits and counts; tells whoever wants to know. `writes` is the number of callers' writes. */
enum code writer_commit(struct store *store, struct txn *txn, uint32_t writes, struct error *err)
	NODISCARD;
enum code writer_start(struct store *store, struct error *err) NODISCARD;
/* Finishes the queue and ends the thread. */
void writer_stop(struct store *store);
