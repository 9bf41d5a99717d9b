/*
 * TLS of one socket's listeners: the certificate in use, which can be renewed while they listen,
 * and an eye on connections that nng would hold for ever.
 */
#pragma once
#include "base/attributes.h"
#include "base/error.h"
#include "tls/credentials.h"

#include <nng/nng.h>

struct tls_endpoint;

enum code tls_endpoint_new(const struct tls_credentials *credentials, struct tls_endpoint **ret,
	struct error *err) NODISCARD;

/* For a listener before its start. Returns 0 or an nng error number; so below. */
int tls_endpoint_attach(struct tls_endpoint *endpoint, nng_listener listener);

/* The listener's port, once it listens. */
int tls_endpoint_watch(struct tls_endpoint *endpoint, nng_listener listener);

/* Of every connection of the socket, from NNG_PIPE_EV_ADD_PRE and _REM_POST. NULL is allowed. */
void tls_endpoint_notify(struct tls_endpoint *endpoint, nng_pipe pipe, nng_pipe_ev event);

/* What connections that begin from now on are shown; nng has the next one ready already, which
 * still gets the former certificate. Those that are there go on. */
enum code tls_endpoint_renew(struct tls_endpoint *endpoint,
	const struct tls_credentials *credentials, struct error *err) NODISCARD;

/* Before the socket is closed: looks at no connection any more. NULL is allowed. */
void tls_endpoint_stop(struct tls_endpoint *endpoint);

/* After the socket was closed. NULL is allowed. */
void tls_endpoint_free(struct tls_endpoint *endpoint);
