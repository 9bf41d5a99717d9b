#include "bench/guard/http.h"

#include "bench/guard/server.h"
#include "http/pages.h"
#include "http/server_private.h"
#include "http/site_pages.h"

#include <stdlib.h>

struct guard_http {
	struct http_server server;
	struct site_pages site;
	struct http_route routes[HTTP_PAGES + SITE_ROUTES];
};

/* One connection and one reply at a time. */
static struct connection connection;
static struct {
	void *body;
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
	(void)size;
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

static void get(struct guard_http *http, const char *target)
{
	static const char version[] = "HTTP/1.1";
	struct error err;
	size_t nothing = 0;
	void *exchange = exchange_begin(&http->server, target, NULL);
	for (int i = 0; i < 2; i++) /* the head, then the end of the request */
		if (exchange_handle(&http->server, NULL, target, "GET", version, NULL, &nothing,
			    &exchange) != MHD_YES)
			abort();
	exchange_end(&http->server, NULL, &exchange, MHD_REQUEST_TERMINATED_COMPLETED_OK);
	if (reply.status != 200) {
		fail(&err, CODE_INTERNAL, "status %u", reply.status);
		guard_give_up(target, &err);
	}
}

void guard_get(struct guard_http *http, const struct slice *targets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		get(http, (const char *)targets[i].data);
}

struct guard_http *guard_http_new(const struct server_options *options, const struct rpc *rpc)
{
	struct guard_http *http = calloc(1, sizeof *http);
	if (http == NULL)
		abort();
	http->site = (struct site_pages){ .links = { .base_url = options->site_url,
						  .post_path = options->site_post_path,
						  .term_path = options->site_term_path },
		.title = options->site_title,
		.sitemap_posts_max = SITE_SITEMAP_POSTS_MAX };
	http_pages(http->routes);
	site_routes(&http->site, http->routes + HTTP_PAGES);
	http->server.options = (struct http_server_options){ .rpc = rpc,
		.routes = http->routes,
		.route_count = HTTP_PAGES + SITE_ROUTES,
		.max_age_s = (int)(options->http_max_age_us / 1000000),
		.body_bytes_max = HTTP_BODY_BYTES_SUM_DEFAULT };
	pthread_mutex_init(&http->server.mutex, NULL);
	pthread_cond_init(&http->server.idle, NULL);
	return http;
}

void guard_http_free(struct guard_http *http)
{
	pthread_mutex_destroy(&http->server.mutex);
	pthread_cond_destroy(&http->server.idle);
	free(http);
}
