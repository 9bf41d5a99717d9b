/* What a lectern_client is inside. */
#pragma once
#include "client/dial.h"
#include "client/slots.h"
#include "client/token.h"

enum {
	/* A call gives up when there was never a connection and there is none for this long. From
	 * the first one on it waits for it to come back until its deadline: the server is more
	 * likely to restart than to be misspelt. */
	CLIENT_CONNECT_GRACE_MS = 2000,
};

struct lectern_client {
	nng_socket socket;
	struct dial dial;
	struct slots slots;
	struct token_file token;
	uint32_t timeout_ms;
	uint32_t max_attempts;
	struct tls_files tls_files; /* owned; those of the options */
};
