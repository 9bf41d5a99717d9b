#include "base/limits.h"
#include "base/text.h"
#include "codec/json.h"
#include "codec/json_field.h"
#include "codec/json_forms.h"
#include "codec/nearest.h"

#include <errno.h>
#include <float.h>
#include <google/protobuf/any.pb-c.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

struct parser {
	struct arena *arena;
	struct error *err;
};

/* Where a value stands, for errors: a list of names from the value up to the whole message. */
struct place {
	const struct place *parent; /* NULL for the whole message */
	const char *name;	    /* of the field */
	const char *key;	    /* of a map's entry, or NULL */
	size_t index;		    /* of a list's entry, or NO_INDEX */
};

#define NO_INDEX SIZE_MAX

static enum code parse_message(const struct parser *parser,
	const ProtobufCMessageDescriptor *descriptor, json_t *json, const struct place *place,
	unsigned levels, ProtobufCMessage **ret);

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

static enum code refuse(const struct parser *parser, const struct place *place, const char *reason,
	const char *fmt, ...) PRINTF_LIKE(4, 5);

static enum code refuse(const struct parser *parser, const struct place *place, const char *reason,
	const char *fmt, ...)
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

static enum code no_memory(const struct parser *parser)
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

static enum code wrong_type(const struct parser *parser, const struct place *place,
	const char *wanted, const json_t *json)
{
	return refuse(parser, place, "WRONG_TYPE", "must be %s, not %s", wanted, kind_of(json));
}

static struct slice string_slice(const json_t *json)
{
	return slice_of(json_string_value(json), json_string_length(json));
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

static enum code parse_integer(const struct parser *parser, const json_t *json,
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
		return wrong_type(parser, place, "an integer", json);
	}
	bool fits = ret->negative ? ret->size <= -(uint64_t)min : ret->size <= max;
	if (!number || !fits)
		return refuse(parser, place, "OUT_OF_RANGE",
			"must be an integer from %" PRId64 " to %" PRIu64, min, max);
	return CODE_OK;
}

static enum code parse_signed(const struct parser *parser, const json_t *json,
	const struct place *place, int64_t min, int64_t max, int64_t *ret)
{
	struct integer integer;
	enum code code = parse_integer(parser, json, place, min, (uint64_t)max, &integer);
	if (code == CODE_OK)
		*ret = integer.negative ? (int64_t)-integer.size : (int64_t)integer.size;
	return code;
}

static enum code parse_unsigned(const struct parser *parser, const json_t *json,
	const struct place *place, uint64_t max, uint64_t *ret)
{
	struct integer integer;
	enum code code = parse_integer(parser, json, place, 0, max, &integer);
	if (code == CODE_OK)
		*ret = integer.size;
	return code;
}

static enum code parse_real(const struct parser *parser, const json_t *json,
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
			return refuse(parser, place, "WRONG_TYPE",
				"must be a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
	} else {
		return wrong_type(parser, place, "a number", json);
	}
	if (!(fabs(*ret) <= max))
		return refuse(parser, place, "OUT_OF_RANGE", "the number is too large");
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

static enum code parse_enum(const struct parser *parser, const ProtobufCEnumDescriptor *descriptor,
	const json_t *json, const struct place *place, int *ret)
{
	if (json_is_number(json)) {
		int64_t number;
		enum code code = parse_signed(parser, json, place, INT32_MIN, INT32_MAX, &number);
		if (code == CODE_OK)
			*ret = (int)number;
		return code;
	}
	if (!json_is_string(json))
		return wrong_type(parser, place, "the name of an enum value", json);
	const ProtobufCEnumValue *value =
		protobuf_c_enum_descriptor_get_value_by_name(descriptor, json_string_value(json));
	if (value != NULL) {
		*ret = value->value;
		return CODE_OK;
	}
	char names[320];
	list_names(descriptor, names, sizeof names);
	return refuse(parser, place, "UNKNOWN_ENUM_VALUE", "\"%.64s\" is none of %s",
		json_string_value(json), names);
}

static enum code parse_bytes(const struct parser *parser, const json_t *json,
	const struct place *place, ProtobufCBinaryData *ret)
{
	if (!json_is_string(json))
		return wrong_type(parser, place, "bytes as base64 in a string", json);
	struct slice bytes;
	switch (base64_parse(string_slice(json), parser->arena, &bytes)) {
	case BASE64_OK:
		break;
	case BASE64_INVALID:
		return refuse(parser, place, "WRONG_TYPE", "must be base64");
	case BASE64_NO_MEMORY:
		return no_memory(parser);
	}
	ret->data = (uint8_t *)bytes.data; /* arena memory of our own */
	ret->len = bytes.size;
	return CODE_OK;
}

static enum code parse_string(
	const struct parser *parser, const json_t *json, const struct place *place, char **ret)
{
	if (!json_is_string(json))
		return wrong_type(parser, place, "a string", json);
	*ret = arena_text(parser->arena, string_slice(json));
	return *ret == NULL ? no_memory(parser) : CODE_OK;
}

static enum code parse_bool(const struct parser *parser, const json_t *json,
	const struct place *place, protobuf_c_boolean *ret)
{
	if (!json_is_boolean(json))
		return wrong_type(parser, place, "true or false", json);
	*ret = json_is_true(json);
	return CODE_OK;
}

/* One value of the field to its place in the struct or in an array. */
static enum code parse_value(const struct parser *parser, const ProtobufCFieldDescriptor *field,
	json_t *json, const struct place *place, unsigned levels, void *at)
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
		return parse_bytes(parser, json, place, at);
	case PROTOBUF_C_TYPE_MESSAGE:
		return parse_message(parser, field->descriptor, json, place, levels, at);
	}
	return CODE_OK;
}

