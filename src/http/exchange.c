/* Requests, from libmicrohttpd's callbacks to a handler and back. */
#include "base/clock.h"
#include "base/text.h"
#include "http/head.h"
#include "http/https_credentials.h"
#include "http/server_private.h"

#include <stdio.h>
#include <stdlib.h>

enum { URI_BYTES_MAX = 48 * 1024 }; /* more does not fit into libmicrohttpd's memory for a head */

bool exchange_charge(struct exchange *exchange, size_t size_bytes)
{
	struct http_server *server = exchange->server;
	size_t sum = atomic_fetch_add(&server->body_bytes, size_bytes) + size_bytes;
	if (sum > server->options.body_bytes_max) {
		atomic_fetch_sub(&server->body_bytes, size_bytes);
		return false;
	}
	exchange->charged_bytes += size_bytes;
	return true;
}

enum code exchange_fail_busy(struct error *err)
{
	enum { RETRY_MS = 1000 };
	fail_reason(err, CODE_UNAVAILABLE, "SERVER_BUSY",
		"the requests and replies over HTTP take all the memory that they may; repeat the "
		"call after a pause");
	err->retry_ms = RETRY_MS;
	return CODE_UNAVAILABLE;
}

static void exchange_free(struct exchange *exchange)
{
	atomic_fetch_sub(&exchange->server->body_bytes, exchange->charged_bytes);
	buffer_done(&exchange->uri);
	buffer_done(&exchange->body);
	buffer_done(&exchange->reply.body);
	buffer_done(&exchange->bytes);
	arena_done(&exchange->arena);
	arena_done(&exchange->call_arena);
	free(exchange);
}

void exchange_leave(struct exchange *exchange)
{
	if (atomic_fetch_sub(&exchange->owners, 1) == 1)
		exchange_free(exchange);
}

/* With the first line of a request. */
void *exchange_begin(void *context, const char *uri, struct MHD_Connection *mhd)
{
	struct http_server *server = context;
	/* Without memory for the connection nobody watches it, and it has not the last credentials.
	 */
	struct connection *connection = connection_of(mhd);
	struct exchange *exchange = connection == NULL ? NULL : calloc(1, sizeof *exchange);
	if (exchange == NULL)
		return NULL;
	exchange->server = server;
	exchange->mhd = mhd;
	exchange->connection = connection;
	atomic_init(&exchange->owners, 1);
	buffer_init(&exchange->uri, URI_BYTES_MAX);
	buffer_append_text(&exchange->uri, uri);
	buffer_init(&exchange->body, LIMIT_REQUEST_BYTES);
	buffer_init(&exchange->bytes, LIMIT_RESPONSE_BYTES);
	buffer_init(&exchange->reply.body, HTTP_BODY_BYTES_MAX);
	arena_init(&exchange->arena, LIMIT_ARENA_BYTES + LIMIT_RESPONSE_BYTES);
	arena_init(&exchange->call_arena, LIMIT_ARENA_BYTES);
	return exchange;
}

void exchange_end(void *context, struct MHD_Connection *mhd, void **place,
	enum MHD_RequestTerminationCode why)
{
	struct exchange *exchange = *place;
	(void)context, (void)mhd, (void)why;
	*place = NULL;
	if (exchange == NULL)
		return;
	connection_enter(exchange->connection, CONNECTION_HEAD);
	exchange_leave(exchange);
}

static enum http_method method_of(const char *name)
{
	static const struct {
		const char *name;
		enum http_method method;
	} methods[] = { { "GET", HTTP_GET }, { "HEAD", HTTP_HEAD }, { "POST", HTTP_POST },
		{ "OPTIONS", HTTP_OPTIONS } };
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (strcmp(name, methods[i].name) == 0)
			return methods[i].method;
	return HTTP_OTHER;
}

static enum MHD_Result add_header(
	void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct http_request *request = context;
	(void)kind;
	if (request->header_count == HTTP_HEADERS_MAX)
		return MHD_NO;
	request->headers[request->header_count++] =
		(struct http_header){ slice_of_text(name), slice_of_text(value) };
	return MHD_YES;
}

