#include "client/response.h"

#include "base/text.h"
#include "base/wire.h"
#include "client/failure.h"

#include <stdio.h>

/* Field numbers of lectern.rpc.v1 and of the google.rpc messages that it is compatible with. */
enum {
	RESPONSE_STATUS = 1,
	RESPONSE_PAYLOAD = 2,
	RESPONSE_REVISION = 4,
	STATUS_CODE = 1,
	STATUS_MESSAGE = 2,
	STATUS_DETAILS = 3,
	ANY_TYPE_URL = 1,
	ANY_VALUE = 2,
	ERROR_INFO_REASON = 1,
	ERROR_INFO_METADATA = 3,
	METADATA_KEY = 1,
	METADATA_VALUE = 2,
	BAD_REQUEST_VIOLATIONS = 1,
	VIOLATION_FIELD = 1,
	RETRY_INFO_DELAY = 1,
	DURATION_SECONDS = 1,
	DURATION_NANOS = 2,
};

static enum lectern_code malformed(struct lectern_error *err)
{
	return failure(err, LECTERN_INTERNAL, "MALFORMED_RESPONSE",
		"the answer is no Lectern response; check that the address is a Lectern server's");
}

/* The last value of a field of bytes; empty if it is not there. False if message is malformed. */
static bool find_bytes(struct slice message, uint32_t number, struct slice *ret)
{
	*ret = slice_of(NULL, 0);
	while (message.size > 0) {
		struct wire_field field;
		if (!wire_next(&message, &field))
			return false;
		if (field.number == number && field.type == WIRE_BYTES)
			*ret = field.bytes;
	}
	return true;
}

/* As much of the text as is valid and fits. */
static void copy_text(char *out, size_t capacity, struct slice text)
{
	text.size = text_find_invalid(text);
	size_t size = text_cut(text, capacity - 1);
	if (size > 0)
		memcpy(out, text.data, size);
	out[size] = '\0';
}

static bool read_duration_ms(struct slice duration, uint32_t *ret)
{
	int64_t seconds = 0;
	int64_t nanos = 0;
	while (duration.size > 0) {
		struct wire_field field;
		if (!wire_next(&duration, &field))
			return false;
		if (field.number == DURATION_SECONDS && field.type == WIRE_VARINT)
			seconds = (int64_t)field.value;
		else if (field.number == DURATION_NANOS && field.type == WIRE_VARINT)
			nanos = (int32_t)field.value;
	}
	if (seconds < 0 || nanos < 0 || nanos > 999999999)
		*ret = 0;
	else if (seconds >= UINT32_MAX / 1000)
		*ret = UINT32_MAX;
	else
		*ret = (uint32_t)(seconds * 1000 + (nanos + 999999) / 1000000);
	return true;
}

static bool is_type(struct slice url, const char *name)
{
	struct slice want = slice_of_text(name);
	return url.size > want.size && url.data[url.size - want.size - 1] == '/' &&
	       memcmp(url.data + url.size - want.size, want.data, want.size) == 0;
}

/* A decimal number; 0 for any other text. */
static uint64_t read_number(struct slice text)
{
	uint64_t number;
	return text_number(text, &number) ? number : 0;
}

static bool read_metadata(struct slice entry, struct lectern_error *err)
{
	struct slice key, value;
	if (!find_bytes(entry, METADATA_KEY, &key) || !find_bytes(entry, METADATA_VALUE, &value))
		return false;
	if (slice_equals(key, slice_of_text("etag_current")))
		copy_text(err->etag, sizeof err->etag, value);
	else if (slice_equals(key, slice_of_text("oldest_revision")))
		err->oldest_revision = read_number(value);
	return true;
}

static bool read_error_info(struct slice info, struct lectern_error *err)
{
	while (info.size > 0) {
		struct wire_field field;
		if (!wire_next(&info, &field))
			return false;
		if (field.type != WIRE_BYTES)
			continue;
		if (field.number == ERROR_INFO_REASON)
			copy_text(err->reason, sizeof err->reason, field.bytes);
		else if (field.number == ERROR_INFO_METADATA && !read_metadata(field.bytes, err))
			return false;
	}
	return true;
}

/* Takes from one google.protobuf.Any what struct lectern_error has a place for. */
static bool read_detail(struct slice any, struct lectern_error *err)
{
	struct slice url, value, part;
	if (!find_bytes(any, ANY_TYPE_URL, &url) || !find_bytes(any, ANY_VALUE, &value))
		return false;
	if (is_type(url, "google.rpc.ErrorInfo")) {
		return read_error_info(value, err);
	} else if (is_type(url, "google.rpc.BadRequest")) {
		struct slice field;
		if (!find_bytes(value, BAD_REQUEST_VIOLATIONS, &part) ||
			!find_bytes(part, VIOLATION_FIELD, &field))
			return false;
		copy_text(err->field, sizeof err->field, field);
	} else if (is_type(url, "google.rpc.RetryInfo")) {
		return find_bytes(value, RETRY_INFO_DELAY, &part) &&
		       read_duration_ms(part, &err->retry_after_ms);
	}
	return true;
}

/* Fills *err with a Status; its code is LECTERN_OK where the status says so. */
static bool read_status(struct slice status, struct lectern_error *err)
{
	*err = (struct lectern_error){ .code = LECTERN_OK };
	while (status.size > 0) {
		struct wire_field field;
		if (!wire_next(&status, &field))
			return false;
		if (field.number == STATUS_CODE && field.type == WIRE_VARINT)
			err->code = field.value <= LECTERN_UNAUTHENTICATED
					    ? (enum lectern_code)field.value
					    : LECTERN_UNKNOWN;
		else if (field.number == STATUS_MESSAGE && field.type == WIRE_BYTES)
			copy_text(err->message, sizeof err->message, field.bytes);
		else if (field.number == STATUS_DETAILS && field.type == WIRE_BYTES &&
			 !read_detail(field.bytes, err))
			return false;
	}
	if (err->message[0] == '\0')
		snprintf(err->message, sizeof err->message, "%s", lectern_code_name(err->code));
	return true;
}

enum lectern_code response_read(struct slice frame, struct response *ret, struct lectern_error *err)
{
	struct response response = { 0 };
	struct lectern_error status = { .code = LECTERN_OK };
	while (frame.size > 0) {
		struct wire_field field;
		if (!wire_next(&frame, &field))
			return malformed(err);
		if (field.number == RESPONSE_STATUS && field.type == WIRE_BYTES) {
			if (!read_status(field.bytes, &status))
				return malformed(err);
		} else if (field.number == RESPONSE_PAYLOAD && field.type == WIRE_BYTES) {
			response.payload = field.bytes;
		} else if (field.number == RESPONSE_REVISION && field.type == WIRE_VARINT) {
			response.revision = field.value;
		}
	}
	if (status.code == LECTERN_OK) {
		*ret = response;
		return LECTERN_OK;
	}
	if (err != NULL)
		*err = status;
	return status.code;
}
