#include "base/clock.h"

#include <stdatomic.h>
#include <stddef.h>

enum { NS_PER_S = 1000000000 };

static _Atomic(int64_t (*)(void)) realtime_hook;
static _Atomic(uint64_t (*)(void)) monotonic_hook;

int64_t clock_realtime_us(void)
{
	int64_t (*hook)(void) = atomic_load(&realtime_hook);
	if (hook != NULL)
		return hook();
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

uint64_t clock_monotonic_ns(void)
{
	uint64_t (*hook)(void) = atomic_load_explicit(&monotonic_hook, memory_order_relaxed);
	if (hook != NULL)
		return hook();
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t clock_coarse_ns(void)
{
	uint64_t (*hook)(void) = atomic_load_explicit(&monotonic_hook, memory_order_relaxed);
	if (hook != NULL)
		return hook();
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

struct timespec clock_timespec(uint64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / NS_PER_S),
		.tv_nsec = (long)(ns % NS_PER_S) };
}

bool clock_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attributes;
	if (pthread_condattr_init(&attributes) != 0)
		return false;
	bool made = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
		    pthread_cond_init(cond, &attributes) == 0;
	pthread_condattr_destroy(&attributes);
	return made;
}

void clock_set_realtime_hook(int64_t (*hook)(void))
{
	atomic_store(&realtime_hook, hook);
}

void clock_set_monotonic_hook(uint64_t (*hook)(void))
{
	atomic_store(&monotonic_hook, hook);
}
