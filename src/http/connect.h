/*
 * The Connect protocol, unary calls (https://connectrpc.com/docs/protocol/): a method is a path,
 * its messages are JSON or protobuf, its errors JSON.
 */
#pragma once
#include "http/route.h"

enum connect_codec { CONNECT_JSON, CONNECT_PROTO };

/* A call as a request asks for it. */
struct connect_call {
	struct rpc_method_info method;
	enum connect_codec codec;
	struct slice message; /* in the form of the codec, uncompressed; borrowed or in the arena */
	uint32_t timeout_ms;  /* 0: none was sent */
	uint64_t min_revision;
	bool get; /* the answer may be kept by caches */
};

/* Whether the path is in the form "/package.Service/Method", known or not. */
bool connect_is_path(struct slice path);

/* Whether a method can be called by GET: it neither writes nor waits, as its schema says. */
bool connect_is_by_get(const struct rpc_method_info *method);

/*
 * Reads everything but the message itself. `status` is what an error is answered with where that
 * differs from its code's: 404, 405 or 415; else 0.
 */
enum code connect_read(const struct http_request *request, struct connect_call *ret,
	unsigned *ret_status, struct error *err) NODISCARD;

/* The request message as protobuf, in the request's arena. */
enum code connect_payload(const struct http_request *request, const struct connect_call *call,
	struct slice *ret, struct error *err) NODISCARD;

/* Fills the reply with a response message, which is protobuf. Memory is taken from the arena. */
enum code connect_print(const struct connect_call *call, struct slice message, struct arena *arena,
	struct http_reply *reply, struct error *err) NODISCARD;

/* Fills the reply with an error; status 0 is that of its code. */
void connect_print_error(
	const struct error *err, unsigned status, struct arena *arena, struct http_reply *reply);
