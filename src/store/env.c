#include "store/env.h"

#include "analysis/analyzer.h"
#include "store/pages.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
	MAX_READERS = 512,
	DIRECTORY_MODE = 0700,
	FILE_MODE = 0600,
	LOCK_FILE_BYTES = 40 * 1024, /* a little more than MAX_READERS need */
	TOKEN_KEY_BYTES = 32,
	EPOCH_BYTES = 8,
	DISK_RETRY_MS = 500,
};
static const uint64_t DEFAULT_MAP_BYTES = UINT64_C(64) << 30;

const char META_FORMAT[] = "format";
const char META_REVISION[] = "revision";
const char META_NEXT_POST_ID[] = "next_post_id";
const char META_NEXT_TERM_ID[] = "next_term_id";
const char META_PAGE_TOKEN_KEY[] = "page_token_key";
const char META_SEARCH_ANALYZER[] = "search_analyzer";
const char META_REBUILD[] = "rebuild";
const char META_SEAL[] = "seal";
const char META_EPOCH[] = "epoch";

enum code fail_mdb(struct error *err, const struct env *env, int rc, const char *what)
{
	uint64_t map_bytes = env == NULL ? 0 : env->map_bytes;
	switch (rc) {
	case MDB_MAP_FULL:
		return fail_reason(err, CODE_RESOURCE_EXHAUSTED, "STORE_FULL",
			"%s: the store has reached its map size of %" PRIu64
			" bytes; restart the server with a larger --map-size or remove content",
			what, map_bytes);
	case ENOSPC:
	case EDQUOT:
		return fail_reason(err, CODE_RESOURCE_EXHAUSTED, "DISK_FULL",
			"%s: the disk of the data directory is full; free space on it", what);
	case MDB_READERS_FULL:
		return fail_reason(err, CODE_RESOURCE_EXHAUSTED, "READERS_FULL",
			"%s: all reader slots of the store are in use; repeat later", what);
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
		return fail_reason(err, CODE_DATA_LOSS, "STORE_DAMAGED",
			"%s: the data file is damaged or is no store (%s); restore a backup", what,
			mdb_strerror(rc));
	case MDB_VERSION_MISMATCH:
		return fail_reason(err, CODE_FAILED_PRECONDITION, "STORE_FORMAT",
			"%s: the data file was made by another version of LMDB", what);
	case MDB_PANIC: /* a commit has failed with it before */
	case EIO:
	case EROFS:
		fail_reason(err, CODE_UNAVAILABLE, "DISK_ERROR",
			"%s: the disk of the data directory fails (%s); look into the log of the "
			"kernel, and repeat later, a write with the same request id",
			what, mdb_strerror(rc == MDB_PANIC ? EIO : rc));
		if (err != NULL)
			err->retry_ms = DISK_RETRY_MS;
		return CODE_UNAVAILABLE;
	case ENOMEM:
		return fail_reason(
			err, CODE_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", "%s: out of memory", what);
	default:
		return fail_reason(
			err, CODE_INTERNAL, "STORE_ERROR", "%s: %s", what, mdb_strerror(rc));
	}
}

static enum code make_directory(const char *directory, struct error *err)
{
	if (mkdir(directory, DIRECTORY_MODE) == 0 || errno == EEXIST)
		return CODE_OK;
	return fail(err, CODE_FAILED_PRECONDITION, "cannot make the data directory %s: %s",
		directory, strerror(errno));
}

/* LMDB lets several processes share an environment; a server wants it alone. */
static enum code take_lock(struct env *env, const char *directory, struct error *err)
{
	char path[4096];
	int size = snprintf(path, sizeof path, "%s/lecternd.lock", directory);
	if (size < 0 || (size_t)size >= sizeof path)
		return fail(err, CODE_INVALID_ARGUMENT, "the data directory's path is too long");
	env->lock_file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
	if (env->lock_file < 0)
		return fail(err, CODE_FAILED_PRECONDITION,
			"open %s: %s; the data directory must be writable by the server's user",
			path, strerror(errno));
	if (flock(env->lock_file, LOCK_EX | LOCK_NB) != 0)
		return fail(err, CODE_FAILED_PRECONDITION,
			"another process has the store in %s open", directory);
	return CODE_OK;
}

enum code env_take_directory(struct env *env, const char *directory, struct error *err)
{
	enum code code = make_directory(directory, err);
	return code == CODE_OK ? take_lock(env, directory, err) : code;
}

/*
 * LMDB maps its reader table and leaves the disk's blocks for the first use of each slot. On a full
 * disk that use would be a bus error, so they are taken beforehand. Must be done before LMDB opens
 * the file: closing it again would give up LMDB's own lock on it.
 */
static enum code reserve_reader_table(const char *directory, struct error *err)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/lock.mdb", directory); /* fits: see take_lock() */
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
	if (file < 0)
		return fail(err, CODE_FAILED_PRECONDITION,
			"open %s: %s; the data directory must be writable by the server's user",
			path, strerror(errno));
	int rc = posix_fallocate(file, 0, LOCK_FILE_BYTES);
	close(file);
	/* Where the file system cannot do it there is nothing to be done. */
	return rc == ENOSPC || rc == EDQUOT ? fail_mdb(err, NULL, rc, path) : CODE_OK;
}

