/* Listening on the addresses that a server is given. */
#pragma once
#include "base/attributes.h"
#include "base/error.h"
#include "transport/tls_endpoint.h"

#include <nng/nng.h>
#include <stddef.h>

/* Listens on "tcp://HOST:PORT", "tls+tcp://HOST:PORT" or "ipc://PATH". *ret_url is the address that
 * clients can use, with the real port, owned by the caller (free). Texts say what to do.
 * @param tls  For tls+tcp, which is refused where it is NULL. */
enum code listen_on(nng_socket socket, const char *url, struct tls_endpoint *tls, char **ret_url,
	struct error *err) NODISCARD;
