/*
 * One request at a time: received, dispatched, answered, and then the next. A server has many of
 * them on one socket.
 */
#pragma once
#include "rpc/rpc.h"
#include "transport/peer.h"

#include <nng/nng.h>
#include <stdatomic.h>

/* What all contexts of a server share. */
struct traffic {
	const struct rpc *rpc;
	nng_duration send_timeout_ms;
	atomic_bool draining;	 /* contexts take no further request */
	atomic_size_t in_flight; /* requests that are received and whose reply is not sent */
	atomic_size_t finished;	 /* replies that were handed to the network */
	/* Called when draining and in_flight has become 0. */
	void (*idle)(struct traffic *traffic);
};

struct context {
	struct traffic *traffic;
	nng_ctx ctx;
	nng_aio *receive;
	nng_aio *send;
	nng_msg *request; /* from its arrival to the reply */
	struct arena arena;
	struct rpc_call call;
	struct peer_cache peers;
	/* Read by others to find clients that do not read. */
	_Atomic uint32_t pipe_id;
	_Atomic uint64_t sending_since_ns; /* monotonic; 0 while no reply waits */
};

/* 0 or an nng error number. The context must be done with in any case. */
int context_init(struct context *context, nng_socket socket, struct traffic *traffic);

/* Waits for the first request. */
void context_start(struct context *context);

/* Ends the wait for a request; one that is being handled goes on. */
void context_cancel(struct context *context);

/* Waits until no handler runs. No request is taken any more. */
void context_stop(struct context *context);

/* Frees everything; the call must have been answered. */
void context_done(struct context *context);