/* LMDB trusts the file, so this is done before it opens it. */
static enum code verify_file(const char *directory, struct error *err)
{
	char path[4096];
	struct pages_report report;
	snprintf(path, sizeof path, "%s/data.mdb", directory); /* fits: see take_lock() */
	return pages_verify(path, false, &report, err);
}

/* LMDB aborts the process when this returns. */
static void tell_assertion(MDB_env *mdb, const char *text)
{
	struct env *env = mdb_env_get_userctx(mdb);
	if (env->on_assertion != NULL)
		env->on_assertion(text);
}

enum code env_open_mdb(struct env *env, unsigned flags, struct error *err)
{
	int rc = mdb_env_create(&env->mdb);
	if (rc != 0)
		return fail_mdb(err, env, rc, "create environment");
	rc = mdb_env_set_userctx(env->mdb, env);
	if (rc == 0)
		rc = mdb_env_set_assert(env->mdb, tell_assertion);
	if (rc == 0)
		rc = mdb_env_set_maxdbs(env->mdb, TABLE_COUNT);
	if (rc == 0)
		rc = mdb_env_set_maxreaders(env->mdb, MAX_READERS);
	if (rc == 0)
		rc = mdb_env_set_mapsize(env->mdb, env->map_bytes);
	if (rc != 0)
		return fail_mdb(err, env, rc, "configure environment");
	/* Default durability: a commit has reached the disk when it returns. NORDAHEAD: reads are
	 * spread over the file. */
	rc = mdb_env_open(env->mdb, env->directory, MDB_NOTLS | MDB_NORDAHEAD | flags, FILE_MODE);
	if (rc == EACCES || rc == EROFS)
		return fail(err, CODE_FAILED_PRECONDITION,
			"open %s: %s; the data directory must be writable by the server's user",
			env->directory, mdb_strerror(rc));
	if (rc == ENOMEM)
		return fail(err, CODE_RESOURCE_EXHAUSTED,
			"open %s: cannot reserve %" PRIu64
			" bytes of address space; start with a smaller --map-size",
			env->directory, env->map_bytes);
	if (rc != 0)
		return fail_mdb(err, env, rc, env->directory);
	int dead;
	rc = mdb_reader_check(env->mdb, &dead);
	return rc == 0 ? CODE_OK : fail_mdb(err, env, rc, "check readers");
}

static void put_random_key(struct txn *txn)
{
	uint8_t bytes[TOKEN_KEY_BYTES];
	randombytes_buf(bytes, sizeof bytes);
	struct key key;
	key_meta(&key, META_PAGE_TOKEN_KEY);
	txn_put(txn, TABLE_META, &key, slice_of(bytes, sizeof bytes));
}

void env_new_epoch(struct txn *txn)
{
	uint8_t bytes[EPOCH_BYTES];
	char text[2 * EPOCH_BYTES + 1];
	struct key key;
	randombytes_buf(bytes, sizeof bytes);
	sodium_bin2hex(text, sizeof text, bytes, sizeof bytes);
	key_meta(&key, META_EPOCH);
	txn_put(txn, TABLE_META, &key, slice_of_text(text));
}

enum code fail_newer_format(struct error *err, uint64_t format)
{
	return fail_reason(err, CODE_FAILED_PRECONDITION, "STORE_FORMAT",
		"the store has format %" PRIu64
		", this server reads formats up to %d; use a newer server",
		format, STORE_FORMAT);
}

/* A new store gets its format and its key; an old one is checked, rebuild.c makes it new. */
static enum code check_format(struct txn *txn, struct error *err)
{
	uint64_t format = txn_meta(txn, META_FORMAT);
	if (txn_status(txn, err) != CODE_OK)
		return err == NULL ? CODE_INTERNAL : err->code;
	if (format > STORE_FORMAT)
		return fail_newer_format(err, format);
	if (format == 0) {
		if (txn_entries(txn, TABLE_POST) != 0)
			return fail_reason(err, CODE_DATA_LOSS, "STORE_DAMAGED",
				"the store has content but no format; restore a backup");
		txn_put_meta(txn, META_FORMAT, STORE_FORMAT);
		txn_put_meta(txn, META_SEARCH_ANALYZER, analyzer_fingerprint());
		put_random_key(txn);
		env_new_epoch(txn);
	}
	return txn_status(txn, err);
}

