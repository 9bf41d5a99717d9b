/*
 * Connections, and how long each may take for what it does. libmicrohttpd ends those that send
 * nothing for some seconds; a client that sends a byte now and then it would wait for for ever.
 */
#include "base/clock.h"
#include "http/server_private.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { WATCH_MS = 500, NS_PER_MS = 1000000 };

static void put_peer(const struct sockaddr *address, bool secure, char out[HTTP_PEER_BYTES])
{
	char host[INET6_ADDRSTRLEN] = "";
	unsigned port = 0;
	if (address != NULL && address->sa_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
		inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
		port = ntohs(v4->sin_port);
	} else if (address != NULL && address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
		inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
		port = ntohs(v6->sin6_port);
	}
	bool brackets = strchr(host, ':') != NULL;
	snprintf(out, HTTP_PEER_BYTES, "http%s://%s%s%s:%u", secure ? "s" : "", brackets ? "[" : "",
		host, brackets ? "]" : "", port);
}

/* Beyond the numbers that nng gives to connections. Of IPv6 the network: a client has many
 * addresses in it. */
static uint64_t source_of(const struct sockaddr *address)
{
	const uint64_t v4_mark = UINT64_C(1) << 62;
	const uint64_t v6_mark = UINT64_C(1) << 63;
	uint64_t network = 0;
	if (address == NULL)
		return v4_mark;
	if (address->sa_family == AF_INET)
		return v4_mark | ((const struct sockaddr_in *)address)->sin_addr.s_addr;
	if (address->sa_family == AF_INET6)
		memcpy(&network, &((const struct sockaddr_in6 *)address)->sin6_addr,
			sizeof network);
	return v6_mark | network;
}

static bool is_secure(struct MHD_Connection *mhd)
{
	return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_PROTOCOL) != NULL;
}

static void connect_socket(struct http_server *server, struct MHD_Connection *mhd, void **context)
{
	struct connection *connection = calloc(1, sizeof *connection);
	*context = connection;
	if (connection == NULL)
		return;
	connection->server = server;
	connection->secure = is_secure(mhd);
	/* One answer overwrites the one before, since libmicrohttpd 1.0. */
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	connection->fd = info == NULL ? -1 : info->connect_fd;
	info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info == NULL ? NULL : info->client_addr;
	put_peer(address, connection->secure, connection->peer);
	connection->source = source_of(address);
	connection_enter(connection, CONNECTION_HEAD);
	pthread_mutex_lock(&server->connections_mutex);
	if (connection->secure)
		connection->credentials = https_credentials_hold(server->credentials);
	connection->next = server->connections;
	if (connection->next != NULL)
		connection->next->previous = connection;
	server->connections = connection;
	server->connection_count++;
	pthread_mutex_unlock(&server->connections_mutex);
	if (connection->credentials != NULL)
		https_credentials_use(connection->credentials, mhd);
}

/* Before libmicrohttpd closes the socket, so that nobody else's is shut down. It has done with the
 * TLS session by then, or does nothing but free it. */
static void disconnect(struct http_server *server, struct connection *connection)
{
	if (connection == NULL)
		return;
	pthread_mutex_lock(&server->connections_mutex);
	if (connection->previous != NULL)
		connection->previous->next = connection->next;
	else
		server->connections = connection->next;
	if (connection->next != NULL)
		connection->next->previous = connection->previous;
	server->connection_count--;
	pthread_mutex_unlock(&server->connections_mutex);
	https_credentials_release(connection->credentials);
	free(connection);
}

void connection_notify(void *context, struct MHD_Connection *mhd, void **socket_context,
	enum MHD_ConnectionNotificationCode code)
{
	struct http_server *server = context;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		connect_socket(server, mhd, socket_context);
	} else {
		disconnect(server, *socket_context);
		*socket_context = NULL;
	}
}

struct connection *connection_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info == NULL ? NULL : info->socket_context;
}

void connection_enter(struct connection *connection, enum connection_phase phase)
{
	atomic_store(&connection->since_ns, clock_monotonic_ns());
	atomic_store(&connection->phase, (int)phase);
}

/* 0: any time. */
static uint32_t bound_of(const struct http_server *server, enum connection_phase phase)
{
	switch (phase) {
	case CONNECTION_HEAD:
		return server->options.head_ms;
	case CONNECTION_BODY:
		return server->options.body_ms;
	case CONNECTION_REPLY:
		return server->options.reply_ms;
	case CONNECTION_CALL:
		break;
	}
	return 0;
}

/* With the mutex. libmicrohttpd notices the end of the connection and frees everything. */
static void end_slow(struct http_server *server)
{
	uint64_t now_ns = clock_monotonic_ns();
	for (struct connection *each = server->connections; each != NULL; each = each->next) {
		uint64_t bound_ms = bound_of(server, (enum connection_phase)each->phase);
		uint64_t since_ns = atomic_load(&each->since_ns);
		if (bound_ms > 0 && now_ns > since_ns + bound_ms * NS_PER_MS)
			shutdown(each->fd, SHUT_RDWR);
	}
}

static void *watch(void *context)
{
	struct http_server *server = context;
	pthread_mutex_lock(&server->connections_mutex);
	while (!server->watch_ends) {
		struct timespec until =
			clock_timespec(clock_monotonic_ns() + (uint64_t)WATCH_MS * NS_PER_MS);
		pthread_cond_timedwait(&server->watch_wake, &server->connections_mutex, &until);
		end_slow(server);
		pthread_mutex_unlock(&server->connections_mutex);
		exchanges_unwanted(server, false);
		pthread_mutex_lock(&server->connections_mutex);
	}
	pthread_mutex_unlock(&server->connections_mutex);
	return NULL;
}

enum code connections_watch(struct http_server *server, struct error *err)
{
	if (pthread_create(&server->watch, NULL, watch, server) != 0)
		return fail_out_of_memory(err);
	server->watching = true;
	return CODE_OK;
}

void connections_unwatch(struct http_server *server)
{
	if (!server->watching)
		return;
	pthread_mutex_lock(&server->connections_mutex);
	server->watch_ends = true;
	pthread_cond_signal(&server->watch_wake);
	pthread_mutex_unlock(&server->connections_mutex);
	pthread_join(server->watch, NULL);
	server->watching = false;
}
