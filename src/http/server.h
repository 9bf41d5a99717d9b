/*
 * Serves HTTP/1.1 through libmicrohttpd: every method of the dispatcher by the Connect protocol,
 * and routes beside them. A few threads take all connections; calls that write or wait take none
 * while they do.
 */
#pragma once
#include "http/route.h"

enum {
	HTTP_CONNECTIONS_DEFAULT = 1024,
	HTTP_CONNECTIONS_MAX = 60000,
	HTTP_HEAD_MS_DEFAULT = 30 * 1000,
	HTTP_BODY_MS_DEFAULT = 60 * 1000,
	HTTP_REPLY_MS_DEFAULT = 120 * 1000,
	HTTP_IDLE_S_DEFAULT = 15,
	HTTP_BODY_BYTES_SUM_DEFAULT = 512 * 1024 * 1024,
	HTTP_PARKED_MAX = LIMIT_PARKED_CALLS,
};

struct http_server;

/* All borrowed until http_server_free(). */
struct http_server_options {
	const struct rpc *rpc;
	/* "HOST:PORT", with http:// or https:// in front; without it http. Port 0 takes a free one.
	 * 1 to LIMIT_LISTENERS. */
	const char *const *addresses;
	size_t address_count;
	const struct http_route *routes;
	size_t route_count;
	/* PEM, for https addresses; client_ca NULL: clients need no certificate. */
	const char *certificate;
	const char *key;
	const char *client_ca;
	/* Origins that scripts may call from (CORS): "https://example.org", "*" for any. */
	const char *const *cors_origins;
	size_t cors_origin_count;
	int max_age_s;	      /* of replies that caches may keep; 0: they must ask each time */
	bool private_replies; /* not for caches that several users share */
	/* 0 means the default. */
	size_t connections_max;
	size_t connections_per_address_max; /* default: half of connections_max */
	uint32_t head_ms;  /* from the connection or the last reply to the end of the head */
	uint32_t body_ms;  /* to the end of the body */
	uint32_t reply_ms; /* to the end of the reply, once it is there */
	unsigned idle_s;   /* without a byte in either direction */
	/* Bodies of requests and replies that are in memory at once, of all connections. Beyond it
	 * requests are refused with UNAVAILABLE, SERVER_BUSY. */
	size_t body_bytes_max;
};

struct http_server_stop {
	size_t abandoned_count; /* calls that were not answered in time */
};

struct http_server_stats {
	size_t connections;
	size_t in_flight; /* calls that are not answered yet */
	size_t parked;	  /* those of them that wait for something to happen */
	size_t body_bytes;
};

/* Takes the addresses; connections wait until http_server_start(). FAILED_PRECONDITION for one that
 * is in use, INVALID_ARGUMENT for one that is none or for https without a usable certificate. */
enum code http_server_new(const struct http_server_options *options, struct http_server **ret,
	struct error *err) NODISCARD;

enum code http_server_start(struct http_server *server, struct error *err) NODISCARD;

/* As URLs with real ports, in the order of the options. */
size_t http_server_address_count(const struct http_server *server);
const char *http_server_address(const struct http_server *server, size_t index);

void http_server_stats(struct http_server *server, struct http_server_stats *ret);

/* Another certificate, and with client_ca other authorities, for connections from now on; those
 * that there are keep theirs. client_ca is given if it was at the start. The texts are read only
 * now. INVALID_ARGUMENT, and nothing changes, if they cannot be used; OK without https addresses.
 */
enum code http_server_renew_tls(struct http_server *server, const char *certificate,
	const char *key, const char *client_ca, struct error *err) NODISCARD;

/* Refuses new connections, tells calls that wait, waits up to timeout_ms for calls in flight and
 * closes everything. No handler runs afterwards. Once. */
void http_server_stop(
	struct http_server *server, uint32_t timeout_ms, struct http_server_stop *ret);

/* After every call was finished. NULL is allowed. */
void http_server_free(struct http_server *server);
