/*
 * Calls: what a transport hands in and gets back, and the dispatcher between it and the services.
 * Neither the store nor a network library is known here.
 */
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/slice.h"
#include "rpc/reply.h"

#include <protobuf-c/protobuf-c.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct cached_reply;
struct rpc;
struct rpc_call;
struct rpc_method;

/* What a method does with the store. */
enum rpc_access {
	RPC_NONE,  /* does not ask the store */
	RPC_READ,  /* is handled on a snapshot, in the transport's thread */
	RPC_WRITE, /* is queued for the writer and finished by it later */
	RPC_WAIT,  /* may wait for something to happen; opens its snapshots itself */
};

/* What a caller must be allowed to do. Each one includes those before it. */
enum rpc_scope {
	RPC_SCOPE_BY_ACCESS, /* of a row only: WRITE for RPC_WRITE, READ for the others */
	RPC_SCOPE_PUBLIC,    /* anybody may */
	RPC_SCOPE_READ,
	RPC_SCOPE_WRITE,
	RPC_SCOPE_ADMIN,
};

/* Whether a parked call's answer is still wanted. */
enum rpc_wanted {
	RPC_WANTED,
	RPC_STOPPING, /* the server ends */
	RPC_LEFT,     /* the client has gone */
};

enum { RPC_TRACE_ID_BYTES = 32, RPC_VERSION_COMMIT_BITS = 48 };

/* Pieces that a reply names; they are let go when it was written. */
struct rpc_kept {
	const struct cached_reply **items;
	size_t count;
	size_t capacity;
};

/* One call. The transport owns the memory and may use it again after respond() was called. */
struct rpc_call {
	/* Set by the transport before rpc_dispatch(); borrowed until respond(). */
	struct arena *arena; /* empty */
	struct slice method; /* "/package.Service/Method"; the slash may be missing */
	struct slice payload;
	uint32_t timeout_ms;   /* as sent; 0 means the default */
	uint64_t min_revision; /* as sent; checked for RPC_READ and, beforehand, other access */
	uint64_t arrival_ns;   /* clock_monotonic_ns() when the request came in */
	const char *peer;      /* address for logs, never NULL */
	uint64_t source;       /* of all calls with the same number none may take everything */
	/* From headers, by rpc_read_header() after rpc_clear_headers(). */
	struct slice authorization; /* "Bearer TOKEN"; empty without one; gone once authorized */
	bool trusted; /* made by the server itself: authorize() is not asked. Cleared as headers are
		       */
	char request_id[LIMIT_REQUEST_ID_BYTES + 1]; /* printable ASCII; "" without one */
	char trace_id[RPC_TRACE_ID_BYTES + 1];	     /* lower-case hex digits; "" without one */
	/* Called exactly once for each dispatched call, from rpc_dispatch() or, for a write, from
	 * another thread. err is NULL after success. Copies reply's parts before it returns. */
	void (*respond)(struct rpc_call *call, const struct error *err);
	/* For rpc_park(): frees the request and whatever else the call does not need while it
	 * waits. RESOURCE_EXHAUSTED when too many are parked. NULL: any number may be. */
	enum code (*park)(struct rpc_call *call, struct error *err);

	/* Set by the dispatcher before a handler runs. */
	const struct rpc *rpc;
	const struct rpc_method *row;
	void *services;	      /* rpc_options.services */
	void *snapshot;	      /* for RPC_READ: from rpc_options.snapshot_open */
	uint64_t deadline_ns; /* on the clock of arrival_ns */
	/* By rpc_options.authorize: who calls, for logs; "" where nobody had to say. */
	char principal[LIMIT_PRINCIPAL_BYTES + 1];
	/* Set by the handler. */
	struct reply reply;
	uint64_t revision; /* the dispatcher sets it for RPC_READ */
	/* For rpc_kept() and rpc_keep(), of RPC_READ. */
	uint64_t version; /* of the store, before the snapshot was opened; 0: nothing is kept */
	struct rpc_kept kept;
	bool pending; /* set before the call is queued; rpc_finish() follows */
	/* Of the dispatcher. A pending call is answered by whoever comes last of rpc_finish() and
	 * the handler's return, so that neither meets a call that is already used again. */
	atomic_int parties;
	struct error finished; /* what rpc_finish() was given; CODE_OK after success */
	/* Of a parked call. */
	atomic_int wanted; /* enum rpc_wanted */
	void (*wake)(struct rpc_call *call);
};

