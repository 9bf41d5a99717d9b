/* Listening on the addresses that a server is given. */
#pragma once
#include "base/attributes.h"
#include "base/error.h"

#include <nng/nng.h>
#include <stddef.h>

/* Listens on "tcp://HOST:PORT" or "ipc://PATH". *ret_url is the address that clients can use, with
 * the real port, owned by the caller (free). Texts say what to do. */
enum code listen_on(nng_socket socket, const char *url, char **ret_url, struct error *err)
	NODISCARD;
