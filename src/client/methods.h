/* What the library must know of a method before it calls it. */
#pragma once
#include "base/slice.h"

#include <protobuf-c/protobuf-c.h>

/* By full name without a leading slash; NULL if this version knows none. */
const ProtobufCMethodDescriptor *method_find(struct slice name);

/* The number of the request's field `request_id`, which a write has; 0 for a read. */
uint32_t method_request_id_field(const ProtobufCMethodDescriptor *method);