/* One row a method. */
struct rpc_method {
	const char *name; /* as in the .proto, for example "GetPost" */
	enum rpc_access access;
	/* Fills call->reply from the checked and unpacked request, which lives in call->arena. A
	 * write handler that returns CODE_OK has filled the reply, or has set call->pending and
	 * then queued the call; one that fails has not queued it. The call stays valid until the
	 * handler returns, but once it is queued its arena and reply belong to the thread that
	 * finishes it. An RPC_WAIT handler that returns CODE_OK has called rpc_finish() or has
	 * given the call to a thread that will, and does not touch it any more. NULL: the method
	 * answers UNIMPLEMENTED. */
	enum code (*handle)(
		struct rpc_call *call, const ProtobufCMessage *request, struct error *err);
	/* For a handler that serves several methods: it finds its row in call->row. */
	unsigned argument;
	enum rpc_scope scope;
	/* For RPC_READ: the handler gets NULL for a request and reads call->payload itself, which
	 * has been checked. Where there are many small messages in it, to unpack them takes longer
	 * than what they ask for. */
	bool in_place;
	/* For RPC_READ: the reply depends on the request and the store alone, so that it may be
	 * given again while the store does not change. */
	bool cached;
};

/* One service: a row for every method of the descriptor, in any order. */
struct rpc_service {
	const ProtobufCServiceDescriptor *descriptor;
	const struct rpc_method *methods;
	size_t method_count;
};

/* The maximum of one field of one message. Bytes for strings and bytes, entries for repeated
 * fields; a repeated string may have a row of each. */
struct rpc_field_limit {
	const ProtobufCMessageDescriptor *message;
	const char *field;  /* as in the .proto */
	uint32_t max_bytes; /* 0: no row for it */
	uint32_t max_count; /* 0: no row for it */
};

struct rpc_options {
	const struct rpc_service *services_table;
	size_t service_count;
	const struct rpc_field_limit *limits;
	size_t limit_count;
	void *services; /* handed to the handlers */
	/* Open and close a snapshot around each RPC_READ handler and the respond() after it. */
	enum code (*snapshot_open)(
		void *services, void **ret, uint64_t *ret_revision, struct error *err);
	void (*snapshot_close)(void *services, void *snapshot);
	/* Replies that are kept, of methods whose rows say so; 0: none. */
	size_t reply_cache_bytes;
	/* A number that is another one after each change of what snapshots show, and never 0. What
	 * lies above RPC_VERSION_COMMIT_BITS is another one only after revisions may have begun to
	 * count anew. */
	uint64_t (*version)(void *services);
	/* Whether the caller may call a method that needs this scope, which is not PUBLIC; fills
	 * call->principal. UNAUTHENTICATED or PERMISSION_DENIED if not. NULL: anybody may do
	 * anything. Any thread; before anything of the payload is looked at. */
	enum code (*authorize)(
		void *authorizer, struct rpc_call *call, enum rpc_scope scope, struct error *err);
	void *authorizer;
	/* Called just before respond() with the time since arrival; may be NULL. Any thread.
	 * call->row is NULL where no method was found; err is NULL after success. */
	void (*observe)(void *observer, const struct rpc_call *call, const struct error *err,
		uint64_t duration_ns);
	void *observer;
};

/*
 * Checks the tables against the generated descriptors: every method of every descriptor has
 * exactly one row and every row a method; every limit names a field of its message. INTERNAL with
 * the names of what does not fit. The tables are borrowed until rpc_free().
 */
enum code rpc_new(const struct rpc_options *options, struct rpc **ret, struct error *err) NODISCARD;
void rpc_free(struct rpc *rpc);

/*
 * For handlers of RPC_READ: pieces that many replies have in common are kept among the replies
 * (rpc_options.reply_cache_bytes), by a key of their own kind, which is an address that nothing
 * else has. What rpc_kept() gives holds for the call's snapshot and stays valid until the response
 * was written; it was given to rpc_keep() before, twice at least. Both do nothing without memory.
 */
bool rpc_kept(struct rpc_call *call, const void *kind, struct slice key, struct slice *ret);
void rpc_keep(struct rpc_call *call, const void *kind, struct slice key, const struct slice *parts,
	size_t count);

