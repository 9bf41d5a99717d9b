/* Fields of messages by their names, so that posts and terms are written by the same code. A name
 * that the message does not have is a bug of the caller. */
#pragma once
#include "base/arena.h"

#include <stdbool.h>

/* An empty message; NULL when out of memory. */
ProtobufCMessage *fields_new(const ProtobufCMessageDescriptor *descriptor, struct arena *arena)
	NODISCARD;

const ProtobufCFieldDescriptor *fields_find(const ProtobufCMessage *message, const char *name);
bool fields_have(const ProtobufCMessage *message, const char *name);

/* Whether a message field is set, a list has entries. */
bool fields_given(const ProtobufCMessage *message, const char *name);

/* Values of fields that are not repeated. */
const char *fields_text(const ProtobufCMessage *message, const char *name);
uint64_t fields_number(const ProtobufCMessage *message, const char *name);
ProtobufCMessage *fields_message(const ProtobufCMessage *message, const char *name);

/* Members of a oneof are selected. What is given is borrowed. */
void fields_set_text(ProtobufCMessage *message, const char *name, const char *text);
void fields_set_number(ProtobufCMessage *message, const char *name, uint64_t number);
void fields_set_bool(ProtobufCMessage *message, const char *name, bool value);
void fields_set_message(ProtobufCMessage *message, const char *name, ProtobufCMessage *value);

/* The list of a repeated message field. */
ProtobufCMessage **fields_list(
	const ProtobufCMessage *message, const char *name, size_t *ret_count);
