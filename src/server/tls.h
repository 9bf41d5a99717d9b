/* TLS of lecternd: its files at the start and when they are renewed. Logs what an operator should
 * know about them. */
#pragma once
#include "base/attributes.h"
#include "server/options.h"
#include "server/serve_http.h"
#include "tls/credentials.h"
#include "transport/nng_server.h"
#include "transport/publisher.h"

/* What the options name; *ret has no certificate where they name none. Free it with
 * tls_credentials_done(). */
enum code tls_read(const struct server_options *options, struct tls_credentials *ret,
	struct error *err) NODISCARD;

/* Reads the files again, for connections from now on. What is wrong with them is logged, and
 * nothing changes then. The publisher and http may be NULL. */
void tls_reload(const struct server_options *options, struct nng_server *transport,
	struct publisher *publisher, struct serve_http *http);
