#include "codec/json_forms.h"

#include "base/rfc3339.h"
#include "codec/json_field.h"
#include "times.h"

#include <google/protobuf/any.pb-c.h>
#include <inttypes.h>
#include <lectern/rpc/v1/status.pb-c.h>
#include <sodium.h>
#include <stdio.h>

enum {
	NANOS_DIGITS = 9,
	NANOS_MAX = 999999999,
};

/* About 10,000 years, the bound of google.protobuf.Duration. */
#define DURATION_SECONDS_MAX INT64_C(315576000000)

enum json_form json_form_of(const ProtobufCMessageDescriptor *descriptor)
{
	if (descriptor == &google__protobuf__timestamp__descriptor)
		return JSON_FORM_TIMESTAMP;
	if (descriptor == &google__protobuf__duration__descriptor)
		return JSON_FORM_DURATION;
	if (descriptor == &google__protobuf__field_mask__descriptor)
		return JSON_FORM_FIELD_MASK;
	if (descriptor == &google__protobuf__any__descriptor)
		return JSON_FORM_ANY;
	return JSON_FORM_OBJECT;
}

/* ".5" as 3, 6 or 9 digits with the point; nothing for 0. */
static void nanos_print(uint32_t nanos, char text[NANOS_DIGITS + 2])
{
	int size = NANOS_DIGITS;
	uint32_t rest = nanos;
	while (size > 0 && rest % 1000 == 0) {
		rest /= 1000;
		size -= 3;
	}
	if (size == 0)
		text[0] = '\0';
	else
		snprintf(text, NANOS_DIGITS + 2, ".%0*" PRIu32, size, rest);
}

/* Reads 1 to 9 digits. Returns how many, 0 for none or too many. */
static size_t nanos_parse(const char *text, size_t size, int32_t *ret)
{
	size_t digits = 0;
	int32_t nanos = 0;
	while (digits < size && text[digits] >= '0' && text[digits] <= '9') {
		if (digits == NANOS_DIGITS)
			return 0;
		nanos = nanos * 10 + (text[digits++] - '0');
	}
	for (size_t i = digits; i < NANOS_DIGITS; i++)
		nanos *= 10;
	*ret = nanos;
	return digits;
}

bool timestamp_print(const Google__Protobuf__Timestamp *timestamp, char text[FORM_TEXT_BYTES])
{
	if (!timestamp_is_valid(timestamp))
		return false;
	char whole[RFC3339_BYTES];
	rfc3339_format(timestamp->seconds * 1000000, whole);
	char fraction[NANOS_DIGITS + 2];
	nanos_print((uint32_t)timestamp->nanos, fraction);
	int size = (int)strcspn(whole, "Z");
	snprintf(text, FORM_TEXT_BYTES, "%.*s%sZ", size, whole, fraction);
	return true;
}

bool timestamp_parse(struct slice text, Google__Protobuf__Timestamp *ret)
{
	int64_t time_us;
	if (!rfc3339_parse(text, &time_us))
		return false;
	int64_t second_us = time_us % 1000000;
	if (second_us < 0)
		second_us += 1000000;
	int32_t nanos = 0;
	const uint8_t *point = memchr(text.data, '.', text.size);
	if (point != NULL) {
		const char *digits = (const char *)point + 1;
		if (nanos_parse(digits, text.size - (size_t)(point + 1 - text.data), &nanos) == 0)
			return false;
	}
	google__protobuf__timestamp__init(ret);
	ret->seconds = (time_us - second_us) / 1000000;
	ret->nanos = nanos;
	return true;
}

bool duration_print(const Google__Protobuf__Duration *duration, char text[FORM_TEXT_BYTES])
{
	int64_t seconds = duration->seconds;
	int32_t nanos = duration->nanos;
	if (seconds > DURATION_SECONDS_MAX || seconds < -DURATION_SECONDS_MAX ||
		nanos > NANOS_MAX || nanos < -NANOS_MAX || (seconds > 0 && nanos < 0) ||
		(seconds < 0 && nanos > 0))
		return false;
	char fraction[NANOS_DIGITS + 2];
	nanos_print((uint32_t)(nanos < 0 ? -nanos : nanos), fraction);
	bool negative = seconds < 0 || nanos < 0;
	snprintf(text, FORM_TEXT_BYTES, "%s%" PRId64 "%ss", negative ? "-" : "",
		seconds < 0 ? -seconds : seconds, fraction);
	return true;
}

bool duration_parse(struct slice text, Google__Protobuf__Duration *ret)
{
	const char *at = (const char *)text.data;
	const char *end = at + text.size;
	bool negative = at < end && *at == '-';
	if (negative)
		at++;
	int64_t seconds = 0;
	const char *digits = at;
	for (; at < end && *at >= '0' && *at <= '9'; at++) {
		seconds = seconds * 10 + (*at - '0');
		if (seconds > DURATION_SECONDS_MAX)
			return false;
	}
	if (at == digits)
		return false;
	int32_t nanos = 0;
	if (at < end && *at == '.') {
		size_t size = nanos_parse(at + 1, (size_t)(end - at) - 1, &nanos);
		if (size == 0)
			return false;
		at += 1 + size;
	}
	if (end - at != 1 || *at != 's' || (seconds == DURATION_SECONDS_MAX && nanos > 0))
		return false;
	google__protobuf__duration__init(ret);
	ret->seconds = negative ? -seconds : seconds;
	ret->nanos = negative ? -nanos : nanos;
	return true;
}

