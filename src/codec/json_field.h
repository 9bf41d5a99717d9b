/* How protobuf-c keeps fields in a message struct, and how proto3 JSON names them. */
#pragma once
#include "base/attributes.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_NAME_BYTES = 128 }; /* of the longest name in our schemas, the NUL included */

/* protoc's json_name: underscores dropped, the letter after each made upper case. Cut to fit. */
void json_name_of(const char *proto_name, char name[JSON_NAME_BYTES]);

/* The field by either spelling; NULL if there is none. */
const ProtobufCFieldDescriptor *json_field_find(
	const ProtobufCMessageDescriptor *descriptor, const char *name);

/* The field that the name was probably meant to be, or NULL. */
const ProtobufCFieldDescriptor *json_field_nearest(
	const ProtobufCMessageDescriptor *descriptor, const char *name);

/* Bytes that one value takes in the struct or in an array. */
size_t json_value_size(const ProtobufCFieldDescriptor *field);

static inline void *json_field_at(void *message, unsigned offset)
{
	return (char *)message + offset;
}

static inline const void *json_field_in(const ProtobufCMessage *message, unsigned offset)
{
	return (const char *)message + offset;
}

/* Whether a singular field has a value that proto3 JSON shows. */
bool json_field_is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);

/* Whether the field can tell "unset" from "has its default value". */
bool json_field_has_presence(const ProtobufCFieldDescriptor *field);

/* Whether the repeated field is a map with text keys: protoc makes a message FIELD + "Entry" with
 * the fields key = 1 and value = 2 for it, and JSON shows it as an object. */
bool json_field_is_map(const ProtobufCFieldDescriptor *field);
