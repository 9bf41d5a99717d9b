/*
 * The connections of a socket and what each of them and each address has in use, so that nobody
 * takes everything. Any thread.
 */
#pragma once
#include "base/attributes.h"
#include "base/error.h"
#include "transport/peer.h"

#include <nng/nng.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connections;
struct context;
struct origin;

struct connection {
	uint32_t id;	       /* of the pipe */
	char peer[PEER_BYTES]; /* its client's address, for logs */
	/* Of connections.c. */
	struct origin *origin; /* NULL once it is gone */
	struct connection *next_in_bucket;
	/* Of its origin, in the order of listed_ns. */
	struct connection *previous;
	struct connection *next;
	uint64_t listed_ns; /* used_ns as it was when it was put there */
	uint32_t parked;    /* requests in flight that wait */
	atomic_bool gone;
	/* By how many it is held; in the upper half, how many of these are requests whose replies
	 * were not handed to the network. One number, because a request changes both. */
	atomic_uint_fast64_t holds;
	atomic_uint_fast64_t used_ns; /* when its last request came, or it did */
	atomic_size_t taken_bytes;    /* of the last reply that the network library took */
	atomic_uint_fast64_t taken_ns;
	/* Of run_queue.c. */
	struct context *first_queued;
	struct context *last_queued;
	uint32_t queued;
	struct connection *next_in_turn;
	bool left;
};

struct connections_options {
	size_t connections_max;
	/* At the most connections, the newcomer goes if its address has the most already. Else it
	 * is always let in. */
	bool keep_older;
	uint32_t in_flight_max; /* of each connection */
	uint32_t parked_max;	/* of each connection */
	uint32_t origin_parked_max;
	/* Called once for each that leaves or is closed, while it cannot go; may be NULL. */
	void (*left)(void *argument, struct connection *connection);
	void *argument;
};

/* Of one moment. */
struct connections_count {
	size_t connections;
	size_t origins;
	uint64_t accepted;  /* since the start, and so below */
	uint64_t displaced; /* closed for a newcomer */
	uint64_t refused;   /* newcomers */
};

enum code connections_new(const struct connections_options *options, struct connections **ret,
	struct error *err) NODISCARD;
/* NULL is allowed. */
void connections_free(struct connections *connections);

/* For nng's NNG_PIPE_EV_ADD_PRE. At the most connections it closes one: of the address that has the
 * most, the one without a call whose last call came first, or if all have calls, just that. An
 * address is an IPv4 address, 64 bits of an IPv6 one, or an ipc client's user. Times are monotonic.
 */
void connections_add(struct connections *connections, nng_pipe pipe, uint64_t now_ns);
/* For NNG_PIPE_EV_REM_POST, also after connections_add() has refused it. */
void connections_remove(struct connections *connections, nng_pipe pipe);

enum connections_room {
	CONNECTIONS_ROOM,
	CONNECTIONS_FULL,  /* it has more requests in flight than it may */
	CONNECTIONS_FLOOD, /* so many more that answers to them are not even worth while */
};

/* A request has come. NULL for a connection that has gone. Else connections_end() follows, whatever
 * *ret_room says. */
struct connection *connections_begin(struct connections *connections, uint32_t id, uint64_t now_ns,
	enum connections_room *ret_room);
void connections_end(struct connection *connection);

/* Whether the connection and its address may park one more; then connections_unpark() follows. One
 * that has gone may not. */
bool connections_park(struct connections *connections, struct connection *connection);
void connections_unpark(struct connections *connections, struct connection *connection);

/*
 * The network library has taken a reply of the connection, so it has no other one of it: it takes
 * one at a time and tells nobody when that is gone. So the sizes of the last ones bound what it
 * holds.
 */
void connections_taken(struct connections *connections, struct connection *connection,
	size_t size_bytes, uint64_t now_ns);

struct connections_taken {
	uint64_t ns;
	size_t bytes;
};

/* The last reply of the connection that was taken; zeros where there is none. */
struct connections_taken connections_last_taken(struct connections *connections, uint32_t id);

/* While the last replies together have more than max_bytes: the pipe to close, of the one with the
 * largest, the oldest of equal ones, taken before before_ns. Each comes once. 0 if there is none.
 */
uint32_t connections_shed(struct connections *connections, size_t max_bytes, uint64_t before_ns);

void connections_read_count(struct connections *connections, struct connections_count *ret);
