#include "http/https_credentials.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct https_credentials {
	atomic_size_t holders;
	gnutls_certificate_credentials_t own;
};

static enum code fail_gnutls(struct error *err, int rv, const char *what)
{
	if (rv == GNUTLS_E_MEMORY_ERROR)
		return fail_out_of_memory(err);
	return fail(
		err, CODE_INVALID_ARGUMENT, "https cannot use %s: %s", what, gnutls_strerror(rv));
}

static gnutls_datum_t datum_of(const char *text)
{
	return (gnutls_datum_t){ .data = (unsigned char *)(uintptr_t)text,
		.size = (unsigned)strlen(text) };
}

static enum code trust(struct https_credentials *credentials, const char *ca, struct error *err)
{
	gnutls_datum_t text = datum_of(ca);
	int count =
		gnutls_certificate_set_x509_trust_mem(credentials->own, &text, GNUTLS_X509_FMT_PEM);
	if (count < 0)
		return fail_gnutls(err, count, "the authorities of clients");
	if (strstr(ca, "-----BEGIN X509 CRL-----") == NULL)
		return CODE_OK;
	count = gnutls_certificate_set_x509_crl_mem(credentials->own, &text, GNUTLS_X509_FMT_PEM);
	return count < 0 ? fail_gnutls(err, count, "the list of revoked certificates") : CODE_OK;
}

static enum code fill(struct https_credentials *credentials, const char *certificate,
	const char *key, const char *client_ca, struct error *err)
{
	gnutls_datum_t chain = datum_of(certificate);
	gnutls_datum_t secret = datum_of(key);
	int rv = gnutls_certificate_allocate_credentials(&credentials->own);
	if (rv < 0)
		return fail_gnutls(err, rv, "a certificate");
	rv = gnutls_certificate_set_x509_key_mem2(
		credentials->own, &chain, &secret, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (rv < 0)
		return fail_gnutls(err, rv, "the certificate and its key");
	return client_ca == NULL ? CODE_OK : trust(credentials, client_ca, err);
}

enum code https_credentials_new(const char *certificate, const char *key, const char *client_ca,
	struct https_credentials **ret, struct error *err)
{
	struct https_credentials *credentials = calloc(1, sizeof *credentials);
	if (credentials == NULL)
		return fail_out_of_memory(err);
	atomic_init(&credentials->holders, 1);
	enum code code = fill(credentials, certificate, key, client_ca, err);
	if (code == CODE_OK)
		*ret = credentials;
	else
		https_credentials_release(credentials);
	return code;
}

struct https_credentials *https_credentials_hold(struct https_credentials *credentials)
{
	if (credentials != NULL)
		atomic_fetch_add(&credentials->holders, 1);
	return credentials;
}

void https_credentials_release(struct https_credentials *credentials)
{
	if (credentials == NULL || atomic_fetch_sub(&credentials->holders, 1) > 1)
		return;
	if (credentials->own != NULL)
		gnutls_certificate_free_credentials(credentials->own);
	free(credentials);
}

/* NULL for a connection without TLS. */
static gnutls_session_t session_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	return info == NULL ? NULL : info->tls_session;
}

/* The session has libmicrohttpd's own, of the start, until then; these take their place. */
void https_credentials_use(
	const struct https_credentials *credentials, struct MHD_Connection *connection)
{
	gnutls_session_t session = session_of(connection);
	if (session != NULL)
		(void)gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials->own);
}

bool https_client_is_trusted(struct MHD_Connection *connection)
{
	gnutls_session_t session = session_of(connection);
	/* Where the certificate says what it is for: not one of a server. */
	gnutls_typed_vdata_st purpose = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
		.data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT };
	unsigned problems = 0;
	if (session == NULL)
		return true;
	return gnutls_certificate_verify_peers(session, &purpose, 1, &problems) == 0 &&
	       problems == 0;
}
