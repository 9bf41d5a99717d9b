#include "transport/publisher.h"

#include "base/clock.h"
#include "base/limits.h"
#include "transport/close.h"
#include "transport/connections.h"
#include "transport/listen.h"

#include <nng/protocol/pubsub0/pub.h>
#include <nng/supplemental/util/platform.h>
#include <stdlib.h>
#include <string.h>

enum {
	SEND_QUEUE = 128,	  /* messages for each subscriber */
	RECEIVE_BYTES_MAX = 1024, /* subscribers send nothing; nng disconnects one that does */
	FLUSH_MS = 100,		  /* nng has no linger */
};

struct publisher {
	nng_socket socket;
	struct tls_endpoint *tls; /* NULL without TLS */
	bool open;
	struct connections *subscribers;
	char *addresses[LIMIT_LISTENERS];
	size_t address_count;
};

static enum code fail_nng(struct error *err, int rv, const char *what)
{
	return fail(err, rv == NNG_ENOMEM ? CODE_RESOURCE_EXHAUSTED : CODE_INTERNAL,
		"start publishing: %s: %s", what, nng_strerror(rv));
}

/* Each subscriber may hold a queue of messages, so their number is bounded. */
static void on_subscriber(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
	struct publisher *publisher = arg;
	tls_endpoint_notify(publisher->tls, pipe, event);
	if (event == NNG_PIPE_EV_REM_POST)
		connections_remove(publisher->subscribers, pipe);
	else
		connections_add(publisher->subscribers, pipe, clock_monotonic_ns());
}

static enum code open_socket(struct publisher *publisher, struct error *err)
{
	int rv = nng_pub0_open(&publisher->socket);
	if (rv != 0)
		return fail_nng(err, rv, "open socket");
	publisher->open = true;
	rv = nng_socket_set_int(publisher->socket, NNG_OPT_SENDBUF, SEND_QUEUE);
	if (rv == 0)
		rv = nng_socket_set_size(publisher->socket, NNG_OPT_RECVMAXSZ, RECEIVE_BYTES_MAX);
	if (rv == 0)
		rv = nng_pipe_notify(
			publisher->socket, NNG_PIPE_EV_ADD_PRE, on_subscriber, publisher);
	if (rv == 0)
		rv = nng_pipe_notify(
			publisher->socket, NNG_PIPE_EV_REM_POST, on_subscriber, publisher);
	return rv == 0 ? CODE_OK : fail_nng(err, rv, "set up socket");
}

static enum code listen_all(
	struct publisher *publisher, const char *const *urls, size_t url_count, struct error *err)
{
	if (url_count == 0 || url_count > LIMIT_LISTENERS)
		return fail(err, CODE_INVALID_ARGUMENT, "%zu addresses to publish on; give 1 to %d",
			url_count, LIMIT_LISTENERS);
	for (size_t i = 0; i < url_count; i++) {
		enum code code = listen_on(
			publisher->socket, urls[i], publisher->tls, &publisher->addresses[i], err);
		if (code != CODE_OK)
			return code;
		publisher->address_count++;
	}
	return CODE_OK;
}

enum code publisher_new(const char *const *urls, size_t url_count,
	const struct tls_credentials *tls, struct publisher **ret, struct error *err)
{
	struct publisher *publisher = calloc(1, sizeof *publisher);
	if (publisher == NULL)
		return fail_nng(err, NNG_ENOMEM, "make publisher");
	const struct connections_options subscribers = {
		.connections_max = LIMIT_SUBSCRIBERS,
		.keep_older = true, /* whoever is refused or displaced tries again at once */
	};
	enum code code = connections_new(&subscribers, &publisher->subscribers, err);
	if (code == CODE_OK && tls != NULL)
		code = tls_endpoint_new(tls, &publisher->tls, err);
	if (code == CODE_OK)
		code = open_socket(publisher, err);
	if (code == CODE_OK)
		code = listen_all(publisher, urls, url_count, err);
	if (code != CODE_OK) {
		publisher_free(publisher);
		return code;
	}
	*ret = publisher;
	return CODE_OK;
}

enum code publisher_renew_tls(
	struct publisher *publisher, const struct tls_credentials *credentials, struct error *err)
{
	return publisher->tls == NULL ? CODE_OK
				      : tls_endpoint_renew(publisher->tls, credentials, err);
}

size_t publisher_address_count(const struct publisher *publisher)
{
	return publisher->address_count;
}

const char *publisher_address(const struct publisher *publisher, size_t index)
{
	return publisher->addresses[index];
}

uint32_t publisher_subscribers(const struct publisher *publisher)
{
	struct connections_count count;
	connections_read_count(publisher->subscribers, &count);
	return (unsigned)count.connections;
}

void publisher_send(struct publisher *publisher, const struct slice *parts, size_t count)
{
	nng_msg *message;
	size_t size_bytes = 0;
	for (size_t i = 0; i < count; i++)
		size_bytes += parts[i].size;
	if (nng_msg_alloc(&message, size_bytes) != 0)
		return;
	uint8_t *end = nng_msg_body(message);
	for (size_t i = 0; i < count; i++) {
		if (parts[i].size > 0)
			memcpy(end, parts[i].data, parts[i].size);
		end += parts[i].size;
	}
	if (nng_sendmsg(publisher->socket, message, NNG_FLAG_NONBLOCK) != 0)
		nng_msg_free(message);
}

bool publisher_free(struct publisher *publisher)
{
	if (publisher == NULL)
		return true;
	struct connections_count count = { 0 };
	if (publisher->subscribers != NULL)
		connections_read_count(publisher->subscribers, &count);
	if (count.connections > 0)
		nng_msleep(FLUSH_MS);
	tls_endpoint_stop(publisher->tls);
	bool closed = !publisher->open || close_socket(publisher->socket);
	for (size_t i = 0; i < publisher->address_count; i++)
		free(publisher->addresses[i]);
	if (closed) { /* else nng still has the addresses */
		tls_endpoint_free(publisher->tls);
		connections_free(publisher->subscribers);
		free(publisher);
	}
	return closed;
}