static enum code parse_list(const struct parser *parser, const ProtobufCFieldDescriptor *field,
	json_t *json, const struct place *place, unsigned levels, ProtobufCMessage *message)
{
	if (!json_is_array(json))
		return wrong_type(parser, place, "a list", json);
	size_t count = json_array_size(json);
	size_t value_size = json_value_size(field);
	char *array = arena_calloc(parser->arena, count, value_size);
	if (array == NULL)
		return no_memory(parser);
	for (size_t i = 0; i < count; i++) {
		struct place entry = *place;
		entry.index = i;
		enum code code = parse_value(parser, field, json_array_get(json, i), &entry, levels,
			array + i * value_size);
		if (code != CODE_OK)
			return code;
	}
	*(size_t *)json_field_at(message, field->quantifier_offset) = count;
	*(char **)json_field_at(message, field->offset) = array;
	return CODE_OK;
}

static enum code parse_entry(const struct parser *parser,
	const ProtobufCMessageDescriptor *descriptor, const char *key, json_t *json,
	const struct place *place, unsigned levels, ProtobufCMessage **ret)
{
	ProtobufCMessage *entry = arena_alloc(parser->arena, descriptor->sizeof_message);
	char *copy = arena_text(parser->arena, slice_of_text(key));
	if (entry == NULL || copy == NULL)
		return no_memory(parser);
	protobuf_c_message_init(descriptor, entry);
	*(char **)json_field_at(entry, descriptor->fields[0].offset) = copy;
	*ret = entry;
	const ProtobufCFieldDescriptor *value = &descriptor->fields[1];
	return parse_value(parser, value, json, place, levels, json_field_at(entry, value->offset));
}

static enum code parse_map(const struct parser *parser, const ProtobufCFieldDescriptor *field,
	json_t *json, const struct place *place, unsigned levels, ProtobufCMessage *message)
{
	if (!json_is_object(json))
		return wrong_type(parser, place, "an object", json);
	ProtobufCMessage **entries =
		arena_calloc(parser->arena, json_object_size(json), sizeof *entries);
	if (entries == NULL)
		return no_memory(parser);
	size_t count = 0;
	const char *key;
	json_t *value;
	json_object_foreach(json, key, value)
	{
		struct place entry = *place;
		entry.key = key;
		enum code code = parse_entry(
			parser, field->descriptor, key, value, &entry, levels, &entries[count++]);
		if (code != CODE_OK)
			return code;
	}
	*(size_t *)json_field_at(message, field->quantifier_offset) = count;
	*(ProtobufCMessage ***)json_field_at(message, field->offset) = entries;
	return CODE_OK;
}

static enum code unknown_field(const struct parser *parser,
	const ProtobufCMessageDescriptor *descriptor, const char *name, const struct place *parent)
{
	struct place place = { .parent = parent, .name = name, .index = NO_INDEX };
	const ProtobufCFieldDescriptor *nearest = json_field_nearest(descriptor, name);
	if (nearest == NULL)
		return refuse(
			parser, &place, "UNKNOWN_FIELD", "%s has no such field", descriptor->name);
	char json_name[JSON_NAME_BYTES];
	json_name_of(nearest->name, json_name);
	return refuse(parser, &place, "UNKNOWN_FIELD", "%s has no such field; did you mean \"%s\"?",
		descriptor->name, strchr(name, '_') != NULL ? nearest->name : json_name);
}

