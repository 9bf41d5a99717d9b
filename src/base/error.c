#include "base/error.h"

#include "base/limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_Static_assert((int)ERROR_VALUE_BYTES_MAX >= (int)LIMIT_ETAG_BYTES, "an etag is a fact");
_Static_assert((int)ERROR_VALUE_BYTES_MAX >= (int)LIMIT_EPOCH_BYTES, "an epoch is a fact");

const char *code_name(enum code code)
{
	switch (code) {
	case CODE_OK:
		return "OK";
	case CODE_CANCELLED:
		return "CANCELLED";
	case CODE_UNKNOWN:
		return "UNKNOWN";
	case CODE_INVALID_ARGUMENT:
		return "INVALID_ARGUMENT";
	case CODE_DEADLINE_EXCEEDED:
		return "DEADLINE_EXCEEDED";
	case CODE_NOT_FOUND:
		return "NOT_FOUND";
	case CODE_ALREADY_EXISTS:
		return "ALREADY_EXISTS";
	case CODE_PERMISSION_DENIED:
		return "PERMISSION_DENIED";
	case CODE_RESOURCE_EXHAUSTED:
		return "RESOURCE_EXHAUSTED";
	case CODE_FAILED_PRECONDITION:
		return "FAILED_PRECONDITION";
	case CODE_ABORTED:
		return "ABORTED";
	case CODE_OUT_OF_RANGE:
		return "OUT_OF_RANGE";
	case CODE_UNIMPLEMENTED:
		return "UNIMPLEMENTED";
	case CODE_INTERNAL:
		return "INTERNAL";
	case CODE_UNAVAILABLE:
		return "UNAVAILABLE";
	case CODE_DATA_LOSS:
		return "DATA_LOSS";
	case CODE_UNAUTHENTICATED:
		return "UNAUTHENTICATED";
	}
	return "UNKNOWN";
}

/* Cuts the text before a UTF-8 sequence that snprintf() may have split: texts go on the wire. */
static void cut_at_character(char *text)
{
	size_t size = strlen(text);
	size_t start = size;
	while (start > 0 && size - start < 4 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
		start--;
	if (start == 0)
		return;
	unsigned char lead = (unsigned char)text[start - 1];
	size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
	if (size - start + 1 != want)
		text[start - 1] = '\0';
}

static void set(struct error *err, enum code code, const char *reason, const char *field)
{
	err->code = code;
	err->reason = reason;
	err->retry_ms = 0;
	err->fact_count = 0;
	snprintf(err->field, sizeof err->field, "%s", field);
	cut_at_character(err->field);
}

enum code fail(struct error *err, enum code code, const char *fmt, ...)
{
	if (err == NULL)
		return code;
	set(err, code, NULL, "");
	va_list args;
	va_start(args, fmt);
	vsnprintf(err->text, sizeof err->text, fmt, args);
	va_end(args);
	cut_at_character(err->text);
	return code;
}

enum code fail_reason(struct error *err, enum code code, const char *reason, const char *fmt, ...)
{
	if (err == NULL)
		return code;
	set(err, code, reason, "");
	va_list args;
	va_start(args, fmt);
	vsnprintf(err->text, sizeof err->text, fmt, args);
	va_end(args);
	cut_at_character(err->text);
	return code;
}

enum code fail_field(struct error *err, enum code code, const char *reason, const char *field,
	const char *fmt, ...)
{
	if (err == NULL)
		return code;
	set(err, code, reason, field);
	int used = snprintf(err->text, sizeof err->text, "%s: ", err->field);
	va_list args;
	va_start(args, fmt);
	vsnprintf(err->text + used, sizeof err->text - (size_t)used, fmt, args);
	va_end(args);
	cut_at_character(err->text);
	return code;
}

enum code fail_out_of_memory(struct error *err)
{
	return fail_reason(err, CODE_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY",
		"the request needs more memory than one call may use");
}

enum code fail_stopping(struct error *err)
{
	enum { RETRY_MS = 50 };
	fail_reason(err, CODE_UNAVAILABLE, "STOPPING",
		"the server is stopping; repeat with another one or later");
	if (err != NULL)
		err->retry_ms = RETRY_MS;
	return CODE_UNAVAILABLE;
}

void error_tell(struct error *err, const char *key, const char *fmt, ...)
{
	if (err == NULL || err->fact_count == ERROR_FACTS_MAX)
		return;
	struct error_fact *fact = &err->facts[err->fact_count++];
	fact->key = key;
	va_list args;
	va_start(args, fmt);
	vsnprintf(fact->value, sizeof fact->value, fmt, args);
	va_end(args);
	cut_at_character(fact->value);
}

enum code wrap(struct error *err, enum code code, const char *fmt, ...)
{
	if (err == NULL)
		return code;
	char cause[sizeof err->text];
	memcpy(cause, err->text, sizeof cause);
	va_list args;
	va_start(args, fmt);
	int used = vsnprintf(err->text, sizeof err->text, fmt, args);
	va_end(args);
	if (used >= 0 && (size_t)used < sizeof err->text)
		snprintf(err->text + used, sizeof err->text - (size_t)used, ": %s", cause);
	err->code = code;
	cut_at_character(err->text);
	return code;
}
