/*
 * A request over HTTP as text: "METHOD PATH?QUERY", a line for each header, an empty line, the
 * body. It takes every step but those of libmicrohttpd: routing, pages, the Connect protocol in
 * JSON and protobuf, a call on a small store, the answer or the error in the form that was asked
 * for.
 */
#include "base/clock.h"
#include "http/connect.h"
#include "http/encoding.h"
#include "http/pages.h"
#include "http/site_pages.h"
#include "support/call.h"
#include "support/json_call.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CALL_MS = 50, ROUTES = HTTP_PAGES + SITE_ROUTES };

static struct local_server server;
static struct http_route routes[ROUTES];
static const struct site_pages pages = {
	.links = { .post_path = "/{slug}", .term_path = "/{kind}/{slug}" },
	.title = "Site",
	.sitemap_posts_max = 1,
};

const struct http_route *http_find_route(
	const struct http_route *routes, size_t count, struct slice path);

static void close_server(void)
{
	local_server_close(&server);
}

static void open_server(void)
{
	struct answer answer = { .code = CODE_OK };
	local_server_open(&server);
	server.timeout_ms = CALL_MS;
	for (int i = 0; i < 3; i++)
		(void)call_json_ok(&server, &answer, "PostService/CreatePost",
			"{'post':{'slug':'p%d','title':'P','body':'# B','state':"
			"'POST_STATE_PUBLISHED','tags':[{'name':'t'}]},'createMissingTerms':true}",
			i);
	answer_done(&answer);
	http_pages(routes);
	site_routes(&pages, routes + HTTP_PAGES);
	atexit(close_server);
}

/* Cuts off a line. */
static struct slice take_line(struct slice *rest)
{
	const uint8_t *end = rest->size == 0 ? NULL : memchr(rest->data, '\n', rest->size);
	size_t size = end == NULL ? rest->size : (size_t)(end - rest->data);
	struct slice line = slice_of(rest->data, size);
	size_t used = end == NULL ? size : size + 1;
	*rest = slice_of(rest->data + used, rest->size - used);
	return line;
}

static void read_first_line(struct slice line, struct http_request *request)
{
	static const struct {
		const char *name;
		enum http_method method;
	} methods[] = { { "GET ", HTTP_GET }, { "HEAD ", HTTP_HEAD }, { "POST ", HTTP_POST },
		{ "OPTIONS ", HTTP_OPTIONS } };
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		size_t size = strlen(methods[i].name);
		if (line.size < size || memcmp(line.data, methods[i].name, size) != 0)
			continue;
		request->method = methods[i].method;
		line = slice_of(line.data + size, line.size - size);
		break;
	}
	const uint8_t *mark = line.size == 0 ? NULL : memchr(line.data, '?', line.size);
	request->path = slice_of(line.data, mark == NULL ? line.size : (size_t)(mark - line.data));
	if (mark != NULL)
		request->query = slice_of(mark + 1, line.size - request->path.size - 1);
}

static void read_request(struct slice text, struct http_request *request)
{
	read_first_line(take_line(&text), request);
	for (;;) {
		struct slice line = take_line(&text);
		const uint8_t *colon = line.size == 0 ? NULL : memchr(line.data, ':', line.size);
		if (colon == NULL || request->header_count == HTTP_HEADERS_MAX)
			break;
		size_t name = (size_t)(colon - line.data);
		bool blank = name + 1 < line.size && line.data[name + 1] == ' ';
		request->headers[request->header_count++] = (struct http_header){
			slice_of(line.data, name),
			slice_of(line.data + name + 1 + blank, line.size - name - 1 - blank)
		};
	}
	request->body = text;
}

static void handle_call(struct http_request *request, struct http_reply *reply)
{
	struct connect_call connect;
	struct slice payload;
	struct error err = { .code = CODE_OK };
	struct answer answer = { .code = CODE_OK };
	unsigned status = 0;
	enum code code = connect_read(request, &connect, &status, &err);
	if (code == CODE_OK)
		code = connect_payload(request, &connect, &payload, &err);
	if (code == CODE_OK)
		code = call_bytes(
			&server, connect.method.name, payload.data, payload.size, &answer);
	if (code == CODE_OK)
		code = connect_print(&connect, slice_of(answer.bytes, answer.size_bytes),
			request->arena, reply, &err);
	else if (err.code == CODE_OK)
		err = answer.err;
	if (code != CODE_OK)
		connect_print_error(&err, status, request->arena, reply);
	answer_done(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_request request;
	struct http_reply reply = { .status = 200 };
	struct arena arena;
	struct slice accept;
	struct error err = { .code = CODE_OK };
	if (server.rpc == NULL)
		open_server();
	arena_init(&arena, LIMIT_ARENA_BYTES);
	buffer_init(&reply.body, HTTP_BODY_BYTES_MAX);
	request = (struct http_request){ .peer = "fuzz",
		.arrival_ns = clock_monotonic_ns(),
		.rpc = server.rpc,
		.arena = &arena };
	read_request(slice_of(data, size), &request);
	const struct http_route *route = http_find_route(routes, ROUTES, request.path);
	if (route != NULL && route->handle(route->context, &request, &reply, &err) != CODE_OK)
		connect_print_error(&err, 0, &arena, &reply);
	else if (route == NULL && connect_is_path(request.path))
		handle_call(&request, &reply);
	if (http_header(&request, "accept-encoding", &accept) && encoding_takes_gzip(accept)) {
		struct buffer packed;
		buffer_init(&packed, HTTP_BODY_BYTES_MAX);
		(void)!gzip_put(slice_of(reply.body.data, reply.body.size), &packed);
		buffer_done(&packed);
	}
	buffer_done(&reply.body);
	arena_done(&arena);
	return 0;
}
