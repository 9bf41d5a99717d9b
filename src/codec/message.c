#include "codec/message.h"

#include "codec/json_field.h"

#include <assert.h>
#include <string.h>

ProtobufCMessage *message_new(const ProtobufCMessageDescriptor *descriptor, struct arena *arena)
{
	ProtobufCMessage *message = arena_alloc(arena, descriptor->sizeof_message);
	if (message != NULL)
		protobuf_c_message_init(descriptor, message);
	return message;
}

bool message_has_field(const ProtobufCMessageDescriptor *descriptor, const char *name)
{
	return protobuf_c_message_descriptor_get_field_by_name(descriptor, name) != NULL;
}

static const ProtobufCFieldDescriptor *field_of(const ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
	assert(field != NULL);
	return field;
}

bool message_is_set(const ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field = field_of(message, name);
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return *(const size_t *)json_field_in(message, field->quantifier_offset) > 0;
	return json_field_is_set(message, field);
}

const char *message_text(const ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field = field_of(message, name);
	assert(field->type == PROTOBUF_C_TYPE_STRING);
	if (!json_field_is_set(message, field))
		return "";
	return *(const char *const *)json_field_in(message, field->offset);
}

uint64_t message_number(const ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field = field_of(message, name);
	if (!json_field_is_set(message, field))
		return 0;
	const void *at = json_field_in(message, field->offset);
	if (json_value_size(field) == sizeof(uint64_t))
		return *(const uint64_t *)at;
	return *(const uint32_t *)at;
}

ProtobufCMessage *message_child(const ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field = field_of(message, name);
	assert(field->type == PROTOBUF_C_TYPE_MESSAGE);
	if (!json_field_is_set(message, field))
		return NULL;
	return *(ProtobufCMessage *const *)json_field_in(message, field->offset);
}

static const void *list_of(const ProtobufCMessage *message, const char *name, size_t *ret_count)
{
	const ProtobufCFieldDescriptor *field = field_of(message, name);
	assert(field->label == PROTOBUF_C_LABEL_REPEATED);
	*ret_count = *(const size_t *)json_field_in(message, field->quantifier_offset);
	return *(const void *const *)json_field_in(message, field->offset);
}

ProtobufCMessage *const *message_list(
	const ProtobufCMessage *message, const char *name, size_t *ret_count)
{
	return list_of(message, name, ret_count);
}

const char *const *message_texts(
	const ProtobufCMessage *message, const char *name, size_t *ret_count)
{
	return list_of(message, name, ret_count);
}

static void *place_of(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
		*(uint32_t *)json_field_at(message, field->quantifier_offset) = field->id;
	return json_field_at(message, field->offset);
}

void message_set_text(ProtobufCMessage *message, const char *name, const char *text)
{
	const ProtobufCFieldDescriptor *field = field_of(message, name);
	assert(field->type == PROTOBUF_C_TYPE_STRING);
	*(const char **)place_of(message, field) = text;
}

void message_set_number(ProtobufCMessage *message, const char *name, uint64_t number)
{
	const ProtobufCFieldDescriptor *field = field_of(message, name);
	void *at = place_of(message, field);
	if (json_value_size(field) == sizeof(uint64_t))
		*(uint64_t *)at = number;
	else
		*(uint32_t *)at = (uint32_t)number;
}

void message_set_child(ProtobufCMessage *message, const char *name, ProtobufCMessage *child)
{
	const ProtobufCFieldDescriptor *field = field_of(message, name);
	assert(field->type == PROTOBUF_C_TYPE_MESSAGE);
	*(ProtobufCMessage **)place_of(message, field) = child;
}

void message_set_list(
	ProtobufCMessage *message, const char *name, ProtobufCMessage **items, size_t count)
{
	const ProtobufCFieldDescriptor *field = field_of(message, name);
	assert(field->label == PROTOBUF_C_LABEL_REPEATED);
	*(size_t *)json_field_at(message, field->quantifier_offset) = count;
	*(ProtobufCMessage ***)json_field_at(message, field->offset) = items;
}
