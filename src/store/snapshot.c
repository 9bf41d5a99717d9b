#include "base/clock.h"
#include "store/store_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How long a snapshot waits for the environment to be opened again, which takes some milliseconds:
 * no longer, since who waits is a thread of the transport. */
static const uint64_t OPENED_WAIT_NS = UINT64_C(500) * 1000000;
enum { RETRY_MS = 500 };
#define OPENED_ANEW (UINT64_C(1) << STORE_VERSION_COMMIT_BITS)

void snapshot_pool_init(struct snapshot_pool *pool)
{
	clock_cond_init(&pool->opened);
	clock_cond_init(&pool->emptied);
	pthread_mutex_init(&pool->mutex, NULL);
	atomic_init(&pool->version, 1);
	pool->idle = NULL;
	pool->oldest = pool->newest = NULL;
	pool->open_count = 0;
	pool->closed = false;
	pool->why_closed.code = CODE_OK;
}

static void discard(struct txn *txn)
{
	for (int table = 0; table < TABLE_COUNT; table++)
		if (txn->cursors[table] != NULL)
			mdb_cursor_close(txn->cursors[table]);
	if (txn->mdb != NULL)
		mdb_txn_abort(txn->mdb);
	free(txn);
}

void snapshot_pool_discard(struct snapshot_pool *pool)
{
	while (pool->idle != NULL) {
		struct txn *txn = pool->idle;
		pool->idle = txn->next;
		discard(txn);
	}
}

void snapshot_pool_done(struct snapshot_pool *pool)
{
	snapshot_pool_discard(pool);
	pthread_cond_destroy(&pool->opened);
	pthread_cond_destroy(&pool->emptied);
	pthread_mutex_destroy(&pool->mutex);
}

static bool wait_until(pthread_cond_t *condition, pthread_mutex_t *mutex, uint64_t until_ns)
{
	struct timespec until = clock_timespec(until_ns);
	return pthread_cond_timedwait(condition, mutex, &until) != ETIMEDOUT;
}

bool snapshot_pool_close(struct snapshot_pool *pool, uint64_t until_ns)
{
	pthread_mutex_lock(&pool->mutex);
	pool->closed = true;
	atomic_fetch_add(&pool->version, OPENED_ANEW); /* nothing that is kept outlives the store */
	while (pool->open_count > 0 && wait_until(&pool->emptied, &pool->mutex, until_ns))
		;
	bool empty = pool->open_count == 0;
	pthread_mutex_unlock(&pool->mutex);
	return empty;
}

static void reset(struct txn *txn)
{
	if (txn->live)
		mdb_txn_reset(txn->mdb);
	txn->live = false;
}

void snapshot_pool_commit(struct snapshot_pool *pool)
{
	pthread_mutex_lock(&pool->mutex);
	atomic_fetch_add(&pool->version, 1);
	for (struct txn *txn = pool->idle; txn != NULL; txn = txn->next)
		reset(txn);
	pthread_mutex_unlock(&pool->mutex);
}

void snapshot_pool_open(struct snapshot_pool *pool)
{
	pthread_mutex_lock(&pool->mutex);
	atomic_fetch_add(&pool->version, OPENED_ANEW); /* what was not on the disk is gone */
	pool->closed = false;
	pool->why_closed.code = CODE_OK;
	pthread_cond_broadcast(&pool->opened);
	pthread_mutex_unlock(&pool->mutex);
}

void snapshot_pool_refuse(struct snapshot_pool *pool, const struct error *why)
{
	pthread_mutex_lock(&pool->mutex);
	pool->why_closed = *why;
	pthread_cond_broadcast(&pool->opened);
	pthread_mutex_unlock(&pool->mutex);
}

/* Lists it as the newest one in use. */
static void enlist(struct snapshot_pool *pool, struct txn *txn)
{
	txn->opened_ns = clock_coarse_ns();
	if (!txn->live)
		atomic_store_explicit(&txn->commit, 0, memory_order_relaxed);
	txn->newer = NULL;
	txn->older = pool->newest;
	*(txn->older != NULL ? &txn->older->newer : &pool->oldest) = txn;
	pool->newest = txn;
}

static void delist(struct snapshot_pool *pool, struct txn *txn)
{
	*(txn->older != NULL ? &txn->older->newer : &pool->oldest) = txn->newer;
	*(txn->newer != NULL ? &txn->newer->older : &pool->newest) = txn->older;
}

