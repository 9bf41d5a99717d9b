#include "client/interrupt.h"

#include "base/clock.h"

bool interrupt_init(struct interrupt *interrupt)
{
	*interrupt = (struct interrupt){ .raised = false };
	if (pthread_mutex_init(&interrupt->mutex, NULL) != 0)
		return false;
	if (clock_cond_init(&interrupt->changed))
		return true;
	pthread_mutex_destroy(&interrupt->mutex);
	return false;
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
	if (interrupt->aio != NULL)
		nng_aio_cancel(interrupt->aio);
	while (interrupt->raised && interrupt->aio != NULL)
		pthread_cond_wait(&interrupt->changed, &interrupt->mutex);
	pthread_mutex_unlock(&interrupt->mutex);
}

/* The aio that may be cancelled from now on; NULL: none. */
static void set_aio(struct interrupt *interrupt, nng_aio *aio)
{
	if (interrupt == NULL)
		return;
	pthread_mutex_lock(&interrupt->mutex);
	interrupt->aio = aio;
	if (aio != NULL && interrupt->raised)
		nng_aio_cancel(aio);
	pthread_cond_broadcast(&interrupt->changed);
	pthread_mutex_unlock(&interrupt->mutex);
}

int interrupt_wait(struct interrupt *interrupt, nng_aio *aio)
{
	set_aio(interrupt, aio);
	nng_aio_wait(aio);
	set_aio(interrupt, NULL);
	return nng_aio_result(aio);
}

void interrupt_sleep(struct interrupt *interrupt, uint64_t until_ns)
{
	struct timespec until = clock_timespec(until_ns);
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
