#include "client/call.h"

#include "base/clock.h"
#include "base/limits.h"
#include "client/client.h"
#include "client/failure.h"
#include "client/request.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
	DELAY_FIRST_MS = 50,
	DELAY_MAX_MS = 2000,
	NS_PER_MS = 1000000,
	SLOT_WAIT_MS = 500, /* of calls that can be interrupted: this wait cannot */
};

/* A call that is running. */
struct run {
	lectern_client *client;
	struct slot *slot;
	struct interrupt *interrupt; /* NULL: no other thread ends this call */
	struct request request;
	uint64_t deadline_ns;
	uint32_t timeout_ms; /* as asked for */
	char token[CLIENT_TOKEN_BYTES + 1];
	bool sent;	  /* an attempt may have reached the server */
	bool unreachable; /* there was no connection for as long as a call waits for one */
};

/* Time that is left, rounded up so that it is not 0 before the deadline. */
static uint32_t left_ms(const struct run *run)
{
	uint64_t now = clock_monotonic_ns();
	if (now >= run->deadline_ns)
		return 0;
	return (uint32_t)((run->deadline_ns - now + NS_PER_MS - 1) / NS_PER_MS);
}

static nng_duration as_duration(uint32_t ms)
{
	return ms > INT32_MAX ? INT32_MAX : (nng_duration)ms;
}

static enum lectern_code fail_not_connected(
	struct run *run, uint32_t waited_ms, struct lectern_error *err)
{
	run->unreachable = true;
	if (run->sent)
		return failure(err, LECTERN_UNAVAILABLE, "CONNECTION_LOST",
			"the connection to %s was lost before the answer came and did not come "
			"back within %u ms; a write may have happened",
			run->client->dial.url, waited_ms);
	return failure(err, LECTERN_UNAVAILABLE, "NOT_CONNECTED",
		"no connection to %s within %u ms; check that lecternd runs there, that it listens "
		"on this address and that nothing in between blocks it%s",
		run->client->dial.url, waited_ms,
		strncmp(run->client->dial.url, "tcp", 3) == 0
			? "; a port with TLS wants tls+tcp:// instead of tcp://"
			: "");
}

static enum lectern_code fail_lost(const struct run *run, int rc, struct lectern_error *err)
{
	return failure(err, LECTERN_UNAVAILABLE, "CONNECTION_LOST",
		"the connection to %s was lost before the answer came: %s", run->client->dial.url,
		nng_strerror(rc));
}

static enum lectern_code fail_deadline(const struct run *run, struct lectern_error *err)
{
	return failure(err, LECTERN_DEADLINE_EXCEEDED, NULL,
		"no answer from %s within %u ms; give it more time or ask whether it is overloaded",
		run->client->dial.url, run->timeout_ms);
}

static enum lectern_code fail_cancelled(int rc, struct lectern_error *err)
{
	if (rc == NNG_ECANCELED)
		return failure_interrupted(err);
	return failure(err, LECTERN_CANCELLED, NULL, "the client was closed");
}

/* Hands the frame to a connection. Owns the message on success only. */
static int send_once(struct run *run, nng_msg *message, uint32_t timeout_ms)
{
	nng_aio *aio = run->slot->aio;
	nng_aio_set_timeout(aio, as_duration(timeout_ms));
	nng_aio_set_msg(aio, message);
	nng_ctx_send(run->slot->context, aio);
	return interrupt_wait(run->interrupt, aio);
}

/* How long to wait for a connection, from when an attempt begins. */
static uint32_t patience_ms(const struct run *run, uint32_t left)
{
	bool reached = atomic_load(&run->client->dial.connects) > 0;
	return reached || left < CLIENT_CONNECT_GRACE_MS ? left : CLIENT_CONNECT_GRACE_MS;
}

/* Sends one attempt's frame; waits for a connection. */
static enum lectern_code send_frame(struct run *run, struct lectern_error *err)
{
	const uint32_t patience = patience_ms(run, left_ms(run));
	uint32_t waited = 0;
	for (;;) {
		uint32_t left = left_ms(run);
		if (left == 0)
			return run->sent ? fail_deadline(run, err)
					 : failure(err, LECTERN_UNAVAILABLE, "NOT_SENT",
						   "%s took no request within %u ms; it may be "
						   "overloaded",
						   run->client->dial.url, run->timeout_ms);
		uint32_t wait = left < DIAL_AGAIN_MS ? left : DIAL_AGAIN_MS;
		if (wait > patience)
			wait = patience;
		nng_msg *message = request_frame(&run->request, left);
		if (message == NULL)
			return failure_memory(err);
		int rc = send_once(run, message, wait);
		if (rc == 0)
			return LECTERN_OK;
		nng_msg_free(message);
		if (rc == NNG_ECLOSED || rc == NNG_ECANCELED)
			return fail_cancelled(rc, err);
		if (rc != NNG_ETIMEDOUT)
			return failure(err, LECTERN_INTERNAL, NULL, "send to %s: %s",
				run->client->dial.url, nng_strerror(rc));
		if (atomic_load(&run->client->dial.pipes) > 0)
			continue;
		waited += wait;
		enum lectern_code code = dial_explain(&run->client->dial, run->deadline_ns, err);
		if (code != LECTERN_OK)
			return code;
		if (waited >= patience || left_ms(run) == 0)
			return fail_not_connected(run, patience_ms(run, run->timeout_ms), err);
		dial_again(&run->client->dial);
	}
}

