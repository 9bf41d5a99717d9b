#include "importers/fields.h"

#include <assert.h>

ProtobufCMessage *fields_new(const ProtobufCMessageDescriptor *descriptor, struct arena *arena)
{
	ProtobufCMessage *message = arena_alloc(arena, descriptor->sizeof_message);
	if (message != NULL)
		protobuf_c_message_init(descriptor, message);
	return message;
}

ProtobufCMessage *fields_copy(const ProtobufCMessage *message, struct arena *arena)
{
	ProtobufCMessage *copy = arena_alloc(arena, message->descriptor->sizeof_message);
	if (copy != NULL)
		memcpy(copy, message, message->descriptor->sizeof_message);
	return copy;
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

void fields_set_list(
	ProtobufCMessage *message, const char *name, ProtobufCMessage **list, size_t count)
{
	const ProtobufCFieldDescriptor *field = fields_find(message, name);
	*(size_t *)(void *)((char *)message + field->quantifier_offset) = count;
	*(ProtobufCMessage ***)member_to_set(message, name) = list;
}

static bool equal_messages(
	const ProtobufCMessage *a, const ProtobufCMessage *b, struct arena *arena)
{
	if (a == NULL || b == NULL || a == b)
		return a == b;
	struct slice left = arena_pack(arena, a);
	struct slice right = arena_pack(arena, b);
	return left.data != NULL && right.data != NULL && slice_equals(left, right);
}

static bool equal_lists(
	const ProtobufCMessage *a, const ProtobufCMessage *b, const char *name, struct arena *arena)
{
	size_t left_count, right_count;
	ProtobufCMessage **left = fields_list(a, name, &left_count);
	ProtobufCMessage **right = fields_list(b, name, &right_count);
	if (left_count != right_count)
		return false;
	for (size_t i = 0; i < left_count; i++)
		if (!equal_messages(left[i], right[i], arena))
			return false;
	return true;
}

bool fields_equal(
	const ProtobufCMessage *a, const ProtobufCMessage *b, const char *name, struct arena *arena)
{
	const ProtobufCFieldDescriptor *field = fields_find(a, name);
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return equal_lists(a, b, name, arena);
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return equal_messages(fields_message(a, name), fields_message(b, name), arena);
	if (field->type == PROTOBUF_C_TYPE_STRING)
		return strcmp(fields_text(a, name), fields_text(b, name)) == 0;
	return fields_number(a, name) == fields_number(b, name);
}
