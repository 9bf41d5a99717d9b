#include "rpc/plan.h"

#include "base/wire.h"

#include <stdlib.h>
#include <string.h>

struct plans {
	struct plan_message **messages;
	size_t count;
	size_t capacity;
};

static void message_free(struct plan_message *message)
{
	if (message == NULL)
		return;
	free(message->fields);
	free(message->by_number);
	free(message);
}

static void message_freep(struct plan_message **message)
{
	message_free(*message);
}

void plans_free(struct plans *plans)
{
	if (plans == NULL)
		return;
	for (size_t i = 0; i < plans->count; i++)
		message_free(plans->messages[i]);
	free(plans->messages);
	free(plans);
}

static void plans_freep(struct plans **plans)
{
	plans_free(*plans);
}

static struct plan_message *find(
	const struct plans *plans, const ProtobufCMessageDescriptor *descriptor)
{
	for (size_t i = 0; i < plans->count; i++)
		if (plans->messages[i]->descriptor == descriptor)
			return plans->messages[i];
	return NULL;
}

const struct plan_message *plans_find(
	const struct plans *plans, const ProtobufCMessageDescriptor *descriptor)
{
	return find(plans, descriptor);
}

static enum wire_type wire_type_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_BOOL:
	case PROTOBUF_C_TYPE_ENUM:
		return WIRE_VARINT;
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		return WIRE_FIXED32;
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return WIRE_FIXED64;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		break;
	}
	return WIRE_BYTES;
}

static struct plan_field plan_field(const ProtobufCFieldDescriptor *descriptor)
{
	bool repeated = descriptor->label == PROTOBUF_C_LABEL_REPEATED;
	enum wire_type type = wire_type_of(descriptor->type);
	bool once = descriptor->type == PROTOBUF_C_TYPE_MESSAGE && !repeated;
	return (struct plan_field){
		.descriptor = descriptor,
		.max_bytes = UINT32_MAX,
		.max_count = once ? 1 : PLAN_DEFAULT_COUNT,
		.wire_type = (uint8_t)type,
		.packable = repeated && type != WIRE_BYTES,
	};
}

static enum code check_descriptor(const ProtobufCMessageDescriptor *descriptor, struct error *err)
{
	unsigned count = descriptor->n_fields;
	if (count > PLAN_FIELDS_MAX)
		return fail(err, CODE_INTERNAL, "%s has %u fields; PLAN_FIELDS_MAX is %d",
			descriptor->name, count, PLAN_FIELDS_MAX);
	if (count > 0 && descriptor->fields[count - 1].id > PLAN_NUMBER_MAX)
		return fail(err, CODE_INTERNAL, "%s has a field number over PLAN_NUMBER_MAX, %d",
			descriptor->name, PLAN_NUMBER_MAX);
	return CODE_OK;
}

/* Adds a plan without the plans of its sub-messages. */
static enum code add(
	struct plans *plans, const ProtobufCMessageDescriptor *descriptor, struct error *err)
{
	enum code code = check_descriptor(descriptor, err);
	if (code != CODE_OK)
		return code;
	unsigned count = descriptor->n_fields;
	AUTO(message_freep) struct plan_message *message = calloc(1, sizeof *message);
	if (message == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "plan messages: out of memory");
	message->descriptor = descriptor;
	message->is_timestamp = strcmp(descriptor->name, "google.protobuf.Timestamp") == 0;
	message->number_count = count == 0 ? 1 : descriptor->fields[count - 1].id + 1;
	message->fields = calloc(count + 1, sizeof *message->fields);
	message->by_number = calloc(message->number_count, sizeof *message->by_number);
	if (message->fields == NULL || message->by_number == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "plan messages: out of memory");
	for (unsigned i = 0; i < count; i++) {
		message->fields[i] = plan_field(&descriptor->fields[i]);
		message->by_number[descriptor->fields[i].id] = (uint16_t)(i + 1);
	}
	if (plans->count == plans->capacity) {
		size_t capacity = plans->capacity == 0 ? 64 : 2 * plans->capacity;
		void *messages = realloc(plans->messages, capacity * sizeof *plans->messages);
		if (messages == NULL)
			return fail(err, CODE_RESOURCE_EXHAUSTED, "plan messages: out of memory");
		plans->messages = messages;
		plans->capacity = capacity;
	}
	plans->messages[plans->count++] = message;
	message = NULL; /* the plans own it now */
	return CODE_OK;
}

