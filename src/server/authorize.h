/* Tokens of the server: --tokens. */
#pragma once
#include "base/attributes.h"
#include "base/error.h"

struct auth;
struct rpc_options;

/* Reads the tokens file and makes it decide who may call. Without a file, NULL, nobody is asked,
 * and *ret is NULL. To be freed with auth_close() behind the dispatcher. */
enum code authorize_open(
	const char *file, struct rpc_options *rpc, struct auth **ret, struct error *err) NODISCARD;

/* Reads it again and logs what came of it; NULL is allowed. */
void authorize_reload(struct auth *auth);
