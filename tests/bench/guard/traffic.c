#include "bench/guard/traffic.h"

#include "base/clock.h"
#include "base/wire.h"
#include "bench/guard/server.h"
#include "transport/context.h"
#include "transport/nng_server.h"

#include <arpa/inet.h>
#include <lectern/rpc/v1/envelope.pb-c.h>
#include <stdlib.h>

/* One operation, as far as the transport sees it. */
struct nng_aio {
	void (*done)(void *argument);
	void *argument;
	nng_msg *message;
	int result;
};

struct guard_traffic {
	struct traffic traffic;
	struct context contexts[TRAFFIC_CONTEXTS];
};

static struct {
	void (*hook)(void *argument, size_t size_bytes);
	void *argument;
} sent;

/* What of nng has to do with sockets and threads, instead of it: the linker takes these. Messages
 * are nng's own. */

int nng_ctx_open(nng_ctx *ret, nng_socket socket)
{
	ret->id = socket.id;
	return 0;
}

int nng_aio_alloc(nng_aio **ret, void (*done)(void *), void *argument)
{
	*ret = calloc(1, sizeof **ret);
	if (*ret == NULL)
		return NNG_ENOMEM;
	**ret = (struct nng_aio){ .done = done, .argument = argument };
	return 0;
}

void nng_aio_free(nng_aio *aio)
{
	free(aio);
}

void nng_aio_stop(nng_aio *aio)
{
	(void)aio;
}

void nng_aio_cancel(nng_aio *aio)
{
	(void)aio;
}

int nng_aio_result(nng_aio *aio)
{
	return aio->result;
}

void nng_aio_set_msg(nng_aio *aio, nng_msg *message)
{
	aio->message = message;
}

nng_msg *nng_aio_get_msg(nng_aio *aio)
{
	return aio->message;
}

void nng_aio_set_timeout(nng_aio *aio, nng_duration timeout_ms)
{
	(void)aio, (void)timeout_ms;
}

/* Until guard_receive(). */
void nng_ctx_recv(nng_ctx ctx, nng_aio *aio)
{
	(void)ctx, (void)aio;
}

int nng_pipe_close(nng_pipe pipe)
{
	(void)pipe;
	abort();
}

int nng_pipe_get_uint64(nng_pipe pipe, const char *option, uint64_t *ret)
{
	(void)pipe, (void)option, (void)ret;
	return NNG_ENOTSUP;
}

int nng_pipe_get_addr(nng_pipe pipe, const char *option, nng_sockaddr *ret)
{
	(void)option;
	ret->s_in.sa_family = NNG_AF_INET;
	ret->s_in.sa_addr = htonl(INADDR_LOOPBACK);
	ret->s_in.sa_port = htons((uint16_t)(40000 + pipe.id));
	return 0;
}

/* An error is field 1 of the response, which begins with it; success has no such field. */
static void check_reply(nng_msg *reply)
{
	const uint8_t *data = nng_msg_body(reply);
	struct error err;
	if (nng_msg_len(reply) > 0 && data[0] != (1 << 3 | WIRE_BYTES))
		return;
	Lectern__Rpc__V1__Response *response =
		lectern__rpc__v1__response__unpack(NULL, nng_msg_len(reply), data);
	fail(&err, CODE_INTERNAL, "%s",
		response == NULL || response->status == NULL ? "no response"
							     : response->status->message);
	guard_give_up("call", &err);
}

void nng_ctx_send(nng_ctx ctx, nng_aio *aio)
{
	(void)ctx;
	size_t size_bytes = nng_msg_len(aio->message);
	check_reply(aio->message);
	nng_msg_free(aio->message);
	aio->message = NULL;
	aio->done(aio->argument);
	sent.hook(sent.argument, size_bytes);
}

void guard_on_sent(void (*hook)(void *argument, size_t size_bytes), void *argument)
{
	sent.hook = hook;
	sent.argument = argument;
}

static nng_pipe pipe_of(size_t context)
{
	return (nng_pipe){ .id = (uint32_t)(context % TRAFFIC_CONNECTIONS) + 1 };
}

void guard_receive(struct guard_traffic *guard, size_t context, struct slice frame)
{
	nng_msg *message;
	nng_aio *receive = guard->contexts[context].receive;
	if (nng_msg_alloc(&message, frame.size) != 0)
		abort();
	memcpy(nng_msg_body(message), frame.data, frame.size);
	nng_msg_set_pipe(message, pipe_of(context));
	receive->message = message;
	receive->done(receive->argument);
}

static void on_idle(struct traffic *traffic)
{
	(void)traffic;
}

static void open_bounds(struct traffic *traffic)
{
	enum { AT_ONCE = 3 };
	struct error err;
	const struct connections_options connections = {
		.connections_max = NNG_SERVER_CONNECTIONS_DEFAULT,
		.in_flight_max = NNG_SERVER_IN_FLIGHT_DEFAULT,
		.parked_max = LIMIT_CONNECTION_PARKED_CALLS,
		.origin_parked_max = LIMIT_ADDRESS_PARKED_CALLS,
	};
	const struct run_queue_options queue = {
		.run = context_run,
		.queued_max = TRAFFIC_CONTEXTS,
		.at_once_max = AT_ONCE,
		.receivers = AT_ONCE + 1,
	};
	if (connections_new(&connections, &traffic->connections, &err) != CODE_OK ||
		run_queue_new(&queue, &traffic->queue, &err) != CODE_OK)
		guard_give_up("start the transport", &err);
	for (size_t i = 0; i < TRAFFIC_CONNECTIONS; i++)
		connections_add(traffic->connections, pipe_of(i), clock_monotonic_ns());
}

/* As nng_server_new() does. */
struct guard_traffic *guard_traffic_new(const struct rpc *rpc)
{
	struct guard_traffic *guard = calloc(1, sizeof *guard);
	if (guard == NULL)
		abort();
	struct traffic *traffic = &guard->traffic;
	traffic->rpc = rpc;
	traffic->send_timeout_ms = NNG_SERVER_SEND_TIMEOUT_MS;
	traffic->in_flight_max = NNG_SERVER_IN_FLIGHT_DEFAULT;
	traffic->idle = on_idle;
	pthread_mutex_init(&traffic->mutex, NULL);
	open_bounds(traffic);
	for (size_t i = 0; i < TRAFFIC_CONTEXTS; i++) {
		if (context_init(&guard->contexts[i], (nng_socket){ .id = 1 }, traffic) != 0)
			abort();
		context_start(&guard->contexts[i]);
	}
	return guard;
}

void guard_traffic_free(struct guard_traffic *guard)
{
	struct traffic *traffic = &guard->traffic;
	run_queue_stop(traffic->queue);
	for (size_t i = 0; i < TRAFFIC_CONTEXTS; i++)
		context_done(&guard->contexts[i]);
	for (size_t i = 0; i < TRAFFIC_CONNECTIONS; i++)
		connections_remove(traffic->connections, pipe_of(i));
	run_queue_free(traffic->queue);
	connections_free(traffic->connections);
	pthread_mutex_destroy(&traffic->mutex);
	free(guard);
}
