/* gRPC over HTTP/2 without TLS, unary calls:
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md Windows as wide as h2load's, so
 * that no server waits for them. */
#include "load_loop.h"

#include <endian.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>

enum { PREFIX_BYTES = 5, WINDOW_BYTES = (1 << 30) - 1, METHOD_BYTES_MAX = 200, HEADERS = 6 };

struct stream {
	uint32_t slot;
	struct slice request;
	size_t sent;
	size_t received;
	bool succeeded; /* as the status behind the message says */
};

struct grpc {
	struct loop_connection *connection;
	nghttp2_session *session;
	bool started;
	char path[METHOD_BYTES_MAX + 2];
	struct stream streams[LOOP_IN_FLIGHT_MAX]; /* of the slots */
};

static struct slice grpc_prepare(const char *method, struct slice payload)
{
	(void)method;
	uint8_t *bytes = malloc(PREFIX_BYTES + payload.size);
	uint32_t size = htobe32((uint32_t)payload.size);
	if (bytes == NULL)
		return slice_of(NULL, 0);
	bytes[0] = 0; /* not compressed */
	memcpy(bytes + 1, &size, sizeof size);
	memcpy(bytes + PREFIX_BYTES, payload.data, payload.size);
	return slice_of(bytes, PREFIX_BYTES + payload.size);
}

static ssize_t read_request(nghttp2_session *session, int32_t id, uint8_t *out, size_t room,
	uint32_t *flags, nghttp2_data_source *source, void *user)
{
	(void)session;
	(void)id;
	(void)user;
	struct stream *stream = source->ptr;
	size_t left = stream->request.size - stream->sent;
	size_t size = left < room ? left : room;
	memcpy(out, stream->request.data + stream->sent, size);
	stream->sent += size;
	if (size == left)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)size;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
	size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags, void *user)
{
	(void)flags;
	(void)user;
	struct stream *stream = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
	if (stream != NULL && name_size == 11 && memcmp(name, "grpc-status", 11) == 0)
		stream->succeeded = value_size == 1 && value[0] == '0';
	return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
	size_t size, void *user)
{
	(void)flags;
	(void)data;
	(void)user;
	struct stream *stream = nghttp2_session_get_stream_user_data(session, id);
	if (stream != NULL)
		stream->received += size;
	return 0;
}

/* An answer without a message is none, whatever its status. */
static int on_close(nghttp2_session *session, int32_t id, uint32_t error, void *user)
{
	struct grpc *grpc = user;
	struct stream *stream = nghttp2_session_get_stream_user_data(session, id);
	if (stream == NULL)
		return 0;
	bool succeeded =
		error == NGHTTP2_NO_ERROR && stream->succeeded && stream->received >= PREFIX_BYTES;
	size_t size = succeeded ? stream->received - PREFIX_BYTES : 0;
	return loop_answered(grpc->connection, stream->slot, succeeded, size)
		       ? 0
		       : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int open_session(struct grpc *grpc)
{
	nghttp2_session_callbacks *callbacks;
	int rv = nghttp2_session_callbacks_new(&callbacks);
	if (rv != 0)
		return rv;
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
	rv = nghttp2_session_client_new(&grpc->session, callbacks, grpc);
	nghttp2_session_callbacks_del(callbacks);
	const nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_ENABLE_PUSH, 0 },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW_BYTES },
	};
	if (rv == 0)
		rv = nghttp2_submit_settings(grpc->session, NGHTTP2_FLAG_NONE, settings,
			sizeof settings / sizeof *settings);
	if (rv == 0)
		rv = nghttp2_session_set_local_window_size(
			grpc->session, NGHTTP2_FLAG_NONE, 0, WINDOW_BYTES);
	return rv;
}

static void grpc_close(void *state)
{
	struct grpc *grpc = state;
	nghttp2_session_del(grpc->session);
	free(grpc);
}

static void *grpc_open(struct loop_connection *connection, const char *method)
{
	struct grpc *grpc = calloc(1, sizeof *grpc);
	if (grpc == NULL)
		return NULL;
	grpc->connection = connection;
	snprintf(grpc->path, sizeof grpc->path, "/%s", method);
	if (open_session(grpc) == 0)
		return grpc;
	grpc_close(grpc);
	return NULL;
}

static nghttp2_nv header(const char *name, const char *value)
{
	return (nghttp2_nv){ .name = (uint8_t *)(uintptr_t)name,
		.value = (uint8_t *)(uintptr_t)value,
		.namelen = strlen(name),
		.valuelen = strlen(value),
		.flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE };
}

static bool grpc_send(void *state, uint32_t slot, struct slice request)
{
	struct grpc *grpc = state;
	struct stream *stream = &grpc->streams[slot];
	*stream = (struct stream){ .slot = slot, .request = request };
	const nghttp2_nv headers[HEADERS] = {
		header(":method", "POST"),
		header(":scheme", "http"),
		header(":path", grpc->path),
		header(":authority", "localhost"),
		header("te", "trailers"),
		header("content-type", "application/grpc"),
	};
	nghttp2_data_provider data = { .source.ptr = stream, .read_callback = read_request };
	return nghttp2_submit_request(grpc->session, NULL, headers, HEADERS, &data, stream) > 0;
}

static bool grpc_receive(void *state, struct slice bytes)
{
	struct grpc *grpc = state;
	if (!grpc->started) { /* servers begin with their settings */
		grpc->started = true;
		if (!loop_start(grpc->connection))
			return false;
	}
	return nghttp2_session_mem_recv(grpc->session, bytes.data, bytes.size) ==
	       (ssize_t)bytes.size;
}

static bool grpc_flush(void *state)
{
	struct grpc *grpc = state;
	const uint8_t *data;
	ssize_t size;
	while ((size = nghttp2_session_mem_send(grpc->session, &data)) > 0)
		buffer_append(loop_output(grpc->connection), data, (size_t)size);
	return size == 0;
}

const struct loop_protocol load_grpc = {
	.name = "grpc",
	.prepare = grpc_prepare,
	.open = grpc_open,
	.close = grpc_close,
	.send = grpc_send,
	.receive = grpc_receive,
	.flush = grpc_flush,
};
