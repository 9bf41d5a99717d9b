/* Requests on their way out: lectern.rpc.v1.Request. */
#pragma once
#include "base/attributes.h"
#include "base/slice.h"
#include "base/wire.h"

#include <lectern/client.h>
#include <nng/nng.h>

enum {
	REQUEST_ID_BYTES = 32, /* a UUID in hexadecimal, without hyphens */
	REQUEST_TAIL_BYTES = 2 * WIRE_VARINT_BYTES_MAX + REQUEST_ID_BYTES,
};

/* One call's request, the same for each attempt but for the time that is left. */
struct request {
	struct slice method;  /* without a leading slash; borrowed */
	struct slice payload; /* borrowed */
	/* More of the payload: encoded messages merge when they are put one after the other, so
	 * this adds a request id to a message without unpacking it. */
	uint8_t tail[REQUEST_TAIL_BYTES];
	size_t tail_size;
	uint64_t min_revision;
	const char *token; /* for the header authorization, "" for none; borrowed */
	bool repeatable;   /* sending it twice has the effect of sending it once */
};

/* Checks the call and makes a request id for a write that has none. The call and the token, at most
 * CLIENT_TOKEN_BYTES, are borrowed by *ret. */
enum lectern_code request_init(struct request *ret, const struct lectern_call *call,
	const char *token, struct lectern_error *err) NODISCARD;

/* The message for one attempt; NULL when out of memory. */
nng_msg *request_frame(const struct request *request, uint32_t timeout_ms) NODISCARD;
