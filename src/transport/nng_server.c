#include "transport/nng_server.h"

#include "base/clock.h"
#include "transport/close.h"
#include "transport/context.h"
#include "transport/listen.h"

#include <nng/protocol/reqrep0/rep.h>
#include <nng/supplemental/util/platform.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	/* Requests up to this size are read and, over the limit, refused with a status; the
	 * connection of a client that announces more is closed by nng. */
	RECEIVE_BYTES_MAX = LIMIT_REQUEST_BYTES + LIMIT_REQUEST_BYTES / 8,
	WATCH_MS = 100,
	/* While few contexts or places to wait are free, a client that takes no reply for so long
	 * is closed. The kernel tells of room for more only when a third of what it holds has gone,
	 * up to a megabyte and a half, so whoever reads a little more than a megabyte a second
	 * seems to do nothing for nearly as long. */
	STALL_MS = 1000,
	/* And so long for each reply's bytes: the largest reply takes two seconds. */
	READ_BYTES_PER_MS_MIN = LIMIT_RESPONSE_BYTES / 2000,
	/* Meanwhile no reply waits longer, whatever its client takes, so all contexts are free
	 * again within this time: half of the time of a call that says nothing else. */
	WAIT_MAX_MS = DEFAULT_TIMEOUT_MS / 2,
	/* With fewer contexts all of them may hold calls that wait for a processor. */
	QUEUE_CONTEXTS_MIN = 8,
	/* nng has no linger: time for the last replies to leave its queues. */
	FLUSH_MS = 100,
	NS_PER_MS = 1000000,
};

struct nng_server {
	nng_socket socket;
	bool socket_open;
	bool stuck;
	struct traffic traffic;
	struct context *contexts;
	size_t context_count; /* those that serve at any time and the spare ones */
	size_t serving_count;
	nng_aio *watch;
	char *addresses[LIMIT_LISTENERS];
	size_t address_count;
	struct tls_endpoint *tls; /* NULL without TLS */
	/* A request has left while draining; on the monotonic clock, with the traffic's mutex. */
	pthread_cond_t idle;
};

static enum code fail_nng(struct error *err, int rv, const char *what)
{
	return fail(err, rv == NNG_ENOMEM ? CODE_RESOURCE_EXHAUSTED : CODE_INTERNAL,
		"start nng: %s: %s", what, nng_strerror(rv));
}

static void on_idle(struct traffic *traffic)
{
	struct nng_server *server =
		(struct nng_server *)((char *)traffic - offsetof(struct nng_server, traffic));
	pthread_mutex_lock(&traffic->mutex);
	pthread_cond_broadcast(&server->idle);
	pthread_mutex_unlock(&traffic->mutex);
}

/* Tells the parked calls of one connection, or of all for 0, that their answers are not wanted. */
static void unwanted(struct nng_server *server, uint32_t pipe_id, enum rpc_wanted why)
{
	pthread_mutex_lock(&server->traffic.mutex);
	for (size_t i = 0; i < server->context_count; i++) {
		struct context *context = &server->contexts[i];
		if (pipe_id == 0 || atomic_load(&context->pipe_id) == pipe_id)
			context_unwanted(context, why);
	}
	pthread_mutex_unlock(&server->traffic.mutex);
}

/* A client that leaves must not hold its places until its calls have waited for long enough. */
static void on_disconnect(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
	struct nng_server *server = arg;
	tls_endpoint_notify(server->tls, pipe, event);
	connections_remove(server->traffic.connections, pipe);
	if (atomic_load(&server->traffic.parked) > 0)
		unwanted(server, pipe.id, RPC_LEFT);
}

/* Refuses connections while the server stops. Closing the listeners would end the connections that
 * replies are still to go out on. */
static void on_connect(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
	struct nng_server *server = arg;
	tls_endpoint_notify(server->tls, pipe, event);
	if (atomic_load(&server->traffic.draining))
		nng_pipe_close(pipe);
	else
		connections_add(server->traffic.connections, pipe, clock_monotonic_ns());
}

/* What the contexts have of all requests, at about the same time. */
struct load {
	size_t in_flight;
	size_t reply_bytes;
};

static struct load read_load(const struct nng_server *server)
{
	struct load load = { 0 };
	for (size_t i = 0; i < server->context_count; i++) {
		const struct context *context = &server->contexts[i];
		load.in_flight += atomic_load(&context->in_flight);
		load.reply_bytes += atomic_load(&context->sending_bytes);
	}
	return load;
}

/* What a client's replies may wait for, while others need what they hold or not. */
struct patience {
	uint64_t silence_ms; /* from one reply that it takes to the next, without the time of its
				bytes */
	uint64_t wait_ms;    /* of any reply, for all before it */
};

