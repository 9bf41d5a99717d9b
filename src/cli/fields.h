/* The message that a command writes, from its options: those that stand for a field and --set. */
#pragma once
#include "base/attributes.h"
#include "cli/cli.h"

#include <google/protobuf/field_mask.pb-c.h>
#include <protobuf-c/protobuf-c.h>

struct fields {
	ProtobufCMessage *message;	  /* in cli's arena */
	Google__Protobuf__FieldMask mask; /* the paths that were given */
};

/* Builds a message of the type. USAGE where a field does not exist or a value does not fit. */
enum exit_status fields_build(struct cli *cli, const struct args *args,
	const ProtobufCMessageDescriptor *descriptor, struct fields *ret) NODISCARD;

/* Reads a whole file, or standard input for "-", into cli's arena. */
enum exit_status fields_read_file(struct cli *cli, const char *path, struct slice *ret) NODISCARD;
