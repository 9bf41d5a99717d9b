/* The server's PUB socket, as a watch listens to it. */
#pragma once
#include "base/arena.h"
#include "base/attributes.h"
#include "client/interrupt.h"
#include "tls/credentials.h"

#include <lectern/error.h>
#include <lectern/v1/change.pb-c.h>

struct feed;

/* Nothing is sent yet. BAD_URL for an address that cannot be one, TLS_FILES for files that cannot
 * be used. */
enum lectern_code feed_open(const char *url, const struct tls_files *files, struct feed **ret,
	struct lectern_error *err) NODISCARD;
void feed_close(struct feed *feed);

/* Begins to connect, or connects again where that has come to a halt. TLS_FAILED where it is known
 * that it cannot. */
enum lectern_code feed_connect(struct feed *feed, struct lectern_error *err) NODISCARD;

bool feed_is_connected(const struct feed *feed);
/* How often there was a new connection: messages may have been missed before each. */
uint32_t feed_connects(const struct feed *feed);

/* Waits for the next message and unpacks it into the arena; *ret is NULL for one that is none of
 * Lectern's. DEADLINE_EXCEEDED if none comes in time; CANCELLED where it is interrupted. */
enum lectern_code feed_receive(struct feed *feed, uint32_t timeout_ms, struct interrupt *interrupt,
	struct arena *arena, Lectern__V1__ListChangesResponse **ret, struct lectern_error *err)
	NODISCARD;
