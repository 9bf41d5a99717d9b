/* The contexts of the socket that calls run on, made when needed and kept. */
#pragma once
#include "base/attributes.h"

#include <lectern/client.h>
#include <nng/nng.h>
#include <pthread.h>

enum { SLOTS_MAX = 64 }; /* calls of one client that run at once; others wait */

/* What one running call uses. */
struct slot {
	nng_ctx context;
	nng_aio *aio;
	struct slot *next; /* among the free ones */
};

struct slots {
	pthread_mutex_t mutex;
	pthread_cond_t released;
	struct slot *free;
	size_t count; /* in use or free */
};

/* LECTERN_RESOURCE_EXHAUSTED where the system gives no more locks. */
enum lectern_code slots_init(struct slots *slots, struct lectern_error *err) NODISCARD;

/* Frees all slots. None may be in use. The socket is still open. */
void slots_done(struct slots *slots);

/* Takes a slot, waiting until deadline_ns for one. */
enum lectern_code slots_take(struct slots *slots, nng_socket socket, uint64_t deadline_ns,
	struct slot **ret, struct lectern_error *err) NODISCARD;

void slots_release(struct slots *slots, struct slot *slot);
