#include "transport/context.h"

#include "base/clock.h"
#include "rpc/envelope.h"

/* Whoever stops the server sets draining first and cancels then, with the mutex: each receive has
 * begun before the cancel, or does not begin. A cancel while it begins would do nothing in nng 1.5,
 * and nng 1.10 ends a receive then without an error or a message, and goes on with it. */
static void receive_next(struct context *context)
{
	pthread_mutex_lock(&context->receive_mutex);
	if (!atomic_load(&context->traffic->draining))
		nng_ctx_recv(context->ctx, context->receive);
	pthread_mutex_unlock(&context->receive_mutex);
}

static struct context *context_of(struct rpc_call *call)
{
	return (struct context *)((char *)call - offsetof(struct context, call));
}

void context_spare(struct context *context)
{
	struct traffic *traffic = context->traffic;
	pthread_mutex_lock(&traffic->mutex);
	context->place = CONTEXT_SPARE;
	context->next_spare = traffic->spare;
	traffic->spare = context;
	pthread_mutex_unlock(&traffic->mutex);
}

/* A spare context, which serves from now on in the place of the one that is parked; NULL if there
 * is none for this client or the server stops. */
static struct context *take_place(struct context *context)
{
	struct traffic *traffic = context->traffic;
	struct context *spare = NULL;
	pthread_mutex_lock(&traffic->mutex);
	if (atomic_load(&traffic->draining))
		atomic_store(&context->call.wanted, RPC_STOPPING);
	else
		spare = traffic->spare;
	/* Counted first: whoever takes its connection out of the table after the next line sees the
	 * count, and waits for the mutex to tell the call. */
	atomic_fetch_add(&traffic->parked, 1);
	if (spare != NULL && !connections_park(traffic->connections, context->connection))
		spare = NULL;
	if (spare != NULL) {
		traffic->spare = spare->next_spare;
		spare->place = CONTEXT_SERVING;
		context->place = CONTEXT_PARKED;
	} else {
		atomic_fetch_sub(&traffic->parked, 1);
	}
	pthread_mutex_unlock(&traffic->mutex);
	return spare;
}

static enum code park(struct rpc_call *call, struct error *err)
{
	struct context *context = context_of(call);
	struct context *spare = take_place(context);
	if (spare == NULL) {
		enum code code = rpc_check_wanted(call, err);
		if (code == CODE_OK)
			atomic_fetch_add(&context->traffic->refused[REFUSED_WAITER], 1);
		return code == CODE_OK ? rpc_fail_crowded(err) : code;
	}
	nng_msg_free(context->request);
	context->request = NULL;
	receive_next(spare);
	return CODE_OK;
}

void context_unwanted(struct context *context, enum rpc_wanted why)
{
	if (context->place == CONTEXT_PARKED)
		rpc_unwanted(&context->call, why);
}

/* From here on nobody tells the call any more that it is not wanted. */
static void leave_parking(struct context *context)
{
	pthread_mutex_lock(&context->traffic->mutex);
	context->place = CONTEXT_ANSWERED;
	pthread_mutex_unlock(&context->traffic->mutex);
	connections_unpark(context->traffic->connections, context->connection);
}

/* Whoever drains sees that it has left, or is told so. */
static void leave_flight(struct context *context)
{
	struct traffic *traffic = context->traffic;
	atomic_store(&context->in_flight, false);
	if (atomic_load(&traffic->draining))
		traffic->idle(traffic);
}

/* After the reply. */
static void go_on(struct context *context)
{
	struct traffic *traffic = context->traffic;
	bool parked = context->place == CONTEXT_ANSWERED;
	connections_end(context->connection);
	context->connection = NULL;
	if (parked)
		atomic_fetch_sub(&traffic->parked, 1);
	leave_flight(context);
	if (parked)
		context_spare(context); /* and may serve again at once */
	else
		receive_next(context);
}

/* A reply that fits into little memory, for when the real one did not. */
static nng_msg *make_status(const struct rpc_call *call)
{
	struct error err;
	fail(&err, CODE_RESOURCE_EXHAUSTED, "the server is out of memory; repeat the call later");
	err.retry_ms = 1000;
	struct envelope_response response;
	envelope_prepare_response(call, &err, &response);
	nng_msg *reply;
	if (nng_msg_alloc(&reply, response.size_bytes) != 0)
		return NULL;
	envelope_write_response(&response, nng_msg_body(reply));
	return reply;
}

/* The one copy of the response: from the store's pages or the arena into the network's message. */
static nng_msg *make_reply(const struct rpc_call *call, const struct error *err)
{
	struct envelope_response response;
	envelope_prepare_response(call, err, &response);
	nng_msg *reply;
	if (nng_msg_alloc(&reply, response.size_bytes) != 0)
		return make_status(call);
	envelope_write_response(&response, nng_msg_body(reply));
	return reply;
}

/* Nothing of the context may be touched after the send: its end starts the next request. */
static void respond(struct rpc_call *call, const struct error *err)
{
	struct context *context = context_of(call);
	nng_msg *reply = make_reply(call, err);
	if (context->place == CONTEXT_PARKED) {
		leave_parking(context);
		arena_done(&context->arena); /* a spare context keeps nothing */
	} else {
		nng_msg_free(context->request);
		arena_reset(&context->arena);
	}
	context->request = NULL;
	if (reply == NULL) { /* the client learns from the lost connection */
		nng_pipe_close((nng_pipe){ .id = atomic_load(&context->pipe_id) });
		go_on(context);
		return;
	}
	atomic_store_explicit(&context->sending_bytes, nng_msg_len(reply), memory_order_release);
	atomic_store_explicit(&context->sending_since_ns, clock_coarse_ns(), memory_order_release);
	nng_aio_set_msg(context->send, reply);
	nng_ctx_send(context->ctx, context->send);
}