_Static_assert(TABLE_COUNT < 32, "a bit for each table");
/* The tables that stores of an older format need not have. */
static uint32_t later_tables(uint64_t format)
{
	uint32_t later = 0;
	if (format < 4)
		later |= 1u << TABLE_POSITIONS;
	if (format < 3)
		later |= 1u << TABLE_REVISION | 1u << TABLE_CONTENT | 1u << TABLE_SEARCH |
			 1u << TABLE_RECENT | 1u << TABLE_LENGTH | 1u << TABLE_SUGGEST;
	return later;
}

/* All tables of a format are made in one transaction, so where some are not there (a bit for each)
 * they have lost their names. */
static enum code check_tables(struct txn *txn, uint32_t missing, struct error *err)
{
	const uint32_t all = (1u << TABLE_COUNT) - 1;
	uint64_t format = txn_meta(txn, META_FORMAT);
	if (format != 0)
		missing &= ~later_tables(format);
	if (missing == 0 || missing == all || format > STORE_FORMAT)
		return CODE_OK;
	int table = 0;
	while ((missing >> table & 1) == 0)
		table++;
	return fail_reason(err, CODE_DATA_LOSS, "STORE_DAMAGED",
		"the store has no table %s; restore a backup", table_name((enum table)table));
}

/* Opens the tables, and makes them in a store that is new or has an older format. */
static enum code open_handles(struct txn *txn, struct error *err)
{
	struct env *env = txn->env;
	uint32_t missing = 0;
	for (int table = 0; table < TABLE_COUNT; table++) {
		const char *name = table_name((enum table)table);
		int rc = mdb_dbi_open(txn->mdb, name, 0, &env->tables[table]);
		if (rc == 0)
			continue;
		if (rc == MDB_NOTFOUND && env->refuses) {
			if (err != NULL)
				*err = env->trouble;
			return env->trouble.code;
		}
		if (rc == MDB_NOTFOUND) {
			missing |= 1u << table;
			rc = mdb_dbi_open(txn->mdb, name, MDB_CREATE, &env->tables[table]);
		}
		if (rc != 0)
			return fail_mdb(err, env, rc, "open tables");
	}
	return check_tables(txn, missing, err);
}

enum code env_open_tables(struct env *env, struct error *err)
{
	struct txn txn;
	enum code code =
		env->refuses ? txn_begin_look(env, &txn, err) : txn_begin_write(env, &txn, err);
	if (code != CODE_OK)
		return code;
	code = open_handles(&txn, err);
	if (code == CODE_OK)
		code = check_format(&txn, err);
	if (code != CODE_OK) {
		txn_abort(&txn);
		return code;
	}
	return txn_commit(&txn, err);
}

enum code env_open(struct env *env, const char *directory, uint64_t map_bytes, struct error *err)
{
	env->map_bytes = map_bytes == 0 ? DEFAULT_MAP_BYTES : map_bytes;
	env->lock_file = -1;
	atomic_init(&env->interrupts, false);
	env->directory = strdup(directory);
	if (env->directory == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	if (sodium_init() < 0)
		return fail(err, CODE_INTERNAL, "libsodium does not start");
	enum code code = env_take_directory(env, directory, err);
	if (code == CODE_OK)
		code = verify_file(directory, err);
	if (code == CODE_OK)
		code = reserve_reader_table(directory, err);
	if (code == CODE_OK)
		code = env_open_mdb(env, 0, err);
	if (code != CODE_OK)
		return code;
	env->refuses = env_settle(env, &env->trouble) != CODE_OK;
	return env_open_tables(env, err);
}

bool env_disk_is_full(const struct env *env)
{
	enum { LEFT_BYTES_MIN = 64 * 1024 };
	int file;
	struct statvfs disk;
	return mdb_env_get_fd(env->mdb, &file) == 0 && fstatvfs(file, &disk) == 0 &&
	       (uint64_t)disk.f_bavail * disk.f_frsize < LEFT_BYTES_MIN;
}

void env_close_mdb(struct env *env)
{
	if (env->mdb != NULL)
		mdb_env_close(env->mdb);
	env->mdb = NULL;
}

void env_close(struct env *env)
{
	env_close_mdb(env);
	if (env->lock_file >= 0)
		close(env->lock_file);
	env->lock_file = -1;
	free(env->directory);
	env->directory = NULL;
}
