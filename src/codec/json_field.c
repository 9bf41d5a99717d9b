#include "codec/json_field.h"

#include "codec/nearest.h"

#include <string.h>

void json_name_of(const char *proto_name, char name[JSON_NAME_BYTES])
{
	size_t size = 0;
	bool raise = false;
	for (const char *at = proto_name; *at != '\0' && size + 1 < JSON_NAME_BYTES; at++) {
		if (*at == '_') {
			raise = true;
			continue;
		}
		bool lower = *at >= 'a' && *at <= 'z';
		name[size++] = raise && lower ? (char)(*at - 'a' + 'A') : *at;
		raise = false;
	}
	name[size] = '\0';
}

const ProtobufCFieldDescriptor *json_field_find(
	const ProtobufCMessageDescriptor *descriptor, const char *name)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field_by_name(descriptor, name);
	for (unsigned i = 0; field == NULL && i < descriptor->n_fields; i++) {
		char json_name[JSON_NAME_BYTES];
		json_name_of(descriptor->fields[i].name, json_name);
		if (strcmp(json_name, name) == 0)
			field = &descriptor->fields[i];
	}
	return field;
}

const ProtobufCFieldDescriptor *json_field_nearest(
	const ProtobufCMessageDescriptor *descriptor, const char *name)
{
	struct nearest nearest = nearest_to(name);
	for (unsigned i = 0; i < descriptor->n_fields; i++)
		nearest_offer(&nearest, descriptor->fields[i].name);
	const char *best = nearest_best(&nearest);
	return best == NULL ? NULL
			    : protobuf_c_message_descriptor_get_field_by_name(descriptor, best);
}

size_t json_value_size(const ProtobufCFieldDescriptor *field)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		return sizeof(uint32_t);
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return sizeof(uint64_t);
	case PROTOBUF_C_TYPE_FLOAT:
		return sizeof(float);
	case PROTOBUF_C_TYPE_DOUBLE:
		return sizeof(double);
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_ENUM:
		return sizeof(int);
	case PROTOBUF_C_TYPE_STRING:
		return sizeof(char *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(ProtobufCMessage *);
	}
	return 0;
}

static bool is_oneof(const ProtobufCFieldDescriptor *field)
{
	return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

bool json_field_has_presence(const ProtobufCFieldDescriptor *field)
{
	return is_oneof(field) || field->label == PROTOBUF_C_LABEL_OPTIONAL ||
	       field->type == PROTOBUF_C_TYPE_MESSAGE;
}

/* Whether a scalar's bytes are all zero. -0.0 is not, as proto3 has it. */
static bool is_zero(const void *at, size_t size_bytes)
{
	static const char zero[sizeof(uint64_t)];
	return memcmp(at, zero, size_bytes) == 0;
}

/* proto2, which only Google's own schemas use. */
static bool is_set_optional(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	if (field->label == PROTOBUF_C_LABEL_REQUIRED)
		return true;
	const void *at = json_field_in(message, field->offset);
	if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE) {
		const void *pointer = *(const void *const *)at;
		return pointer != NULL && pointer != field->default_value;
	}
	return *(const protobuf_c_boolean *)json_field_in(message, field->quantifier_offset) != 0;
}

bool json_field_is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	const void *at = json_field_in(message, field->offset);
	bool pointer =
		field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE;
	if (pointer && *(const void *const *)at == NULL)
		return false;
	if (is_oneof(field)) {
		uint32_t chosen;
		memcpy(&chosen, json_field_in(message, field->quantifier_offset), sizeof chosen);
		return chosen == field->id;
	}
	if (field->label != PROTOBUF_C_LABEL_NONE)
		return is_set_optional(message, field);
	if (field->type == PROTOBUF_C_TYPE_STRING)
		return **(const char *const *)at != '\0';
	if (field->type == PROTOBUF_C_TYPE_BYTES)
		return ((const ProtobufCBinaryData *)at)->len > 0;
	return pointer || !is_zero(at, json_value_size(field));
}

bool json_field_is_map(const ProtobufCFieldDescriptor *field)
{
	if (field->label != PROTOBUF_C_LABEL_REPEATED || field->type != PROTOBUF_C_TYPE_MESSAGE)
		return false;
	const ProtobufCMessageDescriptor *entry = field->descriptor;
	if (entry->n_fields != 2 || strcmp(entry->fields[0].name, "key") != 0 ||
		strcmp(entry->fields[1].name, "value") != 0 ||
		entry->fields[0].type != PROTOBUF_C_TYPE_STRING)
		return false;
	/* "metadata" belongs to "MetadataEntry": the JSON name with its first letter raised. */
	char name[JSON_NAME_BYTES];
	json_name_of(field->name, name);
	const char *type = entry->short_name;
	size_t size = strlen(name);
	return strncasecmp(type, name, 1) == 0 && strncmp(type + 1, name + 1, size - 1) == 0 &&
	       strcmp(type + size, "Entry") == 0;
}
