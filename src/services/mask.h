/* Field masks (AIP-134) as sets of field numbers: bit N stands for the field with number N. */
#pragma once
#include "base/error.h"

#include <google/protobuf/field_mask.pb-c.h>
#include <protobuf-c/protobuf-c.h>
#include <stdint.h>

/*
 * The fields of `message` that the mask names, out of `settable`: no mask or an empty one means
 * those that have a value, "*" all. INVALID_ARGUMENT for an unknown path and for one that only the
 * server sets.
 */
enum code mask_resolve(const Google__Protobuf__FieldMask *mask, const ProtobufCMessage *message,
	uint64_t settable, uint64_t *ret, struct error *err) NODISCARD;