/* The other members of the field's oneof are named in the error. */
static enum code choose(const struct parser *parser, const ProtobufCMessageDescriptor *descriptor,
	const ProtobufCFieldDescriptor *field, const struct place *place, ProtobufCMessage *message)
{
	uint32_t *chosen = json_field_at(message, field->quantifier_offset);
	if (*chosen == 0) {
		*chosen = field->id;
		return CODE_OK;
	}
	const ProtobufCFieldDescriptor *other =
		protobuf_c_message_descriptor_get_field(descriptor, *chosen);
	return refuse(parser, place, "ONEOF_CONFLICT",
		"must not be set together with \"%s\": set one of the two", other->name);
}

static enum code parse_field(const struct parser *parser,
	const ProtobufCMessageDescriptor *descriptor, const ProtobufCFieldDescriptor *field,
	json_t *json, const struct place *parent, unsigned levels, ProtobufCMessage *message)
{
	struct place place = { .parent = parent, .name = field->name, .index = NO_INDEX };
	if (json_field_is_map(field))
		return parse_map(parser, field, json, &place, levels, message);
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return parse_list(parser, field, json, &place, levels, message);
	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
		enum code code = choose(parser, descriptor, field, &place, message);
		if (code != CODE_OK)
			return code;
	} else if (field->label == PROTOBUF_C_LABEL_OPTIONAL &&
		   field->type != PROTOBUF_C_TYPE_STRING &&
		   field->type != PROTOBUF_C_TYPE_MESSAGE) {
		*(protobuf_c_boolean *)json_field_at(message, field->quantifier_offset) = true;
	}
	return parse_value(
		parser, field, json, &place, levels, json_field_at(message, field->offset));
}

/* The members of an object, all but the one named `skip` (may be NULL). */
static enum code parse_fields(const struct parser *parser,
	const ProtobufCMessageDescriptor *descriptor, json_t *json, const char *skip,
	const struct place *place, unsigned levels, ProtobufCMessage **ret)
{
	ProtobufCMessage *message = arena_alloc(parser->arena, descriptor->sizeof_message);
	bool *seen = arena_calloc(parser->arena, descriptor->n_fields + 1u, sizeof *seen);
	if (message == NULL || seen == NULL)
		return no_memory(parser);
	protobuf_c_message_init(descriptor, message);
	*ret = message;
	const char *name;
	json_t *value;
	json_object_foreach(json, name, value)
	{
		if (skip != NULL && strcmp(name, skip) == 0)
			continue;
		const ProtobufCFieldDescriptor *field = json_field_find(descriptor, name);
		if (field == NULL)
			return unknown_field(parser, descriptor, name, place);
		struct place here = { .parent = place, .name = field->name, .index = NO_INDEX };
		if (seen[field - descriptor->fields])
			return refuse(parser, &here, "DUPLICATE_FIELD",
				"is given twice, in both spellings");
		seen[field - descriptor->fields] = true;
		if (json_is_null(value))
			continue;
		enum code code =
			parse_field(parser, descriptor, field, value, place, levels, message);
		if (code != CODE_OK)
			return code;
	}
	return CODE_OK;
}

static enum code parse_any_value(const struct parser *parser, const char *type_url, json_t *json,
	const struct place *place, unsigned levels, ProtobufCBinaryData *ret)
{
	const ProtobufCMessageDescriptor *descriptor = any_type_find(type_url);
	json_t *value = json_object_get(json, "value");
	if (value != NULL && json_object_size(json) == 2)
		return parse_bytes(parser, value, place, ret);
	if (descriptor == NULL && json_object_size(json) == 1)
		return CODE_OK;
	if (descriptor == NULL)
		return refuse(parser, place, "UNKNOWN_TYPE",
			"\"%.100s\" is not a known type: give its bytes as base64 in \"value\"",
			type_url);
	ProtobufCMessage *message;
	enum code code = parse_fields(parser, descriptor, json, "@type", place, levels, &message);
	if (code != CODE_OK)
		return code;
	struct slice bytes = arena_pack(parser->arena, message);
	if (bytes.data == NULL && bytes.size > 0)
		return no_memory(parser);
	ret->data = (uint8_t *)bytes.data; /* arena memory of our own */
	ret->len = bytes.size;
	return CODE_OK;
}

