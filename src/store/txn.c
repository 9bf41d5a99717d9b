#include "store/txn.h"

#include "base/clock.h"
#include "store/checksum.h"
#include "store/env.h"

#include <errno.h>
#include <inttypes.h>
#include <xxhash.h>

enum { INTERRUPTED_RETRY_MS = 500 };

#define STRINGIFY(number) #number
#define TEXT(number) STRINGIFY(number)

static const char *const table_names[TABLE_COUNT] = {
	[TABLE_META] = "meta",
	[TABLE_POST] = "post",
	[TABLE_TERM] = "term",
	[TABLE_SLUG] = "slug",
	[TABLE_NAME] = "name",
	[TABLE_POSTING] = "posting",
	[TABLE_COUNTER] = "counter",
	[TABLE_RANK] = "rank",
	[TABLE_CHILD] = "child",
	[TABLE_DUE] = "due",
	[TABLE_CHANGE] = "change",
	[TABLE_REVISION] = "revision",
	[TABLE_CONTENT] = "content",
	[TABLE_ANSWER] = "answer",
	[TABLE_ANSWER_EXPIRY] = "answer_expiry",
	[TABLE_SEARCH] = "search",
	[TABLE_RECENT] = "recent",
	[TABLE_LENGTH] = "length",
	[TABLE_SUGGEST] = "suggest",
	[TABLE_POSITIONS] = "positions",
};

const char *table_name(enum table table)
{
	return table_names[table];
}

static MDB_val val_of(struct slice slice)
{
	/* LMDB's API is not const-correct; it does not write through keys and values. */
	return (MDB_val){ .mv_size = slice.size, .mv_data = (void *)(uintptr_t)slice.data };
}

static struct slice slice_of_val(MDB_val val)
{
	return slice_of(val.mv_data, val.mv_size);
}

static bool failed(const struct txn *txn)
{
	return txn->error.code != CODE_OK;
}

static void stick(struct txn *txn, int rc, const char *what, enum table table)
{
	if (failed(txn))
		return;
	fail_mdb(&txn->error, txn->env, rc, table_names[table]);
	wrap(&txn->error, txn->error.code, "%s", what);
}

/* The value without its checksum; the transaction fails if that is not the entry's. */
static bool unseal(struct txn *txn, enum table table, struct slice key, struct slice *value)
{
	if (table == TABLE_META || txn->unsealed || checksum_strip(table, key, value))
		return true;
	fail_reason(&txn->error, CODE_DATA_LOSS, "STORE_DAMAGED",
		"an entry of table %s does not match its checksum; run a store check, and restore "
		"a backup if it confirms that",
		table_names[table]);
	return false;
}

static int put_sealed(struct txn *txn, enum table table, struct slice key, struct slice value)
{
	MDB_val mdb_key = val_of(key);
	MDB_val space = { .mv_size = value.size + CHECKSUM_BYTES };
	int rc = mdb_put(txn->mdb, txn->env->tables[table], &mdb_key, &space, MDB_RESERVE);
	if (rc == 0)
		checksum_append(table, key, value, space.mv_data);
	return rc;
}

bool txn_get(struct txn *txn, enum table table, const struct key *key, struct slice *ret)
{
	if (failed(txn))
		return false;
	MDB_val mdb_key = val_of(key_slice(key));
	MDB_val value;
	int rc = mdb_get(txn->mdb, txn->env->tables[table], &mdb_key, &value);
	if (rc == 0) {
		*ret = slice_of_val(value);
		return unseal(txn, table, key_slice(key), ret);
	}
	if (rc != MDB_NOTFOUND)
		stick(txn, rc, "read", table);
	return false;
}

bool txn_has(struct txn *txn, enum table table, const struct key *key)
{
	struct slice value;
	return txn_get(txn, table, key, &value);
}

