#include "services/write.h"

#include "base/clock.h"
#include "base/wire.h"
#include "services/renderer.h"

#include <sodium.h>

enum { FINGERPRINT_BYTES = crypto_generichash_BYTES_MIN };

/* Hashes the method and every field of the request but its request id. */
static bool fingerprint(const struct rpc_call *call, uint32_t request_id_field, uint8_t *out)
{
	crypto_generichash_state state;
	struct slice rest = call->payload;
	struct wire_field field;
	crypto_generichash_init(&state, NULL, 0, FINGERPRINT_BYTES);
	crypto_generichash_update(
		&state, (const uint8_t *)call->row->name, strlen(call->row->name));
	while (rest.size > 0) {
		const uint8_t *start = rest.data;
		if (!wire_next(&rest, &field))
			return false;
		if (field.number != request_id_field)
			crypto_generichash_update(&state, start, (size_t)(rest.data - start));
	}
	crypto_generichash_final(&state, out, FINGERPRINT_BYTES);
	return true;
}

static uint32_t request_id_field_of(const ProtobufCMessage *request)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field_by_name(request->descriptor, "request_id");
	return field == NULL ? 0 : field->id;
}

struct write *write_new(struct rpc_call *call, const ProtobufCMessage *request,
	const char *request_id, bool validate_only, struct error *err)
{
	struct write *write = arena_calloc(call->arena, 1, sizeof *write);
	uint8_t *hash = arena_alloc(call->arena, FINGERPRINT_BYTES);
	if (write == NULL || hash == NULL ||
		!fingerprint(call, request_id_field_of(request), hash)) {
		fail_out_of_memory(err);
		return NULL;
	}
	write->call = call;
	write->store = services_of(call)->store;
	lectern__store__v1__command__init(&write->command);
	write->command.time_us = clock_realtime_us();
	write->command.revisions_kept = store_revisions_kept(write->store);
	write->command.validate_only = validate_only;
	if (!validate_only && request_id[0] != '\0') {
		write->command.request_id = (char *)(uintptr_t)request_id;
		write->command.fingerprint.data = hash;
		write->command.fingerprint.len = FINGERPRINT_BYTES;
	}
	return write;
}

Lectern__Store__V1__Key *write_key(struct rpc_call *call, const struct entity_key *key)
{
	Lectern__Store__V1__Key *ret = arena_alloc(call->arena, sizeof *ret);
	if (ret == NULL)
		return NULL;
	lectern__store__v1__key__init(ret);
	ret->id = key->id;
	if (key->id == 0 && key->slug != NULL)
		ret->slug = (char *)(uintptr_t)key->slug;
	if (key->id == 0 && key->origin != NULL)
		ret->origin = (char *)(uintptr_t)key->origin;
	return ret;
}

/* Called by the writer's thread. */
static void done(struct store_write *store_write, const struct error *err)
{
	struct write *write =
		(struct write *)((char *)store_write - offsetof(struct write, store_write));
	struct rpc_call *call = write->call;
	if (err == NULL) {
		reply_append(&call->reply, store_write->payload);
		call->revision = store_write->revision;
	}
	rpc_finish(call, err);
}

enum code write_enqueue(struct write *write, struct error *err)
{
	write->store_write.command = &write->command;
	write->store_write.arena = write->call->arena;
	write->store_write.deadline_ns = write->call->deadline_ns;
	write->store_write.source = write->call->source;
	write->store_write.done = done;
	return store_submit(write->store, &write->store_write, write->call->payload.size, err);
}

enum code write_submit(struct write *write, struct error *err)
{
	struct rpc_call *call = write->call;
	call->pending = true;
	enum code code = write->render != NULL
				 ? renderer_submit(services_of(call)->renderer, write, err)
				 : write_enqueue(write, err);
	if (code != CODE_OK)
		call->pending = false; /* it was not queued */
	return code;
}
