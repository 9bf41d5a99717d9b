/* What a lectern_client is inside. */
#pragma once
#include "base/attributes.h"
#include "client/slots.h"

#include <stdatomic.h>

enum {
	CLIENT_URL_BYTES = 256,
	/* A call gives up when there was never a connection and there is none for this long. */
	CLIENT_CONNECT_GRACE_MS = 2000,
	/* After so long without a connection the dialer is made anew. */
	CLIENT_REDIAL_MS = 1000,
};

struct lectern_client {
	nng_socket socket;
	nng_dialer dialer; /* guarded by dial_mutex once it was started */
	pthread_mutex_t dial_mutex;
	uint64_t dialed_ns;  /* when the dialer was made anew */
	atomic_bool dialing; /* the dialer was started */
	struct slots slots;
	char url[CLIENT_URL_BYTES];
	uint32_t timeout_ms;
	uint32_t max_attempts;
	atomic_int pipes; /* connections that are up */
	/* There was one. From then on a call waits for it to come back until its deadline: the
	 * server is more likely to restart than to be misspelt. */
	atomic_bool reached;
};

/* Starts connecting, once. The first call does it and not lectern_client_open(): a client that is
 * closed while it connects over ipc costs memory (seen with nng 1.5.2). */
enum lectern_code client_connect(lectern_client *client, struct lectern_error *err) NODISCARD;

/* Makes the dialer anew if there is no connection and it has not just been made. nng 1.5.2 stops
 * dialing for good when a connection breaks during its handshake, as it does when a server is
 * killed at the wrong moment. */
void client_redial(lectern_client *client);
