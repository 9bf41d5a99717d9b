/*
 * The validator before protobuf-c: what it lets pass must be unpacked without harm in as much
 * memory as there is, and every string must be what the bytes said. The first byte picks the
 * message, the second the memory; the rest is the payload.
 */
#include "rpc/validate.h"

#include <google/protobuf/descriptor.pb-c.h>
#include <lectern/v1/archive.pb-c.h>
#include <lectern/v1/category.pb-c.h>
#include <lectern/v1/post.pb-c.h>
#include <lectern/v1/tag.pb-c.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The last ones nest in themselves, have packed fields, and are not lectern's. */
static const ProtobufCMessageDescriptor *const roots[] = {
	&lectern__v1__create_post_request__descriptor,
	&lectern__v1__update_post_request__descriptor,
	&lectern__v1__batch_get_tags_request__descriptor,
	&lectern__v1__update_category_request__descriptor,
	&lectern__v1__get_archive_request__descriptor,
	&google__protobuf__descriptor_proto__descriptor,
	&google__protobuf__source_code_info__descriptor,
};
enum { ROOTS = sizeof roots / sizeof *roots };

static const struct rpc_field_limit limits[] = {
	{ .message = &lectern__v1__post__descriptor, .field = "title", .max_bytes = 64 },
	{ .message = &lectern__v1__post__descriptor, .field = "tags", .max_count = 4 },
	{ .message = &lectern__v1__term_ref__descriptor, .field = "name", .max_bytes = 16 },
};

static const struct plans *get_plans(void)
{
	static struct plans *plans;
	if (plans == NULL && plans_new(roots, ROOTS, limits, sizeof limits / sizeof *limits, &plans,
				     NULL) != CODE_OK)
		abort();
	return plans;
}

/* Packing it again and validating that must work: nothing was cut or invented. */
static void check_again(const struct plan_message *plan, const ProtobufCMessage *message)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *bytes = malloc(size + 1);
	if (bytes == NULL || protobuf_c_message_pack(message, bytes) != size)
		abort();
	if (validate_message(plan, slice_of(bytes, size), NULL) != CODE_OK)
		abort();
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	const ProtobufCMessageDescriptor *descriptor = roots[data[0] % ROOTS];
	const struct plan_message *plan = plans_find(get_plans(), descriptor);
	size_t budget_bytes = data[1] == 0 ? LIMIT_ARENA_BYTES : (size_t)data[1] * 64;
	struct slice payload = slice_of(data + 2, size - 2);
	struct error err;
	enum code code = validate_message(plan, payload, &err);
	if (code != CODE_OK) {
		if (err.reason == NULL || err.text[0] == '\0')
			abort();
		return 0;
	}
	struct arena arena;
	arena_init(&arena, budget_bytes);
	ProtobufCMessage *message =
		protobuf_c_message_unpack(descriptor, &arena.allocator, payload.size, payload.data);
	if (message != NULL)
		check_again(plan, message);
	else if (data[1] == 0)
		abort(); /* it was valid and there was enough memory */
	arena_done(&arena);
	return 0;
}
