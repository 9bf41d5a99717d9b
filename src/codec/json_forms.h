/*
 * The values that proto3 JSON writes in a form of their own. Each pair of functions is one form:
 * its text from the message and back. Texts of messages that no JSON can show are an error.
 */
#pragma once
#include "base/arena.h"
#include "base/buffer.h"
#include "base/slice.h"

#include <google/protobuf/duration.pb-c.h>
#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

enum { FORM_TEXT_BYTES = 48 }; /* of a Timestamp or Duration, the NUL included */

/* What a message looks like in JSON. */
enum json_form {
	JSON_FORM_OBJECT,
	JSON_FORM_TIMESTAMP,
	JSON_FORM_DURATION,
	JSON_FORM_FIELD_MASK,
	JSON_FORM_ANY,
};

enum json_form json_form_of(const ProtobufCMessageDescriptor *descriptor);

/* False if the value is out of the type's range. */
bool timestamp_print(const Google__Protobuf__Timestamp *timestamp, char text[FORM_TEXT_BYTES])
	NODISCARD;
bool duration_print(const Google__Protobuf__Duration *duration, char text[FORM_TEXT_BYTES])
	NODISCARD;

/* False if the text is none; the message keeps its bytes then. */
bool timestamp_parse(struct slice text, Google__Protobuf__Timestamp *ret) NODISCARD;
bool duration_parse(struct slice text, Google__Protobuf__Duration *ret) NODISCARD;

/* "aB,c.dE" for the paths a_b and c.d_e. False for a path that has no such form. */
bool field_mask_print(const Google__Protobuf__FieldMask *mask, struct buffer *out) NODISCARD;
/* False when the arena is used up. */
bool field_mask_parse(struct slice text, struct arena *arena, Google__Protobuf__FieldMask *ret)
	NODISCARD;

/* Standard alphabet with padding. */
void base64_print(struct slice bytes, struct buffer *out);

enum base64_result { BASE64_OK, BASE64_INVALID, BASE64_NO_MEMORY };
/* Both alphabets, padded or not. */
enum base64_result base64_parse(struct slice text, struct arena *arena, struct slice *ret)
	NODISCARD;

/* The message inside an Any by its type URL; NULL for a type that is not known here. The
 * google.rpc names stand for the lectern.rpc.v1 types that are the same on the wire. */
const ProtobufCMessageDescriptor *any_type_find(const char *type_url);
