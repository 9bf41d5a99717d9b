/*
 * Why a TLS connection cannot be made. nng tells nothing of a handshake that failed: it dials again
 * and again. So when it has failed for long enough, one handshake is done here whose failure has a
 * text.
 */
#pragma once
#include "base/attributes.h"
#include "tls/credentials.h"

#include <stdint.h>

/*
 * Connects and shakes hands, at most until the deadline of the monotonic clock. OK: it worked, or
 * nothing is known (nobody listens, no time). FAILED_PRECONDITION with the reason TLS_FAILED: the
 * text says what is wrong with which end. The name is what the server's certificate must be made
 * out to.
 */
enum code tls_probe(const char *host, const char *port, const struct tls_credentials *credentials,
	uint64_t deadline_ns, struct error *err) NODISCARD;
