/* Which addresses a server may have: what other machines can reach must be protected. */
#pragma once
#include "base/attributes.h"
#include "base/error.h"

#include <stdbool.h>

enum reach_use {
	REACH_CALLS, /* --listen, --http: needs TLS and tokens */
	REACH_FEED,  /* --publish: needs TLS that asks for certificates; it cannot ask for tokens */
};

/* What the options give. */
struct reach_means {
	bool tokens;	/* --tokens */
	bool client_ca; /* --tls-client-ca */
};

/* INVALID_ARGUMENT with what is missing and what to do. Any scheme; "HOST:PORT" without one is
 * plain HTTP. */
enum code reach_check(const char *url, enum reach_use use, const struct reach_means *means,
	struct error *err) NODISCARD;
