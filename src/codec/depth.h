/* How deep encoded messages nest. Unpacking recurses, so that types that may hold themselves, such
 * as Google's descriptors, are looked at first. */
#pragma once
#include "base/attributes.h"
#include "base/slice.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

enum { DEPTH_LEVELS_MAX = 64 };

/* Whether no message in the bytes lies deeper than `levels` (at most DEPTH_LEVELS_MAX), the message
 * itself being the first. Bytes that are malformed are not followed. */
bool depth_within(const ProtobufCMessageDescriptor *descriptor, struct slice bytes, unsigned levels)
	NODISCARD;
