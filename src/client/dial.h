/* The connection of a socket to one address: made when it is first needed, and made again. */
#pragma once
#include "base/attributes.h"
#include "client/dial_tls.h"

#include <lectern/error.h>
#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	DIAL_URL_BYTES = 256,
	/* After so long without a connection the dialer is made anew. */
	DIAL_AGAIN_MS = 1000,
};

struct dial {
	nng_socket socket; /* borrowed */
	nng_dialer dialer; /* guarded by mutex once it was started */
	pthread_mutex_t mutex;
	uint64_t dialed_ns; /* when the dialer was started */
	atomic_bool started;
	atomic_int pipes;     /* connections that are up */
	atomic_uint connects; /* how often there was one */
	char url[DIAL_URL_BYTES];
	struct dial_tls tls;
	uint64_t explained_ns; /* when a connection over TLS that cannot be made was looked into */
};

/* Whether this is an address that can be dialed. `what` names it in the text: "server URL". */
enum lectern_code dial_check_url(const char *url, const char *what, struct lectern_error *err)
	NODISCARD;

/* Prepares the socket. Nothing is sent yet. The struct must not be moved afterwards, and stays
 * until the socket is closed. The files are for addresses with TLS. */
enum lectern_code dial_init(struct dial *dial, nng_socket socket, const char *url, const char *what,
	const struct tls_files *files, struct lectern_error *err) NODISCARD;

/* Closes the socket. */
void dial_close(struct dial *dial);

/* Starts connecting, once. Not at open: a socket that is closed while it connects over ipc costs
 * memory (seen with nng 1.5.2). */
enum lectern_code dial_start(struct dial *dial, struct lectern_error *err) NODISCARD;

/* Why there is no connection, while there is none: TLS_FAILED. OK where it is not known, or has
 * just been looked into. Takes up to DIAL_PROBE_MS, with addresses of TLS alone. */
enum lectern_code dial_explain(struct dial *dial, uint64_t deadline_ns, struct lectern_error *err)
	NODISCARD;

/* Makes the dialer anew if there is no connection and it has not just been made. nng 1.5.2 stops
 * dialing for good when a connection breaks during its handshake, as it does when a server is
 * killed at the wrong moment. Whether it was made anew. */
bool dial_again(struct dial *dial);

/* An error of nng's that nothing can be done about. */
enum lectern_code fail_nng(struct lectern_error *err, int rc, const char *what);
