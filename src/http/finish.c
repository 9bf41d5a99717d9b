/* The last steps of a reply: caches, compression, scripts of other origins. */
#include "http/encoding.h"
#include "http/server_private.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	ETAG_HASH_BYTES = 16,
	SMALL_BYTES = 64 * 1024, /* a reply up to this size is made in any case */
};

static bool is_empty_status(unsigned status)
{
	return status == 204 || status == 304;
}

/* A hash of what is sent: strong, the same for the same bytes. */
static void make_etag(struct http_reply *reply)
{
	uint8_t hash[ETAG_HASH_BYTES];
	crypto_generichash_state state;
	crypto_generichash_init(&state, NULL, 0, sizeof hash);
	if (reply->content_type != NULL)
		crypto_generichash_update(&state, (const uint8_t *)reply->content_type,
			strlen(reply->content_type) + 1);
	crypto_generichash_update(&state, reply->body.data, reply->body.size);
	crypto_generichash_final(&state, hash, sizeof hash);
	sodium_bin2hex(reply->etag, sizeof reply->etag, hash, sizeof hash);
}

/* One of a list of entity tags, "*" for any; weakly compared (RFC 9110, 13.1.2). */
static bool is_in(struct slice list, const char *etag)
{
	size_t size = strlen(etag);
	while (list.size > 0) {
		uint8_t c = list.data[0];
		if (c == '*')
			return true;
		if (c != '"') { /* blanks, commas, W/ */
			list = slice_of(list.data + 1, list.size - 1);
			continue;
		}
		const uint8_t *end = memchr(list.data + 1, '"', list.size - 1);
		if (end == NULL)
			return false;
		struct slice tag = slice_of(list.data + 1, (size_t)(end - list.data) - 1);
		if (tag.size == size && memcmp(tag.data, etag, size) == 0)
			return true;
		list = slice_of(end + 1, list.size - tag.size - 2);
	}
	return false;
}

/* Compresses the body where the client takes it and it becomes smaller. */
static bool compress(struct exchange *exchange)
{
	struct slice accept;
	struct http_reply *reply = &exchange->reply;
	if (reply->body.size < GZIP_BYTES_MIN ||
		!http_header(&exchange->request, "accept-encoding", &accept) ||
		!encoding_takes_gzip(accept))
		return false;
	struct buffer packed;
	buffer_init(&packed, reply->body.size);
	bool smaller = gzip_put(slice_of(reply->body.data, reply->body.size), &packed);
	if (smaller) {
		buffer_done(&reply->body);
		reply->body = packed;
	} else {
		buffer_done(&packed);
	}
	return smaller;
}

/* Adds the validator of the reply; whether the client has it already. */
static bool validate(struct exchange *exchange, bool compressed)
{
	struct http_reply *reply = &exchange->reply;
	struct slice have;
	if (compressed)
		snprintf(reply->etag + strlen(reply->etag),
			sizeof reply->etag - strlen(reply->etag), "-gzip");
	const char *quoted = arena_printf(&exchange->arena, "\"%s\"", reply->etag);
	if (quoted == NULL)
		return false;
	http_add_field(reply, "ETag", quoted);
	return http_header(&exchange->request, "if-none-match", &have) && is_in(have, reply->etag);
}

static void add_cache_control(struct exchange *exchange)
{
	const struct http_server_options *options = &exchange->server->options;
	struct http_reply *reply = &exchange->reply;
	int age_s = reply->max_age_s < 0 ? options->max_age_s : reply->max_age_s;
	const char *scope = options->private_replies ? "private" : "public";
	const char *text = !reply->cacheable ? "no-store"
			   : age_s == 0
				   ? arena_printf(&exchange->arena, "%s, no-cache", scope)
				   : arena_printf(&exchange->arena, "%s, max-age=%d", scope, age_s);
	if (text != NULL)
		http_add_field(reply, "Cache-Control", text);
}

/* The origin to name, or NULL. */
static const char *find_origin(const struct exchange *exchange)
{
	const struct http_server_options *options = &exchange->server->options;
	struct slice origin;
	if (!http_header(&exchange->request, "origin", &origin))
		return NULL;
	for (size_t i = 0; i < options->cors_origin_count; i++)
		if (strcmp(options->cors_origins[i], "*") == 0 ||
			slice_equals(origin, slice_of_text(options->cors_origins[i])))
			return options->cors_origins[i];
	return NULL;
}

