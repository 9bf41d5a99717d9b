#include "client/dial_tls.h"

#include "base/clock.h"
#include "client/failure.h"
#include "tls/config.h"
#include "tls/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where Debian, Ubuntu, Alpine and Arch have the authorities that they trust. */
#define SYSTEM_CA "/etc/ssl/certs/ca-certificates.crt"
/* And Fedora and its relatives. */
#define SYSTEM_CA_OTHER "/etc/pki/tls/certs/ca-bundle.crt"

bool dial_tls_is_meant(const char *url)
{
	return strncmp(url, "tls+tcp", strlen("tls+tcp")) == 0;
}

static const char *choose(const char *given, const char *variable)
{
	const char *value = given != NULL ? given : getenv(variable);
	return value == NULL || value[0] == '\0' ? NULL : value;
}

static const char *system_ca(void)
{
	if (access(SYSTEM_CA, R_OK) == 0)
		return SYSTEM_CA;
	return access(SYSTEM_CA_OTHER, R_OK) == 0 ? SYSTEM_CA_OTHER : NULL;
}

/* The URL has a port: it was checked. */
static enum lectern_code split(struct dial_tls *tls, const char *url, struct lectern_error *err)
{
	const char *host = strstr(url, "://") + 3;
	const char *colon = strrchr(host, ':');
	size_t size = (size_t)(colon - host);
	if (size >= 2 && host[0] == '[' && host[size - 1] == ']') {
		host++;
		size -= 2;
	}
	if (size == 0 || size >= sizeof tls->host || strlen(colon + 1) >= sizeof tls->port)
		return failure(err, LECTERN_INVALID_ARGUMENT, "BAD_URL",
			"'%s': names no host; the server's certificate is made out to one, for "
			"example tls+tcp://content.example:7400",
			url);
	memcpy(tls->host, host, size);
	tls->host[size] = '\0';
	memcpy(tls->port, colon + 1, strlen(colon + 1) + 1);
	return LECTERN_OK;
}

static enum lectern_code fail_files(const struct error *problem, struct lectern_error *err)
{
	return failure(err, (enum lectern_code)problem->code, problem->reason, "%s", problem->text);
}

enum lectern_code dial_tls_init(struct dial_tls *tls, const char *url,
	const struct tls_files *files, struct lectern_error *err)
{
	*tls = (struct dial_tls){ .config = NULL };
	if (!dial_tls_is_meant(url))
		return LECTERN_OK;
	enum lectern_code code = split(tls, url, err);
	if (code != LECTERN_OK)
		return code;
	struct tls_files chosen = {
		.certificate = choose(files->certificate, "LECTERN_TLS_CERT"),
		.key = choose(files->key, "LECTERN_TLS_KEY"),
		.ca = choose(files->ca, "LECTERN_TLS_CA"),
	};
	if (chosen.ca == NULL)
		chosen.ca = system_ca();
	if (chosen.ca == NULL)
		return failure(err, LECTERN_INVALID_ARGUMENT, "TLS_FILES",
			"'%s': whom to trust? The system has no bundle of authorities "
			"(" SYSTEM_CA "); give a file with the one that has signed the server's "
			"certificate (--tls-ca, LECTERN_TLS_CA, tls_ca_file)",
			url);
	struct error problem;
	if (tls_credentials_read(&chosen, &tls->credentials, &problem) != CODE_OK)
		return fail_files(&problem, err);
	if (tls_client_config(&tls->credentials, tls->host, &tls->config, &problem) == CODE_OK)
		return LECTERN_OK;
	dial_tls_done(tls);
	return fail_files(&problem, err);
}

void dial_tls_done(struct dial_tls *tls)
{
	if (tls->config != NULL)
		nng_tls_config_free(tls->config);
	tls->config = NULL;
	tls_credentials_done(&tls->credentials);
}

int dial_tls_attach(struct dial_tls *tls, nng_dialer dialer)
{
	return tls->config == NULL ? 0
				   : nng_dialer_set_ptr(dialer, NNG_OPT_TLS_CONFIG, tls->config);
}

enum lectern_code dial_tls_explain(const struct dial_tls *tls, const char *url,
	uint64_t deadline_ns, struct lectern_error *err)
{
	struct error problem;
	uint64_t most_ns = clock_monotonic_ns() + (uint64_t)DIAL_PROBE_MS * 1000000;
	if (tls->config == NULL ||
		tls_probe(tls->host, tls->port, &tls->credentials,
			deadline_ns < most_ns ? deadline_ns : most_ns, &problem) == CODE_OK)
		return LECTERN_OK;
	return failure(
		err, (enum lectern_code)problem.code, problem.reason, "%s: %s", url, problem.text);
}
