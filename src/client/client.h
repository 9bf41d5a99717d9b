/* What a lectern_client is inside. */
#pragma once
#include "client/slots.h"

#include <stdatomic.h>

enum {
	CLIENT_URL_BYTES = 256,
	/* A call gives up when there is no connection for this long. */
	CLIENT_CONNECT_GRACE_MS = 2000,
};

struct lectern_client {
	nng_socket socket;
	struct slots slots;
	char url[CLIENT_URL_BYTES];
	uint32_t timeout_ms;
	uint32_t max_attempts;
	atomic_int pipes; /* connections that are up */
};
