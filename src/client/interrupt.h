/* Ending another thread's wait. */
#pragma once
#include "base/attributes.h"

#include <nng/nng.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct interrupt {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	nng_aio *aio; /* that is waited for and can be cancelled; NULL: none */
	bool raised;
};

/* False where the system gives no more locks. */
bool interrupt_init(struct interrupt *interrupt) NODISCARD;
void interrupt_done(struct interrupt *interrupt);

/* Any thread. Returns when no wait is under way any more. */
void interrupt_raise(struct interrupt *interrupt);

/* For the thread that waits: waits for what nng was just told to do with the aio, and returns its
 * result; NNG_ECANCELED if it was interrupted. The aio is cancelled only from here on: nng 1.10
 * ends the wait for one that is cancelled while it begins, without an error, and goes on with it.
 * Without an interrupt (NULL) nothing cancels it. */
int interrupt_wait(struct interrupt *interrupt, nng_aio *aio);

/* Sleeps until then on the monotonic clock, or until it is interrupted. */
void interrupt_sleep(struct interrupt *interrupt, uint64_t until_ns);

/* Whether it was raised since the last call of this. */
bool interrupt_take(struct interrupt *interrupt);
