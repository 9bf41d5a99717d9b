#include "services/write.h"

#include "base/clock.h"
#include "services/renderer.h"

#include <sodium.h>

enum { FINGERPRINT_BYTES = crypto_generichash_BYTES_MIN };

/* A message that is packed goes here. */
struct hashing {
	ProtobufCBuffer base;
	crypto_generichash_state state;
};

static void hash_piece(ProtobufCBuffer *buffer, size_t size_bytes, const uint8_t *data)
{
	crypto_generichash_update(&((struct hashing *)buffer)->state, data, size_bytes);
}

/* Where the request has its id; NULL if it has none. */
static char **request_id_of(const ProtobufCMessage *request)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field_by_name(request->descriptor, "request_id");
	return field == NULL ? NULL : (char **)((uintptr_t)request + field->offset);
}

/* Hashes the method and every field of the request but its id. The bytes that came would not do:
 * the same message has several encodings, and some clients choose another one each time. */
static void fingerprint(const struct rpc_call *call, const ProtobufCMessage *request, uint8_t *out)
{
	static char nothing[] = "";
	struct hashing hashing = { .base = { .append = hash_piece } };
	char **request_id = request_id_of(request);
	char *kept = request_id == NULL ? NULL : *request_id;
	crypto_generichash_init(&hashing.state, NULL, 0, FINGERPRINT_BYTES);
	hash_piece(&hashing.base, strlen(call->row->name), (const uint8_t *)call->row->name);
	if (request_id != NULL)
		*request_id = nothing;
	protobuf_c_message_pack_to_buffer(request, &hashing.base);
	if (request_id != NULL)
		*request_id = kept;
	crypto_generichash_final(&hashing.state, out, FINGERPRINT_BYTES);
}

struct write *write_new(struct rpc_call *call, const ProtobufCMessage *request,
	const char *request_id, bool validate_only, struct error *err)
{
	struct write *write = arena_calloc(call->arena, 1, sizeof *write);
	uint8_t *hash = arena_alloc(call->arena, FINGERPRINT_BYTES);
	if (write == NULL || hash == NULL) {
		fail_out_of_memory(err);
		return NULL;
	}
	fingerprint(call, request, hash);
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
