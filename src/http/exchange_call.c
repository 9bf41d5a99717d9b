/*
 * Calls by Connect. A read is answered before rpc_dispatch() returns; a call that writes or waits
 * is answered by another thread, and its connection takes no thread until then.
 */
#include "http/server_private.h"

#include <poll.h>

static struct exchange *exchange_of(struct rpc_call *call)
{
	return (struct exchange *)((char *)call - offsetof(struct exchange, call));
}

/* With the mutex. */
static void link_suspended(struct exchange *exchange)
{
	struct http_server *server = exchange->server;
	exchange->suspended = true;
	exchange->next = server->suspended;
	if (exchange->next != NULL)
		exchange->next->previous = exchange;
	server->suspended = exchange;
}

/* With the mutex. */
static void unlink_suspended(struct exchange *exchange)
{
	struct http_server *server = exchange->server;
	if (!exchange->suspended)
		return;
	exchange->suspended = false;
	if (exchange->previous != NULL)
		exchange->previous->next = exchange->next;
	else
		server->suspended = exchange->next;
	if (exchange->next != NULL)
		exchange->next->previous = exchange->previous;
	exchange->next = exchange->previous = NULL;
}

/* The response's bytes; they become JSON in one of our own threads, not in the writer's. */
static void keep_answer(struct exchange *exchange, const struct error *err)
{
	const struct reply *reply = &exchange->call.reply;
	exchange->failed = err != NULL;
	exchange->revision = exchange->call.revision;
	if (err != NULL) {
		exchange->err = *err;
		return;
	}
	for (size_t i = 0; i < reply->count; i++)
		buffer_append(&exchange->bytes, reply->parts[i].data, reply->parts[i].size);
	if (exchange->bytes.overflow) {
		exchange->failed = true;
		fail_out_of_memory(&exchange->err);
	}
}

/* With the mutex. */
static void leave_flight(struct http_server *server, struct exchange *exchange)
{
	server->parked -= exchange->parked;
	exchange->parked = false;
	if (--server->in_flight == 0)
		pthread_cond_broadcast(&server->idle);
}

static void respond(struct rpc_call *call, const struct error *err)
{
	struct exchange *exchange = exchange_of(call);
	struct http_server *server = exchange->server;
	pthread_mutex_lock(&server->mutex);
	if (!exchange->abandoned) {
		keep_answer(exchange, err);
		exchange->answered = true;
		leave_flight(server, exchange);
		if (exchange->suspended) {
			unlink_suspended(exchange);
			MHD_resume_connection(exchange->mhd);
		}
	}
	pthread_mutex_unlock(&server->mutex);
	exchange_leave(exchange);
}

static enum code park(struct rpc_call *call, struct error *err)
{
	struct exchange *exchange = exchange_of(call);
	struct http_server *server = exchange->server;
	pthread_mutex_lock(&server->mutex);
	if (server->stopping)
		atomic_store(&call->wanted, RPC_STOPPING);
	bool place = !server->stopping && server->parked < HTTP_PARKED_MAX;
	if (place) {
		exchange->parked = true;
		server->parked++;
	}
	pthread_mutex_unlock(&server->mutex);
	if (!place) {
		enum code code = rpc_check_wanted(call, err);
		return code == CODE_OK ? rpc_fail_crowded(err) : code;
	}
	buffer_done(&exchange->body);
	return CODE_OK;
}

static void fill_call(struct exchange *exchange, struct slice payload)
{
	struct rpc_call *call = &exchange->call;
	call->arena = &exchange->call_arena;
	call->method = exchange->request.path;
	call->payload = payload;
	call->timeout_ms = exchange->connect.timeout_ms;
	call->min_revision = exchange->connect.min_revision;
	call->arrival_ns = exchange->request.arrival_ns;
	call->peer = exchange->request.peer;
	call->source = exchange->connection->source;
	call->respond = respond;
	call->park = park;
	http_read_headers(&exchange->request, call);
}

/* Counts the call as in flight; false once the server stops: libmicrohttpd cannot be ended while
 * connections are suspended, so none may be when http_server_stop() has waited for them. */
static bool enter_flight(struct exchange *exchange, bool suspend)
{
	struct http_server *server = exchange->server;
	pthread_mutex_lock(&server->mutex);
	bool enters = !server->stopping;
	if (enters) {
		atomic_fetch_add(&exchange->owners, 1);
		server->in_flight++;
	}
	if (enters && suspend) {
		link_suspended(exchange);
		MHD_suspend_connection(exchange->mhd);
	}
	pthread_mutex_unlock(&server->mutex);
	return enters;
}