/* Appends "a.bC" for "a.b_c". False for a path that would not come back the same. */
static bool mask_path_print(const char *path, struct buffer *out)
{
	if (*path == '\0')
		return false;
	for (; *path != '\0'; path++) {
		bool lower = path[1] >= 'a' && path[1] <= 'z';
		if ((*path >= 'A' && *path <= 'Z') || *path == ',' || (*path == '_' && !lower))
			return false;
		if (*path == '_')
			buffer_append_char(out, (char)(*++path - 'a' + 'A'));
		else
			buffer_append_char(out, *path);
	}
	return true;
}

bool field_mask_print(const Google__Protobuf__FieldMask *mask, struct buffer *out)
{
	for (size_t i = 0; i < mask->n_paths; i++) {
		if (i > 0)
			buffer_append_char(out, ',');
		if (!mask_path_print(mask->paths[i], out))
			return false;
	}
	return true;
}

/* "a.bC" back to "a.b_c". */
static char *mask_path(struct arena *arena, struct slice name)
{
	char *path = arena_alloc(arena, name.size * 2 + 1);
	if (path == NULL)
		return NULL;
	size_t size = 0;
	for (size_t i = 0; i < name.size; i++) {
		char c = (char)name.data[i];
		bool upper = c >= 'A' && c <= 'Z';
		if (upper)
			path[size++] = '_';
		path[size++] = upper ? (char)(c - 'A' + 'a') : c;
	}
	path[size] = '\0';
	return path;
}

bool field_mask_parse(struct slice text, struct arena *arena, Google__Protobuf__FieldMask *ret)
{
	google__protobuf__field_mask__init(ret);
	if (text.size == 0)
		return true;
	size_t count = 1;
	for (size_t i = 0; i < text.size; i++)
		count += text.data[i] == ',';
	ret->paths = arena_calloc(arena, count, sizeof *ret->paths);
	if (ret->paths == NULL)
		return false;
	struct slice rest = text;
	for (; ret->n_paths < count; ret->n_paths++) {
		const uint8_t *comma = memchr(rest.data, ',', rest.size);
		size_t size = comma == NULL ? rest.size : (size_t)(comma - rest.data);
		char *path = mask_path(arena, slice_of(rest.data, size));
		if (path == NULL)
			return false;
		ret->paths[ret->n_paths] = path;
		if (comma != NULL)
			rest = slice_of(comma + 1, rest.size - size - 1);
	}
	return true;
}

void base64_print(struct slice bytes, struct buffer *out)
{
	/* In pieces that need no padding but the last. */
	enum { PIECE_BYTES = 3 * 256 };
	char text[sodium_base64_ENCODED_LEN(PIECE_BYTES, sodium_base64_VARIANT_ORIGINAL)];
	for (size_t at = 0; at < bytes.size; at += PIECE_BYTES) {
		size_t size = bytes.size - at < PIECE_BYTES ? bytes.size - at : PIECE_BYTES;
		sodium_bin2base64(
			text, sizeof text, bytes.data + at, size, sodium_base64_VARIANT_ORIGINAL);
		buffer_append_text(out, text);
	}
}

static int base64_variant(struct slice text)
{
	bool padded = text.size > 0 && text.data[text.size - 1] == '=';
	bool url_safe = memchr(text.data, '-', text.size) || memchr(text.data, '_', text.size);
	if (url_safe)
		return padded ? sodium_base64_VARIANT_URLSAFE
			      : sodium_base64_VARIANT_URLSAFE_NO_PADDING;
	return padded ? sodium_base64_VARIANT_ORIGINAL : sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
}

enum base64_result base64_parse(struct slice text, struct arena *arena, struct slice *ret)
{
	size_t capacity = text.size / 4 * 3 + 3;
	uint8_t *bytes = arena_alloc(arena, capacity);
	if (bytes == NULL)
		return BASE64_NO_MEMORY;
	size_t size = 0;
	if (text.size > 0 && sodium_base642bin(bytes, capacity, (const char *)text.data, text.size,
				     NULL, &size, NULL, base64_variant(text)) != 0)
		return BASE64_INVALID;
	*ret = slice_of(bytes, size);
	return BASE64_OK;
}

const ProtobufCMessageDescriptor *any_type_find(const char *type_url)
{
	static const struct {
		const char *name;
		const ProtobufCMessageDescriptor *descriptor;
	} types[] = {
		{ "ErrorInfo", &lectern__rpc__v1__error_info__descriptor },
		{ "BadRequest", &lectern__rpc__v1__bad_request__descriptor },
		{ "RetryInfo", &lectern__rpc__v1__retry_info__descriptor },
	};
	static const char *const packages[] = { "google.rpc.", "lectern.rpc.v1." };
	const char *slash = strrchr(type_url, '/');
	const char *name = slash == NULL ? type_url : slash + 1;
	for (size_t p = 0; p < sizeof packages / sizeof *packages; p++) {
		size_t size = strlen(packages[p]);
		if (strncmp(name, packages[p], size) != 0)
			continue;
		for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
			if (strcmp(name + size, types[i].name) == 0)
				return types[i].descriptor;
		}
	}
	return NULL;
}
