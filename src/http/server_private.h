/* What the files of the server share. */
#pragma once
#include "http/connect.h"
#include "http/https_credentials.h"
#include "http/server.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

enum { HTTP_PEER_BYTES = 64 };

/* What a connection does, to bound how long. */
enum connection_phase {
	CONNECTION_HEAD, /* nothing, or sends the head of a request */
	CONNECTION_BODY,
	CONNECTION_CALL, /* waits for the server; calls have deadlines of their own */
	CONNECTION_REPLY,
};

struct connection {
	struct http_server *server;
	struct connection *previous, *next;
	int fd;
	bool secure;
	struct https_credentials *credentials; /* held; NULL without TLS */
	char peer[HTTP_PEER_BYTES];
	uint64_t source; /* the client's address, for struct rpc_call */
	_Atomic int phase;
	_Atomic uint64_t since_ns;
};

/* One request, from its first line until its reply is sent or its connection has gone. */
struct exchange {
	struct http_server *server;
	struct connection *connection;
	struct MHD_Connection *mhd;
	atomic_int owners;	    /* libmicrohttpd, and the call while it is not answered */
	char peer[HTTP_PEER_BYTES]; /* the call may outlive the connection */
	struct buffer uri;	    /* as sent */
	struct buffer body;
	size_t dropped_bytes; /* of a body that is too long */
	bool busy;	      /* there was no memory left for the body */
	size_t charged_bytes; /* of the server's body_bytes */
	bool begun;	      /* the head was looked at */
	bool has_target;      /* and says what is asked for */
	bool called;
	struct http_request request;
	struct http_reply reply;
	struct arena arena; /* of request and reply */
	/* A call by Connect. */
	struct connect_call connect;
	struct arena call_arena;
	struct rpc_call call;
	/* With the server's mutex, as they change while another thread may answer. */
	bool suspended;
	bool answered;
	bool abandoned;
	bool parked;
	bool failed;
	struct error err;
	struct buffer bytes; /* of the response */
	uint64_t revision;
	struct exchange *previous, *next; /* among those that are suspended */
};

struct listener {
	int fd; /* until libmicrohttpd has it; -1 then */
	bool secure;
	bool ipv6;
	char *url;
	struct MHD_Daemon *daemon;
};

struct http_server {
	struct http_server_options options;
	struct listener listeners[LIMIT_LISTENERS];
	size_t listener_count;
	pthread_mutex_t mutex; /* for exchanges */
	pthread_cond_t idle;   /* in_flight is 0 */
	struct exchange *suspended;
	size_t in_flight;
	size_t parked;
	bool stopping;
	atomic_size_t body_bytes; /* of all exchanges */
	pthread_mutex_t connections_mutex;
	struct https_credentials *credentials; /* of new connections; NULL without TLS */
	struct connection *connections;
	size_t connection_count;
	pthread_t watch;
	pthread_cond_t watch_wake; /* with connections_mutex */
	bool watching;
	bool watch_ends;
};

/* listen.c */
enum code listener_open(struct listener *listener, const char *address, struct error *err)
	NODISCARD;
void listener_close(struct listener *listener);

/* connections.c: connections are watched from their start to their end. */
void connection_notify(void *server, struct MHD_Connection *mhd, void **socket_context,
	enum MHD_ConnectionNotificationCode code);
struct connection *connection_of(struct MHD_Connection *mhd);
void connection_enter(struct connection *connection, enum connection_phase phase);
enum code connections_watch(struct http_server *server, struct error *err) NODISCARD;
void connections_unwatch(struct http_server *server);

/* exchange.c: libmicrohttpd's callbacks. */
void *exchange_begin(void *server, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result exchange_handle(void *server, struct MHD_Connection *mhd, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_bytes,
	void **exchange);
void exchange_end(void *server, struct MHD_Connection *mhd, void **exchange,
	enum MHD_RequestTerminationCode why);

/* exchange_call.c: calls by Connect. Whether the answer comes later, by resuming. */
bool exchange_call(struct exchange *exchange);
void exchange_finish_call(struct exchange *exchange);
/* Whether the server stops, so that the connection ends with this reply. */
bool exchange_is_last(struct exchange *exchange);
/* Takes memory for a body until the exchange ends. False, and it is taken all the same, where that
 * is more than all may have together. */
bool exchange_charge(struct exchange *exchange, size_t size_bytes) NODISCARD;
enum code exchange_fail_busy(struct error *err);

/* Drops one owner. */
void exchange_leave(struct exchange *exchange);
/* Tells calls whose answers nobody waits for: all, or those whose client has gone. */
void exchanges_unwanted(struct http_server *server, bool all);
/* Answers suspended calls with UNAVAILABLE; who finishes them later changes nothing. */
size_t exchanges_abandon(struct http_server *server);

/* The first route for a path; NULL if there is none. */
const struct http_route *http_find_route(
	const struct http_route *routes, size_t count, struct slice path);

/* finish.c: caches, compression, CORS; queues the reply. */
enum MHD_Result exchange_send(struct exchange *exchange);
/* A preflight request of CORS, or any other OPTIONS. */
void exchange_options(struct exchange *exchange, unsigned methods);
