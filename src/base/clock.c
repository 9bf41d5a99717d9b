#include "base/clock.h"

#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

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
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void clock_set_realtime_hook(int64_t (*hook)(void))
{
	atomic_store(&realtime_hook, hook);
}

void clock_set_monotonic_hook(uint64_t (*hook)(void))
{
	atomic_store(&monotonic_hook, hook);
}
