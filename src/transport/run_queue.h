/*
 * Calls that wait for a processor. nng's threads receive requests and must go on doing so, also
 * while all processors are busy: what waits in the sockets has no age, and whoever answers it
 * without knowing answers those who have long given up. So they run a call only while a processor
 * is free, put it here otherwise, and threads of our own run what is here: of each connection in
 * turn, and only what its caller can still use.
 */
#pragma once
#include "base/attributes.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct connection;
struct context;
struct run_queue;

struct run_queue_options {
	/* Runs a call; too_late: it has waited for so much of its time that it is to be refused, or
	 * its client has left meanwhile. */
	void (*run)(struct context *context, bool too_late);
	size_t queued_max;
	/* Calls that run at once, at most, for one to be run by the thread that has received it. */
	size_t at_once_max;
	size_t receivers; /* threads that receive */
};

enum code run_queue_new(const struct run_queue_options *options, struct run_queue **ret,
	struct error *err) NODISCARD;

/* Runs the call at once if fewer than at_once_max do and nobody waits. The context may not be
 * touched afterwards. False: it was not. */
bool run_queue_run(struct run_queue *queue, struct context *context);

/*
 * Has it run by another thread, or by this one where there is no place but those in it have come
 * just now: then there are many cheap ones, and to refuse them would take as long as to answer. If
 * they are not cheap, that shows when all receivers but this one run calls: it runs none then, and
 * waits for a place, a moment at most. A connection may have as many places as are left for others,
 * or seven eighths while there are no others. The context may not be touched afterwards. False: the
 * queue is full.
 */
bool run_queue_put(struct run_queue *queue, struct context *context);

/* The connection has gone, and with it whoever would read the answers: its calls take no places
 * from now on and are refused as soon as a thread is free. */
void run_queue_leave(struct run_queue *queue, struct connection *connection);

size_t run_queue_length(struct run_queue *queue);

/* Runs what is left and ends the threads; nothing may be submitted any more. */
void run_queue_stop(struct run_queue *queue);
/* After it was stopped, where it was started. NULL is allowed. */
void run_queue_free(struct run_queue *queue);
