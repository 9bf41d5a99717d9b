/*
 * Data files: any bytes are refused or a file that LMDB can be let loose on. It then reads all of
 * them, forwards and backwards, changes each table and commits, and the file is sound again.
 */
#include "store/pages.h"

#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	TABLES_MAX = 8,
	NAME_BYTES = 64,
	MAP_BYTES = 64 * 1024 * 1024,
	LARGE_BYTES = 9000,
};

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* LMDB may say that there is no room, and nothing else. */
static bool has_room(int rc)
{
	require(rc == 0 || rc == MDB_MAP_FULL);
	return rc == 0;
}

static size_t names_of(MDB_txn *txn, char names[TABLES_MAX][NAME_BYTES])
{
	MDB_dbi list;
	MDB_cursor *cursor;
	MDB_val key;
	size_t count = 0;
	require(mdb_dbi_open(txn, NULL, 0, &list) == 0);
	require(mdb_cursor_open(txn, list, &cursor) == 0);
	while (count < TABLES_MAX && mdb_cursor_get(cursor, &key, NULL, MDB_NEXT) == 0)
		if (key.mv_size < NAME_BYTES && memchr(key.mv_data, 0, key.mv_size) == NULL) {
			memcpy(names[count], key.mv_data, key.mv_size);
			names[count++][key.mv_size] = '\0';
		}
	mdb_cursor_close(cursor);
	return count;
}

struct sum {
	size_t entries;
	uint8_t bytes; /* all of them, with XOR */
};

static void add(struct sum *sum, const MDB_val *value)
{
	for (size_t i = 0; i < value->mv_size; i++)
		sum->bytes ^= ((const uint8_t *)value->mv_data)[i];
}

static struct sum read_table(MDB_txn *txn, MDB_dbi table, MDB_cursor_op direction)
{
	struct sum sum = { .entries = 0 };
	MDB_cursor *cursor;
	MDB_val key;
	MDB_val value;
	int rc;
	require(mdb_cursor_open(txn, table, &cursor) == 0);
	while ((rc = mdb_cursor_get(cursor, &key, &value, direction)) == 0) {
		add(&sum, &key);
		add(&sum, &value);
		sum.entries++;
	}
	require(rc == MDB_NOTFOUND);
	mdb_cursor_close(cursor);
	return sum;
}

/* Every second entry goes. */
static bool thin_out(MDB_txn *txn, MDB_dbi table)
{
	MDB_cursor *cursor;
	MDB_val key;
	bool room = true;
	require(mdb_cursor_open(txn, table, &cursor) == 0);
	for (int rc = 0; room && (rc = mdb_cursor_get(cursor, &key, NULL, MDB_NEXT)) == 0;) {
		room = has_room(mdb_cursor_del(cursor, 0));
		if (room && mdb_cursor_get(cursor, &key, NULL, MDB_NEXT) == MDB_NOTFOUND)
			break;
	}
	mdb_cursor_close(cursor);
	return room;
}

/* Others come, so that pages are split. */
static bool fill_up(MDB_txn *txn, MDB_dbi table)
{
	static char bytes[LARGE_BYTES];
	bool room = true;
	for (unsigned i = 0; room && i < 24; i++) {
		char name[400];
		memset(name, 'a', sizeof name);
		name[0] = (char)(i * 37);
		MDB_val key = { .mv_size = 1 + i * 97 % sizeof name, .mv_data = name };
		MDB_val value = { .mv_size = i % 5 == 0 ? sizeof bytes : i * 60, .mv_data = bytes };
		room = has_room(mdb_put(txn, table, &key, &value, 0));
	}
	return room;
}

static void use_tables(MDB_env *env)
{
	char names[TABLES_MAX][NAME_BYTES];
	MDB_txn *txn;
	require(mdb_txn_begin(env, NULL, 0, &txn) == 0);
	size_t count = names_of(txn, names);
	for (size_t i = 0; i < count; i++) {
		MDB_dbi table;
		MDB_stat stat;
		require(mdb_dbi_open(txn, names[i], 0, &table) == 0);
		require(mdb_stat(txn, table, &stat) == 0);
		struct sum forwards = read_table(txn, table, MDB_NEXT);
		struct sum backwards = read_table(txn, table, MDB_PREV);
		require(forwards.entries == stat.ms_entries);
		require(backwards.entries == stat.ms_entries);
		require(forwards.bytes == backwards.bytes);
	}
	bool room = true;
	for (size_t i = 0; room && i < count; i++) {
		MDB_dbi table;
		require(mdb_dbi_open(txn, names[i], 0, &table) == 0);
		room = thin_out(txn, table) && fill_up(txn, table);
	}
	if (room)
		(void)has_room(mdb_txn_commit(txn));
	else
		mdb_txn_abort(txn);
}

static void use_file(const char *path)
{
	MDB_env *env;
	require(mdb_env_create(&env) == 0);
	require(mdb_env_set_maxdbs(env, TABLES_MAX) == 0);
	require(mdb_env_set_mapsize(env, MAP_BYTES) == 0);
	require(mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC | MDB_NORDAHEAD,
			0600) == 0);
	use_tables(env);
	use_tables(env); /* with pages that the first time has freed */
	mdb_env_close(env);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int file = -1;
	static char path[64];
	struct pages_report before;
	struct pages_report after;
	struct error err = { .text = "" };
	if (file < 0) {
		file = memfd_create("data.mdb", MFD_CLOEXEC);
		require(file >= 0);
		snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	}
	require(ftruncate(file, 0) == 0);
	require(pwrite(file, data, size, 0) == (ssize_t)size);
	enum code code = pages_verify(path, true, &before, &err);
	if (code != CODE_OK) {
		require(code == CODE_DATA_LOSS || code == CODE_FAILED_PRECONDITION);
		require(err.text[0] != '\0');
		return 0;
	}
	use_file(path);
	require(pages_verify(path, true, &after, &err) == CODE_OK);
	require(after.lost_pages <= before.lost_pages);
	return 0;
}
