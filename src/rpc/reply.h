/*
 * The payload of a response as a list of slices. Stored records are not unpacked: their bytes are
 * named here and copied once, into the transport's message, while the snapshot they lie in is open.
 */
#pragma once
#include "base/arena.h"
#include "base/slice.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

struct reply {
	struct arena *arena; /* borrowed; holds the list and all small pieces */
	struct slice *parts;
	size_t count;
	size_t capacity;
	size_t size_bytes; /* of all parts */
	bool failed;	   /* memory ran out; dispatch answers RESOURCE_EXHAUSTED */
};

void reply_init(struct reply *reply, struct arena *arena);

/* Forgets all parts. */
void reply_clear(struct reply *reply);

/* Bytes that stay valid until the response has been written. */
void reply_append(struct reply *reply, struct slice bytes);

/* Field `number` holding one message that is the concatenation of parts (each itself an encoded
 * piece of that message). The parts stay valid until the response has been written. */
void reply_message(
	struct reply *reply, uint32_t number, const struct slice *parts, size_t part_count);

/* Field `number` holding one message in its unpacked form. */
void reply_pack(struct reply *reply, uint32_t number, const ProtobufCMessage *message);

/* Scalar fields; nothing is added for 0, false and "". The text is copied. */
void reply_uint(struct reply *reply, uint32_t number, uint64_t value);
void reply_text(struct reply *reply, uint32_t number, const char *text);

/* All fields of a whole response message. */
void reply_whole(struct reply *reply, const ProtobufCMessage *response);
