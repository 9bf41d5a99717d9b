/*
 * Canonical proto3 JSON for any message, driven by its descriptor:
 * https://protobuf.dev/programming-guides/json/
 *
 * lowerCamelCase names (the .proto's names are read too), 64-bit integers as strings, bytes as
 * base64, enums by name, Timestamp, Duration and FieldMask in their special forms, Any as an object
 * with "@type". Safe from any thread.
 */
#pragma once
#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

#include <protobuf-c/protobuf-c.h>

enum json_flags {
	JSON_DEFAULT = 0,
	JSON_INDENT = 1,	/* two blanks a level, for people */
	JSON_EMIT_DEFAULTS = 2, /* also fields that have their default value */
};

/* Appends the JSON form, without a newline at the end. RESOURCE_EXHAUSTED when out overflows. */
enum code json_print(const ProtobufCMessage *message, unsigned flags, struct buffer *out,
	struct error *err) NODISCARD;

/* Appends a text as JSON shows it, with its quotes. Bytes that are no UTF-8 become the replacement
 * character: the output is JSON in any case. */
void json_print_text(struct slice text, struct buffer *out);

/*
 * Reads the JSON form of a message into the arena. INVALID_ARGUMENT with line and column for
 * malformed JSON, with the field's path for an unknown field, a wrong type or a number out of
 * range, and for more than LIMIT_MESSAGE_DEPTH levels.
 */
enum code json_parse(const ProtobufCMessageDescriptor *descriptor, struct slice text,
	struct arena *arena, ProtobufCMessage **ret, struct error *err) NODISCARD;
