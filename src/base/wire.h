/*
 * The protobuf wire format, read and written in place:
 * https://protobuf.dev/programming-guides/encoding/
 */
#pragma once
#include "base/attributes.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wire_type {
	WIRE_VARINT = 0,
	WIRE_FIXED64 = 1,
	WIRE_BYTES = 2, /* length-delimited: string, bytes, message, packed */
	WIRE_FIXED32 = 5,
};

enum { WIRE_VARINT_BYTES_MAX = 10 };

/* One field of a message. */
struct wire_field {
	uint32_t number;
	enum wire_type type;
	uint64_t value;	    /* for VARINT and the fixed types */
	struct slice bytes; /* for BYTES: inside the message that is read */
};

/* Reads the next field and moves *rest behind it. False at the end and on malformed input: the end
 * is where rest->size is 0 before the call. Groups count as malformed. */
bool wire_next(struct slice *rest, struct wire_field *ret) NODISCARD;

/* Reads a varint of at most 64 bits and moves *rest behind it. False where there is none. */
bool wire_take_varint(struct slice *rest, uint64_t *ret) NODISCARD;

/* Writes value to out (room for WIRE_VARINT_BYTES_MAX); returns the bytes written. */
size_t wire_put_varint(uint8_t *out, uint64_t value);

/* How many bytes wire_put_varint() writes. */
size_t wire_varint_size(uint64_t value);

/* Writes the tag of a BYTES field and the length of what follows (room for 2 *
 * WIRE_VARINT_BYTES_MAX); returns the bytes written. */
size_t wire_put_bytes_head(uint8_t *out, uint32_t number, size_t size_bytes);

/* Writes a whole VARINT field (room as above). Nothing is written for 0, the default of proto3. */
size_t wire_put_uint(uint8_t *out, uint32_t number, uint64_t value);
