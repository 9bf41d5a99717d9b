#include "base/clock.h"
#include "base/limits.h"
#include "client/failure.h"
#include "client/load_private.h"

#include <nng/protocol/reqrep0/req.h>
#include <nng/supplemental/util/platform.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { ENVELOPE_BYTES = 64 * 1024, POLL_MS = 5 };

static enum lectern_code open_socket(
	struct load_socket *socket, const lectern_client *client, struct lectern_error *err)
{
	int rc = nng_req0_open(&socket->socket);
	if (rc != 0)
		return fail_nng(err, rc, "open a socket");
	rc = nng_socket_set_ms(socket->socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
	if (rc == 0)
		rc = nng_socket_set_size(
			socket->socket, NNG_OPT_RECVMAXSZ, LIMIT_RESPONSE_BYTES + ENVELOPE_BYTES);
	enum lectern_code code =
		rc != 0 ? fail_nng(err, rc, "configure the socket")
			: dial_init(&socket->dial, socket->socket, client->dial.url, "server URL",
				  &client->tls_files, err);
	if (code != LECTERN_OK) {
		nng_close(socket->socket);
		return code;
	}
	return dial_start(&socket->dial, err);
}

static enum lectern_code open_sockets(struct load *load, struct lectern_error *err)
{
	load->sockets = calloc(load->options->connections, sizeof *load->sockets);
	if (load->sockets == NULL)
		return failure_memory(err);
	for (uint32_t i = 0; i < load->options->connections; i++) {
		enum lectern_code code = open_socket(&load->sockets[i], load->options->client, err);
		if (code != LECTERN_OK)
			return code;
		load->socket_count++;
	}
	return LECTERN_OK;
}

/* Until all are connected, or for as long as one may take. */
static enum lectern_code wait_connected(struct load *load, struct lectern_error *err)
{
	size_t up = 0;
	for (int waited_ms = 0; waited_ms < CLIENT_CONNECT_GRACE_MS; waited_ms += POLL_MS) {
		up = 0;
		for (size_t i = 0; i < load->socket_count; i++)
			up += atomic_load(&load->sockets[i].dial.pipes) > 0;
		if (up == load->socket_count)
			return LECTERN_OK;
		nng_msleep(POLL_MS);
	}
	return failure(err, LECTERN_UNAVAILABLE, "NOT_CONNECTED",
		"%zu of %zu connections to %s were made within %d ms; check that lecternd runs "
		"there and that it takes so many",
		up, load->socket_count, load->options->client->dial.url, CLIENT_CONNECT_GRACE_MS);
}

static size_t longest_payload(const struct load_options *options)
{
	size_t longest = 0;
	for (size_t i = 0; i < options->call_count; i++)
		if (options->calls[i].number_at > 0 && options->calls[i].payload_bytes > longest)
			longest = options->calls[i].payload_bytes;
	return longest + 1;
}

static enum lectern_code open_slots(
	struct load *load, void (*on_done)(void *slot), struct lectern_error *err)
{
	size_t count = (size_t)load->options->connections * load->options->in_flight;
	size_t payload_bytes = longest_payload(load->options);
	load->slots = calloc(count, sizeof *load->slots);
	if (load->slots == NULL)
		return failure_memory(err);
	for (size_t i = 0; i < count; i++) {
		struct load_slot *slot = &load->slots[i];
		slot->load = load;
		slot->random = randombytes_random() | UINT64_C(1);
		slot->payload = malloc(payload_bytes);
		if (slot->payload == NULL || nng_aio_alloc(&slot->aio, on_done, slot) != 0) {
			free(slot->payload);
			return failure_memory(err);
		}
		int rc = nng_ctx_open(&slot->context, load->sockets[i % load->socket_count].socket);
		if (rc != 0) {
			nng_aio_free(slot->aio);
			free(slot->payload);
			return fail_nng(err, rc, "open a context");
		}
		load->slot_count++;
		slot->next_free = load->free;
		load->free = slot;
	}
	load->free_count = load->slot_count;
	return LECTERN_OK;
}

/* Whatever is wrong with a call is told before the first one is made. */
static enum lectern_code make_requests(struct load *load, struct lectern_error *err)
{
	const struct load_options *options = load->options;
	load->requests = calloc(options->call_count, sizeof *load->requests);
	if (load->requests == NULL)
		return failure_memory(err);
	enum lectern_code code = LECTERN_OK;
	for (size_t i = 0; i < options->call_count && code == LECTERN_OK; i++) {
		const struct lectern_call call = { .method = options->calls[i].method,
			.request = options->calls[i].payload,
			.request_size_bytes = options->calls[i].payload_bytes };
		code = request_init(&load->requests[i], &call, load->token, err);
	}
	return code;
}

enum lectern_code load_open(struct load *load, const struct load_options *options,
	struct load_result *result, void (*on_done)(void *slot), struct lectern_error *err)
{
	memset(load, 0, sizeof *load);
	load->options = options;
	load->result = result;
	token_file_get(&options->client->token, false, load->token);
	pthread_mutex_init(&load->mutex, NULL);
	load->sums = calloc(options->call_count, sizeof *load->sums);
	load->pending = calloc(LOAD_PENDING_MAX, sizeof *load->pending);
	if (load->sums == NULL || load->pending == NULL)
		return failure_memory(err);
	double sum = 0;
	for (size_t i = 0; i < options->call_count; i++)
		load->sums[i] = sum += options->calls[i].weight;
	atomic_init(&load->number, (uint64_t)randombytes_random() << 32);
	enum lectern_code code = make_requests(load, err);
	if (code == LECTERN_OK)
		code = open_sockets(load, err);
	if (code == LECTERN_OK)
		code = wait_connected(load, err);
	if (code == LECTERN_OK)
		code = open_slots(load, on_done, err);
	if (code == LECTERN_OK && options->rate <= 0) {
		load->fresh = load->free;
		load->free = NULL;
	}
	return code;
}

void load_close(struct load *load)
{
	for (size_t i = 0; i < load->slot_count; i++)
		nng_aio_stop(load->slots[i].aio);
	for (size_t i = 0; i < load->slot_count; i++) {
		nng_ctx_close(load->slots[i].context);
		nng_aio_free(load->slots[i].aio);
		free(load->slots[i].payload);
	}
	/* Answers may still be on their way, and nng 1.5.2 may wait for ever for a connection that
	 * is closed amid one. */
	static struct load_socket *_Atomic left_open;
	atomic_store(&left_open, load->sockets);
	free(load->slots);
	free(load->sums);
	free(load->requests);
	free(load->pending);
	pthread_mutex_destroy(&load->mutex);
}
