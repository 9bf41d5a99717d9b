/* Figures about the store. */
#include "base/clock.h"
#include "store/store_private.h"

#include <sys/statvfs.h>

/* The time that `percent` of 100 commits took at most, as the buckets tell it. */
static uint64_t commit_percentile(const struct writer *writer, unsigned percent)
{
	uint64_t wanted = (writer->commits * percent + 99) / 100;
	uint64_t seen = 0;
	for (unsigned bucket = 0; bucket < STORE_COMMIT_BUCKETS && writer->commits > 0; bucket++) {
		seen += writer->commit_buckets[bucket];
		if (seen < wanted)
			continue;
		uint64_t most_us = UINT64_C(1) << bucket;
		return most_us < writer->commit_max_us ? most_us : writer->commit_max_us;
	}
	return 0;
}

static void add_writer(struct writer *writer, struct store_stats *ret)
{
	pthread_mutex_lock(&writer->mutex);
	ret->commits = writer->commits;
	ret->commit_p50_us = commit_percentile(writer, 50);
	ret->commit_p99_us = commit_percentile(writer, 99);
	ret->commit_max_us = writer->commit_max_us;
	ret->writes = writer->writes;
	ret->queued_writes = writer->queued;
	ret->queued_bytes = writer->queued_bytes;
	ret->batch_max = writer->batch_max;
	ret->commit_ns = writer->commit_ns;
	ret->batch_writes = writer->batch_writes;
	memcpy(ret->commit_buckets, writer->commit_buckets, sizeof ret->commit_buckets);
	memcpy(ret->batch_buckets, writer->batch_buckets, sizeof ret->batch_buckets);
	pthread_mutex_unlock(&writer->mutex);
}

/* While the environment is opened again nobody may look at it. */
static void add_pool(struct store *store, struct store_stats *ret)
{
	MDB_envinfo info = { .me_last_txnid = 0 };
	MDB_stat stat;
	struct snapshot_pool *pool = &store->pool;
	pthread_mutex_lock(&pool->mutex);
	if (!pool->closed && mdb_env_info(store->env.mdb, &info) == 0 &&
		mdb_env_stat(store->env.mdb, &stat) == 0)
		pool->store_bytes = (uint64_t)(info.me_last_pgno + 1) * stat.ms_psize;
	ret->store_bytes = pool->store_bytes;
	ret->open_snapshots = pool->open_count;
	if (pool->oldest != NULL) {
		uint64_t commit = atomic_load_explicit(&pool->oldest->commit, memory_order_relaxed);
		ret->oldest_snapshot_ns = clock_monotonic_ns() - pool->oldest->opened_ns;
		ret->oldest_snapshot_lag = commit == 0 || commit > info.me_last_txnid
						   ? 0
						   : info.me_last_txnid - commit;
	}
	pthread_mutex_unlock(&pool->mutex);
}

void store_stats(struct store *store, struct store_stats *ret)
{
	struct statvfs disk;
	*ret = (struct store_stats){ .map_bytes = store->env.map_bytes };
	add_writer(&store->writer, ret);
	add_pool(store, ret);
	if (statvfs(store->env.directory, &disk) == 0)
		ret->disk_free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
}

/* LMDB keeps the numbers of free pages in a table of its own, number 0: one entry for each
 * transaction that has freed pages, its first word tells how many. */
static uint64_t count_free(struct txn *snapshot)
{
	enum { FREE_TABLE = 0 };
	MDB_cursor *cursor;
	MDB_val key;
	MDB_val value;
	uint64_t count = 0;
	if (mdb_cursor_open(snapshot->mdb, FREE_TABLE, &cursor) != 0)
		return 0;
	while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
		size_t pages;
		if (value.mv_size < sizeof pages)
			break;
		memcpy(&pages, value.mv_data, sizeof pages);
		count += pages;
	}
	mdb_cursor_close(cursor);
	return count;
}

void store_pages(struct store *store, struct txn *snapshot, struct store_pages *ret)
{
	MDB_envinfo info;
	MDB_stat stat;
	*ret = (struct store_pages){ .page_bytes = 1 };
	if (mdb_env_info(store->env.mdb, &info) != 0 || mdb_env_stat(store->env.mdb, &stat) != 0)
		return;
	ret->page_bytes = stat.ms_psize;
	ret->used = info.me_last_pgno + 1;
	ret->free = count_free(snapshot);
}
