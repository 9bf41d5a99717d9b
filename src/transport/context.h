/*
 * One request at a time: received, dispatched, answered, and then the next. A server has many of
 * them on one socket.
 */
#pragma once
#include "rpc/rpc.h"
#include "transport/connections.h"
#include "transport/run_queue.h"

#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>

struct context;

/* Why a request is answered at once, before anything of it is done. */
enum refused {
	REFUSED_CONNECTION, /* its connection has the most requests in flight */
	REFUSED_QUEUE,	    /* too many calls wait for a processor */
	REFUSED_LATE, /* half of its time was over, or its client had left, before its turn came */
	REFUSED_WAITER, /* too many of its connection or address, or of all, are parked */
	REFUSED_COUNT,
};

/* What all contexts of a server share. Nothing here is written to by every request: processors
 * would wait for each other. What is to be counted of all requests each context has for itself. */
struct traffic {
	const struct rpc *rpc;
	uint32_t send_timeout_ms;
	uint32_t in_flight_max; /* of a connection */
	atomic_bool draining;	/* contexts take no further request */
	atomic_size_t parked;	/* requests in flight that wait, or have waited */
	atomic_size_t finished; /* replies that were handed to the network while draining */
	atomic_uint_fast64_t refused[REFUSED_COUNT];
	atomic_uint_fast64_t closed_stalled; /* connections whose clients did not read */
	atomic_uint_fast64_t closed_flood;   /* that went on after refusals */
	struct connections *connections;
	struct run_queue *queue;
	/* Called while draining when a request is in flight no more. */
	void (*idle)(struct traffic *traffic);
	pthread_mutex_t
		mutex; /* for spare and for each context's place; initialised by the owner */
	struct context *spare;
};

/*
 * A context is of use to nng only from one receive to the reply that follows: one that waits
 * receives nothing. So when a call is parked, a spare context receives in the place of its context,
 * which becomes a spare one when the reply is sent. As many as at the start receive or handle
 * requests at any time.
 */
enum context_place {
	CONTEXT_SERVING,  /* receives or handles a request */
	CONTEXT_PARKED,	  /* its call waits */
	CONTEXT_ANSWERED, /* its call has waited; the reply is on its way */
	CONTEXT_SPARE,
};

struct context {
	struct traffic *traffic;
	nng_ctx ctx;
	nng_aio *receive;
	pthread_mutex_t receive_mutex; /* while a receive begins or is cancelled */
	nng_aio *send;
	nng_msg *request; /* from its arrival until it is parked or answered */
	struct arena arena;
	struct rpc_call call;
	enum context_place place;
	struct context *next_spare;
	struct connection *connection; /* of the request; NULL if it has gone */
	struct context *next_queued;   /* of run_queue.c */
	/* Changed by the context's request alone, without a lock of the processor where nobody
	 * waits for the change; others read them to find clients that do not read. */
	atomic_bool in_flight; /* a request is received and its reply is not sent */
	_Atomic uint32_t pipe_id;
	_Atomic uint64_t sending_since_ns; /* monotonic; 0 while no reply waits */
	_Atomic size_t sending_bytes;	   /* of the reply that waits */
};

/* 0 or an nng error number. The context must be done with in any case. */
int context_init(struct context *context, nng_socket socket, struct traffic *traffic);

/* Runs a request that was received; for the run queue. */
void context_run(struct context *context, bool too_late);

/* Waits for the first request. */
void context_start(struct context *context);

/* Makes it a spare one instead. */
void context_spare(struct context *context);

/* Tells the call, if it is parked and not answered yet, that its answer is not wanted. With the
 * traffic's mutex. */
void context_unwanted(struct context *context, enum rpc_wanted why);

/* Ends the wait for a request; one that is being handled goes on. Draining is set by then. */
void context_cancel(struct context *context);

/* Waits until no handler runs. No request is taken any more. */
void context_stop(struct context *context);

/* Frees everything; the call must have been answered. */
void context_done(struct context *context);
