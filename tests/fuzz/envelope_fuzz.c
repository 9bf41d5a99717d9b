/* What a client, or something that is none, may send as a frame. */
#include "rpc/envelope.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require_inside(struct slice part, const uint8_t *data, size_t size)
{
	if (part.size > 0 && (part.data < data || part.data + part.size > data + size))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rpc_call call = { .peer = "fuzz" };
	struct error err;
	enum code code = envelope_read_request(slice_of(data, size), &call, &err);
	if (code == CODE_OK) {
		require_inside(call.method, data, size);
		require_inside(call.payload, data, size);
		return 0;
	}
	if (err.code != code || err.text[0] == '\0')
		abort();
	/* The refusal itself must fit its frame. */
	struct envelope_response response;
	envelope_prepare_response(&call, &err, &response);
	uint8_t *frame = malloc(response.size_bytes);
	if (frame == NULL)
		abort();
	envelope_write_response(&response, frame);
	free(frame);
	return 0;
}