static void read_head(struct exchange *exchange, const char *method)
{
	struct http_request *request = &exchange->request;
	request->method = method_of(method);
	exchange->has_target =
		head_split_target(slice_of(exchange->uri.data, exchange->uri.size), request);
	snprintf(exchange->peer, sizeof exchange->peer, "%s", exchange->connection->peer);
	request->peer = exchange->peer;
	request->secure = exchange->connection->secure;
	request->arrival_ns = clock_monotonic_ns();
	request->rpc = exchange->server->options.rpc;
	request->arena = &exchange->arena;
	if (MHD_get_connection_values(exchange->mhd, MHD_HEADER_KIND, add_header, request) < 0)
		request->header_count = 0;
	exchange->reply.status = 200;
}

/* What is wrong with the head, as a status; 0 for nothing. Two lengths, or a length and chunks, may
 * mean different requests to a proxy in front and to us. */
static unsigned check_head(const struct exchange *exchange, const char *version, struct error *err)
{
	const struct http_request *request = &exchange->request;
	struct head head = { .version = slice_of_text(version) };
	if (exchange->server->options.client_ca != NULL &&
		!https_client_is_trusted(exchange->mhd)) {
		fail_reason(err, CODE_PERMISSION_DENIED, "CLIENT_CERTIFICATE_NEEDED",
			"this address is for clients with a certificate of the server's "
			"--tls-client-ca");
		return 403;
	}
	if (exchange->uri.overflow) {
		fail_reason(err, CODE_INVALID_ARGUMENT, "REQUEST_TOO_LARGE",
			"the address is longer than %d bytes; send the message by POST",
			URI_BYTES_MAX);
		return 414;
	}
	if (!exchange->has_target) {
		fail_reason(err, CODE_INVALID_ARGUMENT, "MALFORMED_REQUEST",
			"the address of the request is no path");
		return 400;
	}
	if (request->header_count == HTTP_HEADERS_MAX) {
		fail_reason(err, CODE_INVALID_ARGUMENT, "MALFORMED_REQUEST", "%d or more headers",
			HTTP_HEADERS_MAX);
		return 431;
	}
	return head_check(request, &head, err);
}

/* The error as JSON, and the end of the connection: what follows is not understood. */
static enum MHD_Result refuse(struct exchange *exchange, unsigned status, const struct error *err)
{
	connect_print_error(err, status, &exchange->arena, &exchange->reply);
	http_add_field(&exchange->reply, "Connection", "close");
	return exchange_send(exchange);
}

/* Of a body that did not tell its length and is too long a part is read and dropped, so that the
 * client can be told; one that goes on and on loses its connection. */
static enum MHD_Result take_body(struct exchange *exchange, const char *upload, size_t *size)
{
	exchange->busy = exchange->busy || !exchange_charge(exchange, *size);
	if (exchange->body.overflow || exchange->busy)
		exchange->dropped_bytes += *size;
	else
		buffer_append(&exchange->body, upload, *size);
	*size = 0;
	return exchange->dropped_bytes > LIMIT_REQUEST_BYTES ? MHD_NO : MHD_YES;
}

static enum MHD_Result refuse_body(struct exchange *exchange)
{
	struct error err;
	if (exchange->busy) {
		exchange_fail_busy(&err);
		return refuse(exchange, 0, &err);
	}
	fail_reason(&err, CODE_INVALID_ARGUMENT, "REQUEST_TOO_LARGE",
		"the body may have at most %d bytes", LIMIT_REQUEST_BYTES);
	return refuse(exchange, 413, &err);
}

static bool matches(const struct http_route *route, struct slice path)
{
	struct slice prefix = slice_of_text(route->prefix);
	struct slice suffix = slice_of_text(route->suffix);
	if (route->exact)
		return slice_equals(prefix, path);
	return path.size >= prefix.size + suffix.size &&
	       memcmp(path.data, prefix.data, prefix.size) == 0 &&
	       (suffix.size == 0 ||
		       memcmp(path.data + path.size - suffix.size, suffix.data, suffix.size) == 0);
}

