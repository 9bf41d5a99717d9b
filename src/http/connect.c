#include "http/connect.h"

#include "base/text.h"
#include "codec/json.h"
#include "http/base64.h"
#include "http/encoding.h"

#include <strings.h>

enum { TIMEOUT_DIGITS_MAX = 10 };

bool connect_is_path(struct slice path)
{
	if (path.size < 2 || path.data[0] != '/')
		return false;
	const uint8_t *slash = memchr(path.data + 1, '/', path.size - 1);
	if (slash == NULL)
		return false;
	size_t service = (size_t)(slash - path.data) - 1;
	size_t method = path.size - service - 2;
	return method > 0 && memchr(path.data + 1, '.', service) != NULL &&
	       memchr(slash + 1, '/', method) == NULL;
}

static bool same(struct slice text, const char *word)
{
	return text.size == strlen(word) &&
	       strncasecmp((const char *)text.data, word, text.size) == 0;
}

static enum code malformed(struct error *err, const char *what)
{
	return fail_reason(err, CODE_INVALID_ARGUMENT, "MALFORMED_REQUEST", "%s", what);
}

static enum code read_timeout(
	const struct http_request *request, struct connect_call *call, struct error *err)
{
	struct slice value;
	uint64_t number;
	call->timeout_ms = 0;
	if (!http_header(request, "connect-timeout-ms", &value))
		return CODE_OK;
	if (value.size > TIMEOUT_DIGITS_MAX || !text_number(value, &number))
		return malformed(err, "connect-timeout-ms must be a number of at most 10 digits");
	call->timeout_ms = number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
	if (number > 0)
		return CODE_OK;
	return fail(err, CODE_DEADLINE_EXCEEDED,
		"connect-timeout-ms is 0: the call's time is over; it had no effect");
}

static enum code read_min_revision(
	const struct http_request *request, struct connect_call *call, struct error *err)
{
	struct slice value;
	call->min_revision = 0;
	if (!http_header(request, "lectern-min-revision", &value))
		return CODE_OK;
	return text_number(value, &call->min_revision)
		       ? CODE_OK
		       : malformed(err, "lectern-min-revision must be a number");
}

static enum code read_version(const struct http_request *request, struct error *err)
{
	struct slice value;
	if (!http_header(request, "connect-protocol-version", &value) || same(value, "1"))
		return CODE_OK;
	return malformed(err, "connect-protocol-version must be 1");
}

static bool has_side_effects(const struct rpc_method_info *method)
{
	return method->access != RPC_READ && method->access != RPC_NONE;
}

/* "application/json; charset=utf-8" */
static bool read_content_type(struct slice type, enum connect_codec *ret)
{
	size_t size = 0;
	while (size < type.size && type.data[size] != ';' && type.data[size] != ' ')
		size++;
	struct slice media = slice_of(type.data, size);
	if (!same(media, "application/json") && !same(media, "application/proto"))
		return false;
	*ret = same(media, "application/json") ? CONNECT_JSON : CONNECT_PROTO;
	return true;
}

static enum code unpack(const struct http_request *request, struct slice body,
	struct slice encoding, struct slice *ret, struct error *err)
{
	*ret = body;
	if (encoding.size == 0 || same(encoding, "identity"))
		return CODE_OK;
	if (same(encoding, "gzip"))
		return gzip_read(body, LIMIT_REQUEST_BYTES, request->arena, ret, err);
	return fail_reason(err, CODE_UNIMPLEMENTED, "UNKNOWN_ENCODING",
		"the content-encoding is not known; this server reads gzip and identity");
}

static enum code read_post(const struct http_request *request, struct connect_call *call,
	unsigned *status, struct error *err)
{
	struct slice type;
	struct slice encoding = slice_of(NULL, 0);
	if (!http_header(request, "content-type", &type) ||
		!read_content_type(type, &call->codec)) {
		*status = 415;
		return fail_reason(err, CODE_UNKNOWN, "UNKNOWN_CONTENT_TYPE",
			"send content-type application/json or application/proto");
	}
	(void)http_header(request, "content-encoding", &encoding);
	return unpack(request, request->body, encoding, &call->message, err);
}

