/* The headers of a call that the server knows. */
#include "rpc/rpc.h"

enum {
	TRACEPARENT_BYTES = 55, /* "00-", trace id, "-", parent id of 16 digits, "-", 2 digits */
	TRACE_ID_AT = 3,
};

static bool is(struct slice name, const char *text)
{
	return slice_equals(name, slice_of_text(text));
}

static bool is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* Version 00; later ones begin in the same way. */
static void read_traceparent(struct rpc_call *call, struct slice value)
{
	if (value.size < TRACEPARENT_BYTES || value.data[2] != '-' ||
		value.data[TRACE_ID_AT + RPC_TRACE_ID_BYTES] != '-')
		return;
	const uint8_t *digits = value.data + TRACE_ID_AT;
	bool zero = true;
	for (size_t i = 0; i < RPC_TRACE_ID_BYTES; i++) {
		if (!is_hex(digits[i]))
			return;
		zero = zero && digits[i] == '0';
	}
	if (zero) /* not allowed */
		return;
	memcpy(call->trace_id, digits, RPC_TRACE_ID_BYTES);
	call->trace_id[RPC_TRACE_ID_BYTES] = '\0';
}

static void read_request_id(struct rpc_call *call, struct slice value)
{
	if (value.size > LIMIT_REQUEST_ID_BYTES)
		return;
	for (size_t i = 0; i < value.size; i++)
		if (value.data[i] <= ' ' || value.data[i] > '~')
			return;
	if (value.size > 0)
		memcpy(call->request_id, value.data, value.size);
	call->request_id[value.size] = '\0';
}

void rpc_clear_headers(struct rpc_call *call)
{
	call->authorization = slice_of(NULL, 0);
	call->trusted = false;
	call->request_id[0] = '\0';
	call->trace_id[0] = '\0';
}

void rpc_read_header(struct rpc_call *call, struct slice name, struct slice value)
{
	if (is(name, "authorization"))
		call->authorization = value;
	else if (is(name, "x-request-id"))
		read_request_id(call, value);
	else if (is(name, "traceparent"))
		read_traceparent(call, value);
}
