/* TLS of a dialed address: whom it trusts, who it is, and why a connection cannot be made. */
#pragma once
#include "base/attributes.h"
#include "tls/credentials.h"

#include <lectern/error.h>
#include <nng/nng.h>
#include <stdbool.h>

enum { DIAL_HOST_BYTES = 256, DIAL_PORT_BYTES = 8, DIAL_PROBE_MS = 2000 };

struct nng_tls_config;

struct dial_tls {
	struct tls_credentials credentials;
	struct nng_tls_config *config; /* NULL for addresses without TLS */
	char host[DIAL_HOST_BYTES];
	char port[DIAL_PORT_BYTES];
};

bool dial_tls_is_meant(const char *url);

/* Reads the files; those that are not given are the environment's LECTERN_TLS_CA, _CERT and _KEY,
 * and the authorities else the system's. INVALID_ARGUMENT, TLS_FILES. */
enum lectern_code dial_tls_init(struct dial_tls *tls, const char *url,
	const struct tls_files *files, struct lectern_error *err) NODISCARD;
void dial_tls_done(struct dial_tls *tls);

/* Returns 0 or an nng error number. */
int dial_tls_attach(struct dial_tls *tls, nng_dialer dialer);

/* Tries a handshake where nng's do not succeed, for DIAL_PROBE_MS at most and until the deadline.
 * OK where nothing is known of it, else FAILED_PRECONDITION, TLS_FAILED. */
enum lectern_code dial_tls_explain(const struct dial_tls *tls, const char *url,
	uint64_t deadline_ns, struct lectern_error *err) NODISCARD;
