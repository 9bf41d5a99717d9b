/* The frames of nng: lectern.rpc.v1.Request and Response. */
#pragma once
#include "base/wire.h"
#include "rpc/rpc.h"
#include "rpc/status.h"

/* Fills method, payload, timeout_ms, min_revision and what headers tell, as slices of the frame.
 * INVALID_ARGUMENT for a frame that is no Request or over a limit. */
enum code envelope_read_request(struct slice frame, struct rpc_call *call, struct error *err)
	NODISCARD;

/* A response that is about to be written. Must not be moved: head points into it. */
struct envelope_response {
	struct slice head;	   /* everything before the payload's bytes */
	const struct reply *reply; /* NULL for an error */
	size_t size_bytes;	   /* of the whole frame */
	uint8_t memory[STATUS_BYTES_MAX + 4 * WIRE_VARINT_BYTES_MAX]; /* of head */
};

/* Prepares the frame for call->reply (err == NULL) or a Status with details. A response over
 * LIMIT_RESPONSE_BYTES becomes a RESOURCE_EXHAUSTED one. */
void envelope_prepare_response(
	const struct rpc_call *call, const struct error *err, struct envelope_response *ret);

/* Writes exactly response->size_bytes. */
void envelope_write_response(const struct envelope_response *response, uint8_t *out);

/* Whether call->reply fits into a response; else *err says so. */
enum code envelope_check_size(const struct rpc_call *call, struct error *err) NODISCARD;
