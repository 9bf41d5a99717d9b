/* Where connections come from, with what all connections from one address have in use. */
#pragma once
#include "transport/connections.h"

enum { ORIGIN_KEY_BYTES = 17 };

struct origin {
	uint8_t key[ORIGIN_KEY_BYTES];
	struct connection *first;
	struct connection *last;
	uint32_t connection_count;
	uint32_t parked;
	struct origin *next_in_bucket;
	/* Among those with as many connections. */
	struct origin *previous;
	struct origin *next;
};

/* The address of a connection, cut to what one party can be expected to have: all of an IPv4
 * address, 64 bits of an IPv6 one, the user of an ipc client. */
void origin_key(nng_pipe pipe, uint8_t out[ORIGIN_KEY_BYTES]);

size_t origin_hash(const uint8_t key[ORIGIN_KEY_BYTES]);
