#include "http/server.h"

#include "base/clock.h"
#include "http/server_private.h"

#include <stdlib.h>
#include <unistd.h>

enum {
	HEAD_BYTES_MAX = 64 * 1024, /* libmicrohttpd's memory for the head of a request */
	THREADS_MIN = 2,
	THREADS_MAX = 4,
	NS_PER_MS = 1000000,
	FLUSH_MS = 100, /* replies that were queued last */
};
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE"

static unsigned thread_count(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	return cores < THREADS_MIN   ? THREADS_MIN
	       : cores > THREADS_MAX ? THREADS_MAX
				     : (unsigned)cores;
}

static void fill_defaults(struct http_server_options *options)
{
	if (options->connections_max == 0)
		options->connections_max = HTTP_CONNECTIONS_DEFAULT;
	if (options->connections_per_address_max == 0)
		options->connections_per_address_max = (options->connections_max + 1) / 2;
	if (options->head_ms == 0)
		options->head_ms = HTTP_HEAD_MS_DEFAULT;
	if (options->body_ms == 0)
		options->body_ms = HTTP_BODY_MS_DEFAULT;
	if (options->reply_ms == 0)
		options->reply_ms = HTTP_REPLY_MS_DEFAULT;
	if (options->body_bytes_max == 0)
		options->body_bytes_max = HTTP_BODY_BYTES_SUM_DEFAULT;
	if (options->idle_s == 0)
		options->idle_s = HTTP_IDLE_S_DEFAULT;
}

static enum code open_listeners(struct http_server *server, struct error *err)
{
	const struct http_server_options *options = &server->options;
	if (options->address_count == 0 || options->address_count > LIMIT_LISTENERS)
		return fail(err, CODE_INVALID_ARGUMENT, "%zu addresses for HTTP; give 1 to %d",
			options->address_count, LIMIT_LISTENERS);
	for (size_t i = 0; i < options->address_count; i++) {
		struct listener *listener = &server->listeners[server->listener_count++];
		listener->fd = -1;
		enum code code = listener_open(listener, options->addresses[i], err);
		if (code != CODE_OK)
			return code;
		if (listener->secure && (options->certificate == NULL || options->key == NULL))
			return fail(err, CODE_INVALID_ARGUMENT,
				"%s needs a certificate and a key (--tls-cert, --tls-key)",
				options->addresses[i]);
	}
	return CODE_OK;
}

static bool has_secure(const struct http_server *server)
{
	for (size_t i = 0; i < server->listener_count; i++)
		if (server->listeners[i].secure)
			return true;
	return false;
}

enum code http_server_renew_tls(struct http_server *server, const char *certificate,
	const char *key, const char *client_ca, struct error *err)
{
	struct https_credentials *credentials;
	if (!has_secure(server))
		return CODE_OK;
	enum code code = https_credentials_new(certificate, key, client_ca, &credentials, err);
	if (code != CODE_OK)
		return code;
	pthread_mutex_lock(&server->connections_mutex);
	struct https_credentials *former = server->credentials;
	server->credentials = credentials;
	pthread_mutex_unlock(&server->connections_mutex);
	https_credentials_release(former);
	return CODE_OK;
}

enum code http_server_new(
	const struct http_server_options *options, struct http_server **ret, struct error *err)
{
	struct http_server *server = calloc(1, sizeof *server);
	if (server == NULL)
		return fail_out_of_memory(err);
	server->options = *options;
	fill_defaults(&server->options);
	pthread_mutex_init(&server->mutex, NULL);
	pthread_mutex_init(&server->connections_mutex, NULL);
	clock_cond_init(&server->idle);
	clock_cond_init(&server->watch_wake);
	enum code code = open_listeners(server, err);
	if (code == CODE_OK)
		code = http_server_renew_tls(
			server, options->certificate, options->key, options->client_ca, err);
	if (code == CODE_OK)
		code = connections_watch(server, err);
	if (code != CODE_OK) {
		http_server_free(server);
		return code;
	}
	*ret = server;
	return CODE_OK;
}

