#include "fts5_search.h"

#include "base/buffer.h"
#include "fts5_index.h"

enum { EXPRESSION_BYTES_MAX = 64 * 1024 };

/* 32 words are about the 240 bytes of Lectern. FTS5 sorts by its own rank before anything is
 * computed of the rows, so both functions run for ten rows. */
static const char find_sql[] = "SELECT rowid, rank, highlight(post_text, 0, char(1), char(2)),"
			       " snippet(post_text, 2, char(1), char(2), '…', 32)"
			       " FROM post_text WHERE post_text MATCH ?1 ORDER BY rank LIMIT 10";
static const char count_sql[] = "SELECT count(*) FROM post_text WHERE post_text MATCH ?1";

enum code fts5_search_open(const char *path, struct fts5_search *ret, struct error *err)
{
	*ret = (struct fts5_search){ .db = NULL };
	enum code code = fts5_open(path, &ret->db, err);
	if (code == CODE_OK)
		code = fts5_prepare(ret->db, find_sql, &ret->find, err);
	if (code == CODE_OK)
		code = fts5_prepare(ret->db, count_sql, &ret->count, err);
	if (code != CODE_OK)
		fts5_search_close(ret);
	return code;
}

void fts5_search_close(struct fts5_search *search)
{
	sqlite3_finalize(search->find);
	sqlite3_finalize(search->count);
	if (search->db != NULL)
		fts5_close(&search->db);
	*search = (struct fts5_search){ .db = NULL };
}

static struct slice column(sqlite3_stmt *statement, int number)
{
	const unsigned char *text = sqlite3_column_text(statement, number);
	return slice_of(text, (size_t)sqlite3_column_bytes(statement, number));
}

enum code fts5_search_find(struct fts5_search *search, const char *match,
	enum code (*take)(void *user, const struct fts5_hit *hit, struct error *err), void *user,
	struct error *err)
{
	sqlite3_stmt *find = search->find;
	enum code code = CODE_OK;
	int rc = SQLITE_DONE;
	sqlite3_bind_text(find, 1, match, -1, SQLITE_STATIC);
	while (code == CODE_OK && (rc = sqlite3_step(find)) == SQLITE_ROW) {
		struct fts5_hit hit = {
			.id = (uint64_t)sqlite3_column_int64(find, 0),
			.score = -sqlite3_column_double(find, 1),
			.title = column(find, 2),
			.snippet = column(find, 3),
		};
		code = take(user, &hit, err);
	}
	if (code == CODE_OK && rc != SQLITE_DONE)
		code = fts5_fail(search->db, err, match);
	sqlite3_reset(find);
	return code;
}

enum code fts5_search_count(
	struct fts5_search *search, const char *match, uint64_t *ret, struct error *err)
{
	enum code code = CODE_OK;
	sqlite3_bind_text(search->count, 1, match, -1, SQLITE_STATIC);
	if (sqlite3_step(search->count) == SQLITE_ROW)
		*ret = (uint64_t)sqlite3_column_int64(search->count, 0);
	else
		code = fts5_fail(search->db, err, match);
	sqlite3_reset(search->count);
	return code;
}

/* A word or phrase of a query. */
struct item {
	struct slice text; /* without '-', quotes and '*' */
	bool excluded;
	bool starred;
};

static bool next_item(const char **at, struct item *ret)
{
	*at += strspn(*at, " ");
	if (**at == '\0')
		return false;
	*ret = (struct item){ .excluded = **at == '-' };
	*at += ret->excluded ? 1 : 0;
	bool quoted = **at == '"';
	*at += quoted ? 1 : 0;
	size_t size = strcspn(*at, quoted ? "\"" : " ");
	ret->starred = !quoted && size > 1 && (*at)[size - 1] == '*';
	ret->text = slice_of(*at, size - (ret->starred ? 1 : 0));
	*at += size;
	*at += quoted && **at == '"' ? 1 : 0;
	return true;
}

static void append_items(struct buffer *out, const char *query, bool excluded, const char *between)
{
	struct item item;
	const char *before = "";
	while (next_item(&query, &item)) {
		if (item.excluded != excluded || item.text.size == 0)
			continue;
		buffer_append_text(out, before);
		buffer_append_char(out, '"');
		for (size_t i = 0; i < item.text.size; i++)
			buffer_printf(
				out, item.text.data[i] == '"' ? "\"\"" : "%c", item.text.data[i]);
		buffer_append_text(out, item.starred ? "\" *" : "\"");
		before = between;
	}
}

static void buffer_donep(struct buffer *buffer)
{
	buffer_done(buffer);
}

char *fts5_search_expression(struct arena *arena, const char *query)
{
	AUTO(buffer_donep) struct buffer wanted;
	AUTO(buffer_donep) struct buffer excluded;
	buffer_init(&wanted, EXPRESSION_BYTES_MAX);
	buffer_init(&excluded, EXPRESSION_BYTES_MAX);
	append_items(&wanted, query, false, " AND ");
	append_items(&excluded, query, true, " OR ");
	const char *found = buffer_text(&wanted);
	const char *left_out = buffer_text(&excluded);
	if (found == NULL || left_out == NULL || found[0] == '\0')
		return NULL;
	return left_out[0] == '\0' ? arena_text(arena, slice_of_text(found))
				   : arena_printf(arena, "(%s) NOT (%s)", found, left_out);
}
