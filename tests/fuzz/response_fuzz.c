/* What a server, or something that is none, may send to the client. */
#include "client/response.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct response response;
	struct lectern_error err;
	enum lectern_code code = response_read(slice_of(data, size), &response, &err);
	if (code == LECTERN_OK) {
		if (response.payload.size > 0 &&
			(response.payload.data < data ||
				response.payload.data + response.payload.size > data + size))
			abort();
		return 0;
	}
	if (err.code != code || code > LECTERN_UNAUTHENTICATED || err.message[0] == '\0' ||
		memchr(err.message, '\0', sizeof err.message) == NULL ||
		memchr(err.reason, '\0', sizeof err.reason) == NULL ||
		memchr(err.field, '\0', sizeof err.field) == NULL)
		abort();
	return 0;
}