/* Of the replies and pieces that are kept. */
struct rpc_cache_stats {
	uint64_t replies;
	uint64_t bytes;
	uint64_t hits; /* since the start, as below */
	uint64_t misses;
};
void rpc_read_cache_stats(const struct rpc *rpc, struct rpc_cache_stats *ret);

/* The time that a call has from its arrival, from timeout_ms as sent. */
uint32_t rpc_timeout_ms(const struct rpc_call *call);

/*
 * Looks the method up, checks and unpacks the payload, opens a snapshot, runs the handler, calls
 * respond(). Any thread; for a write respond() may come later and from another thread.
 */
void rpc_dispatch(const struct rpc *rpc, struct rpc_call *call);

/* For transports that let calls wait: answers one, as rpc_dispatch() would, if its reply is kept;
 * that takes no longer than to refuse it. False: rpc_dispatch() or rpc_refuse() follows. */
bool rpc_dispatch_kept(const struct rpc *rpc, struct rpc_call *call);

/* For transports whose payloads cost something to unpack, before that: answers the call as
 * rpc_dispatch() would and returns false if its caller may not call its method. Otherwise
 * rpc_dispatch() or rpc_refuse() follows, which asks again. */
bool rpc_admit(const struct rpc *rpc, struct rpc_call *call);

/* Answers a call with an error that the transport has found, in the place of rpc_dispatch(). The
 * method's name, where it is known, is counted as for any other call. */
void rpc_refuse(const struct rpc *rpc, struct rpc_call *call, const struct error *err);

/* The known headers of a call: authorization, x-request-id, traceparent
 * (https://www.w3.org/TR/trace-context/). Other names, and values that are not in their form, are
 * ignored. The name is in lower case. */
void rpc_clear_headers(struct rpc_call *call);
void rpc_read_header(struct rpc_call *call, struct slice name, struct slice value);

/* For transports that speak other encodings than protobuf's. */
struct rpc_method_info {
	const char *name; /* "package.Service/Method"; lives as long as the dispatcher */
	const ProtobufCMessageDescriptor *input;
	const ProtobufCMessageDescriptor *output;
	enum rpc_access access;
	enum rpc_scope scope; /* never RPC_SCOPE_BY_ACCESS */
};

/* False if there is no such method; the leading slash may be missing. */
bool rpc_describe(const struct rpc *rpc, struct slice method, struct rpc_method_info *ret);

/* All methods, in no order; false when index is the number of them. */
bool rpc_describe_at(const struct rpc *rpc, size_t index, struct rpc_method_info *ret);

/* Ends a pending call, or one of RPC_WAIT: err is NULL after success. Any thread, once; also before
 * the handler that queued the call has returned. The call must not be touched afterwards. What the
 * reply of an RPC_WAIT call names has been copied when this returns. */
void rpc_finish(struct rpc_call *call, const struct error *err);

/*
 * Parking: a call that is going to wait for long takes no place from those that do not. In a
 * handler, before the call is given to whoever finishes it. Afterwards the request, the payload and
 * everything else in the arena are gone, and the reply is empty. RESOURCE_EXHAUSTED,
 * TOO_MANY_WAITERS when there is no place for it, UNAVAILABLE when the server is stopping; the call
 * is as before then.
 *
 * wake() is called when the answer is no longer wanted, by any thread and also before the handler
 * has returned: it must be quick and must not finish the call, but see to it that this happens
 * soon. NULL: the call takes its time all the same.
 */
enum code rpc_park(struct rpc_call *call, void (*wake)(struct rpc_call *call), struct error *err)
	NODISCARD;

/* For whoever finishes parked calls: CODE_OK while the answer is wanted, else what to finish the
 * call with. */
enum code rpc_check_wanted(const struct rpc_call *call, struct error *err) NODISCARD;

/* RESOURCE_EXHAUSTED, TOO_MANY_WAITERS, with a delay. */
enum code rpc_fail_crowded(struct error *err);

/* For transports: the answer to a parked call is not wanted any more. The transport sees to it, by
 * a lock that its respond() takes too, that the call is not answered meanwhile. */
void rpc_unwanted(struct rpc_call *call, enum rpc_wanted why);
