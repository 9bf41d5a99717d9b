/*
 * Who may call: tokens of a file that can be read again while calls go on.
 *
 * Nothing counts or slows down wrong tokens: 256 random bits are not found by trying.
 */
#pragma once
#include "auth/tokens_file.h"
#include "rpc/rpc.h"

struct auth;

/* What the file says, for the log. */
struct auth_facts {
	size_t token_count;
	size_t expired_count; /* of them */
};

/* Reads the file. *ret is to be freed with auth_close(), when no call asks it any more. */
enum code auth_open(const char *file, struct auth **ret, struct error *err) NODISCARD;
void auth_close(struct auth *auth);

/* Reads the file again. If it fails, the tokens stay what they were. Any thread; a call that is
 * authorized when this has returned is so by the new tokens. */
enum code auth_reload(struct auth *auth, struct error *err) NODISCARD;

void auth_get_facts(struct auth *auth, struct auth_facts *ret);

/*
 * For rpc_options.authorize, with the auth as authorizer. UNAUTHENTICATED with TOKEN_MISSING,
 * TOKEN_INVALID or TOKEN_EXPIRED, PERMISSION_DENIED with SCOPE_INSUFFICIENT. call->principal is the
 * token's name, also where its scope is too small.
 *
 * Takes the same time for each token of the right form but for finding the line of its id, which is
 * public: knowing that an id exists is of no use without the secret.
 */
enum code auth_authorize(
	void *authorizer, struct rpc_call *call, enum rpc_scope scope, struct error *err);

/* What a token may do by these tokens, at this time: CODE_OK and its line, or UNAUTHENTICATED. */
enum code auth_check_token(const struct tokens *tokens, struct slice token, int64_t now_us,
	const struct token_entry **ret, struct error *err) NODISCARD;
