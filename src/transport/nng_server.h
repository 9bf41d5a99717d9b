/*
 * Serves calls over nng's REQ/REP protocol: one REP socket with many contexts on any number of
 * addresses. Requests are handled in nng's own threads, so handlers must not block.
 */
#pragma once
#include "base/error.h"
#include "rpc/rpc.h"
#include "tls/credentials.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NNG_SERVER_CONTEXTS_DEFAULT = 320,
	NNG_SERVER_CONNECTIONS_DEFAULT = 1024,
	NNG_SERVER_IN_FLIGHT_DEFAULT = 64,
	NNG_SERVER_CONTEXTS_MAX = 512,
	NNG_SERVER_SEND_TIMEOUT_MS = 10 * 1000,
};

struct nng_server;

struct nng_server_options {
	const struct rpc *rpc;	 /* borrowed until nng_server_free() */
	const char *const *urls; /* as listen_on() takes them; port 0 takes a free one */
	size_t url_count;	 /* 1 to LIMIT_LISTENERS */
	size_t contexts;	/* requests that are taken at once; 0 means the default, so below */
	size_t connections_max; /* a newcomer displaces one that is idle then */
	uint32_t in_flight_max; /* requests of one connection that are not answered */
	/* How long a client may take none of the replies that wait for it; then the connection is
	 * closed. 0 means the default. */
	uint32_t send_timeout_ms;
	/* For "tls+tcp://" addresses; borrowed for the call. NULL where there are none. */
	const struct tls_credentials *tls;
};

/* What a stop met. */
struct nng_server_stop {
	size_t finished_count;	/* calls in flight that were answered */
	size_t abandoned_count; /* calls that were not answered in time */
	bool stuck;		/* nng did not let go of its connections; end the process soon */
};

/* Of one moment. */
struct nng_server_stats {
	size_t connections;
	size_t addresses;   /* that they come from */
	size_t in_flight;   /* requests that are taken and not answered, with the parked ones */
	size_t parked;	    /* calls that wait for something to happen */
	size_t queued;	    /* calls that wait for a processor */
	size_t reply_bytes; /* of replies that wait for their clients to read others */
	/* Since the start. */
	uint64_t connections_accepted;
	uint64_t refused_in_flight; /* TOO_MANY_REQUESTS */
	uint64_t refused_queue;	    /* OVERLOADED: too many calls wait for a processor */
	uint64_t refused_late; /* OVERLOADED: half of the time, or the client, went in the queue */
	uint64_t refused_waiters;  /* TOO_MANY_WAITERS */
	uint64_t closed_displaced; /* connections, for newcomers */
	uint64_t closed_stalled;   /* whose clients did not read their replies */
	uint64_t closed_flood;	   /* whose clients went on after refusals */
};
const char *nng_server_library_version(void);

/* What an operator should know about the nng library that is linked; NULL if there is nothing. */
const char *nng_server_warning(void);

/* Listens; requests wait until nng_server_start(). FAILED_PRECONDITION for an address that is in
 * use, INVALID_ARGUMENT for one that is none. After a failure of something else on the way to
 * serving, nng_server_stop() and nng_server_free() are still to be called. */
enum code nng_server_new(const struct nng_server_options *options, struct nng_server **ret,
	struct error *err) NODISCARD;

/* What clients that connect over TLS from now on are shown, and asked for. A server without TLS
 * does nothing. */
enum code nng_server_renew_tls(struct nng_server *server, const struct tls_credentials *credentials,
	struct error *err) NODISCARD;

/* Takes requests from now on. */
void nng_server_start(struct nng_server *server);

/* The addresses that clients can use, with real port numbers, in the order of the options. */
size_t nng_server_address_count(const struct nng_server *server);
const char *nng_server_address(const struct nng_server *server, size_t index);

/* Any thread, until nng_server_free(). */
void nng_server_read_stats(struct nng_server *server, struct nng_server_stats *ret);

/*
 * Refuses new connections, takes no new requests, waits up to timeout_ms for those in flight, then
 * closes everything. When it returns no handler runs and none will; a pending call that was not
 * finished in time may still be finished until nng_server_free(). Call it once.
 */
void nng_server_stop(struct nng_server *server, uint32_t timeout_ms, struct nng_server_stop *ret);

/* After nng_server_stop() and after every pending call was finished. NULL is allowed. */
void nng_server_free(struct nng_server *server);
