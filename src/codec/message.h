/* Fields of messages by their names in the .proto, for code that serves several types. A name that
 * the message does not have is a mistake of ours and ends in an assertion. */
#pragma once
#include "base/arena.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An empty message; NULL when out of memory. */
ProtobufCMessage *message_new(const ProtobufCMessageDescriptor *descriptor, struct arena *arena)
	NODISCARD;

bool message_has_field(const ProtobufCMessageDescriptor *descriptor, const char *name);

/* Whether it has a value that is not the default; of a list, an entry. */
bool message_is_set(const ProtobufCMessage *message, const char *name);
/* "" for a text that is not set. */
const char *message_text(const ProtobufCMessage *message, const char *name);
/* Any integer, boolean or enum; 0 where it is not set. */
uint64_t message_number(const ProtobufCMessage *message, const char *name);
/* NULL where it is not set. */
ProtobufCMessage *message_child(const ProtobufCMessage *message, const char *name);
/* A repeated field of messages, or of texts. */
ProtobufCMessage *const *message_list(
	const ProtobufCMessage *message, const char *name, size_t *ret_count);
const char *const *message_texts(
	const ProtobufCMessage *message, const char *name, size_t *ret_count);

/* These borrow what they set; a field of a oneof becomes the chosen one. */
void message_set_text(ProtobufCMessage *message, const char *name, const char *text);
void message_set_number(ProtobufCMessage *message, const char *name, uint64_t number);
void message_set_child(ProtobufCMessage *message, const char *name, ProtobufCMessage *child);
void message_set_list(
	ProtobufCMessage *message, const char *name, ProtobufCMessage **items, size_t count);