void txn_put(struct txn *txn, enum table table, const struct key *key, struct slice value)
{
	if (failed(txn))
		return;
	MDB_val mdb_key = val_of(key_slice(key));
	MDB_val mdb_value = val_of(value);
	int rc = table == TABLE_META
			 ? mdb_put(txn->mdb, txn->env->tables[table], &mdb_key, &mdb_value, 0)
			 : put_sealed(txn, table, key_slice(key), value);
	txn->writes++;
	if (rc != 0)
		stick(txn, rc, "write", table);
}

void txn_delete(struct txn *txn, enum table table, const struct key *key)
{
	if (failed(txn))
		return;
	MDB_val mdb_key = val_of(key_slice(key));
	int rc = mdb_del(txn->mdb, txn->env->tables[table], &mdb_key, NULL);
	txn->writes++;
	if (rc == MDB_NOTFOUND)
		fail_reason(&txn->error, CODE_DATA_LOSS, "STORE_DAMAGED",
			"an entry of table %s is missing; run a store check", table_names[table]);
	else if (rc != 0)
		stick(txn, rc, "delete", table);
}

enum code txn_status(struct txn *txn, struct error *err)
{
	if (failed(txn) && err != NULL)
		*err = txn->error;
	return txn->error.code;
}

void txn_fail_memory(struct txn *txn)
{
	if (!failed(txn))
		fail_out_of_memory(&txn->error);
}

void txn_fail_corrupt(struct txn *txn, const char *what, uint64_t id)
{
	if (!failed(txn))
		fail_reason(&txn->error, CODE_DATA_LOSS, "STORE_DAMAGED",
			"%s %" PRIu64 " cannot be read; run a store check", what, id);
}

void txn_check_deadline(struct txn *txn, uint64_t deadline_ns)
{
	if (!txn_interrupted(txn) && deadline_ns != 0 && clock_monotonic_ns() >= deadline_ns)
		fail_reason(&txn->error, CODE_DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED",
			"the query needs more time than the caller gives; narrow the filter or "
			"wait longer");
}

bool txn_interrupted(struct txn *txn)
{
	if (!failed(txn) && atomic_load_explicit(&txn->env->interrupts, memory_order_relaxed)) {
		fail_reason(&txn->error, CODE_UNAVAILABLE, "DISK_ERROR",
			"a write to the disk has failed and the store has to be opened again, so "
			"that this could not go on; repeat it");
		txn->error.retry_ms = INTERRUPTED_RETRY_MS;
	}
	return failed(txn);
}

uint64_t txn_writes(const struct txn *txn)
{
	return txn->writes;
}

static MDB_stat table_stat(struct txn *txn, enum table table)
{
	MDB_stat stat = { .ms_entries = 0 };
	int rc = failed(txn) ? 0 : mdb_stat(txn->mdb, txn->env->tables[table], &stat);
	if (rc != 0)
		stick(txn, rc, "count", table);
	return stat;
}

uint64_t txn_entries(struct txn *txn, enum table table)
{
	return table_stat(txn, table).ms_entries;
}

uint64_t txn_table_bytes(struct txn *txn, enum table table)
{
	MDB_stat stat = table_stat(txn, table);
	return (uint64_t)(stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages) *
	       stat.ms_psize;
}

void txn_clear(struct txn *txn, enum table table)
{
	if (failed(txn))
		return;
	int rc = mdb_drop(txn->mdb, txn->env->tables[table], 0);
	txn->writes++;
	if (rc != 0)
		stick(txn, rc, "clear", table);
}

/* The table's kept cursor in a snapshot, else a new one. */
static MDB_cursor *take_cursor(struct txn *txn, enum table table)
{
	MDB_cursor *cursor = txn->cursors[table];
	if (!txn->read_only || cursor == NULL || txn->cursor_busy[table]) {
		int rc = mdb_cursor_open(txn->mdb, txn->env->tables[table], &cursor);
		if (rc != 0) {
			stick(txn, rc, "open cursor", table);
			return NULL;
		}
		if (!txn->read_only || txn->cursors[table] != NULL)
			return cursor;
		txn->cursors[table] = cursor;
	} else if (!txn->cursor_fresh[table]) {
		int rc = mdb_cursor_renew(txn->mdb, cursor);
		if (rc != 0) {
			stick(txn, rc, "renew cursor", table);
			return NULL;
		}
	}
	txn->cursor_fresh[table] = true;
	txn->cursor_busy[table] = true;
	return cursor;
}

