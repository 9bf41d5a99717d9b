/*
 * How the bytes of a message are to be checked: its descriptor and the limits of its fields, made
 * once at start into tables that a walk over the bytes can use without searching.
 */
#pragma once
#include "rpc/rpc.h"

enum {
	PLAN_FIELDS_MAX = 64,	/* of one message */
	PLAN_NUMBER_MAX = 4095, /* largest field number */
	/* Most entries of a repeated field, and most occurrences of a scalar one, without a row. */
	PLAN_DEFAULT_COUNT = 1000,
};

struct plan_field {
	const ProtobufCFieldDescriptor *descriptor;
	const struct plan_message *message; /* NULL unless the field holds messages */
	uint32_t max_bytes;		    /* of a string or bytes; UINT32_MAX for no limit */
	uint32_t max_count; /* how often it may occur in one message; 1 for a message */
	uint8_t wire_type;  /* enum wire_type, of one value */
	bool packable;	    /* a repeated scalar: also in one BYTES field */
};

struct plan_message {
	const ProtobufCMessageDescriptor *descriptor;
	struct plan_field *fields; /* as many as the descriptor has, in its order */
	uint16_t *by_number;	   /* index in fields + 1 by field number; 0 for an unknown one */
	uint32_t number_count;	   /* of by_number */
	bool is_timestamp;	   /* google.protobuf.Timestamp */
};

struct plans;

/* Makes the plans of `roots` and of every message that they can hold. INTERNAL for a limit that
 * does not fit its message's descriptor, whether or not the message is reached. */
enum code plans_new(const ProtobufCMessageDescriptor *const *roots, size_t root_count,
	const struct rpc_field_limit *limits, size_t limit_count, struct plans **ret,
	struct error *err) NODISCARD;
void plans_free(struct plans *plans);

/* The plan of a message; NULL for one that is not reached from the roots. */
const struct plan_message *plans_find(
	const struct plans *plans, const ProtobufCMessageDescriptor *descriptor);
