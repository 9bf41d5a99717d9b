/*
 * What https addresses show and whom they trust. Each connection keeps the credentials it began
 * with, so they can be replaced while connections live: they are counted. Any thread.
 */
#pragma once
#include "base/attributes.h"
#include "base/error.h"

#include <microhttpd.h>
#include <stdbool.h>

struct https_credentials;

/* From PEM texts. client_ca, authorities and lists of what they have revoked, is NULL where clients
 * need no certificate. Held once, by the caller. INVALID_ARGUMENT if GnuTLS, which libmicrohttpd
 * serves TLS with, does not take them. */
enum code https_credentials_new(const char *certificate, const char *key, const char *client_ca,
	struct https_credentials **ret, struct error *err) NODISCARD;

/* Returns the credentials, or NULL for NULL, which has to be released once more. */
struct https_credentials *https_credentials_hold(struct https_credentials *credentials);
void https_credentials_release(struct https_credentials *credentials);

/* For a connection that has just begun, in libmicrohttpd's notification of that, before it shakes
 * hands; they are to be held until it ends. One without TLS is left as it is. */
void https_credentials_use(
	const struct https_credentials *credentials, struct MHD_Connection *connection);

/* Whether the client has shown a certificate for clients that the authorities vouch for; also where
 * the connection has no TLS. libmicrohttpd asks for certificates and does not look at them. */
bool https_client_is_trusted(struct MHD_Connection *connection);
