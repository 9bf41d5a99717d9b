/*
 * The tokens file: who may call, one token a line.
 *
 *   NAME SCOPE ID HASH [EXPIRES] [# COMMENT]
 *
 * separated by blanks or tabs. NAME is 1 to 64 of [A-Za-z0-9._@-] and begins with a letter or a
 * digit, SCOPE is read, write or admin, ID and HASH are those of the token (token.h) in
 * hexadecimal, EXPIRES is a time of RFC 3339. Names and ids are there once. Empty lines and those
 * that begin with
 * '#' mean nothing. The file holds no secret: nobody can make a token from its hash.
 */
#pragma once
#include "auth/token.h"
#include "base/error.h"
#include "base/limits.h"
#include "rpc/rpc.h"

enum {
	TOKENS_FILE_BYTES = 1024 * 1024,
	TOKENS_MAX = 1000,
	TOKENS_LINE_BYTES = 1024,
	TOKENS_COMMENT_BYTES = 200, /* shown of a longer one */
};
#define TOKEN_NEVER_EXPIRES INT64_MAX

struct token_entry {
	char name[LIMIT_PRINCIPAL_BYTES + 1];
	char id[TOKEN_ID_BYTES + 1];
	enum rpc_scope scope;
	uint8_t hash[TOKEN_HASH_BYTES];
	int64_t expires_us; /* or TOKEN_NEVER_EXPIRES */
	char comment[TOKENS_COMMENT_BYTES + 1];
	unsigned line; /* from 1 */
};

struct tokens {
	struct token_entry *entries; /* in the order of their ids */
	size_t count;
};

/* INVALID_ARGUMENT with "FILE:LINE: what and what to write". No part of a line that could be a
 * token is repeated there. *ret is to be freed with tokens_free(). */
enum code tokens_parse(const char *file, struct slice text, struct tokens **ret, struct error *err)
	NODISCARD;

/* The bytes of a regular file of at most TOKENS_FILE_BYTES, to be freed with free(); NOT_FOUND if
 * there is none. `trusted`: refuses one that others than root and this process's user may write. */
enum code tokens_load(const char *file, bool trusted, char **ret_text, size_t *ret_size,
	struct error *err) NODISCARD;

/* A file that is trusted. */
enum code tokens_read(const char *file, struct tokens **ret, struct error *err) NODISCARD;

void tokens_free(struct tokens *tokens);

/* By the TOKEN_ID_BYTES digits of its id; NULL if there is none. */
const struct token_entry *tokens_find(const struct tokens *tokens, const char *id);
const struct token_entry *tokens_find_name(const struct tokens *tokens, const char *name);

bool token_name_is_valid(const char *name);

/* "read" and so on; "public" for what needs none. */
const char *token_scope_name(enum rpc_scope scope);
/* One that a token may have; false if it is none. */
bool token_scope_parse(const char *name, enum rpc_scope *ret);
