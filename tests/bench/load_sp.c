/* nng's REQ over TCP: https://nanomsg.org/documentation.html, "SP TCP mapping" and "request/reply".
 */
#include "base/wire.h"
#include "client/response.h"
#include "load_loop.h"

#include <endian.h>
#include <lectern/rpc/v1/envelope.pb-c.h>
#include <stdlib.h>

enum {
	GREETING_BYTES = 8,
	SIZE_BYTES = 8,
	ID_BYTES = 4,
	TIMEOUT_MS = 5000,
	INPUT_BYTES_MAX = 64 * 1024 * 1024,
};
#define ID_END UINT32_C(0x80000000) /* the last number of the way back has the highest bit */

static const uint8_t greeting[GREETING_BYTES] = { 0, 'S', 'P', 0, 0, 0x30, 0, 0 };
static const uint8_t greeting_back[GREETING_BYTES] = { 0, 'S', 'P', 0, 0, 0x31, 0, 0 };

struct sp {
	struct loop_connection *connection;
	bool greeted;
	struct buffer input; /* a message that has not come as a whole */
};

static struct slice sp_prepare(const char *method, struct slice payload)
{
	Lectern__Rpc__V1__Request request = LECTERN__RPC__V1__REQUEST__INIT;
	request.method = (char *)(uintptr_t)method;
	request.payload = (ProtobufCBinaryData){ .len = payload.size,
		.data = (uint8_t *)(uintptr_t)payload.data };
	request.timeout_ms = TIMEOUT_MS;
	size_t size = lectern__rpc__v1__request__get_packed_size(&request);
	uint8_t *bytes = malloc(size);
	if (bytes != NULL)
		lectern__rpc__v1__request__pack(&request, bytes);
	return slice_of(bytes, size);
}

static void *sp_open(struct loop_connection *connection, const char *method)
{
	(void)method;
	struct sp *sp = calloc(1, sizeof *sp);
	if (sp == NULL)
		return NULL;
	sp->connection = connection;
	buffer_init(&sp->input, INPUT_BYTES_MAX);
	buffer_append(loop_output(connection), greeting, sizeof greeting);
	return sp;
}

static void sp_close(void *state)
{
	struct sp *sp = state;
	buffer_done(&sp->input);
	free(sp);
}

static bool sp_send(void *state, uint32_t slot, struct slice request)
{
	struct sp *sp = state;
	struct buffer *output = loop_output(sp->connection);
	uint64_t size = htobe64(ID_BYTES + request.size);
	uint32_t id = htobe32(slot | ID_END);
	buffer_append(output, &size, sizeof size);
	buffer_append(output, &id, sizeof id);
	buffer_append(output, request.data, request.size);
	return !output->overflow;
}

static bool take_message(struct sp *sp, struct slice message)
{
	uint32_t id;
	if (message.size < sizeof id)
		return false;
	memcpy(&id, message.data, sizeof id);
	struct response response;
	bool succeeded = response_read(slice_of(message.data + sizeof id, message.size - sizeof id),
				 &response, NULL) == LECTERN_OK;
	return loop_answered(
		sp->connection, be32toh(id) & ~ID_END, succeeded, message.size - sizeof id);
}

/* As many whole messages as there are; *rest is what stays. */
static bool take_messages(struct sp *sp, struct slice *rest)
{
	if (!sp->greeted && rest->size >= GREETING_BYTES) {
		if (memcmp(rest->data, greeting_back, GREETING_BYTES) != 0)
			return false;
		sp->greeted = true;
		*rest = slice_of(rest->data + GREETING_BYTES, rest->size - GREETING_BYTES);
		if (!loop_start(sp->connection))
			return false;
	}
	while (sp->greeted && rest->size >= SIZE_BYTES) {
		uint64_t size;
		memcpy(&size, rest->data, sizeof size);
		size = be64toh(size);
		if (size > INPUT_BYTES_MAX - SIZE_BYTES)
			return false;
		if (rest->size - SIZE_BYTES < size)
			return true;
		if (!take_message(sp, slice_of(rest->data + SIZE_BYTES, size)))
			return false;
		*rest = slice_of(
			rest->data + SIZE_BYTES + size, rest->size - SIZE_BYTES - (size_t)size);
	}
	return true;
}

static bool sp_receive(void *state, struct slice bytes)
{
	struct sp *sp = state;
	struct slice rest = bytes;
	bool kept = sp->input.size > 0;
	if (kept) {
		buffer_append(&sp->input, bytes.data, bytes.size);
		rest = slice_of(sp->input.data, sp->input.size);
	}
	if (!take_messages(sp, &rest) || sp->input.overflow)
		return false;
	if (kept) {
		memmove(sp->input.data, rest.data, rest.size);
		sp->input.size = rest.size;
	} else if (rest.size > 0) {
		buffer_append(&sp->input, rest.data, rest.size);
	}
	return !sp->input.overflow;
}

static bool sp_flush(void *state)
{
	(void)state;
	return true;
}

const struct loop_protocol load_sp = {
	.name = "sp",
	.prepare = sp_prepare,
	.open = sp_open,
	.close = sp_close,
	.send = sp_send,
	.receive = sp_receive,
	.flush = sp_flush,
};
