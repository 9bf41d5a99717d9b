#include "base/limits.h"
#include "codec/json.h"
#include "codec/json_field.h"
#include "codec/json_forms.h"
#include "codec/json_value.h"

#include <google/protobuf/any.pb-c.h>

static enum code parse_message(const struct json_parser *parser,
	const ProtobufCMessageDescriptor *descriptor, json_t *json, const struct place *place,
	unsigned levels, ProtobufCMessage **ret);

/* One value of the field to its place in the struct or in an array. */
static enum code parse_value(const struct json_parser *parser,
	const ProtobufCFieldDescriptor *field, json_t *json, const struct place *place,
	unsigned levels, void *at)
{
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return parse_message(parser, field->descriptor, json, place, levels, at);
	return json_scalar_parse(parser, field, json, place, at);
}

static enum code parse_list(const struct json_parser *parser, const ProtobufCFieldDescriptor *field,
	json_t *json, const struct place *place, unsigned levels, ProtobufCMessage *message)
{
	if (!json_is_array(json))
		return json_wrong_type(parser, place, "a list", json);
	size_t count = json_array_size(json);
	size_t value_size = json_value_size(field);
	char *array = arena_calloc(parser->arena, count, value_size);
	if (array == NULL)
		return json_no_memory(parser);
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

static enum code parse_entry(const struct json_parser *parser,
	const ProtobufCMessageDescriptor *descriptor, const char *key, json_t *json,
	const struct place *place, unsigned levels, ProtobufCMessage **ret)
{
	ProtobufCMessage *entry = arena_alloc(parser->arena, descriptor->sizeof_message);
	char *copy = arena_text(parser->arena, slice_of_text(key));
	if (entry == NULL || copy == NULL)
		return json_no_memory(parser);
	protobuf_c_message_init(descriptor, entry);
	*(char **)json_field_at(entry, descriptor->fields[0].offset) = copy;
	*ret = entry;
	const ProtobufCFieldDescriptor *value = &descriptor->fields[1];
	return parse_value(parser, value, json, place, levels, json_field_at(entry, value->offset));
}

static enum code parse_map(const struct json_parser *parser, const ProtobufCFieldDescriptor *field,
	json_t *json, const struct place *place, unsigned levels, ProtobufCMessage *message)
{
	if (!json_is_object(json))
		return json_wrong_type(parser, place, "an object", json);
	ProtobufCMessage **entries =
		arena_calloc(parser->arena, json_object_size(json), sizeof *entries);
	if (entries == NULL)
		return json_no_memory(parser);
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

static enum code unknown_field(const struct json_parser *parser,
	const ProtobufCMessageDescriptor *descriptor, const char *name, const struct place *parent)
{
	struct place place = { .parent = parent, .name = name, .index = NO_INDEX };
	const ProtobufCFieldDescriptor *nearest = json_field_nearest(descriptor, name);
	if (nearest == NULL)
		return json_refuse(
			parser, &place, "UNKNOWN_FIELD", "%s has no such field", descriptor->name);
	char json_name[JSON_NAME_BYTES];
	json_name_of(nearest->name, json_name);
	return json_refuse(parser, &place, "UNKNOWN_FIELD",
		"%s has no such field; did you mean \"%s\"?", descriptor->name,
		strchr(name, '_') != NULL ? nearest->name : json_name);
}

/* The other members of the field's oneof are named in the error. */
static enum code choose(const struct json_parser *parser,
	const ProtobufCMessageDescriptor *descriptor, const ProtobufCFieldDescriptor *field,
	const struct place *place, ProtobufCMessage *message)
{
	uint32_t *chosen = json_field_at(message, field->quantifier_offset);
	if (*chosen == 0) {
		*chosen = field->id;
		return CODE_OK;
	}
	const ProtobufCFieldDescriptor *other =
		protobuf_c_message_descriptor_get_field(descriptor, *chosen);
	return json_refuse(parser, place, "ONEOF_CONFLICT",
		"must not be set together with \"%s\": set one of the two", other->name);
}

static enum code parse_field(const struct json_parser *parser,
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
static enum code parse_fields(const struct json_parser *parser,
	const ProtobufCMessageDescriptor *descriptor, json_t *json, const char *skip,
	const struct place *place, unsigned levels, ProtobufCMessage **ret)
{
	ProtobufCMessage *message = arena_alloc(parser->arena, descriptor->sizeof_message);
	bool *seen = arena_calloc(parser->arena, descriptor->n_fields + 1u, sizeof *seen);
	if (message == NULL || seen == NULL)
		return json_no_memory(parser);
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
			return json_refuse(parser, &here, "DUPLICATE_FIELD",
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

static enum code parse_any_value(const struct json_parser *parser, const char *type_url,
	json_t *json, const struct place *place, unsigned levels, ProtobufCBinaryData *ret)
{
	const ProtobufCMessageDescriptor *descriptor = any_type_find(type_url);
	json_t *value = json_object_get(json, "value");
	if (value != NULL && json_object_size(json) == 2)
		return json_bytes_parse(parser, value, place, ret);
	if (descriptor == NULL && json_object_size(json) == 1)
		return CODE_OK;
	if (descriptor == NULL)
		return json_refuse(parser, place, "UNKNOWN_TYPE",
			"\"%.100s\" is not a known type: give its bytes as base64 in \"value\"",
			type_url);
	ProtobufCMessage *message;
	enum code code = parse_fields(parser, descriptor, json, "@type", place, levels, &message);
	if (code != CODE_OK)
		return code;
	struct slice bytes = arena_pack(parser->arena, message);
	if (bytes.data == NULL && bytes.size > 0)
		return json_no_memory(parser);
	ret->data = (uint8_t *)bytes.data; /* arena memory of our own */
	ret->len = bytes.size;
	return CODE_OK;
}

static enum code parse_any(const struct json_parser *parser, json_t *json,
	const struct place *place, unsigned levels, Google__Protobuf__Any *any)
{
	if (!json_is_object(json))
		return json_wrong_type(parser, place, "an object with \"@type\"", json);
	google__protobuf__any__init(any);
	if (json_object_size(json) == 0)
		return CODE_OK;
	json_t *type = json_object_get(json, "@type");
	if (!json_is_string(type))
		return json_refuse(parser, place, "WRONG_TYPE",
			"must have a string \"@type\" that names the message's type");
	any->type_url = arena_text(parser->arena, json_string_slice(type));
	if (any->type_url == NULL)
		return json_no_memory(parser);
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
static enum code parse_text_form(const struct json_parser *parser, enum json_form form,
	json_t *json, const struct place *place, void *message)
{
	if (!json_is_string(json))
		return json_wrong_type(parser, place, wanted_text(form), json);
	struct slice text = json_string_slice(json);
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
			return json_no_memory(parser);
		break;
	case JSON_FORM_ANY:
	case JSON_FORM_OBJECT:
		break;
	}
	return valid ? CODE_OK
		     : json_refuse(parser, place, "WRONG_TYPE", "must be %s", wanted_text(form));
}

static enum code parse_message(const struct json_parser *parser,
	const ProtobufCMessageDescriptor *descriptor, json_t *json, const struct place *place,
	unsigned levels, ProtobufCMessage **ret)
{
	if (levels == 0)
		return json_refuse(parser, place, "TOO_DEEP", "more than %d levels of messages",
			LIMIT_MESSAGE_DEPTH);
	enum json_form form = json_form_of(descriptor);
	if (form == JSON_FORM_OBJECT) {
		if (!json_is_object(json))
			return json_wrong_type(parser, place, "an object", json);
		return parse_fields(parser, descriptor, json, NULL, place, levels - 1, ret);
	}
	ProtobufCMessage *message = arena_alloc(parser->arena, descriptor->sizeof_message);
	if (message == NULL)
		return json_no_memory(parser);
	*ret = message;
	if (form == JSON_FORM_ANY)
		return parse_any(parser, json, place, levels - 1, (Google__Protobuf__Any *)message);
	return parse_text_form(parser, form, json, place, message);
}

static void free_json(json_t **json)
{
	json_decref(*json);
}

static enum code malformed(const struct json_parser *parser, const json_error_t *problem)
{
	const char *text = problem->text;
	enum json_error_code kind = json_error_code(problem);
	/* jansson speaks of its own flags here. C strings would end at the character. */
	if (kind == json_error_null_character || kind == json_error_null_byte_in_key)
		text = "\\u0000 is not allowed in texts";
	return json_refuse(parser, NULL, "INVALID_JSON", "JSON, line %d, column %d: %s",
		problem->line, problem->column, text);
}

enum code json_parse(const ProtobufCMessageDescriptor *descriptor, struct slice text,
	struct arena *arena, ProtobufCMessage **ret, struct error *err)
{
	const struct json_parser parser = { .arena = arena, .err = err };
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
