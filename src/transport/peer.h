/* The address of a client as text, for logs. */
#pragma once
#include <nng/nng.h>
#include <stdint.h>

enum {
	PEER_BYTES = 64,
	PEERS_CACHED = 8, /* a client's requests come over few connections */
};

/* Texts of connections met before. All zero at first. */
struct peer_cache {
	struct {
		int id; /* of the pipe; 0 for an unused entry */
		char text[PEER_BYTES];
	} entries[PEERS_CACHED];
};

/* "tcp://127.0.0.1:40000" or "ipc" with the client's process id. Stays valid until the next call
 * with the same cache. */
const char *peer_text(struct peer_cache *cache, nng_pipe pipe);
