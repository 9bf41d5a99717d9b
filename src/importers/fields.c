#include "importers/fields.h"

#include <assert.h>

ProtobufCMessage *fields_new(const ProtobufCMessageDescriptor *descriptor, struct arena *arena)
{
	ProtobufCMessage *message = arena_alloc(arena, descriptor->sizeof_message);
	if (message != NULL)
		protobuf_c_message_init(descriptor, message);
	return message;
}

bool fields_have(const ProtobufCMessage *message, const char *name)
{
	return protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name) != NULL;
}

const ProtobufCFieldDescriptor *fields_find(const ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
	assert(field != NULL);
	return field;
}

/* Where the field's value lies; selects it if it is a oneof's member. */
static void *member_to_set(ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field = fields_find(message, name);
	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
		*(uint32_t *)(void *)((char *)message + field->quantifier_offset) = field->id;
	return (char *)message + field->offset;
}

static const void *member(const ProtobufCMessage *message, const char *name)
{
	return (const char *)message + fields_find(message, name)->offset;
}

static bool is_wide(const ProtobufCMessage *message, const char *name)
{
	return fields_find(message, name)->type == PROTOBUF_C_TYPE_UINT64;
}

const char *fields_text(const ProtobufCMessage *message, const char *name)
{
	return *(char *const *)member(message, name);
}

uint64_t fields_number(const ProtobufCMessage *message, const char *name)
{
	if (is_wide(message, name))
		return *(const uint64_t *)member(message, name);
	return *(const uint32_t *)member(message, name);
}

ProtobufCMessage *fields_message(const ProtobufCMessage *message, const char *name)
{
	return *(ProtobufCMessage *const *)member(message, name);
}

bool fields_given(const ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field = fields_find(message, name);
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return *(const size_t *)(const void *)((const char *)message +
						       field->quantifier_offset) > 0;
	return field->type == PROTOBUF_C_TYPE_MESSAGE && fields_message(message, name) != NULL;
}

void fields_set_text(ProtobufCMessage *message, const char *name, const char *text)
{
	*(const char **)member_to_set(message, name) = text;
}

void fields_set_number(ProtobufCMessage *message, const char *name, uint64_t number)
{
	if (is_wide(message, name))
		*(uint64_t *)member_to_set(message, name) = number;
	else
		*(uint32_t *)member_to_set(message, name) = (uint32_t)number;
}

void fields_set_bool(ProtobufCMessage *message, const char *name, bool value)
{
	*(protobuf_c_boolean *)member_to_set(message, name) = value;
}

void fields_set_message(ProtobufCMessage *message, const char *name, ProtobufCMessage *value)
{
	*(ProtobufCMessage **)member_to_set(message, name) = value;
}

ProtobufCMessage **fields_list(const ProtobufCMessage *message, const char *name, size_t *ret_count)
{
	const ProtobufCFieldDescriptor *field = fields_find(message, name);
	*ret_count =
		*(const size_t *)(const void *)((const char *)message + field->quantifier_offset);
	return *(ProtobufCMessage * *const *)member(message, name);
}