const struct http_route *http_find_route(
	const struct http_route *routes, size_t count, struct slice path)
{
	for (size_t i = 0; i < count; i++)
		if (matches(&routes[i], path))
			return &routes[i];
	return NULL;
}

static void print_text_error(struct exchange *exchange, const struct error *err, unsigned status)
{
	struct http_reply *reply = &exchange->reply;
	reply->status = status != 0 ? status : http_status_of(err->code);
	reply->content_type = "text/plain; charset=utf-8";
	reply->cacheable = false;
	reply->field_count = 0;
	buffer_clear(&reply->body);
	buffer_printf(&reply->body, "%s\n", err->text);
	http_add_error_fields(err, status, &exchange->arena, reply);
}

/* "GET, HEAD" */
static const char *allowed(const struct http_route *route)
{
	return (route->methods & HTTP_POST) != 0 ? "GET, HEAD, POST, OPTIONS"
						 : "GET, HEAD, OPTIONS";
}

static void handle_route(struct exchange *exchange, const struct http_route *route)
{
	struct error err;
	unsigned methods = route->methods | ((route->methods & HTTP_GET) != 0 ? HTTP_HEAD : 0);
	if (exchange->request.method == HTTP_OPTIONS) {
		exchange_options(exchange, methods);
		return;
	}
	if ((methods & exchange->request.method) == 0) {
		fail_reason(&err, CODE_UNIMPLEMENTED, "METHOD_NOT_ALLOWED", "this page takes %s",
			allowed(route));
		print_text_error(exchange, &err, 405);
		http_add_field(&exchange->reply, "Allow", allowed(route));
		return;
	}
	err.code = CODE_OK;
	err.retry_ms = 0;
	if (route->handle(route->context, &exchange->request, &exchange->reply, &err) != CODE_OK)
		print_text_error(exchange, &err, 0);
}

/* Whether the reply comes later. */
static bool handle_request(struct exchange *exchange)
{
	struct http_server *server = exchange->server;
	struct http_request *request = &exchange->request;
	struct error err;
	request->body = slice_of(exchange->body.data, exchange->body.size);
	const struct http_route *route =
		http_find_route(server->options.routes, server->options.route_count, request->path);
	if (route != NULL) {
		handle_route(exchange, route);
		return false;
	}
	if (!connect_is_path(request->path)) {
		fail_reason(&err, CODE_NOT_FOUND, "PAGE_NOT_FOUND",
			"there is nothing at this path; GET / tells what there is");
		connect_print_error(&err, 404, &exchange->arena, &exchange->reply);
		return false;
	}
	if (request->method == HTTP_OPTIONS) {
		exchange_options(exchange, HTTP_GET | HTTP_HEAD | HTTP_POST);
		return false;
	}
	return exchange_call(exchange);
}

static enum MHD_Result begin(struct exchange *exchange, const char *method, const char *version)
{
	struct error err;
	exchange->begun = true;
	read_head(exchange, method);
	unsigned status = check_head(exchange, version, &err);
	if (status != 0)
		return refuse(exchange, status, &err);
	connection_enter(exchange->connection, CONNECTION_BODY);
	return MHD_YES;
}

enum MHD_Result exchange_handle(void *context, struct MHD_Connection *mhd, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_bytes,
	void **place)
{
	struct exchange *exchange = *place;
	(void)context, (void)mhd, (void)url;
	if (exchange == NULL)
		return MHD_NO; /* out of memory */
	if (!exchange->begun)
		return begin(exchange, method, version);
	if (*upload_bytes > 0)
		return take_body(exchange, upload, upload_bytes);
	if (exchange->body.overflow || exchange->busy)
		return refuse_body(exchange);
	if (!exchange->called) {
		exchange->called = true;
		connection_enter(exchange->connection, CONNECTION_CALL);
		if (handle_request(exchange))
			return MHD_YES;
	} else {
		exchange_finish_call(exchange);
	}
	return exchange_send(exchange);
}
