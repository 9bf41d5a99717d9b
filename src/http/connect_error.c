/* Errors as Connect has them: {"code", "message", "details": [{"type", "value", "debug"}]}. */
#include "codec/json.h"
#include "http/base64.h"
#include "http/connect.h"
#include "rpc/status.h"

#include <lectern/rpc/v1/status.pb-c.h>

enum { ERROR_JSON_BYTES_MAX = 64 * 1024 };

/* https://connectrpc.com/docs/protocol/#error-codes */
static const char *code_text(enum code code)
{
	switch (code) {
	case CODE_CANCELLED:
		return "canceled";
	case CODE_INVALID_ARGUMENT:
		return "invalid_argument";
	case CODE_DEADLINE_EXCEEDED:
		return "deadline_exceeded";
	case CODE_NOT_FOUND:
		return "not_found";
	case CODE_ALREADY_EXISTS:
		return "already_exists";
	case CODE_PERMISSION_DENIED:
		return "permission_denied";
	case CODE_RESOURCE_EXHAUSTED:
		return "resource_exhausted";
	case CODE_FAILED_PRECONDITION:
		return "failed_precondition";
	case CODE_ABORTED:
		return "aborted";
	case CODE_OUT_OF_RANGE:
		return "out_of_range";
	case CODE_UNIMPLEMENTED:
		return "unimplemented";
	case CODE_INTERNAL:
		return "internal";
	case CODE_UNAVAILABLE:
		return "unavailable";
	case CODE_DATA_LOSS:
		return "data_loss";
	case CODE_UNAUTHENTICATED:
		return "unauthenticated";
	case CODE_OK:
	case CODE_UNKNOWN:
		break;
	}
	return "unknown";
}

static const ProtobufCMessageDescriptor *find_detail(const char *type)
{
	static const struct {
		const char *type;
		const ProtobufCMessageDescriptor *descriptor;
	} details[] = {
		{ "google.rpc.ErrorInfo", &lectern__rpc__v1__error_info__descriptor },
		{ "google.rpc.BadRequest", &lectern__rpc__v1__bad_request__descriptor },
		{ "google.rpc.RetryInfo", &lectern__rpc__v1__retry_info__descriptor },
	};
	for (size_t i = 0; i < sizeof details / sizeof *details; i++)
		if (strcmp(type, details[i].type) == 0)
			return details[i].descriptor;
	return NULL;
}

/* The detail as JSON, for people who look at it. */
static void put_debug(const char *type, struct slice value, struct arena *arena, struct buffer *out)
{
	const ProtobufCMessageDescriptor *descriptor = find_detail(type);
	ProtobufCMessage *message = descriptor == NULL
					    ? NULL
					    : protobuf_c_message_unpack(descriptor,
						      &arena->allocator, value.size, value.data);
	if (message == NULL)
		return;
	buffer_append_text(out, ",\"debug\":");
	if (json_print(message, JSON_DEFAULT, out, NULL) != CODE_OK)
		out->overflow = true;
}

static void put_detail(
	const Google__Protobuf__Any *detail, bool first, struct arena *arena, struct buffer *out)
{
	const char *slash = strrchr(detail->type_url, '/');
	const char *type = slash == NULL ? detail->type_url : slash + 1;
	struct slice value = slice_of(detail->value.data, detail->value.len);
	buffer_printf(out, "%s{\"type\":\"%s\",\"value\":\"", first ? "" : ",", type);
	base64_put(value, out);
	buffer_append_char(out, '"');
	put_debug(type, value, arena, out);
	buffer_append_char(out, '}');
}

static void put_details(const struct error *err, struct arena *arena, struct buffer *out)
{
	uint8_t bytes[STATUS_BYTES_MAX];
	size_t size = status_write(err, bytes);
	Lectern__Rpc__V1__Status *status =
		lectern__rpc__v1__status__unpack(&arena->allocator, size, bytes);
	if (status == NULL || status->n_details == 0)
		return;
	buffer_append_text(out, ",\"details\":[");
	for (size_t i = 0; i < status->n_details; i++)
		put_detail(status->details[i], i == 0, arena, out);
	buffer_append_char(out, ']');
}

void connect_print_error(
	const struct error *err, unsigned status, struct arena *arena, struct http_reply *reply)
{
	reply->status = status != 0 ? status : http_status_of(err->code);
	reply->content_type = "application/json";
	reply->cacheable = false;
	buffer_clear(&reply->body);
	buffer_printf(&reply->body, "{\"code\":\"%s\",\"message\":", code_text(err->code));
	json_print_text(slice_of_text(err->text), &reply->body);
	put_details(err, arena, &reply->body);
	buffer_append_char(&reply->body, '}');
	http_add_error_fields(err, status, arena, reply);
}
