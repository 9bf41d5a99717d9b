#include "codec/json_value.h"

#include "base/limits.h"
#include "base/text.h"
#include "codec/json_forms.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* "post.tags[2].slug"; a path that is too long loses its end. */
static void place_text(const struct place *place, char *text, size_t capacity)
{
	const struct place *chain[LIMIT_MESSAGE_DEPTH + 2];
	size_t count = 0;
	for (; place != NULL && count < sizeof chain / sizeof *chain; place = place->parent)
		chain[count++] = place;
	size_t size = 0;
	text[0] = '\0';
	while (count > 0 && size < capacity) {
		const struct place *at = chain[--count];
		int added = snprintf(
			text + size, capacity - size, "%s%s", size == 0 ? "" : ".", at->name);
		size += (size_t)added;
		if (at->index != NO_INDEX && size < capacity)
			size += (size_t)snprintf(text + size, capacity - size, "[%zu]", at->index);
		if (at->key != NULL && size < capacity)
			size += (size_t)snprintf(text + size, capacity - size, "[\"%s\"]", at->key);
	}
	text[text_find_invalid(slice_of_text(text))] = '\0';
}

enum code json_refuse(const struct json_parser *parser, const struct place *place,
	const char *reason, const char *fmt, ...)
{
	char text[sizeof parser->err->text];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	text[text_find_invalid(slice_of_text(text))] = '\0';
	if (place == NULL)
		return fail_reason(parser->err, CODE_INVALID_ARGUMENT, reason, "%s", text);
	char field[sizeof parser->err->field];
	place_text(place, field, sizeof field);
	return fail_field(parser->err, CODE_INVALID_ARGUMENT, reason, field, "%s", text);
}

enum code json_no_memory(const struct json_parser *parser)
{
	return fail(parser->err, CODE_RESOURCE_EXHAUSTED,
		"the JSON needs more memory than %zu bytes", parser->arena->budget_bytes);
}

static const char *kind_of(const json_t *json)
{
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
	case JSON_REAL:
		return "a number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "a boolean";
	case JSON_NULL:
		return "null";
	}
	return "something else";
}

enum code json_wrong_type(const struct json_parser *parser, const struct place *place,
	const char *wanted, const json_t *json)
{
	return json_refuse(
		parser, place, "WRONG_TYPE", "must be %s, not %s", wanted, kind_of(json));
}

/* A number without a fraction, as sign and size: uint64 and int64 share it. */
struct integer {
	bool negative;
	uint64_t size;
};

static bool integer_from_text(const char *text, struct integer *ret)
{
	ret->negative = *text == '-';
	const char *digits = text + ret->negative;
	if (*digits < '0' || *digits > '9' || (digits[0] == '0' && digits[1] != '\0'))
		return false;
	char *end;
	errno = 0;
	ret->size = strtoull(digits, &end, 10);
	return *end == '\0' && errno == 0;
}

static bool integer_from_real(double real, struct integer *ret)
{
	ret->negative = real < 0;
	double size = fabs(real);
	if (!(size < 18446744073709551616.0) || size != floor(size))
		return false;
	ret->size = (uint64_t)size;
	return true;
}

static enum code parse_integer(const struct json_parser *parser, const json_t *json,
	const struct place *place, int64_t min, uint64_t max, struct integer *ret)
{
	bool number = true;
	if (json_is_integer(json)) {
		json_int_t value = json_integer_value(json);
		ret->negative = value < 0;
		ret->size = value < 0 ? -(uint64_t)value : (uint64_t)value;
	} else if (json_is_real(json)) {
		number = integer_from_real(json_real_value(json), ret);
	} else if (json_is_string(json)) {
		number = integer_from_text(json_string_value(json), ret);
	} else {
		return json_wrong_type(parser, place, "an integer", json);
	}
	bool fits = ret->negative ? ret->size <= -(uint64_t)min : ret->size <= max;
	if (!number || !fits)
		return json_refuse(parser, place, "OUT_OF_RANGE",
			"must be an integer from %" PRId64 " to %" PRIu64, min, max);
	return CODE_OK;
}

static enum code parse_signed(const struct json_parser *parser, const json_t *json,
	const struct place *place, int64_t min, int64_t max, int64_t *ret)
{
	struct integer integer;
	enum code code = parse_integer(parser, json, place, min, (uint64_t)max, &integer);
	if (code == CODE_OK)
		*ret = integer.negative ? (int64_t)-integer.size : (int64_t)integer.size;
	return code;
}

static enum code parse_unsigned(const struct json_parser *parser, const json_t *json,
	const struct place *place, uint64_t max, uint64_t *ret)
{
	struct integer integer;
	enum code code = parse_integer(parser, json, place, 0, max, &integer);
	if (code == CODE_OK)
		*ret = integer.size;
	return code;
}

