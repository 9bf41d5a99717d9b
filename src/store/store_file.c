#include "store/store_file.h"

#include "base/limits.h"
#include "store/check.h"
#include "store/env.h"
#include "store/pages.h"
#include "store/rebuild.h"
#include "store/seal.h"
#include "store/store.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <sys/stat.h>

enum { EPOCH_MAP_BYTES = 1024 * 1024 }; /* what a small write may add to the file */

/* A file that is open. */
struct file {
	struct env env;
	struct txn txn;
	bool has[TABLE_COUNT]; /* tables; older formats lack some */
};

/* LMDB trusts the file, so this is done before it opens it. An empty one it would take for a store
 * that is to be made. */
static enum code check_pages(const char *path, struct progress *progress, struct error *err)
{
	struct pages_report report;
	enum code code = pages_verify_all(path, progress, &report, err);
	if (code == CODE_OK && report.pages == 0)
		code = fail_reason(
			err, CODE_DATA_LOSS, "STORE_DAMAGED", "%s is empty or not there", path);
	return code;
}

static enum code open_file(
	struct file *file, const char *path, unsigned flags, size_t map_bytes, struct error *err)
{
	struct env *env = &file->env;
	if (sodium_init() < 0)
		return fail(err, CODE_INTERNAL, "libsodium does not start");
	env->lock_file = -1;
	atomic_init(&env->interrupts, false);
	int rc = mdb_env_create(&env->mdb);
	if (rc == 0)
		rc = mdb_env_set_maxdbs(env->mdb, TABLE_COUNT);
	if (rc == 0)
		rc = mdb_env_set_mapsize(env->mdb, map_bytes);
	if (rc == 0)
		rc = mdb_env_open(env->mdb, path,
			MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOTLS | MDB_NORDAHEAD | flags, 0600);
	return rc == 0 ? CODE_OK : fail_mdb(err, env, rc, "open the file");
}

static enum code begin(struct file *file, unsigned flags, struct error *err)
{
	file->txn = (struct txn){ .env = &file->env, .read_only = flags != 0 };
	int rc = mdb_txn_begin(file->env.mdb, NULL, flags, &file->txn.mdb);
	for (int table = 0; table < TABLE_COUNT && rc == 0; table++) {
		rc = mdb_dbi_open(
			file->txn.mdb, table_name((enum table)table), 0, &file->env.tables[table]);
		file->has[table] = rc == 0;
		if (rc == MDB_NOTFOUND)
			rc = 0;
	}
	if (rc != 0)
		return fail_mdb(err, &file->env, rc, "read the file");
	if (file->has[TABLE_META])
		return CODE_OK;
	return fail_reason(err, CODE_DATA_LOSS, "STORE_DAMAGED", "the file is no store of Lectern");
}

static void close_file(struct file *file)
{
	for (int table = 0; table < TABLE_COUNT; table++)
		if (file->txn.cursors[table] != NULL)
			mdb_cursor_close(file->txn.cursors[table]);
	txn_abort(&file->txn);
	env_close(&file->env);
}

static enum code read_facts(struct file *file, struct store_facts *ret, struct error *err)
{
	struct txn *txn = &file->txn;
	*ret = (struct store_facts){ .format = txn_meta(txn, META_FORMAT),
		.revision = txn_revision(txn) };
	if (txn_status(txn, err) != CODE_OK)
		return txn->error.code;
	if (ret->format > STORE_FORMAT)
		return fail_newer_format(err, ret->format);
	if (ret->format == 0)
		return fail_reason(err, CODE_DATA_LOSS, "STORE_DAMAGED",
			"the file is no store of Lectern: it has no format");
	ret->is_outdated = rebuild_is_needed(txn);
	txn->unsealed = seal_is_needed(txn);
	for (int table = 0; table < TABLE_COUNT; table++)
		if (!file->has[table] && !ret->is_outdated)
			return fail_reason(err, CODE_DATA_LOSS, "STORE_DAMAGED",
				"the store has no table %s", table_name((enum table)table));
	return txn_status(txn, err);
}

/* Reading is what compares an entry with its checksum. */
static void read_through(struct file *file, struct progress *progress, uint64_t *ret_posts)
{
	uint64_t id;
	enum post_part part;
	*ret_posts = 0;
	for (int table = 0; table < TABLE_COUNT; table++) {
		struct walk walk;
		if (!file->has[table])
			continue;
		walk_start(&walk, &file->txn, (enum table)table, slice_of(NULL, 0));
		while (!progress->ended && walk_next(&walk)) {
			if (table == TABLE_POST && key_read_post(walk.key, &id, &part))
				*ret_posts += part == POST_SUMMARY;
			progress_add(progress, 1);
		}
		walk_end(&walk);
	}
}

static enum code check_file(struct file *file, struct progress *progress, struct error *err)
{
	struct arena arena;
	struct check_report report;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	enum code code = check_run(&file->txn, &arena, progress, &report, err);
	if (code == CODE_OK && report.problem_count > 0)
		code = fail_reason(err, CODE_DATA_LOSS, "STORE_DAMAGED",
			"the store contradicts itself in %" PRIu64 " places, the first: %s",
			report.problem_count, report.kept_count > 0 ? report.problems[0] : "");
	arena_done(&arena);
	return code;
}

static enum code verify(struct file *file, const char *path, bool check, struct progress *progress,
	struct store_facts *ret, struct error *err)
{
	enum code code = check_pages(path, progress, err);
	if (code == CODE_OK)
		code = open_file(file, path, MDB_RDONLY, 1, err);
	if (code == CODE_OK)
		code = begin(file, MDB_RDONLY, err);
	if (code == CODE_OK)
		code = read_facts(file, ret, err);
	if (code != CODE_OK)
		return code;
	read_through(file, progress, &ret->post_count);
	if (progress->ended)
		return fail_stopping(err);
	code = txn_status(&file->txn, err);
	return code == CODE_OK && check && !ret->is_outdated ? check_file(file, progress, err)
							     : code;
}

enum code store_file_verify(const char *path, bool check, struct progress *progress,
	struct store_facts *ret, struct error *err)
{
	struct file file = { .has = { false } };
	struct progress nobody = { .report = NULL };
	enum code code =
		verify(&file, path, check, progress != NULL ? progress : &nobody, ret, err);
	close_file(&file);
	return code;
}

static enum code new_epoch(struct file *file, const char *path, struct error *err)
{
	struct stat status;
	if (stat(path, &status) != 0)
		return fail_mdb(err, &file->env, errno, "look at the file");
	enum code code = open_file(file, path, 0, (size_t)status.st_size + EPOCH_MAP_BYTES, err);
	if (code == CODE_OK)
		code = begin(file, 0, err);
	if (code != CODE_OK)
		return code;
	env_new_epoch(&file->txn);
	return txn_commit(&file->txn, err);
}

enum code store_file_new_epoch(const char *path, struct error *err)
{
	struct file file = { .has = { false } };
	enum code code = new_epoch(&file, path, err);
	close_file(&file);
	return code == CODE_OK ? code : wrap(err, code, "give the store a new epoch");
}
