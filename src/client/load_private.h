/* What load is made of. For load.c and load_open.c. */
#pragma once
#include "client/client.h"
#include "client/load.h"
#include "client/request.h"

#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>

struct load;

/* One call at a time. */
struct load_slot {
	struct load *load;
	nng_ctx context;
	nng_aio *aio;
	uint8_t *payload; /* room for the longest one that varies */
	uint64_t intended_ns;
	uint64_t random;
	bool receiving;
	struct load_slot *next_free;
};

struct load_socket {
	nng_socket socket;
	struct dial dial;
};

struct load {
	const struct load_options *options;
	struct load_result *result;
	char token[CLIENT_TOKEN_BYTES + 1];
	double *sums;		  /* of the calls' weights, up to each one */
	struct request *requests; /* of the calls */
	struct load_socket *sockets;
	size_t socket_count;
	struct load_slot *slots;
	size_t slot_count;
	uint64_t start_ns;
	uint64_t count_from_ns;
	uint64_t end_ns;
	atomic_uint_fast64_t number;
	atomic_uint_fast64_t answered[LOAD_CODES];
	atomic_uint_fast64_t unanswered;
	atomic_uint_fast64_t unsent;
	atomic_uint_fast64_t received_bytes;
	atomic_uint_fast64_t offered;
	atomic_bool stopped;
	pthread_mutex_t mutex; /* for everything below */
	struct load_slot *free;
	struct load_slot *fresh; /* that have had no call yet, where answers let calls begin */
	size_t free_count;	 /* of both */
	uint64_t *pending;	 /* a ring: calls that wait for a slot, by their times */
	size_t pending_first;
	size_t pending_count;
};

/* Connects and makes the slots. load_close() follows in any case. */
enum lectern_code load_open(struct load *load, const struct load_options *options,
	struct load_result *result, void (*on_done)(void *slot), struct lectern_error *err)
	NODISCARD;
void load_close(struct load *load);

enum { LOAD_PENDING_MAX = 1 << 20 };