/* Counts and lists one more open snapshot, an idle one or a new one. */
static enum code take(struct snapshot_pool *pool, struct txn **ret, struct error *err)
{
	struct txn *txn = pool->idle;
	if (txn != NULL)
		pool->idle = txn->next;
	else
		txn = calloc(1, sizeof *txn);
	if (txn == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "open snapshot: out of memory");
	enlist(pool, txn);
	pool->open_count++;
	*ret = txn;
	return CODE_OK;
}

/* Takes one as soon as the pool is open. *until_ns is 0 before it is known that there is something
 * to wait for. */
static enum code enter(
	struct snapshot_pool *pool, uint64_t *until_ns, struct txn **ret, struct error *err)
{
	enum code code = CODE_OK;
	pthread_mutex_lock(&pool->mutex);
	if (pool->closed && *until_ns == 0)
		*until_ns = clock_monotonic_ns() + OPENED_WAIT_NS;
	while (pool->closed && pool->why_closed.code == CODE_OK &&
		wait_until(&pool->opened, &pool->mutex, *until_ns))
		;
	if (!pool->closed) {
		code = take(pool, ret, err);
	} else if (pool->why_closed.code != CODE_OK) {
		code = pool->why_closed.code;
		if (err != NULL)
			*err = pool->why_closed;
	} else {
		code = fail_reason(err, CODE_UNAVAILABLE, "DISK_ERROR",
			"a write to the disk has failed and the store is being opened again; "
			"repeat");
		if (err != NULL)
			err->retry_ms = RETRY_MS;
	}
	pthread_mutex_unlock(&pool->mutex);
	return code;
}

/* The reverse; NULL for one that was discarded. `panicked`: LMDB begins no transactions any more;
 * so the others wait for the writer's thread, which knows that from its own commit. */
static void leave(struct snapshot_pool *pool, struct txn *txn, bool panicked)
{
	pthread_mutex_lock(&pool->mutex);
	if (txn != NULL) {
		delist(pool, txn);
		if (txn->error.code != CODE_OK || txn->store_version != atomic_load(&pool->version))
			reset(txn);
		txn->next = pool->idle;
		pool->idle = txn;
	}
	pool->closed = pool->closed || panicked;
	pool->open_count--;
	if (pool->closed && pool->open_count == 0)
		pthread_cond_signal(&pool->emptied);
	pthread_mutex_unlock(&pool->mutex);
}

/* One that did not begin. It counts as open until it is gone: with the last one the environment may
 * be closed. */
static void drop(struct snapshot_pool *pool, struct txn *txn, bool panicked)
{
	pthread_mutex_lock(&pool->mutex);
	delist(pool, txn);
	pthread_mutex_unlock(&pool->mutex);
	discard(txn);
	leave(pool, NULL, panicked);
}

static int begin(struct store *store, struct txn *txn)
{
	if (txn->live)
		return 0;
	memset(txn->cursor_fresh, 0, sizeof txn->cursor_fresh);
	txn->store_version = atomic_load(&store->pool.version);
	int rc = txn->mdb != NULL ? mdb_txn_renew(txn->mdb)
				  : mdb_txn_begin(store->env.mdb, NULL, MDB_RDONLY, &txn->mdb);
	txn->live = rc == 0;
	return rc;
}

/* One attempt. *ret_panicked: the store has to be opened again, and then another one may follow. */
static enum code try(struct store *store, uint64_t *until_ns, struct txn **ret, bool *ret_panicked,
	struct error *err)
{
	struct txn *txn = NULL;
	*ret_panicked = false;
	enum code code = enter(&store->pool, until_ns, &txn, err);
	if (code != CODE_OK)
		return code;
	txn->env = &store->env;
	txn->read_only = true;
	txn->error.code = CODE_OK;
	memset(txn->cursor_busy, 0, sizeof txn->cursor_busy);
	int rc = begin(store, txn);
	if (rc == 0) {
		atomic_store_explicit(&txn->commit, mdb_txn_id(txn->mdb), memory_order_relaxed);
		*ret = txn;
		return CODE_OK;
	}
	*ret_panicked = rc == MDB_PANIC;
	drop(&store->pool, txn, *ret_panicked);
	return fail_mdb(err, &store->env, rc, "open snapshot");
}

enum code store_snapshot(struct store *store, struct txn **ret, struct error *err)
{
	bool panicked;
	uint64_t until_ns = 0;
	enum code code;
	do
		code = try(store, &until_ns, ret, &panicked, err);
	while (panicked && (until_ns == 0 || clock_monotonic_ns() < until_ns));
	return code;
}

void store_release(struct store *store, struct txn *snapshot)
{
	leave(&store->pool, snapshot, false);
}

uint64_t store_version(struct store *store)
{
	return atomic_load(&store->pool.version);
}
