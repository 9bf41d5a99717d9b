/*
 * SQLite FTS5 (https://www.sqlite.org/fts5.html) with the texts that Lectern's search has: title,
 * excerpt and the plain text of the body, under the post's id. Beside them stand the posts as
 * messages in the BASIC view, for whoever answers as Lectern does.
 */
#pragma once
#include "base/error.h"

#include <sqlite3.h>
#include <stdio.h>

/* What a database is made and opened with, as JSON. */
const char *fts5_settings(void);

/* A database that is there, for reading. */
enum code fts5_open(const char *path, sqlite3 **ret, struct error *err) NODISCARD;
void fts5_close(sqlite3 **db);

/* Makes a database from the output of bench.values --view html. */
enum code fts5_load(const char *path, FILE *values, struct error *err) NODISCARD;

/* An error of SQLite's. */
enum code fts5_fail(sqlite3 *db, struct error *err, const char *what);

enum code fts5_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret, struct error *err)
	NODISCARD;
