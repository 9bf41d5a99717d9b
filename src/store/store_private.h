/* What a store is made of. Only for store.c, snapshot.c and writer.c. */
#pragma once
#include "store/env.h"
#include "store/store.h"

#include <pthread.h>

/* Snapshots that are not in use wait here with their transactions reset and cursors open. */
struct snapshot_pool {
	pthread_mutex_t mutex;
	struct txn *idle;
	uint32_t open_count;
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
	/* The writer thread's own. */
	bool has_due;
	int64_t next_due_us;
	bool has_recent;       /* changes that the blocks of the search index lack */
	int64_t last_write_us; /* when the last commit of callers' writes was */
	bool more_to_sweep;    /* the last sweep has left old answers */
	uint64_t next_sweep_ns;
	struct arena arena;
	struct analyzer *analyzer;
};

struct store {
	struct env env;
	struct snapshot_pool pool;
	struct writer writer;
};

void snapshot_pool_init(struct snapshot_pool *pool);
void snapshot_pool_done(struct snapshot_pool *pool);

/* Applies what is due now; before the thread runs. */
enum code writer_catch_up(struct store *store, struct error *err) NODISCARD;
enum code writer_start(struct store *store, struct error *err) NODISCARD;
/* Finishes the queue and ends the thread. */
void writer_stop(struct store *store);