static enum code parse_real(const struct json_parser *parser, const json_t *json,
	const struct place *place, double max, double *ret)
{
	if (json_is_number(json)) {
		*ret = json_number_value(json);
	} else if (json_is_string(json)) {
		static const struct {
			const char *name;
			double value;
		} names[] = { { "NaN", NAN }, { "Infinity", INFINITY },
			{ "-Infinity", -INFINITY } };
		const char *text = json_string_value(json);
		for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
			if (strcmp(text, names[i].name) == 0) {
				*ret = names[i].value;
				return CODE_OK;
			}
		}
		char *end;
		*ret = strtod(text, &end);
		if (end == text || *end != '\0' || strspn(text, "0123456789+-.eE") != strlen(text))
			return json_refuse(parser, place, "WRONG_TYPE",
				"must be a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
	} else {
		return json_wrong_type(parser, place, "a number", json);
	}
	if (!(fabs(*ret) <= max))
		return json_refuse(parser, place, "OUT_OF_RANGE", "the number is too large");
	return CODE_OK;
}

/* "A, B, C", cut where it does not fit. */
static void list_names(const ProtobufCEnumDescriptor *descriptor, char *text, size_t capacity)
{
	size_t size = 0;
	for (unsigned i = 0; i < descriptor->n_values && size < capacity; i++)
		size += (size_t)snprintf(text + size, capacity - size, "%s%s", i == 0 ? "" : ", ",
			descriptor->values[i].name);
}

static enum code parse_enum(const struct json_parser *parser,
	const ProtobufCEnumDescriptor *descriptor, const json_t *json, const struct place *place,
	int *ret)
{
	if (json_is_number(json)) {
		int64_t number;
		enum code code = parse_signed(parser, json, place, INT32_MIN, INT32_MAX, &number);
		if (code == CODE_OK)
			*ret = (int)number;
		return code;
	}
	if (!json_is_string(json))
		return json_wrong_type(parser, place, "the name of an enum value", json);
	const ProtobufCEnumValue *value =
		protobuf_c_enum_descriptor_get_value_by_name(descriptor, json_string_value(json));
	if (value != NULL) {
		*ret = value->value;
		return CODE_OK;
	}
	char names[320];
	list_names(descriptor, names, sizeof names);
	return json_refuse(parser, place, "UNKNOWN_ENUM_VALUE", "\"%.64s\" is none of %s",
		json_string_value(json), names);
}

enum code json_bytes_parse(const struct json_parser *parser, const json_t *json,
	const struct place *place, ProtobufCBinaryData *ret)
{
	if (!json_is_string(json))
		return json_wrong_type(parser, place, "bytes as base64 in a string", json);
	struct slice bytes;
	switch (base64_parse(json_string_slice(json), parser->arena, &bytes)) {
	case BASE64_OK:
		break;
	case BASE64_INVALID:
		return json_refuse(parser, place, "WRONG_TYPE", "must be base64");
	case BASE64_NO_MEMORY:
		return json_no_memory(parser);
	}
	ret->data = (uint8_t *)bytes.data; /* arena memory of our own */
	ret->len = bytes.size;
	return CODE_OK;
}

static enum code parse_string(
	const struct json_parser *parser, const json_t *json, const struct place *place, char **ret)
{
	if (!json_is_string(json))
		return json_wrong_type(parser, place, "a string", json);
	*ret = arena_text(parser->arena, json_string_slice(json));
	return *ret == NULL ? json_no_memory(parser) : CODE_OK;
}

static enum code parse_bool(const struct json_parser *parser, const json_t *json,
	const struct place *place, protobuf_c_boolean *ret)
{
	if (!json_is_boolean(json))
		return json_wrong_type(parser, place, "true or false", json);
	*ret = json_is_true(json);
	return CODE_OK;
}

enum code json_scalar_parse(const struct json_parser *parser, const ProtobufCFieldDescriptor *field,
	const json_t *json, const struct place *place, void *at)
{
	enum code code;
	int64_t number = 0;
	uint64_t count = 0;
	double real = 0;
	switch (field->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		code = parse_signed(parser, json, place, INT32_MIN, INT32_MAX, &number);
		*(int32_t *)at = (int32_t)number;
		return code;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		return parse_signed(parser, json, place, INT64_MIN, INT64_MAX, at);
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		code = parse_unsigned(parser, json, place, UINT32_MAX, &count);
		*(uint32_t *)at = (uint32_t)count;
		return code;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return parse_unsigned(parser, json, place, UINT64_MAX, at);
	case PROTOBUF_C_TYPE_FLOAT:
		code = parse_real(parser, json, place, FLT_MAX, &real);
		*(float *)at = (float)real;
		return code;
	case PROTOBUF_C_TYPE_DOUBLE:
		return parse_real(parser, json, place, DBL_MAX, at);
	case PROTOBUF_C_TYPE_BOOL:
		return parse_bool(parser, json, place, at);
	case PROTOBUF_C_TYPE_ENUM:
		return parse_enum(parser, field->descriptor, json, place, at);
	case PROTOBUF_C_TYPE_STRING:
		return parse_string(parser, json, place, at);
	case PROTOBUF_C_TYPE_BYTES:
		return json_bytes_parse(parser, json, place, at);
	case PROTOBUF_C_TYPE_MESSAGE:
		break;
	}
	return CODE_OK;
}
