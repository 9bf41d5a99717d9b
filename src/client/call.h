/* A reply inside, and the delay between attempts. */
#pragma once
#include "client/response.h"

#include <lectern/client.h>
#include <nng/nng.h>

struct lectern_reply {
	nng_msg *message; /* holds the payload */
	struct response response;
};

/* How long to wait before the attempt after `attempt` (from 1), in milliseconds: doubling, with a
 * random part, never below at_least_ms. `random` is any number. */
uint32_t call_delay_ms(uint32_t attempt, uint32_t at_least_ms, uint32_t random);
