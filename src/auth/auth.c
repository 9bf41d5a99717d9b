#include "auth/auth.h"

#include "base/clock.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define SCHEME "Bearer"

struct auth {
	char *file;
	pthread_rwlock_t lock; /* held for as long as it takes to find a token */
	struct tokens *tokens; /* guarded by lock */
};

static void auth_freep(struct auth **auth)
{
	auth_close(*auth);
}

void auth_close(struct auth *auth)
{
	if (auth == NULL)
		return;
	pthread_rwlock_destroy(&auth->lock);
	tokens_free(auth->tokens);
	free(auth->file);
	free(auth);
}

/* Calls without a pause must not keep new tokens out. */
static int init_lock(pthread_rwlock_t *lock)
{
	pthread_rwlockattr_t attributes;
	int rc = pthread_rwlockattr_init(&attributes);
	if (rc != 0)
		return rc;
	pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	rc = pthread_rwlock_init(lock, &attributes);
	pthread_rwlockattr_destroy(&attributes);
	return rc;
}

enum code auth_open(const char *file, struct auth **ret, struct error *err)
{
	if (sodium_init() < 0)
		return fail(err, CODE_INTERNAL, "read tokens: no source of random numbers");
	struct auth *made = calloc(1, sizeof *made);
	if (made == NULL || init_lock(&made->lock) != 0) {
		free(made);
		return fail(err, CODE_RESOURCE_EXHAUSTED, "read tokens: out of memory");
	}
	AUTO(auth_freep) struct auth *auth = made;
	auth->file = strdup(file);
	if (auth->file == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "read tokens: out of memory");
	enum code code = tokens_read(file, &auth->tokens, err);
	if (code != CODE_OK)
		return code;
	*ret = auth;
	auth = NULL; /* the caller owns it now */
	return CODE_OK;
}

enum code auth_reload(struct auth *auth, struct error *err)
{
	struct tokens *tokens = NULL;
	enum code code = tokens_read(auth->file, &tokens, err);
	if (code != CODE_OK)
		return code;
	pthread_rwlock_wrlock(&auth->lock);
	struct tokens *former = auth->tokens;
	auth->tokens = tokens;
	pthread_rwlock_unlock(&auth->lock);
	tokens_free(former);
	return CODE_OK;
}

void auth_get_facts(struct auth *auth, struct auth_facts *ret)
{
	int64_t now_us = clock_realtime_us();
	*ret = (struct auth_facts){ 0 };
	pthread_rwlock_rdlock(&auth->lock);
	ret->token_count = auth->tokens->count;
	for (size_t i = 0; i < auth->tokens->count; i++)
		ret->expired_count += auth->tokens->entries[i].expires_us <= now_us;
	pthread_rwlock_unlock(&auth->lock);
}

enum code auth_check_token(const struct tokens *tokens, struct slice token, int64_t now_us,
	const struct token_entry **ret, struct error *err)
{
	static const uint8_t nobody[TOKEN_HASH_BYTES];
	uint8_t hash[TOKEN_HASH_BYTES];
	if (!token_is_whole(token))
		return fail_reason(err, CODE_UNAUTHENTICATED, "TOKEN_INVALID",
			"what was sent is no whole token: it was cut, mistyped or is of another "
			"service; send it as lectern token create has printed it");
	token_hash(token, hash);
	const struct token_entry *entry = tokens_find(tokens, token_id(token));
	bool known = token_hash_equals(hash, entry == NULL ? nobody : entry->hash);
	if (entry == NULL || !known)
		return fail_reason(err, CODE_UNAUTHENTICATED, "TOKEN_INVALID",
			"this server does not know the token: it was revoked, or is of another "
			"server; ask whoever runs the server for a new one");
	*ret = entry;
	if (entry->expires_us > now_us)
		return CODE_OK;
	fail_reason(err, CODE_UNAUTHENTICATED, "TOKEN_EXPIRED",
		"the token '%s' has expired; ask whoever runs the server for a new one",
		entry->name);
	return CODE_UNAUTHENTICATED;
}

/* The token behind "Bearer "; false if the header is in another form. */
static bool take_bearer(struct slice header, struct slice *ret)
{
	const size_t scheme = strlen(SCHEME);
	if (header.size <= scheme || strncasecmp((const char *)header.data, SCHEME, scheme) != 0 ||
		header.data[scheme] != ' ')
		return false;
	size_t from = scheme;
	while (from < header.size && header.data[from] == ' ')
		from++;
	size_t to = header.size;
	while (to > from && header.data[to - 1] == ' ')
		to--;
	*ret = slice_of(header.data + from, to - from);
	return true;
}

static enum code refuse_scope(
	const struct token_entry *entry, enum rpc_scope needed, struct error *err)
{
	const char *needs = token_scope_name(needed);
	const char *has = token_scope_name(entry->scope);
	fail_reason(err, CODE_PERMISSION_DENIED, "SCOPE_INSUFFICIENT",
		"the method needs a token of the scope %s, and '%s' has the scope %s; ask whoever "
		"runs the server for one of that scope",
		needs, entry->name, has);
	error_tell(err, "needed", "%s", needs);
	error_tell(err, "granted", "%s", has);
	return CODE_PERMISSION_DENIED;
}

enum code auth_authorize(
	void *authorizer, struct rpc_call *call, enum rpc_scope scope, struct error *err)
{
	struct auth *auth = authorizer;
	struct slice token;
	if (call->authorization.size == 0)
		return fail_reason(err, CODE_UNAUTHENTICATED, "TOKEN_MISSING",
			"this server answers callers with a token only; send one in the header "
			"authorization, as \"Bearer TOKEN\"");
	if (!take_bearer(call->authorization, &token))
		return fail_reason(err, CODE_UNAUTHENTICATED, "TOKEN_INVALID",
			"the header authorization is in no form that is known here; write it as "
			"\"Bearer TOKEN\"");
	int64_t now_us = clock_realtime_us();
	const struct token_entry *entry = NULL;
	pthread_rwlock_rdlock(&auth->lock);
	enum code code = auth_check_token(auth->tokens, token, now_us, &entry, err);
	if (code == CODE_OK) {
		memcpy(call->principal, entry->name, sizeof entry->name);
		if (entry->scope < scope)
			code = refuse_scope(entry, scope, err);
	}
	pthread_rwlock_unlock(&auth->lock);
	return code;
}
