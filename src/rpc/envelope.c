#include "rpc/envelope.h"

#include "base/text.h"

/* Field numbers of lectern/rpc/v1/envelope.proto. */
enum {
	REQUEST_METHOD = 1,
	REQUEST_PAYLOAD = 2,
	REQUEST_TIMEOUT_MS = 3,
	REQUEST_HEADERS = 4,
	REQUEST_MIN_REVISION = 5,
	HEADER_NAME = 1,
	HEADER_VALUE = 2,
	RESPONSE_STATUS = 1,
	RESPONSE_PAYLOAD = 2,
	RESPONSE_REVISION = 4,
};

/* What of a frame is counted while it is read. */
struct tally {
	unsigned headers;
	unsigned unknown_fields;
};

static enum code malformed(struct error *err, const char *what)
{
	return fail_reason(err, CODE_INVALID_ARGUMENT, "MALFORMED_REQUEST",
		"the frame is no lectern.rpc.v1.Request: %s", what);
}

static enum code expect_type(
	const struct wire_field *field, enum wire_type type, const char *name, struct error *err)
{
	if (field->type == type)
		return CODE_OK;
	return fail_reason(err, CODE_INVALID_ARGUMENT, "MALFORMED_REQUEST",
		"the frame is no lectern.rpc.v1.Request: field '%s' has wire type %d instead of %d",
		name, (int)field->type, (int)type);
}

static enum code check_text(
	struct slice text, size_t max_bytes, const char *name, struct error *err)
{
	if (text.size > max_bytes)
		return fail_reason(err, CODE_INVALID_ARGUMENT, "MALFORMED_REQUEST",
			"%s of %zu bytes; at most %zu are allowed", name, text.size, max_bytes);
	size_t at = text_find_invalid(text);
	if (at != text.size)
		return fail_reason(err, CODE_INVALID_ARGUMENT, "MALFORMED_REQUEST",
			"%s is not UTF-8 without NUL at byte %zu", name, at);
	return CODE_OK;
}

