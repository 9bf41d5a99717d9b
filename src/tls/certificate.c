#include "tls/certificate.h"

#include <errno.h>
#include <mbedtls/version.h>
/* mbedTLS's own order: the version first. */
#include <mbedtls/error.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum { CAUSE_BYTES = 128 };

static void crt_freep(mbedtls_x509_crt *certificate)
{
	mbedtls_x509_crt_free(certificate);
}

static void pk_freep(mbedtls_pk_context *key)
{
	mbedtls_pk_free(key);
}

int certificate_random(void *unused, unsigned char *out, size_t size)
{
	(void)unused;
	while (size > 0) {
		ssize_t got = getrandom(out, size, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return MBEDTLS_ERR_ERROR_GENERIC_ERROR;
		out += got;
		size -= (size_t)got;
	}
	return 0;
}

static enum code fail_pem(int rv, const char *path, const char *what, struct error *err)
{
	char cause[CAUSE_BYTES];
	mbedtls_strerror(rv, cause, sizeof cause);
	return fail_reason(err, CODE_INVALID_ARGUMENT, "TLS_FILES", "%s: cannot be read as %s: %s",
		path, what, cause);
}

/* nng refuses a text of which one certificate cannot be read, so it is refused here, with the
 * file's name. */
static enum code parse(
	mbedtls_x509_crt *certificate, const char *pem, const char *path, struct error *err)
{
	mbedtls_x509_crt_init(certificate);
	if (strstr(pem, "-----BEGIN CERTIFICATE-----") == NULL)
		return fail_reason(err, CODE_INVALID_ARGUMENT, "TLS_FILES",
			"%s: holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)%s",
			path, strstr(pem, "PRIVATE KEY-----") == NULL ? "" : "; it holds a key");
	int rv = mbedtls_x509_crt_parse(certificate, (const unsigned char *)pem, strlen(pem) + 1);
	if (rv > 0)
		return fail_reason(err, CODE_INVALID_ARGUMENT, "TLS_FILES",
			"%s: %d of its certificates cannot be read; take them out or make them "
			"anew",
			path, rv);
	return rv == 0 ? CODE_OK : fail_pem(rv, path, "a certificate", err);
}

static int64_t time_us(const mbedtls_x509_time *time)
{
	struct tm parts = { .tm_year = time->year - 1900,
		.tm_mon = time->mon - 1,
		.tm_mday = time->day,
		.tm_hour = time->hour,
		.tm_min = time->min,
		.tm_sec = time->sec };
	return (int64_t)timegm(&parts) * 1000000;
}

enum code certificate_read(
	const char *pem, const char *path, struct tls_credentials *ret, struct error *err)
{
	AUTO(crt_freep) mbedtls_x509_crt certificate;
	enum code code = parse(&certificate, pem, path, err);
	if (code != CODE_OK)
		return code;
	if (mbedtls_x509_dn_gets(ret->subject, sizeof ret->subject, &certificate.subject) < 0)
		ret->subject[0] = '\0'; /* longer than the place for it */
	ret->not_before_us = time_us(&certificate.valid_from);
	ret->not_after_us = time_us(&certificate.valid_to);
	return CODE_OK;
}

static int parse_key(mbedtls_pk_context *key, const char *pem)
{
	const unsigned char *text = (const unsigned char *)pem;
#if MBEDTLS_VERSION_MAJOR < 3
	return mbedtls_pk_parse_key(key, text, strlen(pem) + 1, NULL, 0);
#else
	return mbedtls_pk_parse_key(key, text, strlen(pem) + 1, NULL, 0, certificate_random, NULL);
#endif
}

static int check_pair(mbedtls_pk_context *certificate, mbedtls_pk_context *key)
{
#if MBEDTLS_VERSION_MAJOR < 3
	return mbedtls_pk_check_pair(certificate, key);
#else
	return mbedtls_pk_check_pair(certificate, key, certificate_random, NULL);
#endif
}

enum code certificate_check_key(
	const char *certificate, const char *key, const struct tls_files *files, struct error *err)
{
	AUTO(crt_freep) mbedtls_x509_crt parsed;
	AUTO(pk_freep) mbedtls_pk_context pair;
	mbedtls_pk_init(&pair);
	enum code code = parse(&parsed, certificate, files->certificate, err);
	if (code != CODE_OK)
		return code;
	if (strstr(key, "PRIVATE KEY-----") == NULL)
		return fail_reason(err, CODE_INVALID_ARGUMENT, "TLS_FILES",
			"%s: holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)",
			files->key);
	if (strstr(key, "ENCRYPTED") != NULL)
		return fail_reason(err, CODE_INVALID_ARGUMENT, "TLS_FILES",
			"%s: the key has a pass phrase, which nobody would enter; take it off "
			"(openssl pkey -in FILE -out NEW) and protect the file instead",
			files->key);
	int rv = parse_key(&pair, key);
	if (rv != 0)
		return fail_pem(rv, files->key, "a private key", err);
	if (check_pair(&parsed.pk, &pair) != 0)
		return fail_reason(err, CODE_INVALID_ARGUMENT, "TLS_FILES",
			"%s: is not the key of the first certificate in %s", files->key,
			files->certificate);
	return CODE_OK;
}

enum code certificate_check_authorities(const char *pem, const char *path, struct error *err)
{
	AUTO(crt_freep) mbedtls_x509_crt authorities;
	return parse(&authorities, pem, path, err);
}
