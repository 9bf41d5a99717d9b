#include "tls/config.h"

#include <string.h>

static void config_freep(nng_tls_config **config)
{
	if (*config != NULL)
		nng_tls_config_free(*config);
}

static enum code fail_nng(int rv, struct error *err)
{
	if (rv == NNG_ENOTSUP)
		return fail_reason(err, CODE_UNIMPLEMENTED, "TLS_FILES",
			"TLS: the nng library here is made without it (Debian's has it)");
	return fail_reason(err, rv == NNG_ENOMEM ? CODE_RESOURCE_EXHAUSTED : CODE_INVALID_ARGUMENT,
		"TLS_FILES", "TLS: certificates, key or authorities are not accepted: %s",
		nng_strerror(rv));
}

/* A file of authorities may hold their lists of revoked certificates as well. */
static int set_authorities(nng_tls_config *config, const char *pem)
{
	bool revoked = strstr(pem, "-----BEGIN X509 CRL-----") != NULL;
	return nng_tls_config_ca_chain(config, pem, revoked ? pem : NULL);
}

static int fill(nng_tls_config *config, const struct tls_credentials *credentials)
{
	int rv = nng_tls_config_version(config, NNG_TLS_1_2, NNG_TLS_1_3);
	if (rv == 0 && credentials->certificate != NULL)
		rv = nng_tls_config_own_cert(
			config, credentials->certificate, credentials->key, NULL);
	if (rv == 0 && credentials->ca != NULL)
		rv = set_authorities(config, credentials->ca);
	return rv;
}

enum code tls_server_config(
	const struct tls_credentials *credentials, nng_tls_config **ret, struct error *err)
{
	AUTO(config_freep) nng_tls_config *config = NULL;
	int rv = nng_tls_config_alloc(&config, NNG_TLS_MODE_SERVER);
	if (rv == 0)
		rv = fill(config, credentials);
	/* Nobody is asked unless told so: nng's own default. */
	if (rv == 0)
		rv = nng_tls_config_auth_mode(config, credentials->ca == NULL
							      ? NNG_TLS_AUTH_MODE_NONE
							      : NNG_TLS_AUTH_MODE_REQUIRED);
	if (rv != 0)
		return fail_nng(rv, err);
	*ret = config;
	config = NULL; /* the caller owns it now */
	return CODE_OK;
}

enum code tls_check_server_config(const struct tls_credentials *credentials, struct error *err)
{
	AUTO(config_freep) nng_tls_config *config = NULL;
	return tls_server_config(credentials, &config, err);
}

enum code tls_client_config(const struct tls_credentials *credentials, const char *server_name,
	nng_tls_config **ret, struct error *err)
{
	AUTO(config_freep) nng_tls_config *config = NULL;
	int rv = nng_tls_config_alloc(&config, NNG_TLS_MODE_CLIENT);
	if (rv == 0)
		rv = fill(config, credentials);
	if (rv == 0)
		rv = nng_tls_config_server_name(config, server_name);
	if (rv == 0)
		rv = nng_tls_config_auth_mode(config, NNG_TLS_AUTH_MODE_REQUIRED);
	if (rv != 0)
		return fail_nng(rv, err);
	*ret = config;
	config = NULL; /* the caller owns it now */
	return CODE_OK;
}
