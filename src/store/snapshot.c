#include "store/store_private.h"

#include <stdlib.h>
#include <string.h>

void snapshot_pool_init(struct snapshot_pool *pool)
{
	pthread_mutex_init(&pool->mutex, NULL);
	pool->idle = NULL;
	pool->open_count = 0;
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

void snapshot_pool_done(struct snapshot_pool *pool)
{
	while (pool->idle != NULL) {
		struct txn *txn = pool->idle;
		pool->idle = txn->next;
		discard(txn);
	}
	pthread_mutex_destroy(&pool->mutex);
}

static struct txn *take_idle(struct snapshot_pool *pool)
{
	pthread_mutex_lock(&pool->mutex);
	struct txn *txn = pool->idle;
	if (txn != NULL)
		pool->idle = txn->next;
	pool->open_count++;
	pthread_mutex_unlock(&pool->mutex);
	return txn;
}

static void give_back(struct snapshot_pool *pool, struct txn *txn)
{
	pthread_mutex_lock(&pool->mutex);
	if (txn != NULL) {
		txn->next = pool->idle;
		pool->idle = txn;
	}
	pool->open_count--;
	pthread_mutex_unlock(&pool->mutex);
}

static int begin(struct env *env, struct txn *txn)
{
	if (txn->mdb != NULL)
		return mdb_txn_renew(txn->mdb);
	return mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &txn->mdb);
}

enum code store_snapshot(struct store *store, struct txn **ret, struct error *err)
{
	struct txn *txn = take_idle(&store->pool);
	if (txn == NULL)
		txn = calloc(1, sizeof *txn);
	if (txn == NULL) {
		give_back(&store->pool, NULL);
		return fail(err, CODE_RESOURCE_EXHAUSTED, "open snapshot: out of memory");
	}
	txn->env = &store->env;
	txn->read_only = true;
	txn->error.code = CODE_OK;
	memset(txn->cursor_fresh, 0, sizeof txn->cursor_fresh);
	memset(txn->cursor_busy, 0, sizeof txn->cursor_busy);
	int rc = begin(&store->env, txn);
	if (rc != 0) {
		discard(txn);
		give_back(&store->pool, NULL);
		return fail_mdb(err, &store->env, rc, "open snapshot");
	}
	*ret = txn;
	return CODE_OK;
}

void store_release(struct store *store, struct txn *snapshot)
{
	mdb_txn_reset(snapshot->mdb);
	give_back(&store->pool, snapshot);
}