static enum code parse_any(const struct parser *parser, json_t *json, const struct place *place,
	unsigned levels, Google__Protobuf__Any *any)
{
	if (!json_is_object(json))
		return wrong_type(parser, place, "an object with \"@type\"", json);
	google__protobuf__any__init(any);
	if (json_object_size(json) == 0)
		return CODE_OK;
	json_t *type = json_object_get(json, "@type");
	if (!json_is_string(type))
		return refuse(parser, place, "WRONG_TYPE",
			"must have a string \"@type\" that names the message's type");
	any->type_url = arena_text(parser->arena, string_slice(type));
	if (any->type_url == NULL)
		return no_memory(parser);
	return parse_any_value(parser, any->type_url, json, place, levels, &any->value);
}

static const char *wanted_text(enum json_form form)
{
	switch (form) {
	case JSON_FORM_TIMESTAMP:
		return "a time such as \"2026-01-02T03:04:05Z\"";
	case JSON_FORM_DURATION:
		return "a duration such as \"1.5s\"";
	case JSON_FORM_FIELD_MASK:
		return "names of fields, separated by commas, in a string";
	case JSON_FORM_ANY:
	case JSON_FORM_OBJECT:
		break;
	}
	return "an object";
}

/* Timestamp, Duration and FieldMask, which are strings. */
static enum code parse_text_form(const struct parser *parser, enum json_form form, json_t *json,
	const struct place *place, void *message)
{
	if (!json_is_string(json))
		return wrong_type(parser, place, wanted_text(form), json);
	struct slice text = string_slice(json);
	bool valid = true;
	switch (form) {
	case JSON_FORM_TIMESTAMP:
		valid = timestamp_parse(text, message);
		break;
	case JSON_FORM_DURATION:
		valid = duration_parse(text, message);
		break;
	case JSON_FORM_FIELD_MASK:
		if (!field_mask_parse(text, parser->arena, message))
			return no_memory(parser);
		break;
	case JSON_FORM_ANY:
	case JSON_FORM_OBJECT:
		break;
	}
	return valid ? CODE_OK
		     : refuse(parser, place, "WRONG_TYPE", "must be %s", wanted_text(form));
}

static enum code parse_message(const struct parser *parser,
	const ProtobufCMessageDescriptor *descriptor, json_t *json, const struct place *place,
	unsigned levels, ProtobufCMessage **ret)
{
	if (levels == 0)
		return refuse(parser, place, "TOO_DEEP", "more than %d levels of messages",
			LIMIT_MESSAGE_DEPTH);
	enum json_form form = json_form_of(descriptor);
	if (form == JSON_FORM_OBJECT) {
		if (!json_is_object(json))
			return wrong_type(parser, place, "an object", json);
		return parse_fields(parser, descriptor, json, NULL, place, levels - 1, ret);
	}
	ProtobufCMessage *message = arena_alloc(parser->arena, descriptor->sizeof_message);
	if (message == NULL)
		return no_memory(parser);
	*ret = message;
	if (form == JSON_FORM_ANY)
		return parse_any(parser, json, place, levels - 1, (Google__Protobuf__Any *)message);
	return parse_text_form(parser, form, json, place, message);
}

static void free_json(json_t **json)
{
	json_decref(*json);
}

static enum code malformed(const struct parser *parser, const json_error_t *problem)
{
	const char *text = problem->text;
	enum json_error_code kind = json_error_code(problem);
	/* jansson speaks of its own flags here. C strings would end at the character. */
	if (kind == json_error_null_character || kind == json_error_null_byte_in_key)
		text = "\\u0000 is not allowed in texts";
	return refuse(parser, NULL, "INVALID_JSON", "JSON, line %d, column %d: %s", problem->line,
		problem->column, text);
}

enum code json_parse(const ProtobufCMessageDescriptor *descriptor, struct slice text,
	struct arena *arena, ProtobufCMessage **ret, struct error *err)
{
	const struct parser parser = { .arena = arena, .err = err };
	json_error_t problem;
	AUTO(free_json)
	json_t *json = json_loadb((const char *)text.data, text.size,
		JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
	if (json == NULL)
		return malformed(&parser, &problem);
	ProtobufCMessage *message = NULL;
	enum code code =
		parse_message(&parser, descriptor, json, NULL, LIMIT_MESSAGE_DEPTH, &message);
	if (code == CODE_OK)
		*ret = message;
	return code;
}