/* nng's own timeouts would cost a lock that all replies share. */
static struct patience patience_now(const struct nng_server *server)
{
	size_t parked = atomic_load(&server->traffic.parked);
	struct load load = read_load(server);
	size_t busy = load.in_flight > parked ? load.in_flight - parked : 0;
	uint64_t timeout_ms = server->traffic.send_timeout_ms;
	uint64_t stall_ms = STALL_MS < timeout_ms ? STALL_MS : timeout_ms;
	bool crowded =
		4 * busy >= 3 * server->serving_count || 4 * parked >= 3 * LIMIT_PARKED_CALLS;
	if (load.reply_bytes > LIMIT_WAITING_REPLY_BYTES)
		return (struct patience){ stall_ms, stall_ms };
	if (crowded)
		return (struct patience){ stall_ms, WAIT_MAX_MS };
	return (struct patience){ timeout_ms, UINT64_MAX / NS_PER_MS };
}

/* Whether the client of a reply that waits is too slow. nng takes a reply of a connection when the
 * one before it has gone to the kernel whole, and that is all that can be seen of what is read. */
static bool is_stalled(const struct nng_server *server, uint32_t pipe_id, uint64_t since_ns,
	const struct patience *patience, uint64_t now_ns)
{
	uint64_t waited_ns = now_ns > since_ns ? now_ns - since_ns : 0;
	if (waited_ns <= patience->silence_ms * NS_PER_MS)
		return false;
	if (waited_ns > patience->wait_ms * NS_PER_MS)
		return true;
	struct connections_taken taken =
		connections_last_taken(server->traffic.connections, pipe_id);
	uint64_t silent_ns = now_ns > taken.ns ? now_ns - taken.ns : 0;
	if (silent_ns > waited_ns)
		silent_ns = waited_ns;
	uint64_t silence_ms = patience->silence_ms + taken.bytes / READ_BYTES_PER_MS_MIN;
	return silent_ns > silence_ms * NS_PER_MS;
}

/* What nng holds of replies that it has taken cannot be seen, only bounded. */
static void shed(struct nng_server *server, uint64_t now_ns)
{
	uint64_t before_ns = now_ns - (uint64_t)STALL_MS * NS_PER_MS;
	uint32_t pipe_id;
	while ((pipe_id = connections_shed(
			server->traffic.connections, LIMIT_TAKEN_REPLY_BYTES, before_ns)) != 0)
		if (nng_pipe_close((nng_pipe){ .id = pipe_id }) == 0)
			atomic_fetch_add(&server->traffic.closed_stalled, 1);
}

/* Clients that send and do not read must not hold what others need. */
static void on_watch(void *arg)
{
	struct nng_server *server = arg;
	if (nng_aio_result(server->watch) != 0)
		return;
	struct patience patience = patience_now(server);
	uint64_t now_ns = clock_monotonic_ns();
	shed(server, now_ns);
	for (size_t i = 0; i < server->context_count; i++) {
		struct context *context = &server->contexts[i];
		uint32_t pipe_id = atomic_load(&context->pipe_id);
		uint64_t since_ns = atomic_load(&context->sending_since_ns);
		if (since_ns == 0 || !is_stalled(server, pipe_id, since_ns, &patience, now_ns))
			continue;
		if (nng_pipe_close((nng_pipe){ .id = pipe_id }) == 0)
			atomic_fetch_add(&server->traffic.closed_stalled, 1);
	}
	nng_sleep_aio(WATCH_MS, server->watch);
}

static enum code open_socket(struct nng_server *server, struct error *err)
{
	int rv = nng_rep0_open(&server->socket);
	if (rv != 0)
		return fail_nng(err, rv, "open socket");
	server->socket_open = true;
	rv = nng_socket_set_size(server->socket, NNG_OPT_RECVMAXSZ, RECEIVE_BYTES_MAX);
	if (rv == 0)
		rv = nng_pipe_notify(server->socket, NNG_PIPE_EV_ADD_PRE, on_connect, server);
	if (rv == 0)
		rv = nng_pipe_notify(server->socket, NNG_PIPE_EV_REM_POST, on_disconnect, server);
	if (rv == 0)
		rv = nng_aio_alloc(&server->watch, on_watch, server);
	return rv == 0 ? CODE_OK : fail_nng(err, rv, "set up socket");
}

/* nng has two threads for each processor, 16 at most. */
static size_t count_receivers(void)
{
	enum { NNG_THREADS_MAX = 16 };
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	long threads = processors < 1 ? 2 : 2 * processors;
	return (size_t)(threads > NNG_THREADS_MAX ? NNG_THREADS_MAX : threads);
}

static void on_left(void *argument, struct connection *connection)
{
	struct nng_server *server = argument;
	run_queue_leave(server->traffic.queue, connection);
}

