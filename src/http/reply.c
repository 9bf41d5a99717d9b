/* What replies are made of. */
#include "http/route.h"

void http_add_field(struct http_reply *reply, const char *name, const char *value)
{
	if (reply->field_count < HTTP_FIELDS_MAX)
		reply->fields[reply->field_count++] =
			(struct http_field){ .name = name, .value = value };
}

/* https://connectrpc.com/docs/protocol/#error-codes */
unsigned http_status_of(enum code code)
{
	switch (code) {
	case CODE_OK:
		return 200;
	case CODE_CANCELLED:
		return 499;
	case CODE_INVALID_ARGUMENT:
	case CODE_FAILED_PRECONDITION:
	case CODE_OUT_OF_RANGE:
		return 400;
	case CODE_DEADLINE_EXCEEDED:
		return 504;
	case CODE_NOT_FOUND:
		return 404;
	case CODE_ALREADY_EXISTS:
	case CODE_ABORTED:
		return 409;
	case CODE_PERMISSION_DENIED:
		return 403;
	case CODE_RESOURCE_EXHAUSTED:
		return 429;
	case CODE_UNIMPLEMENTED:
		return 501;
	case CODE_UNAVAILABLE:
		return 503;
	case CODE_UNAUTHENTICATED:
		return 401;
	case CODE_UNKNOWN:
	case CODE_INTERNAL:
	case CODE_DATA_LOSS:
		break;
	}
	return 500;
}

void http_add_error_fields(
	const struct error *err, unsigned status, struct arena *arena, struct http_reply *reply)
{
	if (err->retry_ms > 0) {
		const char *seconds = arena_printf(arena, "%u", (err->retry_ms + 999) / 1000);
		if (seconds != NULL)
			http_add_field(reply, "Retry-After", seconds);
	}
	if (reply->status == 401)
		http_add_field(reply, "WWW-Authenticate", "Bearer realm=\"lectern\"");
	if (status == 415)
		http_add_field(reply, "Accept-Post", "application/json, application/proto");
}
