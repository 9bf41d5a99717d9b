/* The frames of nng: lectern.rpc.v1.Request and Response. */
#pragma once
#include "rpc/rpc.h"

/* Fills method, payload, timeout_ms and min_revision of the call with slices of the frame.
 * INVALID_ARGUMENT for a frame that is no Request. */
enum code envelope_read_request(struct slice frame, struct rpc_call *call, struct error *err)
	NODISCARD;

/* A response that is about to be written. */
struct envelope_response {
	struct slice head;	   /* everything before the payload's bytes */
	const struct reply *reply; /* NULL for an error */
	size_t size_bytes;	   /* of the whole frame */
};

/* Prepares the frame for call->reply (err == NULL) or a Status with details. Uses call->arena; a
 * response over LIMIT_RESPONSE_BYTES becomes a RESOURCE_EXHAUSTED one. False when out of memory. */
bool envelope_prepare_response(
	struct rpc_call *call, const struct error *err, struct envelope_response *ret) NODISCARD;

/* Writes exactly response->size_bytes. */
void envelope_write_response(const struct envelope_response *response, uint8_t *out);