/* A parameter that may be missing: empty then. */
static enum code read_parameter(
	const struct http_request *request, const char *name, struct slice *ret, struct error *err)
{
	enum code code = http_query(request, name, ret, err);
	if (code != CODE_NOT_FOUND)
		return code;
	*ret = slice_of(NULL, 0);
	return CODE_OK;
}

static enum code read_get(
	const struct http_request *request, struct connect_call *call, struct error *err)
{
	struct slice encoding, message, base64, compression;
	enum code code = read_parameter(request, "encoding", &encoding, err);
	if (code == CODE_OK)
		code = read_parameter(request, "base64", &base64, err);
	if (code == CODE_OK)
		code = read_parameter(request, "compression", &compression, err);
	if (code == CODE_OK)
		code = http_query(request, "message", &message, err);
	if (code == CODE_NOT_FOUND)
		return malformed(err, "the parameter 'message' is missing");
	if (code != CODE_OK)
		return code;
	if (!same(encoding, "json") && !same(encoding, "proto"))
		return malformed(err, "the parameter 'encoding' must be json or proto");
	call->codec = same(encoding, "json") ? CONNECT_JSON : CONNECT_PROTO;
	if (same(base64, "1") && !base64_read(message, request->arena, &message))
		return malformed(err, "the parameter 'message' is no base64 as in URLs");
	return unpack(request, message, compression, &call->message, err);
}

static enum code refuse_method(struct error *err, bool known_by_get)
{
	return fail_reason(err, CODE_UNIMPLEMENTED, "METHOD_NOT_ALLOWED",
		known_by_get ? "send it by POST or GET"
			     : "this method may change something or wait: send it by POST");
}

enum code connect_read(const struct http_request *request, struct connect_call *ret,
	unsigned *ret_status, struct error *err)
{
	*ret_status = 0;
	if (!rpc_describe(request->rpc, request->path, &ret->method)) {
		*ret_status = 404;
		return fail_reason(err, CODE_UNIMPLEMENTED, "UNKNOWN_METHOD",
			"there is no such method; see docs/api.md or GET /");
	}
	ret->get = request->method == HTTP_GET || request->method == HTTP_HEAD;
	bool by_get = !has_side_effects(&ret->method);
	if (request->method != HTTP_POST && !(ret->get && by_get)) {
		*ret_status = 405;
		return refuse_method(err, by_get);
	}
	enum code code = read_version(request, err);
	if (code == CODE_OK)
		code = read_timeout(request, ret, err);
	if (code == CODE_OK)
		code = read_min_revision(request, ret, err);
	if (code != CODE_OK)
		return code;
	return ret->get ? read_get(request, ret, err) : read_post(request, ret, ret_status, err);
}

enum code connect_payload(const struct http_request *request, const struct connect_call *call,
	struct slice *ret, struct error *err)
{
	*ret = call->message;
	if (call->codec == CONNECT_PROTO)
		return CODE_OK;
	ProtobufCMessage *message;
	struct slice text = call->message.size == 0 ? slice_of_text("{}") : call->message;
	enum code code = json_parse(call->method.input, text, request->arena, &message, err);
	if (code != CODE_OK)
		return code;
	*ret = arena_pack(request->arena, message);
	return ret->data == NULL ? fail_out_of_memory(err) : CODE_OK;
}

enum code connect_print(const struct connect_call *call, struct slice message, struct arena *arena,
	struct http_reply *reply, struct error *err)
{
	reply->cacheable = call->get;
	reply->max_age_s = -1;
	if (call->codec == CONNECT_PROTO) {
		reply->content_type = "application/proto";
		buffer_append(&reply->body, message.data, message.size);
		return reply->body.overflow ? fail_out_of_memory(err) : CODE_OK;
	}
	reply->content_type = "application/json";
	ProtobufCMessage *unpacked = protobuf_c_message_unpack(
		call->method.output, &arena->allocator, message.size, message.data);
	if (unpacked == NULL)
		return fail_out_of_memory(err);
	return json_print(unpacked, JSON_DEFAULT, &reply->body, err);
}