void walk_open(struct walk *walk, struct txn *txn, enum table table)
{
	*walk = (struct walk){ .txn = txn, .table = table, .state = WALK_OVER };
	if (!failed(txn))
		walk->cursor = take_cursor(txn, table);
}

void walk_start(struct walk *walk, struct txn *txn, enum table table, struct slice from)
{
	walk_open(walk, txn, table);
	walk_seek(walk, from);
}

void walk_seek(struct walk *walk, struct slice from)
{
	if (walk->cursor == NULL || failed(walk->txn))
		return;
	MDB_val key = val_of(from);
	MDB_val value;
	int rc = mdb_cursor_get(
		walk->cursor, &key, &value, from.size == 0 ? MDB_FIRST : MDB_SET_RANGE);
	if (rc == 0) {
		walk->state = WALK_BEFORE;
		walk->key = slice_of_val(key);
		walk->value = slice_of_val(value);
	} else if (rc == MDB_NOTFOUND) {
		walk->state = WALK_BEHIND;
	} else {
		stick(walk->txn, rc, "seek", walk->table);
		walk->state = WALK_OVER;
	}
}

/* The walk stands at an entry, if that is what its seal says. */
static bool arrive(struct walk *walk)
{
	bool sound = unseal(walk->txn, walk->table, walk->key, &walk->value);
	walk->state = sound ? WALK_AT : WALK_OVER;
	return sound;
}

static bool step(struct walk *walk, MDB_cursor_op operation)
{
	MDB_val key;
	MDB_val value;
	int rc = mdb_cursor_get(walk->cursor, &key, &value, operation);
	if (rc != 0) {
		if (rc != MDB_NOTFOUND)
			stick(walk->txn, rc, "step", walk->table);
		walk->state = WALK_OVER;
		return false;
	}
	walk->key = slice_of_val(key);
	walk->value = slice_of_val(value);
	return arrive(walk);
}

bool walk_to(struct walk *walk, struct slice key)
{
	enum { STEPS = 2 }; /* cheaper than to search the page */
	if (walk->cursor == NULL || failed(walk->txn))
		return false;
	MDB_val found = { .mv_size = 0 };
	MDB_val value;
	int rc = 0;
	for (int i = 0; walk->state == WALK_AT && i < STEPS && rc == 0; i++) {
		rc = mdb_cursor_get(walk->cursor, &found, &value, MDB_NEXT);
		if (rc == 0 && found.mv_size == key.size &&
			memcmp(found.mv_data, key.data, key.size) == 0) {
			walk->key = slice_of_val(found);
			walk->value = slice_of_val(value);
			return arrive(walk);
		}
	}
	found = val_of(key);
	rc = mdb_cursor_get(walk->cursor, &found, &value, MDB_SET_KEY);
	if (rc != 0) {
		if (rc != MDB_NOTFOUND)
			stick(walk->txn, rc, "seek", walk->table);
		walk->state = WALK_OVER;
		return false;
	}
	walk->key = slice_of_val(found);
	walk->value = slice_of_val(value);
	return arrive(walk);
}

bool walk_next(struct walk *walk)
{
	if (walk->cursor == NULL || failed(walk->txn) || walk->state >= WALK_BEHIND)
		return false;
	if (walk->state == WALK_AT)
		return step(walk, MDB_NEXT);
	return arrive(walk);
}

bool walk_previous(struct walk *walk)
{
	if (walk->cursor == NULL || failed(walk->txn) || walk->state == WALK_OVER)
		return false;
	/* Behind the last key: every key is below. */
	return step(walk, walk->state == WALK_BEHIND ? MDB_LAST : MDB_PREV);
}