static void add_cors(struct exchange *exchange)
{
	const char *origin = find_origin(exchange);
	if (origin == NULL)
		return;
	http_add_field(&exchange->reply, "Access-Control-Allow-Origin", origin);
	http_add_field(&exchange->reply, "Access-Control-Expose-Headers",
		"ETag, Lectern-Revision, Retry-After");
}

void exchange_options(struct exchange *exchange, unsigned methods)
{
	struct http_reply *reply = &exchange->reply;
	const char *text =
		(methods & HTTP_POST) != 0 ? "GET, HEAD, POST, OPTIONS" : "GET, HEAD, OPTIONS";
	reply->status = 204;
	reply->content_type = NULL;
	http_add_field(reply, "Allow", text);
	if (find_origin(exchange) == NULL)
		return;
	http_add_field(reply, "Access-Control-Allow-Methods", "GET, HEAD, POST");
	http_add_field(reply, "Access-Control-Allow-Headers",
		"Authorization, Connect-Protocol-Version, Connect-Timeout-Ms, Content-Encoding, "
		"Content-Type, If-None-Match, Lectern-Min-Revision, Traceparent, X-Request-Id");
	http_add_field(reply, "Access-Control-Max-Age", "7200");
}

static void add_vary(struct exchange *exchange)
{
	bool origins = exchange->server->options.cors_origin_count > 0;
	http_add_field(&exchange->reply, "Vary",
		origins ? "Accept-Encoding, Authorization, Origin"
			: "Accept-Encoding, Authorization");
}

/* Makes the reply what it will be on the wire, but for its bytes. */
static void finish(struct exchange *exchange)
{
	struct http_reply *reply = &exchange->reply;
	bool cached = reply->cacheable && reply->status == 200;
	if (cached && reply->etag[0] == '\0')
		make_etag(reply);
	bool compressed = compress(exchange);
	if (compressed)
		http_add_field(reply, "Content-Encoding", "gzip");
	if (cached && validate(exchange, compressed))
		reply->status = 304; /* of the body its length alone is sent (RFC 9110, 8.6) */
	if (reply->status != 204)
		add_cache_control(exchange);
	add_vary(exchange);
	add_cors(exchange);
	if (reply->revision != 0) {
		const char *text =
			arena_printf(&exchange->arena, "%llu", (unsigned long long)reply->revision);
		if (text != NULL)
			http_add_field(reply, "Lectern-Revision", text);
	}
}

static bool is_plain(const char *value)
{
	for (const char *c = value; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7F)
			return false;
	return true;
}

/* Takes the reply's body. */
static struct MHD_Response *make_response(struct http_reply *reply)
{
	size_t size = 0;
	char *bytes = reply->body.size == 0 ? NULL : buffer_take(&reply->body, &size);
	struct MHD_Response *response = MHD_create_response_from_buffer(
		size, bytes, bytes == NULL ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_FREE);
	if (response == NULL) {
		free(bytes);
		return NULL;
	}
	if (reply->content_type != NULL && !is_empty_status(reply->status))
		MHD_add_response_header(response, "Content-Type", reply->content_type);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	for (size_t i = 0; i < reply->field_count; i++)
		if (is_plain(reply->fields[i].value))
			MHD_add_response_header(
				response, reply->fields[i].name, reply->fields[i].value);
	return response;
}

enum MHD_Result exchange_send(struct exchange *exchange)
{
	struct error err;
	if (exchange->reply.body.overflow) {
		fail_reason(&err, CODE_RESOURCE_EXHAUSTED, "RESPONSE_TOO_LARGE",
			"the answer has more than %d bytes; ask for less", HTTP_BODY_BYTES_MAX);
		connect_print_error(&err, 0, &exchange->arena, &exchange->reply);
	}
	size_t size = exchange->reply.body.size;
	if (size > SMALL_BYTES && !exchange_charge(exchange, size)) {
		buffer_done(&exchange->reply.body);
		exchange->reply.field_count = 0;
		exchange_fail_busy(&err);
		connect_print_error(&err, 0, &exchange->arena, &exchange->reply);
	}
	finish(exchange);
	if (exchange_is_last(exchange))
		http_add_field(&exchange->reply, "Connection", "close");
	struct MHD_Response *response = make_response(&exchange->reply);
	if (response == NULL)
		return MHD_NO;
	connection_enter(exchange->connection, CONNECTION_REPLY);
	enum MHD_Result queued =
		MHD_queue_response(exchange->mhd, exchange->reply.status, response);
	MHD_destroy_response(response);
	return queued;
}
