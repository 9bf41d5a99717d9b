#include "client/client.h"

#include "base/attributes.h"
#include "base/clock.h"
#include "base/limits.h"
#include "client/failure.h"

#include <nng/protocol/reqrep0/req.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	RECONNECT_MIN_MS = 20,
	RECONNECT_MAX_MS = 250, /* below CLIENT_CONNECT_GRACE_MS, so that tries fall into it */
	ATTEMPTS_DEFAULT = 4,
	ENVELOPE_BYTES = 64 * 1024, /* of a response beside the payload */
};
#define URL_DEFAULT "tcp://127.0.0.1:7400"

static void count_pipes(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
	(void)pipe;
	lectern_client *client = arg;
	if (event == NNG_PIPE_EV_ADD_PRE) {
		atomic_fetch_add(&client->pipes, 1);
		atomic_store(&client->reached, true);
	} else
		atomic_fetch_sub(&client->pipes, 1);
}

static enum lectern_code fail_nng(struct lectern_error *err, int rc, const char *what)
{
	return failure(err, rc == NNG_ENOMEM ? LECTERN_RESOURCE_EXHAUSTED : LECTERN_INTERNAL, NULL,
		"%s: %s", what, nng_strerror(rc));
}

static bool has_scheme(const char *url, const char *scheme)
{
	size_t size = strlen(scheme);
	return strncmp(url, scheme, size) == 0 && strncmp(url + size, "://", 3) == 0;
}

/* The text of a tcp URL must name a port: nng would take 0 for it. */
static bool has_port(const char *url)
{
	const char *colon = strrchr(strstr(url, "://") + 3, ':');
	return colon != NULL && colon[1] != '\0' &&
	       strspn(colon + 1, "0123456789") == strlen(colon + 1);
}

static enum lectern_code check_url(const char *url, struct lectern_error *err)
{
	if (strlen(url) >= CLIENT_URL_BYTES)
		return failure(err, LECTERN_INVALID_ARGUMENT, "BAD_URL",
			"server URL: longer than %d bytes", CLIENT_URL_BYTES - 1);
	if (has_scheme(url, "ipc"))
		return LECTERN_OK;
	if (!has_scheme(url, "tcp") && !has_scheme(url, "tcp4") && !has_scheme(url, "tcp6"))
		return failure(err, LECTERN_INVALID_ARGUMENT, "BAD_URL",
			"server URL '%s': must begin with tcp:// or ipc://, for example %s", url,
			URL_DEFAULT);
	if (!has_port(url))
		return failure(err, LECTERN_INVALID_ARGUMENT, "BAD_URL",
			"server URL '%s': must end with a port, for example %s", url, URL_DEFAULT);
	return LECTERN_OK;
}

static int configure_socket(lectern_client *client)
{
	nng_socket socket = client->socket;
	int rc = nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
	if (rc == 0)
		rc = nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, RECONNECT_MIN_MS);
	if (rc == 0)
		rc = nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT, RECONNECT_MAX_MS);
	if (rc == 0)
		rc = nng_socket_set_size(
			socket, NNG_OPT_RECVMAXSZ, LIMIT_RESPONSE_BYTES + ENVELOPE_BYTES);
	if (rc == 0)
		rc = nng_pipe_notify(socket, NNG_PIPE_EV_ADD_PRE, count_pipes, client);
	if (rc == 0)
		rc = nng_pipe_notify(socket, NNG_PIPE_EV_REM_POST, count_pipes, client);
	return rc;
}

static enum lectern_code create_dialer(lectern_client *client, struct lectern_error *err)
{
	int rc = nng_dialer_create(&client->dialer, client->socket, client->url);
	if (rc == NNG_EADDRINVAL || rc == NNG_EINVAL || rc == NNG_ENOTSUP)
		return failure(err, LECTERN_INVALID_ARGUMENT, "BAD_URL", "server URL '%s': %s",
			client->url, nng_strerror(rc));
	if (rc != 0)
		return fail_nng(err, rc, "create a dialer");
	(void)nng_dialer_set_bool(client->dialer, NNG_OPT_TCP_KEEPALIVE, true); /* ipc has none */
	return LECTERN_OK;
}

static enum lectern_code open_socket(lectern_client *client, struct lectern_error *err)
{
	int rc = nng_req0_open(&client->socket);
	if (rc != 0)
		return fail_nng(err, rc, "open a socket");
	enum lectern_code code = LECTERN_OK;
	rc = configure_socket(client);
	if (rc != 0)
		code = fail_nng(err, rc, "configure the socket");
	else
		code = create_dialer(client, err);
	if (code != LECTERN_OK)
		nng_close(client->socket);
	return code;
}

static const char *choose_url(const struct lectern_client_options *options)
{
	if (options->url != NULL)
		return options->url;
	const char *url = getenv("LECTERN_SERVER");
	return url != NULL && url[0] != '\0' ? url : URL_DEFAULT;
}

enum lectern_code lectern_client_open(const struct lectern_client_options *options,
	lectern_client **ret, struct lectern_error *err)
{
	static const struct lectern_client_options defaults;
	if (options == NULL)
		options = &defaults;
	if (sodium_init() < 0)
		return failure(err, LECTERN_INTERNAL, NULL, "no source of random numbers");
	const char *url = choose_url(options);
	enum lectern_code code = check_url(url, err);
	if (code != LECTERN_OK)
		return code;
	lectern_client *client = calloc(1, sizeof *client);
	if (client == NULL)
		return failure(err, LECTERN_RESOURCE_EXHAUSTED, NULL, "out of memory");
	snprintf(client->url, sizeof client->url, "%s", url);
	client->timeout_ms = options->timeout_ms == 0 ? DEFAULT_TIMEOUT_MS : options->timeout_ms;
	client->max_attempts =
		options->max_attempts == 0 ? ATTEMPTS_DEFAULT : options->max_attempts;
	pthread_mutex_init(&client->dial_mutex, NULL);
	code = slots_init(&client->slots, err);
	if (code == LECTERN_OK) {
		code = open_socket(client, err);
		if (code != LECTERN_OK)
			slots_done(&client->slots);
	}
	if (code != LECTERN_OK) {
		pthread_mutex_destroy(&client->dial_mutex);
		free(client);
		return code;
	}
	*ret = client;
	return LECTERN_OK;
}

enum lectern_code client_connect(lectern_client *client, struct lectern_error *err)
{
	if (atomic_exchange(&client->dialing, true))
		return LECTERN_OK;
	int rc = nng_dialer_start(client->dialer, NNG_FLAG_NONBLOCK);
	if (rc == 0)
		return LECTERN_OK;
	atomic_store(&client->dialing, false);
	return fail_nng(err, rc, "start the dialer");
}

void client_redial(lectern_client *client)
{
	pthread_mutex_lock(&client->dial_mutex);
	uint64_t now = clock_monotonic_ns();
	if (atomic_load(&client->pipes) <= 0 &&
		now - client->dialed_ns >= (uint64_t)CLIENT_REDIAL_MS * 1000000) {
		nng_dialer_close(client->dialer);
		client->dialed_ns = now;
		/* If this fails the next call tries again. */
		if (create_dialer(client, NULL) == LECTERN_OK)
			(void)nng_dialer_start(client->dialer, NNG_FLAG_NONBLOCK);
	}
	pthread_mutex_unlock(&client->dial_mutex);
}

void lectern_client_close(lectern_client *client)
{
	if (client == NULL)
		return;
	slots_done(&client->slots);
	nng_close(client->socket);
	pthread_mutex_destroy(&client->dial_mutex);
	free(client);
}
