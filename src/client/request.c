#include "client/request.h"

#include "base/clock.h"
#include "base/limits.h"
#include "client/failure.h"
#include "client/methods.h"
#include "client/token.h"

#include <sodium.h>

/* Field numbers of lectern.rpc.v1.Request. */
enum { METHOD = 1, PAYLOAD = 2, TIMEOUT_MS = 3, HEADERS = 4, MIN_REVISION = 5 };
enum { HEADER_NAME = 1, HEADER_VALUE = 2 };
#define AUTHORIZATION "authorization"
#define BEARER "Bearer "

enum {
	/* Tags and numbers around method and payload. */
	FRAME_HEAD_BYTES = 8 * WIRE_VARINT_BYTES_MAX,
	/* The header of a call with a token. */
	AUTHORIZATION_BYTES_MAX = 6 * WIRE_VARINT_BYTES_MAX + sizeof AUTHORIZATION + sizeof BEARER +
				  CLIENT_TOKEN_BYTES,
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

/*
 * A UUID of version 7 (RFC 9562, 5.7): milliseconds since 1970, then random bits. The server keeps
 * the answers of writes in the order of their ids, and so puts those of one moment side by side,
 * where random ids would have it write a page for each.
 */
static void make_uuid(uint8_t ret[REQUEST_ID_BYTES / 2])
{
	enum { TIME_BYTES = 6, VERSION_BYTE = 6, VARIANT_BYTE = 8 };
	uint64_t ms = (uint64_t)clock_realtime_us() / 1000;
	randombytes_buf(ret, REQUEST_ID_BYTES / 2);
	for (int i = 0; i < TIME_BYTES; i++)
		ret[i] = (uint8_t)(ms >> (8 * (TIME_BYTES - 1 - i)));
	ret[VERSION_BYTE] = (uint8_t)(0x70 | (ret[VERSION_BYTE] & 0x0F));
	ret[VARIANT_BYTE] = (uint8_t)(0x80 | (ret[VARIANT_BYTE] & 0x3F));
}

static void add_request_id(struct request *request, uint32_t number)
{
	uint8_t uuid[REQUEST_ID_BYTES / 2];
	char text[REQUEST_ID_BYTES + 1];
	make_uuid(uuid);
	sodium_bin2hex(text, sizeof text, uuid, sizeof uuid);
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

enum lectern_code request_init(struct request *ret, const struct lectern_call *call,
	const char *token, struct lectern_error *err)
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
		.token = token,
	};
	size_t rest = FRAME_HEAD_BYTES + ret->method.size + REQUEST_TAIL_BYTES;
	if (token[0] != '\0')
		rest += AUTHORIZATION_BYTES_MAX;
	if (ret->payload.size > LIMIT_REQUEST_BYTES - rest)
		return failure(err, LECTERN_RESOURCE_EXHAUSTED, "REQUEST_TOO_LARGE",
			"the request of %zu bytes is over the limit of %zu bytes; send less at "
			"once",
			ret->payload.size, LIMIT_REQUEST_BYTES - rest);
	make_repeatable(ret);
	return LECTERN_OK;
}

static size_t put_text(uint32_t number, const char *first, const char *second, uint8_t *out)
{
	size_t first_size = strlen(first);
	size_t second_size = strlen(second);
	size_t size = wire_put_bytes_head(out, number, first_size + second_size);
	memcpy(out + size, first, first_size);
	memcpy(out + size + first_size, second, second_size);
	return size + first_size + second_size;
}

static size_t put_authorization(const char *token, uint8_t *out)
{
	uint8_t header[AUTHORIZATION_BYTES_MAX];
	if (token[0] == '\0')
		return 0;
	size_t header_size = put_text(HEADER_NAME, AUTHORIZATION, "", header);
	header_size += put_text(HEADER_VALUE, BEARER, token, header + header_size);
	size_t size = wire_put_bytes_head(out, HEADERS, header_size);
	memcpy(out + size, header, header_size);
	sodium_memzero(header, sizeof header);
	return size + header_size;
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
	size += put_authorization(request->token, out + size);
	size += wire_put_bytes_head(
		out + size, PAYLOAD, request->payload.size + request->tail_size);
	return size;
}

nng_msg *request_frame(const struct request *request, uint32_t timeout_ms)
{
	uint8_t head[FRAME_HEAD_BYTES + LIMIT_METHOD_BYTES + 1 + AUTHORIZATION_BYTES_MAX];
	size_t head_size = put_head(request, timeout_ms, head);
	nng_msg *message;
	if (nng_msg_alloc(&message, head_size + request->payload.size + request->tail_size) != 0)
		return NULL;
	uint8_t *body = nng_msg_body(message);
	memcpy(body, head, head_size);
	sodium_memzero(head, head_size);
	if (request->payload.size > 0)
		memcpy(body + head_size, request->payload.data, request->payload.size);
	memcpy(body + head_size + request->payload.size, request->tail, request->tail_size);
	return message;
}
