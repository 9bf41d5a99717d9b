/*
 * What becomes of the store when the disk has refused a write.
 *
 * LMDB commits in three steps. It writes the changed pages to places that nothing on the disk
 * refers to, syncs them, and writes a meta page through a descriptor that syncs by itself. There
 * are two meta pages, written in turn; the one with the larger transaction number holds.
 *
 * If one of the first two steps fails, the transaction is dropped and the next one may begin. The
 * kernel may then take pages for clean that never reached the disk. No meta page refers to them,
 * and what a later commit refers to was either written and synced by that commit or by an earlier
 * one whose sync succeeded. So no page counts on a failed sync.
 *
 * If the third one fails, nobody knows which meta page the disk has. LMDB writes the former numbers
 * back, without a sync, and begins no transaction any more, not even to read (MDB_PANIC): the
 * environment has to be opened again. What it does not do is to find out. The next commit would
 * write its pages to the places of the failed one, whose meta page may still come to light on the
 * disk, and a power cut in between would leave a tree of mixed pages. So before the next write the
 * meta pages are written once more as this process sees them, and synced; so they are at every
 * start, since the process before may have ended halfway. Until that has succeeded no write begins,
 * nor the repeat of one: where even the writing back has failed, this process sees the failed
 * commit, and the answer that was kept with it must not be given while the disk may not have it.
 *
 * Linux tells a failed sync once through each descriptor that was open then. After one in
 * env_settle() the environment is therefore opened once more, or the next commit would fail for it.
 */
#include "base/clock.h"
#include "store/store_private.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { RETRY_MS = 500 };
/* Between attempts. */
static const uint64_t TRY_NS = UINT64_C(250) * 1000000;
/* How long open snapshots may go on before those that can be interrupted are, and how long the
 * others are waited for. */
static const uint64_t GRACE_NS = UINT64_C(100) * 1000000;
static const uint64_t EMPTY_NS = UINT64_C(2000) * 1000000;
/* How long writes must succeed before that is told, so that a disk with some good moments does not
 * fill the log. */
static const uint64_t GOOD_NS = UINT64_C(1000) * 1000000;

static bool has_panicked(struct env *env)
{
	MDB_txn *txn;
	int rc = mdb_txn_begin(env->mdb, NULL, 0, &txn);
	if (rc == 0)
		mdb_txn_abort(txn);
	return rc == MDB_PANIC;
}

/* Whether the transaction that LMDB would build upon is the last one of the meta pages. Another
 * process that has the environment open, a tool say, may make it an earlier one. */
static int look_at_last(struct env *env)
{
	MDB_txn *txn;
	MDB_envinfo info;
	int rc = mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &txn);
	if (rc != 0)
		return rc;
	rc = mdb_env_info(env->mdb, &info);
	if (rc == 0 && mdb_txn_id(txn) != info.me_last_txnid)
		rc = EBUSY;
	mdb_txn_abort(txn);
	return rc;
}

static int rewrite(int file, uint8_t *bytes, size_t size)
{
	ssize_t done = pread(file, bytes, size, 0);
	if (done == (ssize_t)size)
		done = pwrite(file, bytes, size, 0);
	if (done != (ssize_t)size)
		return done < 0 ? errno : EIO;
	return fdatasync(file) == 0 ? 0 : errno;
}

enum code env_settle(struct env *env, struct error *err)
{
	enum { META_PAGES = 2 };
	int file;
	MDB_stat stat;
	int rc = look_at_last(env);
	if (rc == 0)
		rc = mdb_env_get_fd(env->mdb, &file);
	if (rc == 0)
		rc = mdb_env_stat(env->mdb, &stat);
	if (rc == 0) {
		size_t size = (size_t)META_PAGES * stat.ms_psize;
		uint8_t *bytes = malloc(size);
		rc = bytes == NULL ? ENOMEM : rewrite(file, bytes, size);
		free(bytes);
	}
	if (rc == EIO && env_disk_is_full(env))
		rc = ENOSPC;
	if (rc == EBUSY)
		return fail_reason(err, CODE_UNAVAILABLE, "DISK_ERROR",
			"another process has the files of the store open, and looks at it as it "
			"was "
			"before a failed write; end that process, and repeat");
	return rc == 0 ? CODE_OK : fail_mdb(err, env, rc, "write");
}

