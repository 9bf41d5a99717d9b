#include "transport/tls_endpoint.h"

#include "base/limits.h"
#include "tls/config.h"
#include "transport/tls_sweep.h"

#include <stdlib.h>

struct tls_endpoint {
	nng_tls_config *config;
	/* nng reads the listener's configuration without a lock when it accepts, and holds it only
	 * then. So the one before stays for as long as the next. */
	nng_tls_config *former;
	nng_listener listeners[LIMIT_LISTENERS];
	size_t listener_count;
	struct tls_sweep *sweep;
};

enum code tls_endpoint_new(
	const struct tls_credentials *credentials, struct tls_endpoint **ret, struct error *err)
{
	struct tls_endpoint *endpoint = calloc(1, sizeof *endpoint);
	if (endpoint == NULL)
		return fail_out_of_memory(err);
	enum code code = tls_server_config(credentials, &endpoint->config, err);
	if (code == CODE_OK && tls_sweep_new(&endpoint->sweep) != 0)
		code = fail_out_of_memory(err);
	if (code != CODE_OK) {
		tls_endpoint_free(endpoint);
		return code;
	}
	*ret = endpoint;
	return CODE_OK;
}

int tls_endpoint_attach(struct tls_endpoint *endpoint, nng_listener listener)
{
	if (endpoint->listener_count == LIMIT_LISTENERS)
		return NNG_ENOMEM;
	int rv = nng_listener_set_ptr(listener, NNG_OPT_TLS_CONFIG, endpoint->config);
	if (rv == 0)
		endpoint->listeners[endpoint->listener_count++] = listener;
	return rv;
}

int tls_endpoint_watch(struct tls_endpoint *endpoint, nng_listener listener)
{
	int port;
	int rv = nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port);
	if (rv == 0)
		tls_sweep_port(endpoint->sweep, (uint16_t)port);
	return rv;
}

void tls_endpoint_notify(struct tls_endpoint *endpoint, nng_pipe pipe, nng_pipe_ev event)
{
	if (endpoint == NULL)
		return;
	if (event == NNG_PIPE_EV_REM_POST)
		tls_sweep_remove(endpoint->sweep, pipe);
	else
		tls_sweep_add(endpoint->sweep, pipe);
}

enum code tls_endpoint_renew(
	struct tls_endpoint *endpoint, const struct tls_credentials *credentials, struct error *err)
{
	nng_tls_config *config;
	enum code code = tls_server_config(credentials, &config, err);
	if (code != CODE_OK)
		return code;
	int rv = 0;
	for (size_t i = 0; i < endpoint->listener_count && rv == 0; i++)
		rv = nng_listener_set_ptr(endpoint->listeners[i], NNG_OPT_TLS_CONFIG, config);
	if (endpoint->former != NULL)
		nng_tls_config_free(endpoint->former);
	endpoint->former = endpoint->config;
	endpoint->config = config;
	return rv == 0 ? CODE_OK
		       : fail(err, CODE_INTERNAL, "renew the certificate: %s", nng_strerror(rv));
}

void tls_endpoint_stop(struct tls_endpoint *endpoint)
{
	if (endpoint != NULL)
		tls_sweep_stop(endpoint->sweep);
}

void tls_endpoint_free(struct tls_endpoint *endpoint)
{
	if (endpoint == NULL)
		return;
	tls_sweep_free(endpoint->sweep);
	if (endpoint->former != NULL)
		nng_tls_config_free(endpoint->former);
	if (endpoint->config != NULL)
		nng_tls_config_free(endpoint->config);
	free(endpoint);
}
