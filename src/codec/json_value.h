/* Reading JSON: where a value stands, how it is refused, and the values that are no messages. */
#pragma once
#include "base/arena.h"
#include "base/error.h"

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

struct json_parser {
	struct arena *arena;
	struct error *err;
};

/* Where a value stands, for errors: a list of names from the value up to the whole message. */
struct place {
	const struct place *parent; /* NULL for the whole message */
	const char *name;	    /* of the field */
	const char *key;	    /* of a map's entry, or NULL */
	size_t index;		    /* of a list's entry, or NO_INDEX */
};

#define NO_INDEX SIZE_MAX

/* INVALID_ARGUMENT with the path of the place; NULL stands for the document. */
enum code json_refuse(const struct json_parser *parser, const struct place *place,
	const char *reason, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* "must be WANTED, not a list" */
enum code json_wrong_type(const struct json_parser *parser, const struct place *place,
	const char *wanted, const json_t *json);

/* The arena is used up. */
enum code json_no_memory(const struct json_parser *parser);

static inline struct slice json_string_slice(const json_t *json)
{
	return slice_of(json_string_value(json), json_string_length(json));
}

/* One value of the field, which is no message, to its place in the struct or in an array. */
enum code json_scalar_parse(const struct json_parser *parser, const ProtobufCFieldDescriptor *field,
	const json_t *json, const struct place *place, void *at) NODISCARD;
enum code json_bytes_parse(const struct json_parser *parser, const json_t *json,
	const struct place *place, ProtobufCBinaryData *ret) NODISCARD;
