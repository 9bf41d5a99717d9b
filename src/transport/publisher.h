/*
 * Sends messages to whoever has connected a SUB socket: nng's PUB, which drops what a subscriber is
 * too slow for, the oldest message first, and waits for nobody.
 */
#pragma once
#include "base/attributes.h"
#include "base/error.h"
#include "base/slice.h"
#include "tls/credentials.h"

#include <stdbool.h>
#include <stddef.h>

struct publisher;

/* Listens on 1 to LIMIT_LISTENERS addresses; they, the credentials (NULL without TLS) and the
 * errors are as those of nng_server_new(). */
enum code publisher_new(const char *const *urls, size_t url_count,
	const struct tls_credentials *tls, struct publisher **ret, struct error *err) NODISCARD;

/* As nng_server_renew_tls(). */
enum code publisher_renew_tls(struct publisher *publisher,
	const struct tls_credentials *credentials, struct error *err) NODISCARD;

/* The addresses that subscribers can use, with real port numbers, in the order of the options. */
size_t publisher_address_count(const struct publisher *publisher);
const char *publisher_address(const struct publisher *publisher, size_t index);

/* How many are connected. Any thread. */
uint32_t publisher_subscribers(const struct publisher *publisher);

/* Sends one message, the parts one behind the other. Does not block; what cannot be sent is lost.
 * One thread at a time. */
void publisher_send(struct publisher *publisher, const struct slice *parts, size_t count);

/* Leaves what was sent a moment to go out, then closes everything. False if nng did not let go of
 * its connections: end the process soon. NULL is allowed. */
bool publisher_free(struct publisher *publisher);
