#include "services/mask.h"

#include "base/attributes.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool has_value(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	const uint8_t *member = (const uint8_t *)message + field->offset;
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return *(const size_t *)((const uint8_t *)message + field->quantifier_offset) > 0;
	switch (field->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
		return *(void *const *)member != NULL;
	case PROTOBUF_C_TYPE_STRING:
		return (*(char *const *)member)[0] != '\0';
	case PROTOBUF_C_TYPE_BYTES:
		return ((const ProtobufCBinaryData *)member)->len > 0;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return *(const uint64_t *)member != 0;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_ENUM:
	case PROTOBUF_C_TYPE_BOOL:
		return *(const uint32_t *)member != 0;
	}
	return false;
}

static uint64_t fields_with_value(const ProtobufCMessage *message, uint64_t settable)
{
	uint64_t fields = 0;
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		if (field->id < 64 && (settable >> field->id & 1) != 0 && has_value(message, field))
			fields |= UINT64_C(1) << field->id;
	}
	return fields;
}

enum code mask_resolve(const Google__Protobuf__FieldMask *mask, const ProtobufCMessage *message,
	uint64_t settable, uint64_t *ret, struct error *err)
{
	if (mask == NULL || mask->n_paths == 0) {
		*ret = fields_with_value(message, settable);
		return CODE_OK;
	}
	uint64_t fields = 0;
	for (size_t i = 0; i < mask->n_paths; i++) {
		char path[48];
		snprintf(path, sizeof path, "update_mask.paths[%zu]", i);
		if (strcmp(mask->paths[i], "*") == 0) {
			if (mask->n_paths > 1)
				return fail_field(err, CODE_INVALID_ARGUMENT, "MASK_INVALID", path,
					"\"*\" must stand alone");
			fields = settable;
			continue;
		}
		const ProtobufCFieldDescriptor *field =
			protobuf_c_message_descriptor_get_field_by_name(
				message->descriptor, mask->paths[i]);
		if (field == NULL)
			return fail_field(err, CODE_INVALID_ARGUMENT, "MASK_UNKNOWN_FIELD", path,
				"\"%s\" is no field of %s", mask->paths[i],
				message->descriptor->name);
		if (field->id >= 64 || (settable >> field->id & 1) == 0)
			return fail_field(err, CODE_INVALID_ARGUMENT, "MASK_OUTPUT_ONLY", path,
				"\"%s\" is set by the server alone", mask->paths[i]);
		fields |= UINT64_C(1) << field->id;
	}
	*ret = fields;
	return CODE_OK;
}
