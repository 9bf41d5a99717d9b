/* Answers to calls in Lectern's form, made from what SQLite FTS5 finds. */
#pragma once
#include "base/arena.h"
#include "base/buffer.h"
#include "fts5_search.h"

/* What one thread answers with. */
struct fts5_reply {
	struct fts5_search search;
	sqlite3_stmt *get; /* a post's message */
	struct arena arena;
	struct buffer hits; /* the response, encoded */
};

enum code fts5_reply_open(const char *path, struct fts5_reply *ret, struct error *err) NODISCARD;
void fts5_reply_close(struct fts5_reply *reply);

/* The encoded lectern.rpc.v1.Response to an encoded Request, valid until the next call. Without
 * bytes when out of memory. */
struct slice fts5_reply_make(struct fts5_reply *reply, struct slice request);