/* libmicrohttpd's options for one address. */
static void start_daemon(struct http_server *server, struct listener *listener)
{
	const struct http_server_options *options = &server->options;
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
	if (listener->secure)
		flags |= MHD_USE_TLS;
	if (listener->ipv6)
		flags |= MHD_USE_IPv6;
	struct MHD_OptionItem tls[5] = { { MHD_OPTION_END, 0, NULL } };
	size_t count = 0;
	if (listener->secure) {
		const char *const texts[] = { options->certificate, options->key, TLS_PRIORITIES,
			options->client_ca };
		static const enum MHD_OPTION kinds[] = { MHD_OPTION_HTTPS_MEM_CERT,
			MHD_OPTION_HTTPS_MEM_KEY, MHD_OPTION_HTTPS_PRIORITIES,
			MHD_OPTION_HTTPS_MEM_TRUST };
		for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
			if (texts[i] != NULL)
				tls[count++] = (struct MHD_OptionItem){ kinds[i], 0,
					(void *)(uintptr_t)texts[i] };
		tls[count] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
	}
	listener->daemon = MHD_start_daemon(flags, 0, NULL, NULL, exchange_handle, server,
		MHD_OPTION_LISTEN_SOCKET, listener->fd, MHD_OPTION_THREAD_POOL_SIZE, thread_count(),
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)options->connections_max,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)options->connections_per_address_max,
		MHD_OPTION_CONNECTION_TIMEOUT, options->idle_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)HEAD_BYTES_MAX, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_URI_LOG_CALLBACK, exchange_begin, server, MHD_OPTION_NOTIFY_COMPLETED,
		exchange_end, server, MHD_OPTION_NOTIFY_CONNECTION, connection_notify, server,
		MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

enum code http_server_start(struct http_server *server, struct error *err)
{
	for (size_t i = 0; i < server->listener_count; i++) {
		struct listener *listener = &server->listeners[i];
		start_daemon(server, listener);
		if (listener->daemon == NULL)
			return fail(err, CODE_INTERNAL,
				listener->secure
					? "cannot serve %s: libmicrohttpd does not take the "
					  "certificate and key, or has no memory"
					: "cannot serve %s: libmicrohttpd did not start",
				listener->url);
		listener->fd = -1; /* it has it now */
	}
	return CODE_OK;
}

size_t http_server_address_count(const struct http_server *server)
{
	return server->listener_count;
}

const char *http_server_address(const struct http_server *server, size_t index)
{
	return server->listeners[index].url;
}

void http_server_stats(struct http_server *server, struct http_server_stats *ret)
{
	pthread_mutex_lock(&server->connections_mutex);
	ret->connections = server->connection_count;
	pthread_mutex_unlock(&server->connections_mutex);
	pthread_mutex_lock(&server->mutex);
	ret->in_flight = server->in_flight;
	ret->parked = server->parked;
	ret->body_bytes = atomic_load(&server->body_bytes);
	pthread_mutex_unlock(&server->mutex);
}

static void wait_idle(struct http_server *server, uint32_t timeout_ms)
{
	struct timespec until =
		clock_timespec(clock_monotonic_ns() + (uint64_t)timeout_ms * NS_PER_MS);
	int rv = 0;
	pthread_mutex_lock(&server->mutex);
	while (server->in_flight > 0 && rv == 0)
		rv = pthread_cond_timedwait(&server->idle, &server->mutex, &until);
	pthread_mutex_unlock(&server->mutex);
}

void http_server_stop(struct http_server *server, uint32_t timeout_ms, struct http_server_stop *ret)
{
	int sockets[LIMIT_LISTENERS];
	pthread_mutex_lock(&server->mutex);
	server->stopping = true;
	pthread_mutex_unlock(&server->mutex);
	for (size_t i = 0; i < server->listener_count; i++)
		sockets[i] = server->listeners[i].daemon == NULL
				     ? -1
				     : MHD_quiesce_daemon(server->listeners[i].daemon);
	exchanges_unwanted(server, true);
	wait_idle(server, timeout_ms);
	ret->abandoned_count = exchanges_abandon(server);
	struct timespec pause = { .tv_nsec = FLUSH_MS * NS_PER_MS };
	nanosleep(&pause, NULL);
	for (size_t i = 0; i < server->listener_count; i++) {
		if (server->listeners[i].daemon != NULL)
			MHD_stop_daemon(server->listeners[i].daemon);
		server->listeners[i].daemon = NULL;
		if (sockets[i] >= 0)
			close(sockets[i]);
	}
	connections_unwatch(server);
}

void http_server_free(struct http_server *server)
{
	if (server == NULL)
		return;
	connections_unwatch(server);
	for (size_t i = 0; i < server->listener_count; i++)
		listener_close(&server->listeners[i]);
	https_credentials_release(server->credentials);
	pthread_cond_destroy(&server->idle);
	pthread_cond_destroy(&server->watch_wake);
	pthread_mutex_destroy(&server->mutex);
	pthread_mutex_destroy(&server->connections_mutex);
	free(server);
}
