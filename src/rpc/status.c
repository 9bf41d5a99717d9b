#include "rpc/status.h"

#include <google/protobuf/duration.pb-c.h>
#include <lectern/rpc/v1/status.pb-c.h>
#include <stdbool.h>
#include <string.h>

enum {
	REASON_BYTES_MAX = 64,
	INFO_BYTES_MAX = 160 + ERROR_FACTS_MAX * (ERROR_KEY_BYTES_MAX + ERROR_VALUE_BYTES_MAX + 8),
	VIOLATION_BYTES_MAX = 700,
	RETRY_BYTES_MAX = 32,
};

/* The generated structs want pointers to char; nothing is written through them. */
static char *text_field(const char *text)
{
	return (char *)(uintptr_t)text;
}

/* A limit that the caller has run into and can stay under. */
static bool is_limit_of_caller(const struct error *err)
{
	static const char *const reasons[] = { "RESPONSE_TOO_LARGE", "REQUEST_TOO_COMPLEX" };
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (err->reason != NULL && strcmp(err->reason, reasons[i]) == 0)
			return true;
	return err->field[0] != '\0';
}

const char *status_turn(const struct error *err)
{
	switch (err->code) {
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
		return "caller";
	case CODE_DEADLINE_EXCEEDED:
	case CODE_UNAVAILABLE:
		return "retry";
	case CODE_RESOURCE_EXHAUSTED:
		if (err->retry_ms > 0)
			return "retry";
		return is_limit_of_caller(err) ? "caller" : "operator";
	case CODE_UNKNOWN:
	case CODE_INTERNAL:
	case CODE_DATA_LOSS:
		break;
	}
	return "operator";
}

static const char *reason_of(const struct error *err)
{
	bool usable = err->reason != NULL && strlen(err->reason) <= REASON_BYTES_MAX;
	return usable ? err->reason : code_name(err->code);
}

/* Whose turn it is, then the facts. */
struct metadata {
	Lectern__Rpc__V1__ErrorInfo__MetadataEntry entries[1 + ERROR_FACTS_MAX];
	Lectern__Rpc__V1__ErrorInfo__MetadataEntry *list[1 + ERROR_FACTS_MAX];
	size_t count;
};

static void add_entry(struct metadata *metadata, const char *key, const char *value)
{
	Lectern__Rpc__V1__ErrorInfo__MetadataEntry *entry = &metadata->entries[metadata->count];
	if (strlen(key) > ERROR_KEY_BYTES_MAX)
		return;
	lectern__rpc__v1__error_info__metadata_entry__init(entry);
	entry->key = text_field(key);
	entry->value = text_field(value);
	metadata->list[metadata->count++] = entry;
}

static size_t write_info(const struct error *err, uint8_t *out)
{
	struct metadata metadata = { .count = 0 };
	add_entry(&metadata, "turn", status_turn(err));
	for (unsigned i = 0; i < err->fact_count; i++)
		add_entry(&metadata, err->facts[i].key, err->facts[i].value);

	Lectern__Rpc__V1__ErrorInfo info;
	lectern__rpc__v1__error_info__init(&info);
	info.reason = text_field(reason_of(err));
	info.domain = text_field("lectern");
	info.n_metadata = metadata.count;
	info.metadata = metadata.list;
	return lectern__rpc__v1__error_info__pack(&info, out);
}

/* The error's text without the "FIELD: " that it starts with. */
static const char *description_of(const struct error *err)
{
	size_t size = strlen(err->field);
	bool prefixed = strncmp(err->text, err->field, size) == 0 &&
			strncmp(err->text + size, ": ", 2) == 0;
	return prefixed ? err->text + size + 2 : err->text;
}

static size_t write_bad_request(const struct error *err, uint8_t *out)
{
	Lectern__Rpc__V1__BadRequest__FieldViolation violation;
	lectern__rpc__v1__bad_request__field_violation__init(&violation);
	violation.field = text_field(err->field);
	violation.description = text_field(description_of(err));
	Lectern__Rpc__V1__BadRequest__FieldViolation *violations[] = { &violation };

	Lectern__Rpc__V1__BadRequest request;
	lectern__rpc__v1__bad_request__init(&request);
	request.n_field_violations = 1;
	request.field_violations = violations;
	return lectern__rpc__v1__bad_request__pack(&request, out);
}

static size_t write_retry(const struct error *err, uint8_t *out)
{
	Google__Protobuf__Duration delay;
	google__protobuf__duration__init(&delay);
	delay.seconds = err->retry_ms / 1000;
	delay.nanos = (int32_t)(err->retry_ms % 1000) * 1000000;
	Lectern__Rpc__V1__RetryInfo retry;
	lectern__rpc__v1__retry_info__init(&retry);
	retry.retry_delay = &delay;
	return lectern__rpc__v1__retry_info__pack(&retry, out);
}

static void fill_any(Google__Protobuf__Any *any, const char *url, uint8_t *data, size_t size_bytes)
{
	google__protobuf__any__init(any);
	any->type_url = text_field(url);
	any->value = (ProtobufCBinaryData){ .len = size_bytes, .data = data };
}

size_t status_write(const struct error *err, uint8_t out[STATUS_BYTES_MAX])
{
	uint8_t info[INFO_BYTES_MAX];
	uint8_t violation[VIOLATION_BYTES_MAX];
	uint8_t retry[RETRY_BYTES_MAX];
	Google__Protobuf__Any any[3];
	Google__Protobuf__Any *details[3] = { &any[0], &any[1], &any[2] };
	size_t count = 0;

	fill_any(&any[count++], "type.googleapis.com/google.rpc.ErrorInfo", info,
		write_info(err, info));
	if (err->field[0] != '\0')
		fill_any(&any[count++], "type.googleapis.com/google.rpc.BadRequest", violation,
			write_bad_request(err, violation));
	if (err->retry_ms > 0)
		fill_any(&any[count++], "type.googleapis.com/google.rpc.RetryInfo", retry,
			write_retry(err, retry));

	Lectern__Rpc__V1__Status status;
	lectern__rpc__v1__status__init(&status);
	status.code = (int32_t)err->code;
	status.message = text_field(err->text);
	status.n_details = count;
	status.details = details;
	return lectern__rpc__v1__status__pack(&status, out);
}
