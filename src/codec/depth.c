#include "codec/depth.h"

#include "base/wire.h"

bool depth_within(const ProtobufCMessageDescriptor *descriptor, struct slice bytes, unsigned levels)
{
	struct {
		const ProtobufCMessageDescriptor *descriptor;
		struct slice rest;
	} open[DEPTH_LEVELS_MAX];
	unsigned depth = 1;
	open[0].descriptor = descriptor;
	open[0].rest = bytes;
	while (depth > 0) {
		struct wire_field field;
		if (!wire_next(&open[depth - 1].rest, &field)) {
			depth--;
			continue;
		}
		const ProtobufCFieldDescriptor *known = protobuf_c_message_descriptor_get_field(
			open[depth - 1].descriptor, field.number);
		if (field.type != WIRE_BYTES || known == NULL ||
			known->type != PROTOBUF_C_TYPE_MESSAGE)
			continue;
		if (depth >= levels || depth == DEPTH_LEVELS_MAX)
			return false;
		open[depth].descriptor = known->descriptor;
		open[depth].rest = field.bytes;
		depth++;
	}
	return true;
}
