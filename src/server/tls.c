#include "server/tls.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/rfc3339.h"
#include "tls/config.h"

enum { SOON_DAYS = 14 };
#define DAY_US (INT64_C(86400) * 1000000)

static void log_certificate(const struct server_options *options,
	const struct tls_credentials *credentials, enum log_level level, const char *message)
{
	char until[RFC3339_BYTES];
	rfc3339_format(credentials->not_after_us, until);
	log_event(level, message, log_text("file", options->tls_cert),
		log_text("subject", credentials->subject), log_text("valid_until", until), LOG_END);
}

static void log_credentials(
	const struct server_options *options, const struct tls_credentials *credentials)
{
	int64_t now_us = clock_realtime_us();
	if (now_us > credentials->not_after_us)
		log_certificate(options, credentials, LOG_WARN,
			"the certificate has expired, clients will not accept it; renew it and "
			"send "
			"SIGHUP");
	else if (now_us < credentials->not_before_us)
		log_certificate(options, credentials, LOG_WARN,
			"the certificate is not valid yet, clients will not accept it; is the "
			"clock "
			"right?");
	else if (credentials->not_after_us - now_us < SOON_DAYS * DAY_US)
		log_certificate(options, credentials, LOG_WARN,
			"the certificate expires soon; renew it and send SIGHUP");
	else
		log_certificate(options, credentials, LOG_INFO, "TLS certificate");
	if (credentials->key_is_public)
		log_event(LOG_WARN, "every user of this machine can read the TLS key; chmod o-r it",
			log_text("file", options->tls_key), LOG_END);
}

enum code tls_read(
	const struct server_options *options, struct tls_credentials *ret, struct error *err)
{
	*ret = (struct tls_credentials){ .certificate = NULL };
	struct tls_files files = { .certificate = options->tls_cert,
		.key = options->tls_key,
		.ca = options->tls_client_ca };
	if (files.certificate == NULL)
		return CODE_OK;
	enum code code = tls_credentials_read(&files, ret, err);
	if (code == CODE_OK)
		log_credentials(options, ret);
	return code;
}

void tls_reload(const struct server_options *options, struct nng_server *transport,
	struct publisher *publisher, struct serve_http *http)
{
	AUTO(tls_credentials_done) struct tls_credentials credentials;
	struct error err;
	enum code code = tls_read(options, &credentials, &err);
	if (code == CODE_OK && credentials.certificate == NULL)
		return;
	/* Two libraries read the files, and neither takes all that the other does: both are asked
	 * before anything is renewed. */
	if (code == CODE_OK)
		code = tls_check_server_config(&credentials, &err);
	if (code == CODE_OK)
		code = serve_http_renew_tls(http, &credentials, &err);
	if (code == CODE_OK)
		code = nng_server_renew_tls(transport, &credentials, &err);
	if (code == CODE_OK && publisher != NULL)
		code = publisher_renew_tls(publisher, &credentials, &err);
	if (code == CODE_OK)
		log_event(LOG_INFO, "TLS files read again", LOG_END);
	else
		log_event(LOG_ERROR, "TLS files are left as they were", log_text("cause", err.text),
			LOG_END);
}
