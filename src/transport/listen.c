#include "transport/listen.h"

#include "transport/ipc_path.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Only the server's user may connect. nng sets the mode between bind() and listen(), so that
 * whoever comes while the socket has the mode of the umask finds nobody who listens. */
enum { IPC_MODE = 0600 };

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* The port's text in "SCHEME://HOST:PORT"; NULL if there is none. */
static const char *find_port(const char *url)
{
	const char *host = strstr(url, "://") + strlen("://");
	const char *bracket = strrchr(host, ']');
	const char *colon = strrchr(bracket == NULL ? host : bracket, ':');
	return colon == NULL || colon[1] == '\0' ? NULL : colon + 1;
}

static bool is_tls(const char *url)
{
	return starts_with(url, "tls+tcp://");
}

static enum code check_url(const char *url, const struct tls_endpoint *tls, struct error *err)
{
	if (starts_with(url, "ipc://")) {
		if (url[strlen("ipc://")] != '\0')
			return CODE_OK;
		return fail(err, CODE_INVALID_ARGUMENT,
			"'%s' has no path; write for example ipc:///run/lectern/rpc.sock", url);
	}
	if (!starts_with(url, "tcp://") && !is_tls(url))
		return fail(err, CODE_INVALID_ARGUMENT,
			"'%s' is no address to listen on; write tcp://HOST:PORT, "
			"tls+tcp://HOST:PORT or ipc://PATH",
			url);
	if (is_tls(url) && tls == NULL)
		return fail(
			err, CODE_INVALID_ARGUMENT, "'%s' needs a certificate and its key", url);
	if (find_port(url) == NULL)
		return fail(err, CODE_INVALID_ARGUMENT,
			"'%s' has no port; write for example tcp://127.0.0.1:7400, or port 0 for "
			"any "
			"free one",
			url);
	return CODE_OK;
}

static enum code fail_listen(int rv, const char *url, struct error *err)
{
	switch (rv) {
	case NNG_EADDRINUSE:
		return fail(err, CODE_FAILED_PRECONDITION,
			"cannot listen on %s: another program does; stop it or choose another "
			"address",
			url);
	case NNG_EPERM:
		return fail(err, CODE_PERMISSION_DENIED,
			"cannot listen on %s: this user may not; choose a port from 1024 upwards "
			"or "
			"a folder that it can write to",
			url);
	case NNG_ENOENT:
		return fail(err, CODE_FAILED_PRECONDITION,
			"cannot listen on %s: its folder does not exist; make it first", url);
	case NNG_EADDRINVAL:
		return fail(err, CODE_INVALID_ARGUMENT,
			"cannot listen on %s: it is no address of this machine", url);
	default:
		return fail(err, CODE_INTERNAL, "cannot listen on %s: %s", url, nng_strerror(rv));
	}
}

/* The URL with the port that the system has chosen where it was 0. */
static int real_url(nng_listener listener, const char *url, char **ret)
{
	const char *port = starts_with(url, "ipc://") ? NULL : find_port(url);
	int bound = 0;
	int rv = port == NULL ? 0 : nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &bound);
	if (rv != 0)
		return rv;
	int size = port == NULL ? asprintf(ret, "%s", url)
				: asprintf(ret, "%.*s%d", (int)(port - url), url, bound);
	return size < 0 ? NNG_ENOMEM : 0;
}

static int set_up(nng_listener listener, const char *url, struct tls_endpoint *tls)
{
	if (starts_with(url, "ipc://"))
		return nng_listener_set_int(listener, NNG_OPT_IPC_PERMISSIONS, IPC_MODE);
	int rv = nng_listener_set_bool(listener, NNG_OPT_TCP_KEEPALIVE, true);
	return rv == 0 && is_tls(url) ? tls_endpoint_attach(tls, listener) : rv;
}

enum code listen_on(nng_socket socket, const char *url, struct tls_endpoint *tls, char **ret_url,
	struct error *err)
{
	enum code code = check_url(url, tls, err);
	if (code == CODE_OK && starts_with(url, "ipc://"))
		code = ipc_path_claim(url + strlen("ipc://"), err);
	if (code != CODE_OK)
		return code;
	nng_listener listener;
	int rv = nng_listener_create(&listener, socket, url);
	if (rv != 0)
		return fail_listen(rv, url, err);
	char *real = NULL;
	rv = set_up(listener, url, tls);
	if (rv == 0)
		rv = nng_listener_start(listener, 0);
	if (rv == 0)
		rv = real_url(listener, url, &real);
	if (rv == 0 && is_tls(url))
		rv = tls_endpoint_watch(tls, listener);
	if (rv != 0) {
		free(real);
		return fail_listen(rv, url, err);
	}
	*ret_url = real;
	return CODE_OK;
}
