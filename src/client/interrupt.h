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
	nng_aio *aio; /* that is waited for; NULL: none */
	bool raised;
};

/* False where the system gives no more locks. */
bool interrupt_init(struct interrupt *interrupt) NODISCARD;
void interrupt_done(struct interrupt *interrupt);

/* Any thread. Returns when no wait is under way any more. */
void interrupt_raise(struct interrupt *interrupt);

/* For the thread that waits. Around each wait for an aio: false means that it was interrupted, do
 * not begin. A wait that is interrupted ends with NNG_ECANCELED. NULL is never interrupted. */
bool interrupt_enter(struct interrupt *interrupt, nng_aio *aio) NODISCARD;
void interrupt_leave(struct interrupt *interrupt);

/* Sleeps until then on the monotonic clock, or until it is interrupted. */
void interrupt_sleep(struct interrupt *interrupt, uint64_t until_ns);

/* Whether it was raised since the last call of this. */
bool interrupt_take(struct interrupt *interrupt);