/* Before connections can come. */
static enum code open_bounds(
	struct nng_server *server, const struct nng_server_options *options, struct error *err)
{
	struct traffic *traffic = &server->traffic;
	size_t contexts = options->contexts == 0 ? NNG_SERVER_CONTEXTS_DEFAULT : options->contexts;
	traffic->in_flight_max =
		options->in_flight_max == 0 ? NNG_SERVER_IN_FLIGHT_DEFAULT : options->in_flight_max;
	const struct connections_options connections = {
		.connections_max = options->connections_max == 0 ? NNG_SERVER_CONNECTIONS_DEFAULT
								 : options->connections_max,
		.in_flight_max = traffic->in_flight_max,
		.parked_max = LIMIT_CONNECTION_PARKED_CALLS,
		.origin_parked_max = LIMIT_ADDRESS_PARKED_CALLS,
		.left = on_left,
		.argument = server,
	};
	const struct run_queue_options queue = {
		.run = context_run,
		.queued_max = contexts < QUEUE_CONTEXTS_MIN ? contexts : contexts * 5 / 8,
		/* A quarter of them goes on receiving; and as a thread may lose its processor in
		 * the middle of a call, more may run than there are processors. */
		.at_once_max = count_receivers() * 3 / 4,
		.receivers = count_receivers(),
	};
	enum code code = run_queue_new(&queue, &traffic->queue, err);
	return code == CODE_OK ? connections_new(&connections, &traffic->connections, err) : code;
}

static enum code open_contexts(struct nng_server *server, size_t count, struct error *err)
{
	if (count == 0)
		count = NNG_SERVER_CONTEXTS_DEFAULT;
	if (count > NNG_SERVER_CONTEXTS_MAX)
		return fail(err, CODE_INVALID_ARGUMENT, "%zu contexts; at most %d are allowed",
			count, NNG_SERVER_CONTEXTS_MAX);
	size_t total = count + LIMIT_PARKED_CALLS;
	server->contexts = calloc(total, sizeof *server->contexts);
	if (server->contexts == NULL)
		return fail_nng(err, NNG_ENOMEM, "make contexts");
	for (size_t i = 0; i < total; i++) {
		server->context_count++;
		int rv = context_init(&server->contexts[i], server->socket, &server->traffic);
		if (rv != 0)
			return fail_nng(err, rv, "make contexts");
	}
	server->serving_count = count;
	return CODE_OK;
}

static enum code listen_all(
	struct nng_server *server, const struct nng_server_options *options, struct error *err)
{
	if (options->url_count == 0 || options->url_count > LIMIT_LISTENERS)
		return fail(err, CODE_INVALID_ARGUMENT, "%zu addresses to listen on; give 1 to %d",
			options->url_count, LIMIT_LISTENERS);
	for (size_t i = 0; i < options->url_count; i++) {
		enum code code = listen_on(
			server->socket, options->urls[i], server->tls, &server->addresses[i], err);
		if (code != CODE_OK)
			return code;
		server->address_count++;
	}
	return CODE_OK;
}

static struct nng_server *server_alloc(const struct nng_server_options *options)
{
	struct nng_server *server = calloc(1, sizeof *server);
	if (server == NULL)
		return NULL;
	uint32_t timeout_ms = options->send_timeout_ms;
	server->traffic.rpc = options->rpc;
	server->traffic.idle = on_idle;
	server->traffic.send_timeout_ms = timeout_ms == 0 ? NNG_SERVER_SEND_TIMEOUT_MS : timeout_ms;
	pthread_mutex_init(&server->traffic.mutex, NULL);
	clock_cond_init(&server->idle);
	return server;
}

/* No handler runs when it returns. */
static void shut_down(struct nng_server *server)
{
	atomic_store(&server->traffic.draining, true);
	if (server->watch != NULL)
		nng_aio_stop(server->watch);
	tls_endpoint_stop(server->tls);
	if (server->socket_open)
		server->stuck = !close_socket(server->socket);
	server->socket_open = false;
	for (size_t i = 0; i < server->context_count; i++)
		context_stop(&server->contexts[i]);
	if (server->traffic.queue != NULL)
		run_queue_stop(server->traffic.queue);
}

static void abandonp(struct nng_server **server)
{
	if (*server == NULL)
		return;
	shut_down(*server);
	nng_server_free(*server);
}

enum code nng_server_new(
	const struct nng_server_options *options, struct nng_server **ret, struct error *err)
{
	AUTO(abandonp) struct nng_server *server = server_alloc(options);
	if (server == NULL)
		return fail_nng(err, NNG_ENOMEM, "make server");
	enum code code = open_bounds(server, options, err);
	if (code == CODE_OK && options->tls != NULL)
		code = tls_endpoint_new(options->tls, &server->tls, err);
	if (code == CODE_OK)
		code = open_socket(server, err);
	if (code == CODE_OK)
		code = open_contexts(server, options->contexts, err);
	if (code == CODE_OK)
		code = listen_all(server, options, err);
	if (code != CODE_OK)
		return code;
	*ret = server;
	server = NULL; /* the caller owns it now */
	return CODE_OK;
}

