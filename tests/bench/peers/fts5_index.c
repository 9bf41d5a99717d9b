#include "fts5_index.h"

#include "analysis/html_text.h"
#include "values.h"

enum { POST_BYTES_MAX = 256 * 1024 * 1024 };

/*
 * porter is FTS5's stemmer for English. Indexes of prefixes and `optimize` are what its
 * documentation names for speed. A word of the title counts as four, as in Lectern; k1 and b are
 * the same in both. The rank is set in the table, so that ORDER BY rank sorts inside FTS5.
 */
static const char schema[] =
	"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000;"
	"CREATE VIRTUAL TABLE post_text USING fts5(title, excerpt, body,"
	" tokenize = 'porter unicode61 remove_diacritics 2', prefix = '2 3');"
	"INSERT INTO post_text(post_text, rank) VALUES('rank', 'bm25(4.0, 1.0, 1.0)');"
	"CREATE TABLE post(id INTEGER PRIMARY KEY, message BLOB NOT NULL);"
	"BEGIN;";

/* WAL is for readers beside a writer, as in a service. */
static const char finish[] = "COMMIT;"
			     "INSERT INTO post_text(post_text) VALUES('optimize');"
			     "PRAGMA journal_mode = WAL; PRAGMA wal_checkpoint(TRUNCATE);";

/* All of the file in memory, read without system calls. */
static const char reading[] =
	"PRAGMA query_only = ON; PRAGMA mmap_size = 2147418112; PRAGMA cache_size = -262144;"
	"PRAGMA temp_store = MEMORY;";

const char *fts5_settings(void)
{
	return "{\"tokenize\":\"porter unicode61 remove_diacritics 2\",\"prefix\":\"2 3\","
	       "\"rank\":\"bm25(4.0, 1.0, 1.0)\",\"optimize\":\"after loading\","
	       "\"journal_mode\":\"WAL\",\"mmap_size\":2147418112,\"cache_size\":-262144}";
}

enum code fts5_fail(sqlite3 *db, struct error *err, const char *what)
{
	return fail(err, CODE_INTERNAL, "%s: %s", what, sqlite3_errmsg(db));
}

static enum code execute(sqlite3 *db, const char *sql, const char *what, struct error *err)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? CODE_OK
								    : fts5_fail(db, err, what);
}

enum code fts5_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret, struct error *err)
{
	return sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL) == SQLITE_OK
		       ? CODE_OK
		       : fts5_fail(db, err, sql);
}

void fts5_close(sqlite3 **db)
{
	sqlite3_close_v2(*db);
	*db = NULL;
}

static enum code open_file(const char *path, int flags, sqlite3 **ret, struct error *err)
{
	/* One thread has a connection at a time. */
	if (sqlite3_open_v2(path, ret, flags | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK)
		return CODE_OK;
	enum code code = fts5_fail(*ret, err, path);
	fts5_close(ret);
	return code;
}

enum code fts5_open(const char *path, sqlite3 **ret, struct error *err)
{
	enum code code = open_file(path, SQLITE_OPEN_READWRITE, ret, err);
	if (code != CODE_OK)
		return code;
	code = execute(*ret, reading, "settings", err);
	if (code != CODE_OK)
		fts5_close(ret);
	return code;
}

struct loader {
	sqlite3 *db;
	sqlite3_stmt *add_text;
	sqlite3_stmt *add_post;
	struct values values;
	struct arena arena;
};

static void loader_done(struct loader *loader)
{
	sqlite3_finalize(loader->add_text);
	sqlite3_finalize(loader->add_post);
	values_done(&loader->values);
	arena_done(&loader->arena);
	fts5_close(&loader->db);
}

static void bind(sqlite3_stmt *statement, int number, struct slice text)
{
	sqlite3_bind_text64(
		statement, number, (const char *)text.data, text.size, SQLITE_STATIC, SQLITE_UTF8);
}

static enum code add_post(struct loader *loader, struct error *err)
{
	Lectern__V1__Post *post;
	struct html_text body;
	enum code code = values_unpack(&loader->values, &loader->arena, &post, err);
	if (code != CODE_OK)
		return code;
	struct slice basic = values_basic(&loader->values, &loader->arena);
	if (basic.data == NULL || !html_text(&loader->arena, slice_of_text(post->html), &body))
		return fail_out_of_memory(err);
	sqlite3_bind_int64(loader->add_text, 1, (sqlite3_int64)post->id);
	bind(loader->add_text, 2, slice_of_text(post->title));
	bind(loader->add_text, 3, slice_of_text(post->excerpt));
	bind(loader->add_text, 4, body.text);
	sqlite3_bind_int64(loader->add_post, 1, (sqlite3_int64)post->id);
	sqlite3_bind_blob64(loader->add_post, 2, basic.data, basic.size, SQLITE_STATIC);
	if (sqlite3_step(loader->add_text) != SQLITE_DONE ||
		sqlite3_step(loader->add_post) != SQLITE_DONE)
		return fts5_fail(loader->db, err, "load");
	sqlite3_reset(loader->add_text);
	sqlite3_reset(loader->add_post);
	return CODE_OK;
}

static enum code start(struct loader *loader, const char *path, struct error *err)
{
	enum code code =
		open_file(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &loader->db, err);
	if (code == CODE_OK)
		code = execute(loader->db, schema, "make the tables; is the file new?", err);
	if (code == CODE_OK)
		code = fts5_prepare(loader->db,
			"INSERT INTO post_text(rowid, title, excerpt, body) VALUES(?1, ?2, ?3, ?4)",
			&loader->add_text, err);
	if (code == CODE_OK)
		code = fts5_prepare(loader->db, "INSERT INTO post(id, message) VALUES(?1, ?2)",
			&loader->add_post, err);
	return code;
}

enum code fts5_load(const char *path, FILE *values, struct error *err)
{
	AUTO(loader_done) struct loader loader = { .db = NULL };
	bool more = true;
	values_init(&loader.values, values);
	arena_init(&loader.arena, POST_BYTES_MAX);
	enum code code = start(&loader, path, err);
	while (code == CODE_OK && more) {
		code = values_next(&loader.values, &more, err);
		if (code == CODE_OK && more)
			code = add_post(&loader, err);
		arena_reset(&loader.arena);
	}
	if (code == CODE_OK && loader.values.count == 0)
		code = fail(err, CODE_INVALID_ARGUMENT, "there are no posts to load");
	sqlite3_reset(loader.add_text);
	sqlite3_reset(loader.add_post);
	return code == CODE_OK ? execute(loader.db, finish, "optimize", err) : code;
}
