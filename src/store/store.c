#include "store/store.h"

#include "analysis/analyzer.h"
#include "base/clock.h"
#include "base/limits.h"
#include "store/housekeeping.h"
#include "store/rebuild.h"

#include <stdlib.h>

enum code store_open(const struct store_options *options, struct store **ret, struct error *err)
{
	struct store *store = calloc(1, sizeof *store);
	if (store == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "open store: out of memory");
	snapshot_pool_init(&store->pool);
	store->env.pool = &store->pool;
	pthread_mutex_init(&store->writer.mutex, NULL);
	clock_cond_init(&store->writer.work);
	arena_init(&store->writer.arena, LIMIT_ARENA_BYTES);
	store->writer.analyzer = analyzer_new();
	store->writer.reopen.on_disk = options->on_disk;
	store->env.on_assertion = options->on_assertion;

	store->retention = options->retention;
	enum code code = CODE_OK;
	if (store->writer.analyzer == NULL)
		code = fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	if (code == CODE_OK)
		code = env_open(&store->env, options->directory, options->map_bytes, err);
	if (code == CODE_OK)
		code = rebuild_if_needed(
			&store->env, store->writer.analyzer, options->on_rebuild, err);
	if (code == CODE_OK)
		code = housekeeping_catch_up(store, err);
	if (code == CODE_OK) {
		reopen_if_broken(store);
		code = writer_start(store, err);
	}
	if (code != CODE_OK) {
		store_close(store);
		return wrap(err, code, "open store in %s", options->directory);
	}
	*ret = store;
	return CODE_OK;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	writer_stop(store);
	snapshot_pool_done(&store->pool);
	env_close(&store->env);
	analyzer_free(store->writer.analyzer);
	arena_done(&store->writer.arena);
	pthread_cond_destroy(&store->writer.work);
	pthread_mutex_destroy(&store->writer.mutex);
	free(store);
}

uint32_t store_revisions_kept(const struct store *store)
{
	return store->retention.revisions_kept;
}

void store_on_commit(
	struct store *store, void (*hook)(void *context, uint64_t revision), void *context)
{
	pthread_mutex_lock(&store->writer.mutex);
	store->writer.on_commit = hook;
	store->writer.on_commit_context = context;
	pthread_mutex_unlock(&store->writer.mutex);
}

enum code store_health(struct store *store, struct error *err)
{
	pthread_mutex_lock(&store->pool.mutex);
	enum code code = store->pool.closed ? store->pool.why_closed.code : CODE_OK;
	if (code != CODE_OK && err != NULL)
		*err = store->pool.why_closed;
	pthread_mutex_unlock(&store->pool.mutex);
	return code;
}
