/* The google.protobuf.FileDescriptorSet of the public schemas, with comments, as bytes. */
#pragma once
#include <stddef.h>
#include <stdint.h>

extern const uint8_t lectern_descriptor_set[];
extern const size_t lectern_descriptor_set_size;