bool exchange_is_last(struct exchange *exchange)
{
	struct http_server *server = exchange->server;
	pthread_mutex_lock(&server->mutex);
	bool stopping = server->stopping;
	pthread_mutex_unlock(&server->mutex);
	return stopping;
}

/* Also for errors that are found before the dispatcher, so that they are counted and logged. */
static void refuse(struct exchange *exchange, const struct error *err, unsigned status)
{
	fill_call(exchange, slice_of(NULL, 0));
	atomic_fetch_add(&exchange->owners, 1);
	pthread_mutex_lock(&exchange->server->mutex);
	exchange->server->in_flight++;
	pthread_mutex_unlock(&exchange->server->mutex);
	if (status == 404) /* the dispatcher knows what is near the name */
		rpc_dispatch(exchange->server->options.rpc, &exchange->call);
	else
		rpc_refuse(exchange->server->options.rpc, &exchange->call, err);
	connect_print_error(&exchange->err, status, &exchange->arena, &exchange->reply);
	if (status == 405)
		http_add_field(&exchange->reply, "Allow",
			connect_is_by_get(&exchange->connect.method) ? "GET, HEAD, POST, OPTIONS"
								     : "POST, OPTIONS");
}

/* The call belongs to whoever answers it from here on. Whether the connection waits. */
static bool dispatch(struct exchange *exchange)
{
	enum rpc_access access = exchange->connect.method.access;
	bool later = access == RPC_WRITE || access == RPC_WAIT;
	struct error err;
	if (!enter_flight(exchange, later)) {
		fail_stopping(&err);
		refuse(exchange, &err, 0);
		return false;
	}
	rpc_dispatch(exchange->server->options.rpc, &exchange->call);
	if (!later)
		exchange_finish_call(exchange);
	return later;
}

static void respond_at_once(struct rpc_call *call, const struct error *err)
{
	keep_answer(exchange_of(call), err);
}

/* Nobody who may not call has compressed bytes or JSON read, or is told what is wrong with them. */
static bool admit(struct exchange *exchange)
{
	fill_call(exchange, slice_of(NULL, 0));
	exchange->call.respond = respond_at_once;
	return rpc_admit(exchange->server->options.rpc, &exchange->call);
}

bool exchange_call(struct exchange *exchange)
{
	struct slice payload;
	struct error err;
	unsigned status;
	if (!admit(exchange)) {
		exchange_finish_call(exchange);
		return false;
	}
	enum code code = connect_read(&exchange->request, &exchange->connect, &status, &err);
	if (code == CODE_OK)
		code = connect_payload(&exchange->request, &exchange->connect, &payload, &err);
	if (code != CODE_OK) {
		refuse(exchange, &err, status);
		return false;
	}
	fill_call(exchange, payload);
	return dispatch(exchange);
}

void exchange_finish_call(struct exchange *exchange)
{
	struct error err;
	exchange->reply.revision = exchange->revision;
	if (!exchange->failed) {
		struct slice bytes = slice_of(exchange->bytes.data, exchange->bytes.size);
		if (connect_print(&exchange->connect, bytes, &exchange->arena, &exchange->reply,
			    &err) == CODE_OK)
			return;
		exchange->err = err;
	}
	connect_print_error(&exchange->err, 0, &exchange->arena, &exchange->reply);
}

/* The client's end of a suspended connection, which libmicrohttpd does not look at; also behind
 * bytes that are not read yet, such as the last of TLS. */
static bool has_gone(const struct exchange *exchange)
{
	struct pollfd socket = { .fd = exchange->connection->fd, .events = POLLRDHUP };
	return poll(&socket, 1, 0) == 1;
}

void exchanges_unwanted(struct http_server *server, bool all)
{
	pthread_mutex_lock(&server->mutex);
	for (struct exchange *each = server->suspended; each != NULL; each = each->next) {
		if (!each->parked)
			continue;
		if (all)
			rpc_unwanted(&each->call, RPC_STOPPING);
		else if (has_gone(each))
			rpc_unwanted(&each->call, RPC_LEFT);
	}
	pthread_mutex_unlock(&server->mutex);
}

size_t exchanges_abandon(struct http_server *server)
{
	size_t count = 0;
	pthread_mutex_lock(&server->mutex);
	while (server->suspended != NULL) {
		struct exchange *exchange = server->suspended;
		exchange->abandoned = true;
		exchange->failed = true;
		fail_stopping(&exchange->err);
		leave_flight(server, exchange);
		unlink_suspended(exchange);
		MHD_resume_connection(exchange->mhd);
		count++;
	}
	pthread_mutex_unlock(&server->mutex);
	return count;
}