enum code nng_server_renew_tls(
	struct nng_server *server, const struct tls_credentials *credentials, struct error *err)
{
	return server->tls == NULL ? CODE_OK : tls_endpoint_renew(server->tls, credentials, err);
}

void nng_server_start(struct nng_server *server)
{
	for (size_t i = server->serving_count; i < server->context_count; i++)
		context_spare(&server->contexts[i]);
	for (size_t i = 0; i < server->serving_count; i++)
		context_start(&server->contexts[i]);
	nng_sleep_aio(WATCH_MS, server->watch);
}

const char *nng_server_warning(void)
{
	unsigned major = 0;
	unsigned minor = 0;
	if (sscanf(nng_version(), "%u.%u", &major, &minor) == 2 &&
		(major > 1 || (major == 1 && minor >= 6)))
		return NULL;
	return "this nng is older than 1.6: clients that leave while they connect over ipc or in "
	       "the middle of a reply of a megabyte may stop it from accepting or freeing "
	       "connections until a restart";
}

const char *nng_server_library_version(void)
{
	return nng_version();
}

size_t nng_server_address_count(const struct nng_server *server)
{
	return server->address_count;
}

const char *nng_server_address(const struct nng_server *server, size_t index)
{
	return server->addresses[index];
}

void nng_server_read_stats(struct nng_server *server, struct nng_server_stats *ret)
{
	struct traffic *traffic = &server->traffic;
	struct connections_count count;
	struct load load = read_load(server);
	connections_read_count(traffic->connections, &count);
	*ret = (struct nng_server_stats){
		.connections = count.connections,
		.addresses = count.origins,
		.in_flight = load.in_flight,
		.parked = atomic_load(&traffic->parked),
		.queued = run_queue_length(traffic->queue),
		.reply_bytes = load.reply_bytes,
		.connections_accepted = count.accepted,
		.refused_in_flight = atomic_load(&traffic->refused[REFUSED_CONNECTION]),
		.refused_queue = atomic_load(&traffic->refused[REFUSED_QUEUE]),
		.refused_late = atomic_load(&traffic->refused[REFUSED_LATE]),
		.refused_waiters = atomic_load(&traffic->refused[REFUSED_WAITER]),
		.closed_displaced = count.displaced,
		.closed_stalled = atomic_load(&traffic->closed_stalled),
		.closed_flood = atomic_load(&traffic->closed_flood),
	};
}

static void wait_idle(struct nng_server *server, uint32_t timeout_ms)
{
	struct timespec until =
		clock_timespec(clock_monotonic_ns() + (uint64_t)timeout_ms * NS_PER_MS);
	int rv = 0;
	pthread_mutex_lock(&server->traffic.mutex);
	while (read_load(server).in_flight > 0 && rv == 0)
		rv = pthread_cond_timedwait(&server->idle, &server->traffic.mutex, &until);
	pthread_mutex_unlock(&server->traffic.mutex);
}

void nng_server_stop(struct nng_server *server, uint32_t timeout_ms, struct nng_server_stop *ret)
{
	atomic_store(&server->traffic.draining, true);
	unwanted(server, 0, RPC_STOPPING);
	for (size_t i = 0; i < server->context_count; i++)
		context_cancel(&server->contexts[i]);
	wait_idle(server, timeout_ms);
	nng_msleep(FLUSH_MS);
	ret->finished_count = atomic_load(&server->traffic.finished);
	ret->abandoned_count = read_load(server).in_flight;
	shut_down(server);
	ret->stuck = server->stuck;
}

void nng_server_free(struct nng_server *server)
{
	if (server == NULL)
		return;
	struct context *contexts = server->contexts;
	size_t count = server->context_count;
	pthread_mutex_lock(&server->traffic.mutex);
	server->context_count = 0; /* an nng that is stuck may still tell of connections */
	pthread_mutex_unlock(&server->traffic.mutex);
	for (size_t i = 0; i < count; i++)
		context_done(&contexts[i]);
	free(contexts);
	nng_aio_free(server->watch);
	for (size_t i = 0; i < server->address_count; i++)
		free(server->addresses[i]);
	if (server->stuck)
		return; /* nng still has the address, and may tell of connections that end */
	run_queue_free(server->traffic.queue);
	tls_endpoint_free(server->tls);
	connections_free(server->traffic.connections);
	pthread_cond_destroy(&server->idle);
	pthread_mutex_destroy(&server->traffic.mutex);
	free(server);
}
