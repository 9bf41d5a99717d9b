/*
 * JSON of any message: the first byte picks the type, the rest is the document. What is read prints
 * as JSON that reads back as the same bytes.
 */
#include "base/limits.h"
#include "codec/json.h"
#include "codec/schema.h"

#include <google/protobuf/descriptor.pb-c.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TYPES_MAX = 256 };

struct types {
	const ProtobufCMessageDescriptor *all[TYPES_MAX];
	size_t count;
};

static bool add(void *context, const ProtobufCMessageDescriptor *message)
{
	struct types *types = context;
	types->all[types->count++] = message;
	return types->count < TYPES_MAX;
}

static const ProtobufCMessageDescriptor *pick(uint8_t number)
{
	static struct types types;
	if (types.count == 0) {
		/* A type that holds itself, and proto2 with its presence. */
		types.all[types.count++] = &google__protobuf__file_descriptor_set__descriptor;
		types.all[types.count++] = &google__protobuf__uninterpreted_option__descriptor;
		schema_each_message(add, &types);
	}
	return types.all[number % types.count];
}

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* Prints the message, reads it again and compares the bytes of both. */
static void round_trip(const ProtobufCMessage *message, unsigned flags, struct arena *arena)
{
	struct buffer out;
	struct error err;
	buffer_init(&out, LIMIT_ARENA_BYTES);
	/* Only what the printer itself refuses may fail: times that are out of range. */
	if (json_print(message, flags, &out, &err) == CODE_OK) {
		ProtobufCMessage *back;
		struct slice text = slice_of(out.data, out.size);
		require(json_parse(message->descriptor, text, arena, &back, &err) == CODE_OK);
		require(slice_equals(arena_pack(arena, message), arena_pack(arena, back)));
	}
	buffer_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct arena arena;
	struct error err = { .text = "" };
	ProtobufCMessage *message = NULL;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	if (json_parse(pick(data[0]), slice_of(data + 1, size - 1), &arena, &message, &err) ==
		CODE_OK)
		round_trip(message, data[0] & 1 ? JSON_INDENT : JSON_EMIT_DEFAULTS, &arena);
	else
		require(err.text[0] != '\0');
	arena_done(&arena);
	return 0;
}
