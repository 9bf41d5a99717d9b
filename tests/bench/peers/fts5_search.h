/* Queries of SearchPosts, answered by SQLite FTS5. */
#pragma once
#include "base/arena.h"
#include "base/error.h"

#include <sqlite3.h>
#include <stdbool.h>

enum {
	FTS5_HITS_MAX = 10,
	/* What stands around a match in title and snippet. */
	FTS5_MATCH_START = 1,
	FTS5_MATCH_END = 2,
};

/* One connection with its statements; of one thread at a time. */
struct fts5_search {
	sqlite3 *db;
	sqlite3_stmt *find;
	sqlite3_stmt *count;
};

enum code fts5_search_open(const char *path, struct fts5_search *ret, struct error *err) NODISCARD;
void fts5_search_close(struct fts5_search *search);

struct fts5_hit {
	uint64_t id;
	double score;	      /* larger is better */
	struct slice title;   /* with the marks of matches, and so the snippet */
	struct slice snippet; /* of the body, some 240 bytes */
};

/* Calls `take` for each of the ten best, whose texts are valid until it returns. */
enum code fts5_search_find(struct fts5_search *search, const char *match,
	enum code (*take)(void *user, const struct fts5_hit *hit, struct error *err), void *user,
	struct error *err) NODISCARD;

/* How many posts match. */
enum code fts5_search_count(
	struct fts5_search *search, const char *match, uint64_t *ret, struct error *err) NODISCARD;

/*
 * A query of Lectern's as an expression of FTS5's with the same meaning: all words must occur,
 * "several words" is a phrase, word* a beginning, -word must not occur. NULL when out of memory or
 * where nothing is to be found.
 */
char *fts5_search_expression(struct arena *arena, const char *query);
