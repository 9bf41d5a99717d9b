#include "client/interrupt.h"

#include "base/clock.h"

#include <time.h>

enum { RAISE_AGAIN_NS = 1000 * 1000 };

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / 1000000000u),
		.tv_nsec = (long)(ns % 1000000000u) };
}

bool interrupt_init(struct interrupt *interrupt)
{
	*interrupt = (struct interrupt){ .raised = false };
	pthread_condattr_t attributes;
	if (pthread_condattr_init(&attributes) != 0)
		return false;
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	bool made = pthread_mutex_init(&interrupt->mutex, NULL) == 0;
	if (made && pthread_cond_init(&interrupt->changed, &attributes) != 0) {
		pthread_mutex_destroy(&interrupt->mutex);
		made = false;
	}
	pthread_condattr_destroy(&attributes);
	return made;
}

void interrupt_done(struct interrupt *interrupt)
{
	pthread_cond_destroy(&interrupt->changed);
	pthread_mutex_destroy(&interrupt->mutex);
}

void interrupt_raise(struct interrupt *interrupt)
{
	pthread_mutex_lock(&interrupt->mutex);
	interrupt->raised = true;
	pthread_cond_broadcast(&interrupt->changed);
	/* Cancelling does nothing to an aio that is just about to begin, so once may be too early.
	 */
	while (interrupt->raised && interrupt->aio != NULL) {
		nng_aio_cancel(interrupt->aio);
		struct timespec again = timespec_of(clock_monotonic_ns() + RAISE_AGAIN_NS);
		pthread_cond_timedwait(&interrupt->changed, &interrupt->mutex, &again);
	}
	pthread_mutex_unlock(&interrupt->mutex);
}

bool interrupt_enter(struct interrupt *interrupt, nng_aio *aio)
{
	if (interrupt == NULL)
		return true;
	pthread_mutex_lock(&interrupt->mutex);
	bool enter = !interrupt->raised;
	if (enter)
		interrupt->aio = aio;
	pthread_mutex_unlock(&interrupt->mutex);
	return enter;
}

void interrupt_leave(struct interrupt *interrupt)
{
	if (interrupt == NULL)
		return;
	pthread_mutex_lock(&interrupt->mutex);
	interrupt->aio = NULL;
	pthread_cond_broadcast(&interrupt->changed);
	pthread_mutex_unlock(&interrupt->mutex);
}

void interrupt_sleep(struct interrupt *interrupt, uint64_t until_ns)
{
	struct timespec until = timespec_of(until_ns);
	pthread_mutex_lock(&interrupt->mutex);
	while (!interrupt->raised &&
		pthread_cond_timedwait(&interrupt->changed, &interrupt->mutex, &until) == 0)
		;
	pthread_mutex_unlock(&interrupt->mutex);
}

bool interrupt_take(struct interrupt *interrupt)
{
	pthread_mutex_lock(&interrupt->mutex);
	bool raised = interrupt->raised;
	interrupt->raised = false;
	pthread_cond_broadcast(&interrupt->changed);
	pthread_mutex_unlock(&interrupt->mutex);
	return raised;
}
