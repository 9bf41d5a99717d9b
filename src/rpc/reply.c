#include "rpc/reply.h"

#include "base/wire.h"

enum { FIRST_PARTS = 16 };

void reply_init(struct reply *reply, struct arena *arena)
{
	*reply = (struct reply){ .arena = arena };
}

void reply_clear(struct reply *reply)
{
	reply->count = 0;
	reply->size_bytes = 0;
}

/* Makes room for `more` parts. */
static bool reserve(struct reply *reply, size_t more)
{
	if (reply->failed)
		return false;
	if (more <= reply->capacity - reply->count)
		return true;
	size_t capacity = reply->capacity == 0 ? FIRST_PARTS : 2 * reply->capacity;
	if (capacity - reply->count < more)
		capacity = reply->count + more;
	struct slice *parts = arena_calloc(reply->arena, capacity, sizeof *parts);
	if (parts == NULL) {
		reply->failed = true;
		return false;
	}
	if (reply->count > 0)
		memcpy(parts, reply->parts, reply->count * sizeof *parts);
	reply->parts = parts;
	reply->capacity = capacity;
	return true;
}

/* There is room. */
static void add(struct reply *reply, struct slice bytes)
{
	if (bytes.size == 0)
		return;
	reply->parts[reply->count++] = bytes;
	reply->size_bytes += bytes.size;
}

void reply_append(struct reply *reply, struct slice bytes)
{
	if (reserve(reply, 1))
		add(reply, bytes);
}

/* Memory for small pieces; marks the reply when there is none. */
static uint8_t *take(struct reply *reply, size_t size_bytes)
{
	uint8_t *data = reply->failed ? NULL : arena_alloc(reply->arena, size_bytes);
	if (data == NULL)
		reply->failed = true;
	return data;
}

void reply_message(
	struct reply *reply, uint32_t number, const struct slice *parts, size_t part_count)
{
	size_t size_bytes = 0;
	for (size_t i = 0; i < part_count; i++)
		size_bytes += parts[i].size;
	if (!reserve(reply, part_count + 1))
		return;
	uint8_t *head = take(reply, 2 * WIRE_VARINT_BYTES_MAX);
	if (head == NULL)
		return;
	add(reply, slice_of(head, wire_put_bytes_head(head, number, size_bytes)));
	for (size_t i = 0; i < part_count; i++)
		add(reply, parts[i]);
}

void reply_pack(struct reply *reply, uint32_t number, const ProtobufCMessage *message)
{
	size_t size_bytes = protobuf_c_message_get_packed_size(message);
	uint8_t *data = take(reply, 2 * WIRE_VARINT_BYTES_MAX + size_bytes);
	if (data == NULL)
		return;
	size_t used = wire_put_bytes_head(data, number, size_bytes);
	used += protobuf_c_message_pack(message, data + used);
	reply_append(reply, slice_of(data, used));
}

void reply_uint(struct reply *reply, uint32_t number, uint64_t value)
{
	if (value == 0)
		return;
	uint8_t *data = take(reply, 2 * WIRE_VARINT_BYTES_MAX);
	if (data != NULL)
		reply_append(reply, slice_of(data, wire_put_uint(data, number, value)));
}

void reply_text(struct reply *reply, uint32_t number, const char *text)
{
	struct slice bytes = slice_of_text(text);
	if (bytes.size == 0)
		return;
	uint8_t *data = take(reply, 2 * WIRE_VARINT_BYTES_MAX + bytes.size);
	if (data == NULL)
		return;
	size_t used = wire_put_bytes_head(data, number, bytes.size);
	memcpy(data + used, bytes.data, bytes.size);
	reply_append(reply, slice_of(data, used + bytes.size));
}

void reply_whole(struct reply *reply, const ProtobufCMessage *response)
{
	size_t size_bytes = protobuf_c_message_get_packed_size(response);
	uint8_t *data = take(reply, size_bytes);
	if (data != NULL)
		reply_append(reply, slice_of(data, protobuf_c_message_pack(response, data)));
}
