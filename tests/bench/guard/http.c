#include "bench/guard/http.h"

#include <stdlib.h>

/* One connection and one reply at a time. */
static struct connection connection;
static struct {
	void *body;
	size_t size_bytes;
	unsigned status;
	bool owned;
} reply;

/* What of libmicrohttpd is called, instead of it: the linker takes these. */

const union MHD_ConnectionInfo *MHD_get_connection_info(
	struct MHD_Connection *mhd, enum MHD_ConnectionInfoType type, ...)
{
	static union MHD_ConnectionInfo info;
	(void)mhd;
	if (type != MHD_CONNECTION_INFO_SOCKET_CONTEXT)
		return NULL;
	info.socket_context = &connection;
	return &info;
}

int MHD_get_connection_values(struct MHD_Connection *mhd, enum MHD_ValueKind kind,
	MHD_KeyValueIterator iterator, void *context)
{
	static const char *const fields[][2] = { { "Host", "localhost:7480" },
		{ "User-Agent", "guard/1.0" }, { "Accept", "*/*" } };
	(void)mhd;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (iterator(context, kind, fields[i][0], fields[i][1]) != MHD_YES)
			abort();
	return sizeof fields / sizeof *fields;
}

struct MHD_Response *MHD_create_response_from_buffer(
	size_t size, void *buffer, enum MHD_ResponseMemoryMode mode)
{
	reply.body = buffer;
	reply.size_bytes = size;
	reply.owned = mode == MHD_RESPMEM_MUST_FREE;
	return (struct MHD_Response *)&reply;
}

enum MHD_Result MHD_add_response_header(
	struct MHD_Response *response, const char *name, const char *value)
{
	(void)response, (void)name, (void)value;
	return MHD_YES;
}

enum MHD_Result MHD_queue_response(
	struct MHD_Connection *mhd, unsigned status, struct MHD_Response *response)
{
	(void)mhd, (void)response;
	reply.status = status;
	return MHD_YES;
}

void MHD_destroy_response(struct MHD_Response *response)
{
	(void)response;
	if (reply.owned)
		free(reply.body);
	reply.owned = false;
}

static void get(struct guard_server *server, const char *target)
{
	static const char version[] = "HTTP/1.1";
	struct error err;
	size_t nothing = 0;
	void *exchange = exchange_begin(&server->http, target, NULL);
	for (int i = 0; i < 2; i++) /* the head, then the end of the request */
		if (exchange_handle(&server->http, NULL, target, "GET", version, NULL, &nothing,
			    &exchange) != MHD_YES)
			abort();
	exchange_end(&server->http, NULL, &exchange, MHD_REQUEST_TERMINATED_COMPLETED_OK);
	if (reply.status != 200) {
		fail(&err, CODE_INTERNAL, "status %u", reply.status);
		guard_give_up(target, &err);
	}
}

uint64_t guard_get(struct guard_server *server, const struct slice *targets, size_t count)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < count; i++) {
		get(server, (const char *)targets[i].data);
		bytes += reply.size_bytes;
	}
	return bytes;
}
