/*
 * Ends TLS connections that nng would hold for ever.
 *
 * nng bounds the time of a TLS handshake, but the bound has no effect: while a client sends nothing
 * there is nothing to be cancelled. And it does not always notice that a client has reset its
 * connection just after the handshake. (Both seen in 1.5.2 and in 1.10.1.) Neither gives a program
 * a handle, so this looks at the process's own sockets: one on a TLS port that has not become a
 * connection of nng's in time is shut down, and one of nng's whose socket is no longer connected is
 * closed. What nng has lost before it was a connection stays lost, and with it a descriptor.
 */
#pragma once
#include <nng/nng.h>
#include <stdint.h>

enum {
	TLS_SWEEP_MS = 2000,	      /* from one look to the next */
	TLS_HANDSHAKE_MS = 10000,     /* within which a connection must be ready */
	TLS_HANDSHAKES_MANY = 256,    /* more at once and they are given only ... */
	TLS_HANDSHAKE_FAST_MS = 1900, /* ... so long, which is until the next look */
};

struct tls_sweep;

/* 0 or an nng error number. */
int tls_sweep_new(struct tls_sweep **ret);

/* Looks after the connections of a port from now on. */
void tls_sweep_port(struct tls_sweep *sweep, uint16_t port);

/* A connection that is ready, and one that has ended. Any thread. */
void tls_sweep_add(struct tls_sweep *sweep, nng_pipe pipe);
void tls_sweep_remove(struct tls_sweep *sweep, nng_pipe pipe);

/* Waits for a look that is being taken; there will be none afterwards. NULL is allowed. */
void tls_sweep_stop(struct tls_sweep *sweep);

/* NULL is allowed. */
void tls_sweep_free(struct tls_sweep *sweep);
