#include "client/request.h"

#include "base/limits.h"
#include "client/failure.h"
#include "client/methods.h"

#include <sodium.h>

/* Field numbers of lectern.rpc.v1.Request. */
enum { METHOD = 1, PAYLOAD = 2, TIMEOUT_MS = 3, MIN_REVISION = 5 };

enum {
	/* Tags and numbers around method and payload. */
	FRAME_HEAD_BYTES = 8 * WIRE_VARINT_BYTES_MAX,
};

/* Whether the payload sets the field to a text that is not empty. The last value counts. False in
 * *ret_valid: the payload is no message. */
static bool has_text(struct slice payload, uint32_t number, bool *ret_valid)
{
	bool found = false;
	while (payload.size > 0) {
		struct wire_field field;
		*ret_valid = wire_next(&payload, &field);
		if (!*ret_valid)
			return false;
		if (field.number == number && field.type == WIRE_BYTES)
			found = field.bytes.size > 0;
	}
	*ret_valid = true;
	return found;
}

static void add_request_id(struct request *request, uint32_t number)
{
	uint8_t random[REQUEST_ID_BYTES / 2];
	char text[REQUEST_ID_BYTES + 1];
	randombytes_buf(random, sizeof random);
	sodium_bin2hex(text, sizeof text, random, sizeof random);
	request->tail_size = wire_put_bytes_head(request->tail, number, REQUEST_ID_BYTES);
	memcpy(request->tail + request->tail_size, text, REQUEST_ID_BYTES);
	request->tail_size += REQUEST_ID_BYTES;
}

static void make_repeatable(struct request *request)
{
	const ProtobufCMethodDescriptor *method = method_find(request->method);
	if (method == NULL)
		return; /* of a newer server, and perhaps a write */
	request->repeatable = true;
	uint32_t number = method_request_id_field(method);
	if (number == 0)
		return;
	bool valid;
	if (!has_text(request->payload, number, &valid) && valid)
		add_request_id(request, number);
}

enum lectern_code request_init(
	struct request *ret, const struct lectern_call *call, struct lectern_error *err)
{
	if (call->method == NULL || call->method[0] == '\0')
		return failure(err, LECTERN_INVALID_ARGUMENT, NULL, "method: must not be empty");
	const char *method = call->method[0] == '/' ? call->method + 1 : call->method;
	if (strlen(method) >= LIMIT_METHOD_BYTES)
		return failure(err, LECTERN_INVALID_ARGUMENT, NULL,
			"method: is longer than %d bytes", LIMIT_METHOD_BYTES);
	*ret = (struct request){
		.method = slice_of_text(method),
		.payload = slice_of(
			call->request, call->request == NULL ? 0 : call->request_size_bytes),
		.min_revision = call->min_revision,
	};
	size_t rest = FRAME_HEAD_BYTES + ret->method.size + REQUEST_TAIL_BYTES;
	if (ret->payload.size > LIMIT_REQUEST_BYTES - rest)
		return failure(err, LECTERN_RESOURCE_EXHAUSTED, "REQUEST_TOO_LARGE",
			"the request of %zu bytes is over the limit of %zu bytes; send less at "
			"once",
			ret->payload.size, LIMIT_REQUEST_BYTES - rest);
	make_repeatable(ret);
	return LECTERN_OK;
}

/* Everything of the frame that stands before the payload's bytes. */
static size_t put_head(const struct request *request, uint32_t timeout_ms, uint8_t *out)
{
	size_t size = wire_put_bytes_head(out, METHOD, request->method.size + 1);
	out[size++] = '/';
	memcpy(out + size, request->method.data, request->method.size);
	size += request->method.size;
	size += wire_put_uint(out + size, TIMEOUT_MS, timeout_ms);
	size += wire_put_uint(out + size, MIN_REVISION, request->min_revision);
	size += wire_put_bytes_head(
		out + size, PAYLOAD, request->payload.size + request->tail_size);
	return size;
}

nng_msg *request_frame(const struct request *request, uint32_t timeout_ms)
{
	uint8_t head[FRAME_HEAD_BYTES + LIMIT_METHOD_BYTES + 1];
	size_t head_size = put_head(request, timeout_ms, head);
	nng_msg *message;
	if (nng_msg_alloc(&message, head_size + request->payload.size + request->tail_size) != 0)
		return NULL;
	uint8_t *body = nng_msg_body(message);
	memcpy(body, head, head_size);
	if (request->payload.size > 0)
		memcpy(body + head_size, request->payload.data, request->payload.size);
	memcpy(body + head_size + request->payload.size, request->tail, request->tail_size);
	return message;
}