static enum code add_missing(
	struct plans *plans, const ProtobufCMessageDescriptor *descriptor, struct error *err)
{
	return find(plans, descriptor) == NULL ? add(plans, descriptor, err) : CODE_OK;
}

/* Adds the plans that plan number `at` holds; those come later in the list and get their turn. */
static enum code add_parts(struct plans *plans, size_t at, struct error *err)
{
	struct plan_message *message = plans->messages[at];
	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		struct plan_field *field = &message->fields[i];
		if (field->descriptor->type != PROTOBUF_C_TYPE_MESSAGE)
			continue;
		enum code code = add_missing(plans, field->descriptor->descriptor, err);
		if (code != CODE_OK)
			return code;
		field->message = find(plans, field->descriptor->descriptor);
	}
	return CODE_OK;
}

static enum code check_limit(const struct rpc_field_limit *limit, struct error *err)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field_by_name(limit->message, limit->field);
	const char *name = limit->message->name;
	if (field == NULL)
		return fail(err, CODE_INTERNAL, "limit of %s.%s: the message has no such field",
			name, limit->field);
	bool text = field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_BYTES;
	if (limit->max_bytes != 0 && !text)
		return fail(err, CODE_INTERNAL,
			"limit of %s.%s: max_bytes of a field that is no string or bytes", name,
			limit->field);
	if (limit->max_count != 0 && field->label != PROTOBUF_C_LABEL_REPEATED)
		return fail(err, CODE_INTERNAL,
			"limit of %s.%s: max_count of a field that is not repeated", name,
			limit->field);
	if (limit->max_bytes == 0 && limit->max_count == 0)
		return fail(err, CODE_INTERNAL, "limit of %s.%s: neither max_bytes nor max_count",
			name, limit->field);
	return CODE_OK;
}

/* The limit has been checked. */
static void apply_limit(struct plans *plans, const struct rpc_field_limit *limit)
{
	struct plan_message *message = find(plans, limit->message);
	if (message == NULL)
		return;
	const ProtobufCFieldDescriptor *descriptor =
		protobuf_c_message_descriptor_get_field_by_name(limit->message, limit->field);
	struct plan_field *field = &message->fields[descriptor - limit->message->fields];
	if (limit->max_bytes != 0)
		field->max_bytes = limit->max_bytes;
	if (limit->max_count != 0)
		field->max_count = limit->max_count;
}

enum code plans_new(const ProtobufCMessageDescriptor *const *roots, size_t root_count,
	const struct rpc_field_limit *limits, size_t limit_count, struct plans **ret,
	struct error *err)
{
	AUTO(plans_freep) struct plans *plans = calloc(1, sizeof *plans);
	if (plans == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "plan messages: out of memory");
	enum code code = CODE_OK;
	for (size_t i = 0; i < root_count && code == CODE_OK; i++)
		code = add_missing(plans, roots[i], err);
	for (size_t i = 0; i < plans->count && code == CODE_OK; i++)
		code = add_parts(plans, i, err);
	for (size_t i = 0; i < limit_count && code == CODE_OK; i++) {
		code = check_limit(&limits[i], err);
		if (code == CODE_OK)
			apply_limit(plans, &limits[i]);
	}
	if (code != CODE_OK)
		return code;
	*ret = plans;
	plans = NULL; /* the caller owns it now */
	return CODE_OK;
}
