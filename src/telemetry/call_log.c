#include "telemetry/call_log.h"

#include "base/log.h"

enum { FIELDS_MAX = 12 };

/* What went wrong in the server itself is an error, what it had no room or no time for a warning;
 * what a client asked in vain is news. That the server stops is known already. */
static enum log_level level_of(const struct error *err)
{
	if (err == NULL)
		return LOG_INFO;
	switch (err->code) {
	case CODE_INTERNAL:
	case CODE_DATA_LOSS:
	case CODE_UNKNOWN:
		return LOG_ERROR;
	case CODE_UNAVAILABLE:
		return err->reason != NULL && strcmp(err->reason, "STOPPING") == 0 ? LOG_INFO
										   : LOG_WARN;
	case CODE_RESOURCE_EXHAUSTED:
	case CODE_DEADLINE_EXCEEDED:
		return LOG_WARN;
	case CODE_OK:
	case CODE_CANCELLED:
	case CODE_INVALID_ARGUMENT:
	case CODE_NOT_FOUND:
	case CODE_ALREADY_EXISTS:
	case CODE_PERMISSION_DENIED:
	case CODE_FAILED_PRECONDITION:
	case CODE_ABORTED:
	case CODE_OUT_OF_RANGE:
	case CODE_UNIMPLEMENTED:
	case CODE_UNAUTHENTICATED:
		break;
	}
	return LOG_INFO;
}

void call_log_write(const struct call_line *line, bool all)
{
	struct log_field fields[FIELDS_MAX];
	const struct rpc_call *call = line->call;
	const struct error *err = line->err;
	enum log_level level = level_of(err);
	size_t count = 0;
	fields[count++] = log_text("method", line->method);
	fields[count++] = log_text("code", code_name(err == NULL ? CODE_OK : err->code));
	fields[count++] = log_number("duration_us", (int64_t)line->duration_us);
	fields[count++] = log_number("bytes", (int64_t)line->response_bytes);
	fields[count++] = log_text("peer", call->peer);
	if (call->request_id[0] != '\0')
		fields[count++] = log_text("request_id", call->request_id);
	if (call->trace_id[0] != '\0')
		fields[count++] = log_text("trace_id", call->trace_id);
	if (call->principal[0] != '\0')
		fields[count++] = log_text("principal", call->principal);
	if (err != NULL) {
		fields[count++] = log_text(
			"reason", err->reason == NULL ? code_name(err->code) : err->reason);
		fields[count++] = log_text("message", err->text);
	}
	fields[count] = LOG_END;
	if (line->slow && level < LOG_WARN)
		level = LOG_WARN;
	const char *message = line->slow ? "slow call" : "call";
	if (all)
		log_bulk_fields(level, message, fields);
	else
		log_limited_fields(level, message, fields);
}
