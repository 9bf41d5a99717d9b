/* nng's TLS configuration from credentials. */
#pragma once
#include "base/attributes.h"
#include "tls/credentials.h"

#include <nng/nng.h>
/* which this needs before it */
#include <nng/supplemental/tls/tls.h>

/* For listeners: TLS 1.2 or later, and with authorities nobody but who shows a certificate of
 * theirs. Free with nng_tls_config_free(). */
enum code tls_server_config(const struct tls_credentials *credentials, nng_tls_config **ret,
	struct error *err) NODISCARD;

/* Whether nng takes them for listeners. */
enum code tls_check_server_config(const struct tls_credentials *credentials, struct error *err)
	NODISCARD;

/* For dialers: the same, and the server's certificate must come from one of the authorities and
 * be made out to the name. */
enum code tls_client_config(const struct tls_credentials *credentials, const char *server_name,
	nng_tls_config **ret, struct error *err) NODISCARD;