static enum lectern_code receive_frame(struct run *run, nng_msg **ret, struct lectern_error *err)
{
	nng_aio *aio = run->slot->aio;
	uint32_t left = left_ms(run);
	nng_aio_set_timeout(aio, left == 0 ? 1 : as_duration(left));
	nng_ctx_recv(run->slot->context, aio);
	int rc = interrupt_wait(run->interrupt, aio);
	if (rc == NNG_ETIMEDOUT)
		return fail_deadline(run, err);
	if (rc == NNG_ECLOSED || rc == NNG_ECANCELED)
		return fail_cancelled(rc, err);
	if (rc != 0)
		return fail_lost(run, rc, err);
	*ret = nng_aio_get_msg(aio);
	return LECTERN_OK;
}

/* Owns the message. */
static enum lectern_code make_reply(
	nng_msg *message, struct lectern_reply **ret, struct lectern_error *err)
{
	struct lectern_reply *reply = calloc(1, sizeof *reply);
	enum lectern_code code =
		reply == NULL ? failure_memory(err)
			      : response_read(slice_of(nng_msg_body(message), nng_msg_len(message)),
					&reply->response, err);
	if (code != LECTERN_OK) {
		nng_msg_free(message);
		free(reply);
		return code;
	}
	reply->message = message;
	*ret = reply;
	return LECTERN_OK;
}

static enum lectern_code attempt(
	struct run *run, struct lectern_reply **ret, struct lectern_error *err)
{
	enum lectern_code code = send_frame(run, err);
	if (code != LECTERN_OK)
		return code;
	run->sent = true;
	nng_msg *message = NULL;
	code = receive_frame(run, &message, err);
	return code == LECTERN_OK ? make_reply(message, ret, err) : code;
}

uint32_t call_delay_ms(uint32_t attempt, uint32_t at_least_ms, uint32_t random)
{
	uint32_t full = DELAY_FIRST_MS;
	while (--attempt > 0 && full < DELAY_MAX_MS)
		full *= 2;
	if (full > DELAY_MAX_MS)
		full = DELAY_MAX_MS;
	uint32_t delay = full / 2 + random % (full / 2 + 1);
	if (delay >= at_least_ms)
		return delay;
	return at_least_ms > UINT32_MAX - DELAY_MAX_MS ? at_least_ms
						       : at_least_ms + random % (full / 2 + 1);
}

/* Waits for the next attempt. False: there is none, the error stands. */
static bool wait_for_next(const struct run *run, uint32_t done, const struct lectern_error *err)
{
	if (err->code != LECTERN_UNAVAILABLE || done >= run->client->max_attempts)
		return false;
	if (run->unreachable || !run->request.repeatable || run->interrupt != NULL)
		return false;
	uint32_t delay = call_delay_ms(done, err->retry_after_ms, randombytes_random());
	uint64_t until = clock_monotonic_ns() + (uint64_t)delay * NS_PER_MS;
	if (until >= run->deadline_ns)
		return false;
	struct timespec time = clock_timespec(until);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
		;
	return true;
}

/* Whether the file holds another token than the one that was refused. */
static bool take_other_token(struct run *run)
{
	char former[sizeof run->token];
	memcpy(former, run->token, sizeof former);
	token_file_get(&run->client->token, true, run->token);
	bool other = strcmp(former, run->token) != 0;
	sodium_memzero(former, sizeof former);
	return other;
}

/* A call that is refused for its token has had no effect, so it is made again with a new one, once.
 */
static enum lectern_code attempt_with_token(
	struct run *run, struct lectern_reply **ret, struct lectern_error *err)
{
	enum lectern_code code = attempt(run, ret, err);
	if (code == LECTERN_UNAUTHENTICATED && take_other_token(run))
		code = attempt(run, ret, err);
	return code;
}

static enum lectern_code run_attempts(
	struct run *run, struct lectern_reply **ret, struct lectern_error *err)
{
	for (uint32_t done = 1;; done++) {
		enum lectern_code code = attempt_with_token(run, ret, err);
		if (code == LECTERN_OK || !wait_for_next(run, done, err))
			return code;
	}
}

enum lectern_code call_interruptible(lectern_client *client, const struct lectern_call *call,
	struct interrupt *interrupt, lectern_reply **ret, struct lectern_error *err)
{
	struct run run = { .client = client,
		.interrupt = interrupt,
		.timeout_ms = call->timeout_ms == 0 ? client->timeout_ms : call->timeout_ms };
	uint64_t now = clock_monotonic_ns();
	run.deadline_ns = now + (uint64_t)run.timeout_ms * NS_PER_MS;
	uint64_t slot_ns = run.deadline_ns;
	if (interrupt != NULL && slot_ns > now + (uint64_t)SLOT_WAIT_MS * NS_PER_MS)
		slot_ns = now + (uint64_t)SLOT_WAIT_MS * NS_PER_MS;
	token_file_get(&client->token, false, run.token);
	enum lectern_code code = request_init(&run.request, call, run.token, err);
	if (code == LECTERN_OK)
		code = dial_start(&client->dial, err);
	if (code == LECTERN_OK)
		code = slots_take(&client->slots, client->socket, slot_ns, &run.slot, err);
	if (code == LECTERN_OK) {
		code = run_attempts(&run, ret, err);
		slots_release(&client->slots, run.slot);
	}
	sodium_memzero(run.token, sizeof run.token);
	return code;
}

enum lectern_code lectern_call(lectern_client *client, const struct lectern_call *call,
	lectern_reply **ret, struct lectern_error *err)
{
	struct lectern_error local;
	return call_interruptible(client, call, NULL, ret, err == NULL ? &local : err);
}

void lectern_reply_free(lectern_reply *reply)
{
	if (reply == NULL)
		return;
	nng_msg_free(reply->message);
	free(reply);
}

const void *lectern_reply_data(const lectern_reply *reply, size_t *size_bytes)
{
	*size_bytes = reply->response.payload.size;
	return reply->response.payload.data;
}

uint64_t lectern_reply_revision(const lectern_reply *reply)
{
	return reply->response.revision;
}