static void on_sent(void *arg)
{
	struct context *context = arg;
	struct traffic *traffic = context->traffic;
	int rv = nng_aio_result(context->send);
	size_t size_bytes = atomic_load(&context->sending_bytes);
	atomic_store_explicit(&context->sending_since_ns, 0, memory_order_release);
	atomic_store_explicit(&context->sending_bytes, 0, memory_order_release);
	if (rv == 0) {
		connections_taken(
			traffic->connections, context->connection, size_bytes, clock_coarse_ns());
		if (atomic_load(&traffic->draining))
			atomic_fetch_add(&traffic->finished, 1);
	} else {
		nng_msg_free(nng_aio_get_msg(context->send));
		nng_aio_set_msg(context->send, NULL);
	}
	go_on(context);
}

static void refuse(struct context *context, enum refused why)
{
	enum { CONNECTION_RETRY_MS = 50, RETRY_MS = 500 };
	struct traffic *traffic = context->traffic;
	struct error err;
	atomic_fetch_add(&traffic->refused[why], 1);
	if (why == REFUSED_CONNECTION)
		fail_reason(&err, CODE_RESOURCE_EXHAUSTED, "TOO_MANY_REQUESTS",
			"this connection has %u calls in flight already; wait for their answers "
			"or use further connections",
			traffic->in_flight_max);
	else
		fail_reason(&err, CODE_RESOURCE_EXHAUSTED, "OVERLOADED",
			"the server has more to do than it can; the call had no effect, repeat it "
			"after a pause");
	err.retry_ms = why == REFUSED_CONNECTION ? CONNECTION_RETRY_MS : RETRY_MS;
	rpc_refuse(traffic->rpc, &context->call, &err);
}

void context_run(struct context *context, bool too_late)
{
	if (too_late)
		refuse(context, REFUSED_LATE);
	else
		rpc_dispatch(context->traffic->rpc, &context->call);
}

/* What tells that the server lives is cheap, and must not wait because others do. */
static bool is_public(const struct context *context)
{
	struct rpc_method_info info;
	return rpc_describe(context->traffic->rpc, context->call.method, &info) &&
	       info.scope == RPC_SCOPE_PUBLIC;
}

/* The answer would only wait behind others that are not read. */
static void drop(struct context *context)
{
	atomic_fetch_add(&context->traffic->closed_flood, 1);
	nng_msg_free(context->request);
	context->request = NULL;
	nng_pipe_close((nng_pipe){ .id = atomic_load(&context->pipe_id) });
	go_on(context);
}

/* Nothing of the context may be touched afterwards. */
static void admit(struct context *context)
{
	struct run_queue *queue = context->traffic->queue;
	if (run_queue_run(queue, context))
		return;
	if (rpc_dispatch_kept(context->traffic->rpc, &context->call))
		return;
	if (is_public(context))
		context_run(context, false);
	else if (!run_queue_put(queue, context))
		refuse(context, REFUSED_QUEUE);
}

static void take_request(struct context *context)
{
	struct rpc_call *call = &context->call;
	struct traffic *traffic = context->traffic;
	call->arrival_ns = clock_monotonic_ns();
	atomic_store_explicit(&context->in_flight, true, memory_order_release);
	context->request = nng_aio_get_msg(context->receive);
	nng_aio_set_msg(context->receive, NULL);
	nng_pipe pipe = nng_msg_get_pipe(context->request);
	atomic_store_explicit(&context->pipe_id, pipe.id, memory_order_release);
	enum connections_room room;
	context->connection =
		connections_begin(traffic->connections, pipe.id, call->arrival_ns, &room);
	if (room == CONNECTIONS_FLOOD) {
		drop(context);
		return;
	}
	call->peer = context->connection == NULL ? "left" : context->connection->peer;
	call->source = pipe.id;

	struct error err;
	struct slice frame =
		slice_of(nng_msg_body(context->request), nng_msg_len(context->request));
	if (envelope_read_request(frame, call, &err) != CODE_OK)
		rpc_refuse(traffic->rpc, call, &err);
	else if (room == CONNECTIONS_FULL)
		refuse(context, REFUSED_CONNECTION);
	else
		admit(context);
}

static void on_received(void *arg)
{
	struct context *context = arg;
	int rv = nng_aio_result(context->receive);
	if (rv == NNG_ECLOSED || rv == NNG_ECANCELED)
		return;
	if (rv != 0)
		receive_next(context);
	else
		take_request(context);
}

int context_init(struct context *context, nng_socket socket, struct traffic *traffic)
{
	context->traffic = traffic;
	pthread_mutex_init(&context->receive_mutex, NULL);
	arena_init(&context->arena, LIMIT_ARENA_BYTES);
	context->call.arena = &context->arena;
	context->call.respond = respond;
	context->call.park = park;
	int rv = nng_ctx_open(&context->ctx, socket);
	if (rv == 0)
		rv = nng_aio_alloc(&context->receive, on_received, context);
	if (rv == 0)
		rv = nng_aio_alloc(&context->send, on_sent, context);
	return rv;
}

void context_start(struct context *context)
{
	receive_next(context);
}

void context_cancel(struct context *context)
{
	pthread_mutex_lock(&context->receive_mutex);
	nng_aio_cancel(context->receive);
	pthread_mutex_unlock(&context->receive_mutex);
}

void context_stop(struct context *context)
{
	if (context->receive != NULL)
		nng_aio_stop(context->receive);
}

void context_done(struct context *context)
{
	if (context->send != NULL)
		nng_aio_stop(context->send);
	nng_aio_free(context->receive);
	nng_aio_free(context->send);
	arena_done(&context->arena);
	pthread_mutex_destroy(&context->receive_mutex);
}