void walk_end(struct walk *walk)
{
	if (walk->cursor == NULL)
		return;
	if (walk->txn->read_only && walk->cursor == walk->txn->cursors[walk->table])
		walk->txn->cursor_busy[walk->table] = false;
	else
		mdb_cursor_close(walk->cursor);
	walk->cursor = NULL;
}

uint64_t txn_meta(struct txn *txn, const char *name)
{
	struct key key;
	struct slice value;
	uint64_t number;
	key_meta(&key, name);
	if (!txn_get(txn, TABLE_META, &key, &value))
		return 0;
	if (!value_read_u64(value, &number)) {
		txn_fail_corrupt(txn, name, 0);
		return 0;
	}
	return number;
}

void txn_put_meta(struct txn *txn, const char *name, uint64_t value)
{
	struct key key;
	uint8_t bytes[VALUE_U64_BYTES];
	key_meta(&key, name);
	value_u64(bytes, value);
	txn_put(txn, TABLE_META, &key, slice_of(bytes, sizeof bytes));
}

uint64_t txn_revision(struct txn *txn)
{
	uint64_t commit = atomic_load_explicit(&txn->commit, memory_order_relaxed);
	if (commit != 0 && commit == txn->revision_commit && !failed(txn))
		return txn->revision;
	uint64_t revision = txn_meta(txn, META_REVISION);
	if (!failed(txn)) {
		txn->revision = revision;
		txn->revision_commit = commit;
	}
	return revision;
}

enum code txn_begin_write(struct env *env, struct txn *txn, struct error *err)
{
	*txn = (struct txn){ .env = env };
	if (env->refuses) {
		if (err != NULL)
			*err = env->trouble;
		return env->trouble.code;
	}
	int rc = mdb_txn_begin(env->mdb, NULL, 0, &txn->mdb);
	return rc == 0 ? CODE_OK : fail_mdb(err, env, rc, "begin write");
}

enum code txn_begin_look(struct env *env, struct txn *txn, struct error *err)
{
	*txn = (struct txn){ .env = env };
	int rc = mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &txn->mdb);
	return rc == 0 ? CODE_OK : fail_mdb(err, env, rc, "begin read");
}

enum code txn_commit(struct txn *txn, struct error *err)
{
	MDB_txn *mdb = txn->mdb;
	txn->mdb = NULL; /* mdb_txn_commit() frees it, also when it fails */
	if (failed(txn)) {
		mdb_txn_abort(mdb);
		return txn_status(txn, err);
	}
	int rc = mdb_txn_commit(mdb);
	if (rc == 0) {
		struct env *env = txn->env;
		if (env->trouble.code != CODE_OK && !env->refuses) /* else it was a look */
			env->trouble.code = CODE_OK;
		if (env->pool != NULL)
			snapshot_pool_commit(env->pool);
		return CODE_OK;
	}
	/* LMDB says EIO when the disk has taken the first part of its pages and had no room for the
	 * rest. */
	if (rc == EIO && env_disk_is_full(txn->env))
		rc = ENOSPC;
	txn->env->commit_failed = true;
	fail_mdb(&txn->env->trouble, txn->env, rc, "commit");
	if (err != NULL)
		*err = txn->env->trouble;
	return txn->env->trouble.code;
}

void txn_abort(struct txn *txn)
{
	if (txn->mdb != NULL)
		mdb_txn_abort(txn->mdb);
	txn->mdb = NULL;
}

const char *txn_library_version(void)
{
	static const char version[] =
		TEXT(MDB_VERSION_MAJOR) "." TEXT(MDB_VERSION_MINOR) "." TEXT(MDB_VERSION_PATCH);
	return version;
}

const char *txn_hash_version(void)
{
	static const char version[] =
		TEXT(XXH_VERSION_MAJOR) "." TEXT(XXH_VERSION_MINOR) "." TEXT(XXH_VERSION_RELEASE);
	return version;
}