static bool is_header_name(struct slice name)
{
	for (size_t i = 0; i < name.size; i++) {
		uint8_t c = name.data[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
			return false;
	}
	return name.size > 0;
}

static enum code read_header(
	struct slice header, struct rpc_call *call, struct tally *tally, struct error *err)
{
	struct slice name = slice_of(NULL, 0);
	struct slice value = slice_of(NULL, 0);
	struct wire_field field;
	while (header.size > 0) {
		if (!wire_next(&header, &field))
			return malformed(err, "a header is malformed or truncated");
		enum code code = CODE_OK;
		if (field.number == HEADER_NAME || field.number == HEADER_VALUE)
			code = expect_type(&field, WIRE_BYTES, "headers", err);
		else if (++tally->unknown_fields > LIMIT_UNKNOWN_FIELDS)
			code = malformed(err, "too many unknown fields");
		if (code != CODE_OK)
			return code;
		if (field.number == HEADER_NAME)
			name = field.bytes;
		else if (field.number == HEADER_VALUE)
			value = field.bytes;
	}
	enum code code = check_text(name, LIMIT_HEADER_NAME_BYTES, "a header's name", err);
	if (code == CODE_OK && !is_header_name(name))
		code = malformed(err, "a header's name is empty or not of [a-z0-9-]");
	if (code == CODE_OK)
		code = check_text(value, LIMIT_HEADER_VALUE_BYTES, "a header's value", err);
	bool token = slice_equals(name, slice_of_text("authorization"));
	if (code == CODE_OK && token && call->authorization.size > 0)
		code = malformed(err, "the header authorization is there twice");
	if (code == CODE_OK)
		rpc_read_header(call, name, value);
	return code;
}

static enum code read_field(const struct wire_field *field, struct rpc_call *call,
	struct tally *tally, struct error *err)
{
	enum code code;
	switch (field->number) {
	case REQUEST_METHOD:
		code = expect_type(field, WIRE_BYTES, "method", err);
		call->method = field->bytes;
		return code;
	case REQUEST_PAYLOAD:
		code = expect_type(field, WIRE_BYTES, "payload", err);
		call->payload = field->bytes;
		return code;
	case REQUEST_TIMEOUT_MS:
		code = expect_type(field, WIRE_VARINT, "timeout_ms", err);
		call->timeout_ms = field->value > UINT32_MAX ? UINT32_MAX : (uint32_t)field->value;
		return code;
	case REQUEST_HEADERS:
		code = expect_type(field, WIRE_BYTES, "headers", err);
		if (code == CODE_OK && ++tally->headers > LIMIT_HEADERS)
			code = fail_reason(err, CODE_INVALID_ARGUMENT, "MALFORMED_REQUEST",
				"more than %d headers", LIMIT_HEADERS);
		return code == CODE_OK ? read_header(field->bytes, call, tally, err) : code;
	case REQUEST_MIN_REVISION:
		code = expect_type(field, WIRE_VARINT, "min_revision", err);
		call->min_revision = field->value;
		return code;
	default:
		if (++tally->unknown_fields > LIMIT_UNKNOWN_FIELDS)
			return malformed(err, "too many unknown fields");
		return CODE_OK;
	}
}

enum code envelope_read_request(struct slice frame, struct rpc_call *call, struct error *err)
{
	call->method = slice_of(NULL, 0);
	call->payload = slice_of(NULL, 0);
	call->timeout_ms = 0;
	call->min_revision = 0;
	rpc_clear_headers(call);
	if (frame.size > LIMIT_REQUEST_BYTES)
		return fail_reason(err, CODE_INVALID_ARGUMENT, "REQUEST_TOO_LARGE",
			"a request of %zu bytes; at most %d are allowed", frame.size,
			LIMIT_REQUEST_BYTES);
	struct tally tally = { 0 };
	struct slice rest = frame;
	while (rest.size > 0) {
		struct wire_field field;
		if (!wire_next(&rest, &field))
			return malformed(err, "it is malformed or truncated");
		enum code code = read_field(&field, call, &tally, err);
		if (code != CODE_OK)
			return code;
	}
	if (call->method.size == 0)
		return malformed(err, "it names no method");
	return check_text(call->method, LIMIT_METHOD_BYTES, "the method's name", err);
}

enum code envelope_check_size(const struct rpc_call *call, struct error *err)
{
	/* The frame adds a revision and a head to the payload. */
	size_t max_bytes = LIMIT_RESPONSE_BYTES - 4 * WIRE_VARINT_BYTES_MAX;
	if (call->reply.size_bytes <= max_bytes)
		return CODE_OK;
	return fail_reason(err, CODE_RESOURCE_EXHAUSTED, "RESPONSE_TOO_LARGE",
		"the response would have %zu bytes, at most %d are allowed; ask for fewer entries "
		"or for a smaller view",
		call->reply.size_bytes, LIMIT_RESPONSE_BYTES);
}

static void prepare_status(const struct error *err, struct envelope_response *ret)
{
	uint8_t status[STATUS_BYTES_MAX];
	size_t status_bytes = status_write(err, status);
	size_t size = wire_put_bytes_head(ret->memory, RESPONSE_STATUS, status_bytes);
	memcpy(ret->memory + size, status, status_bytes);
	ret->head = slice_of(ret->memory, size + status_bytes);
	ret->reply = NULL;
	ret->size_bytes = ret->head.size;
}

void envelope_prepare_response(
	const struct rpc_call *call, const struct error *err, struct envelope_response *ret)
{
	struct error too_large;
	if (err == NULL && envelope_check_size(call, &too_large) != CODE_OK)
		err = &too_large;
	if (err != NULL) {
		prepare_status(err, ret);
		return;
	}
	size_t payload_bytes = call->reply.size_bytes;
	size_t size = wire_put_uint(ret->memory, RESPONSE_REVISION, call->revision);
	if (payload_bytes > 0)
		size += wire_put_bytes_head(ret->memory + size, RESPONSE_PAYLOAD, payload_bytes);
	ret->head = slice_of(ret->memory, size);
	ret->reply = &call->reply;
	ret->size_bytes = size + payload_bytes;
}

void envelope_write_response(const struct envelope_response *response, uint8_t *out)
{
	if (response->head.size > 0)
		memcpy(out, response->head.data, response->head.size);
	out += response->head.size;
	for (size_t i = 0; response->reply != NULL && i < response->reply->count; i++) {
		struct slice part = response->reply->parts[i];
		memcpy(out, part.data, part.size);
		out += part.size;
	}
}
