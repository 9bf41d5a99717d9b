/*
 * What is served over HTTP: requests, replies, the routes between them. Nothing here knows the
 * HTTP library; a page is a function from a request to a reply and can be tested as such.
 *
 * A handler runs in one of the server's few threads and must not block. Pages that show content ask
 * for it by http_call(), so that the same dispatcher checks, limits, authorizes and counts them as
 * any other call.
 */
#pragma once
#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/slice.h"
#include "rpc/rpc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HTTP_HEADERS_MAX = 100,
	HTTP_FIELDS_MAX = 12,				/* of a reply, beside those that all have */
	HTTP_BODY_BYTES_MAX = 2 * LIMIT_RESPONSE_BYTES, /* of a reply: JSON is longer */
};

/* Bits, for the methods of a route. */
enum http_method {
	HTTP_OTHER = 0,
	HTTP_GET = 1,
	HTTP_HEAD = 2, /* as GET; the body is left out by the server, not by the handler */
	HTTP_POST = 4,
	HTTP_OPTIONS = 8,
};

/* Names are compared without regard to case: find values by http_header(). */
struct http_header {
	struct slice name;
	struct slice value; /* without the white space around it */
};

/* Everything is borrowed until the handler returns. */
struct http_request {
	enum http_method method;
	struct slice path;  /* as sent, from the slash on; not decoded */
	struct slice query; /* as sent, behind the question mark; read it by http_query() */
	struct http_header headers[HTTP_HEADERS_MAX];
	size_t header_count;
	struct slice body;
	bool secure;  /* it came over TLS */
	bool trusted; /* http_call() needs no token for it; false unless a handler's copy says so */
	const char *peer; /* address for logs */
	uint64_t arrival_ns;
	const struct rpc *rpc;
	struct arena *arena; /* of this request; empty at first */
};

/* A field of a reply's head. */
struct http_field {
	const char *name;
	const char *value; /* in the request's arena, or a literal; no line breaks */
};

struct http_reply {
	unsigned status;
	const char *content_type; /* NULL with an empty body */
	struct buffer body;	  /* owned by the server; at most HTTP_BODY_BYTES_MAX */
	/* A GET of it may be answered from a cache: the server adds ETag (made from the body unless
	 * `etag` is set), Cache-Control and Vary, and answers If-None-Match by 304. */
	bool cacheable;
	char etag[LIMIT_ETAG_BYTES + 1]; /* without the quotes; "" lets the server make one */
	/* How long caches may use it without asking; below 0 for what the server was started with.
	 * Where tokens are on, "private" is said in any case. */
	int max_age_s;
	uint64_t revision;			   /* of the store, for lectern-revision; 0: none */
	struct http_field fields[HTTP_FIELDS_MAX]; /* http_add_field() */
	size_t field_count;
};

/* The first route whose prefix the path begins with and whose suffix it ends with is taken. For a
 * method that it does not have 405 is answered. */
struct http_route {
	const char *prefix;
	const char *suffix; /* "" or NULL: any; with `exact` not looked at */
	bool exact;	    /* the path is the prefix */
	unsigned methods;   /* of enum http_method; HEAD comes with GET */
	/* Fills the reply, which begins as 200 without a body. An error that it returns is answered
	 * as text with the HTTP status of its code. */
	enum code (*handle)(void *context, const struct http_request *request,
		struct http_reply *reply, struct error *err);
	void *context;
};

/* False if there is no such header. Of several the first one is taken. */
bool http_header(const struct http_request *request, const char *name, struct slice *ret);

/* What the request's headers say of a call that it makes. */
void http_read_headers(const struct http_request *request, struct rpc_call *call);

/* The decoded value of a query parameter ("+" is a blank), in the request's arena, without NUL
 * bytes. NOT_FOUND if it is not there; INVALID_ARGUMENT where it is not well-formed (%XX, UTF-8) or
 * given twice. */
enum code http_query(const struct http_request *request, const char *name, struct slice *ret,
	struct error *err) NODISCARD;

/* Decodes "%XX"; the plus sign stays. INVALID_ARGUMENT, with the place, where it is not
 * well-formed.
 */
enum code http_decode(struct slice text, struct arena *arena, struct slice *ret, struct error *err)
	NODISCARD;

/* More than HTTP_FIELDS_MAX are left out. The texts are borrowed until the reply was sent. */
void http_add_field(struct http_reply *reply, const char *name, const char *value);

/* Retry-After, WWW-Authenticate and so on: what goes with an error. */
void http_add_error_fields(
	const struct error *err, unsigned status, struct arena *arena, struct http_reply *reply);

/* What http_call() brings. */
struct http_answer {
	struct slice bytes;	   /* the response in its encoded form, in the request's arena */
	ProtobufCMessage *message; /* the same, unpacked there */
	uint64_t revision;
};

/*
 * Calls a method that does not write and does not wait, in the name of whoever sent the HTTP
 * request: "/lectern.v1.PostService/ListPosts". The message may be NULL for an empty request.
 * Errors are those of the method.
 */
enum code http_call(const struct http_request *request, const char *method,
	const ProtobufCMessage *message, struct http_answer *ret, struct error *err) NODISCARD;

/* The status that stands for a code, for example 404 for NOT_FOUND. */
unsigned http_status_of(enum code code);
