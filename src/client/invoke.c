#include "client/invoke.h"

#include "base/arena.h"
#include "client/call.h"
#include "client/failure.h"

#include <stdlib.h>

static void reply_freep(lectern_reply **reply)
{
	lectern_reply_free(*reply);
}

enum lectern_code invoke(lectern_client *client, const char *method,
	const ProtobufCMessage *request, uint32_t timeout_ms, struct interrupt *interrupt,
	const ProtobufCMessageDescriptor *response, struct arena *arena, ProtobufCMessage **ret,
	uint64_t *ret_revision, struct lectern_error *err)
{
	struct slice packed = arena_pack(arena, request);
	if (packed.data == NULL)
		return failure(err, LECTERN_RESOURCE_EXHAUSTED, NULL,
			"the request does not fit into memory");
	struct lectern_call call = { .method = method,
		.request = packed.data,
		.request_size_bytes = packed.size,
		.timeout_ms = timeout_ms };
	AUTO(reply_freep) lectern_reply *reply = NULL;
	struct lectern_error local;
	enum lectern_code code =
		call_interruptible(client, &call, interrupt, &reply, err == NULL ? &local : err);
	if (code != LECTERN_OK)
		return code;
	size_t size;
	const void *data = lectern_reply_data(reply, &size);
	ProtobufCMessage *message =
		protobuf_c_message_unpack(response, &arena->allocator, size, data);
	if (message == NULL)
		return failure(err, LECTERN_INTERNAL, "MALFORMED_RESPONSE",
			"the answer of %zu bytes is no %s or does not fit into memory", size,
			response->name);
	if (ret_revision != NULL)
		*ret_revision = lectern_reply_revision(reply);
	*ret = message;
	return LECTERN_OK;
}
