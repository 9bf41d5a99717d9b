/* A reply inside, and the delay between attempts. */
#pragma once
#include "base/attributes.h"
#include "client/interrupt.h"
#include "client/response.h"

#include <lectern/client.h>
#include <nng/nng.h>

struct lectern_reply {
	nng_msg *message; /* holds the payload */
	struct response response;
};

/* lectern_call() with one attempt only, which ends with LECTERN_CANCELLED where it is interrupted.
 * err is not NULL; interrupt may be, then it is lectern_call(). */
enum lectern_code call_interruptible(lectern_client *client, const struct lectern_call *call,
	struct interrupt *interrupt, lectern_reply **ret, struct lectern_error *err) NODISCARD;

/* How long to wait before the attempt after `attempt` (from 1), in milliseconds: doubling, with a
 * random part, never below at_least_ms. `random` is any number. */
uint32_t call_delay_ms(uint32_t attempt, uint32_t at_least_ms, uint32_t random);
