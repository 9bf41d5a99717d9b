#include "client/dial.h"

#include "base/clock.h"
#include "client/failure.h"

#include <stdio.h>
#include <string.h>

enum {
	RECONNECT_MIN_MS = 20,
	RECONNECT_MAX_MS = 250, /* below CLIENT_CONNECT_GRACE_MS, so that tries fall into it */
	EXPLAIN_AGAIN_MS = 10 * 1000,
};
#define URL_EXAMPLE "tcp://127.0.0.1:7400"

enum lectern_code fail_nng(struct lectern_error *err, int rc, const char *what)
{
	return failure(err, rc == NNG_ENOMEM ? LECTERN_RESOURCE_EXHAUSTED : LECTERN_INTERNAL, NULL,
		"%s: %s", what, nng_strerror(rc));
}

static void count_pipes(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
	(void)pipe;
	struct dial *dial = arg;
	if (event == NNG_PIPE_EV_ADD_PRE) {
		atomic_fetch_add(&dial->pipes, 1);
		atomic_fetch_add(&dial->connects, 1);
	} else
		atomic_fetch_sub(&dial->pipes, 1);
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

enum lectern_code dial_check_url(const char *url, const char *what, struct lectern_error *err)
{
	if (strlen(url) >= DIAL_URL_BYTES)
		return failure(err, LECTERN_INVALID_ARGUMENT, "BAD_URL", "%s: longer than %d bytes",
			what, DIAL_URL_BYTES - 1);
	if (has_scheme(url, "ipc"))
		return LECTERN_OK;
	const char *plain = url + (strncmp(url, "tls+", 4) == 0 ? 4 : 0);
	if (!has_scheme(plain, "tcp") && !has_scheme(plain, "tcp4") && !has_scheme(plain, "tcp6"))
		return failure(err, LECTERN_INVALID_ARGUMENT, "BAD_URL",
			"%s '%s': must begin with tcp://, tls+tcp:// or ipc://, for example %s",
			what, url, URL_EXAMPLE);
	if (!has_port(url))
		return failure(err, LECTERN_INVALID_ARGUMENT, "BAD_URL",
			"%s '%s': must end with a port, for example %s", what, url, URL_EXAMPLE);
	return LECTERN_OK;
}

static enum lectern_code create_dialer(
	struct dial *dial, const char *what, struct lectern_error *err)
{
	int rc = nng_dialer_create(&dial->dialer, dial->socket, dial->url);
	if (rc == NNG_EADDRINVAL || rc == NNG_EINVAL || rc == NNG_ENOTSUP)
		return failure(err, LECTERN_INVALID_ARGUMENT, "BAD_URL", "%s '%s': %s", what,
			dial->url, nng_strerror(rc));
	if (rc != 0)
		return fail_nng(err, rc, "create a dialer");
	(void)nng_dialer_set_bool(dial->dialer, NNG_OPT_TCP_KEEPALIVE, true); /* ipc has none */
	rc = dial_tls_attach(&dial->tls, dial->dialer);
	return rc == 0 ? LECTERN_OK : fail_nng(err, rc, "set up TLS");
}

static int configure_socket(struct dial *dial)
{
	nng_socket socket = dial->socket;
	int rc = nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, RECONNECT_MIN_MS);
	if (rc == 0)
		rc = nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT, RECONNECT_MAX_MS);
	if (rc == 0)
		rc = nng_pipe_notify(socket, NNG_PIPE_EV_ADD_PRE, count_pipes, dial);
	if (rc == 0)
		rc = nng_pipe_notify(socket, NNG_PIPE_EV_REM_POST, count_pipes, dial);
	return rc;
}

enum lectern_code dial_init(struct dial *dial, nng_socket socket, const char *url, const char *what,
	const struct tls_files *files, struct lectern_error *err)
{
	dial->socket = socket;
	snprintf(dial->url, sizeof dial->url, "%s", url);
	int rc = configure_socket(dial);
	if (rc != 0)
		return fail_nng(err, rc, "configure the socket");
	enum lectern_code code = dial_tls_init(&dial->tls, url, files, err);
	if (code == LECTERN_OK)
		code = create_dialer(dial, what, err);
	if (code == LECTERN_OK)
		pthread_mutex_init(&dial->mutex, NULL);
	else
		dial_tls_done(&dial->tls);
	return code;
}

void dial_close(struct dial *dial)
{
	/* nng 1.5.2 waits for ever for a connection that is closed between the head of a message
	 * and the rest of it. A message that is larger than the limit ends with its head. */
	(void)nng_dialer_set_size(dial->dialer, NNG_OPT_RECVMAXSZ, 1);
	nng_close(dial->socket);
	dial_tls_done(&dial->tls);
	pthread_mutex_destroy(&dial->mutex);
}

enum lectern_code dial_start(struct dial *dial, struct lectern_error *err)
{
	if (atomic_exchange(&dial->started, true))
		return LECTERN_OK;
	pthread_mutex_lock(&dial->mutex);
	dial->dialed_ns = clock_monotonic_ns();
	pthread_mutex_unlock(&dial->mutex);
	int rc = nng_dialer_start(dial->dialer, NNG_FLAG_NONBLOCK);
	if (rc == 0)
		return LECTERN_OK;
	atomic_store(&dial->started, false);
	return fail_nng(err, rc, "start the dialer");
}

enum lectern_code dial_explain(struct dial *dial, uint64_t deadline_ns, struct lectern_error *err)
{
	if (dial->tls.config == NULL || atomic_load(&dial->pipes) > 0)
		return LECTERN_OK;
	pthread_mutex_lock(&dial->mutex);
	uint64_t now = clock_monotonic_ns();
	bool due = dial->explained_ns == 0 ||
		   now - dial->explained_ns >= (uint64_t)EXPLAIN_AGAIN_MS * 1000000;
	if (due)
		dial->explained_ns = now;
	pthread_mutex_unlock(&dial->mutex);
	return due ? dial_tls_explain(&dial->tls, dial->url, deadline_ns, err) : LECTERN_OK;
}

bool dial_again(struct dial *dial)
{
	pthread_mutex_lock(&dial->mutex);
	uint64_t now = clock_monotonic_ns();
	bool due = atomic_load(&dial->pipes) <= 0 &&
		   now - dial->dialed_ns >= (uint64_t)DIAL_AGAIN_MS * 1000000;
	if (due) {
		nng_dialer_close(dial->dialer);
		dial->dialed_ns = now;
		/* If this fails the next call tries again. */
		if (create_dialer(dial, "", NULL) == LECTERN_OK)
			(void)nng_dialer_start(dial->dialer, NNG_FLAG_NONBLOCK);
	}
	pthread_mutex_unlock(&dial->mutex);
	return due;
}
