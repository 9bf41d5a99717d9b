#include "client/feed.h"

#include "base/limits.h"
#include "client/dial.h"
#include "client/failure.h"

#include <nng/protocol/pubsub0/sub.h>
#include <stdlib.h>

struct feed {
	nng_socket socket;
	nng_aio *aio;
	struct dial dial;
};

static int configure_socket(nng_socket socket)
{
	int rc = nng_socket_set(socket, NNG_OPT_SUB_SUBSCRIBE, "", 0);
	if (rc == 0)
		rc = nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, LIMIT_RESPONSE_BYTES);
	return rc;
}

static enum lectern_code open_socket(struct feed *feed, const char *url,
	const struct tls_files *files, struct lectern_error *err)
{
	int rc = nng_sub0_open(&feed->socket);
	if (rc != 0)
		return fail_nng(err, rc, "open a socket");
	enum lectern_code code;
	rc = configure_socket(feed->socket);
	if (rc != 0)
		code = fail_nng(err, rc, "configure the socket");
	else
		code = dial_init(&feed->dial, feed->socket, url, "feed URL", files, err);
	if (code != LECTERN_OK)
		nng_close(feed->socket);
	return code;
}

enum lectern_code feed_open(const char *url, const struct tls_files *files, struct feed **ret,
	struct lectern_error *err)
{
	enum lectern_code code = dial_check_url(url, "feed URL", err);
	if (code != LECTERN_OK)
		return code;
	struct feed *feed = calloc(1, sizeof *feed);
	if (feed == NULL || nng_aio_alloc(&feed->aio, NULL, NULL) != 0) {
		free(feed);
		return failure_memory(err);
	}
	code = open_socket(feed, url, files, err);
	if (code != LECTERN_OK) {
		nng_aio_free(feed->aio);
		free(feed);
		return code;
	}
	*ret = feed;
	return LECTERN_OK;
}

void feed_close(struct feed *feed)
{
	if (feed == NULL)
		return;
	dial_close(&feed->dial);
	nng_aio_free(feed->aio);
	free(feed);
}

enum lectern_code feed_connect(struct feed *feed, struct lectern_error *err)
{
	bool started = atomic_load(&feed->dial.started);
	enum lectern_code code = dial_start(&feed->dial, err);
	if (started && code == LECTERN_OK && dial_again(&feed->dial))
		code = dial_explain(&feed->dial, UINT64_MAX, err);
	return code;
}

bool feed_is_connected(const struct feed *feed)
{
	return atomic_load(&feed->dial.pipes) > 0;
}

uint32_t feed_connects(const struct feed *feed)
{
	return atomic_load(&feed->dial.connects);
}

enum lectern_code feed_receive(struct feed *feed, uint32_t timeout_ms, struct interrupt *interrupt,
	struct arena *arena, Lectern__V1__ListChangesResponse **ret, struct lectern_error *err)
{
	nng_aio_set_timeout(
		feed->aio, timeout_ms > INT32_MAX ? INT32_MAX : (nng_duration)timeout_ms);
	nng_recv_aio(feed->socket, feed->aio);
	int rc = interrupt_wait(interrupt, feed->aio);
	if (rc == NNG_ECANCELED)
		return failure_interrupted(err);
	if (rc == NNG_ETIMEDOUT)
		return failure(err, LECTERN_DEADLINE_EXCEEDED, NULL, "no message came in time");
	if (rc != 0)
		return fail_nng(err, rc, "receive from the feed");
	nng_msg *message = nng_aio_get_msg(feed->aio);
	*ret = lectern__v1__list_changes_response__unpack(
		&arena->allocator, nng_msg_len(message), nng_msg_body(message));
	nng_msg_free(message);
	return LECTERN_OK;
}