static enum code open_env(struct env *env, unsigned flags, struct error *err)
{
	enum code code = env_open_mdb(env, flags, err);
	if (code == CODE_OK)
		code = env_open_tables(env, err);
	if (code != CODE_OK)
		env_close_mdb(env);
	return code;
}

static bool close_pool(struct store *store)
{
	uint64_t now_ns = clock_monotonic_ns();
	if (snapshot_pool_close(&store->pool, now_ns + GRACE_NS))
		return true;
	atomic_store(&store->env.interrupts, true);
	bool empty = snapshot_pool_close(&store->pool, now_ns + EMPTY_NS);
	atomic_store(&store->env.interrupts, false);
	return empty;
}

/* False if the store cannot be written to; reading may work all the same. */
static bool open_again(struct store *store)
{
	struct env *env = &store->env;
	struct reopen *reopen = &store->writer.reopen;
	struct error why = { .text = "a reader takes too long to end" };
	bool was_of_use = env->mdb != NULL && !reopen->given_up;
	bool empty = close_pool(store);
	bool opened = false;
	reopen->read_only = false;
	if (empty) {
		snapshot_pool_discard(&store->pool);
		env_close_mdb(env);
		opened = open_env(env, 0, &why) == CODE_OK;
		reopen->read_only = !opened && open_env(env, MDB_RDONLY, NULL) == CODE_OK;
		reopen->given_up = false;
		reopen->stale = false;
	}
	if (!opened) {
		fail_reason(&env->trouble, CODE_UNAVAILABLE, "DISK_ERROR",
			"after a failed write the store could not be opened again (%s); this is "
			"tried all the time, repeat later",
			why.text);
		env->trouble.retry_ms = RETRY_MS;
	}
	if (empty ? env->mdb != NULL : was_of_use)
		snapshot_pool_open(&store->pool);
	else
		snapshot_pool_refuse(&store->pool, &env->trouble);
	return opened;
}

/* True when writes may begin again. */
static bool try_again(struct store *store)
{
	struct env *env = &store->env;
	struct reopen *reopen = &store->writer.reopen;
	if ((env->mdb == NULL || reopen->given_up || reopen->read_only) && !open_again(store))
		return false;
	if (env_settle(env, &env->trouble) != CODE_OK) {
		reopen->stale = true;
		return false;
	}
	return !reopen->stale || open_again(store);
}

static void tell(struct store *store)
{
	struct reopen *reopen = &store->writer.reopen;
	bool trouble = store->env.trouble.code != CODE_OK;
	uint64_t now_ns = clock_monotonic_ns();
	if (trouble != reopen->told && (trouble || now_ns - reopen->told_ns >= GOOD_NS)) {
		reopen->told = trouble;
		if (reopen->on_disk != NULL)
			reopen->on_disk(trouble ? &store->env.trouble : NULL);
	}
	if (trouble)
		reopen->told_ns = now_ns;
}

/* A commit that was refused may have come to light. */
static void tell_revision(struct store *store)
{
	struct txn txn;
	if (txn_begin_write(&store->env, &txn, NULL) != CODE_OK)
		return;
	uint64_t revision = txn_revision(&txn);
	txn_abort(&txn);
	writer_tell_revision(&store->writer, revision);
}

void reopen_if_broken(struct store *store)
{
	struct env *env = &store->env;
	struct reopen *reopen = &store->writer.reopen;
	if (env->commit_failed && has_panicked(env)) {
		reopen->given_up = true;
		reopen->next_try_ns = 0;
		env->refuses = true;
	}
	env->commit_failed = false;
	if (env->refuses && clock_monotonic_ns() >= reopen->next_try_ns) {
		env->refuses = !try_again(store);
		reopen->next_try_ns = clock_monotonic_ns() + TRY_NS;
		if (!env->refuses) {
			env->trouble.code = CODE_OK;
			tell_revision(store);
		}
		/* The time of the next sweep is when the writer's thread wakes up at the latest:
		 * for the next attempt or, after a successful one, for what became due meanwhile.
		 */
		store->writer.housekeeping.next_sweep_ns = env->refuses ? reopen->next_try_ns : 0;
	} else if (env->refuses) {
		store->writer.housekeeping.next_sweep_ns = reopen->next_try_ns;
	}
	tell(store);
}
