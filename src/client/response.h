/* Responses as they came in: lectern.rpc.v1.Response and its Status. */
#pragma once
#include "base/attributes.h"
#include "base/slice.h"

#include <lectern/error.h>
#include <stdint.h>

struct response {
	struct slice payload; /* inside the frame */
	uint64_t revision;
};

/*
 * Reads a frame. Fills *ret for a call that succeeded, else *err with the status and its details.
 * LECTERN_INTERNAL for a frame that is no Response.
 */
enum lectern_code response_read(struct slice frame, struct response *ret, struct lectern_error *err)
	NODISCARD;
