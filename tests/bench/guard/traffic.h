/*
 * The transport over nng without nng's sockets and threads: frames are handed to its contexts, and
 * what they send is counted and dropped.
 */
#pragma once
#include "base/slice.h"
#include "rpc/rpc.h"

enum {
	TRAFFIC_CONTEXTS = 64, /* calls that may be in flight */
	TRAFFIC_CONNECTIONS = 8,
};

struct guard_traffic;

struct guard_traffic *guard_traffic_new(const struct rpc *rpc);
/* No call may be in flight. */
void guard_traffic_free(struct guard_traffic *guard);

/* The context receives the frame and handles it in this thread. Contexts belong to the connections
 * in turn. */
void guard_receive(struct guard_traffic *guard, size_t context, struct slice frame);

/* What is called with the bytes of each reply that was sent, by whoever sent it; the context can be
 * used again. A reply that is an error ends the program. */
void guard_on_sent(void (*hook)(void *argument, size_t size_bytes), void *argument);
