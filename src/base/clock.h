/* The two clocks, with hooks for tests. Safe from any thread; set the hook before threads start.
 */
#pragma once
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Microseconds since 1970-01-01T00:00:00Z, leap seconds not counted. May jump. */
int64_t clock_realtime_us(void);

/* Nanoseconds since some time in the past. Never jumps. */
uint64_t clock_monotonic_ns(void);

/* The same clock, a few milliseconds behind at most, for less than half of the cost. */
uint64_t clock_coarse_ns(void);

/* Such a time as the system's functions take it. */
struct timespec clock_timespec(uint64_t ns);

/* A condition whose timed waits are on the monotonic clock. False where the system gives no more;
 * with glibc it does not happen. */
bool clock_cond_init(pthread_cond_t *cond);

/* What the clocks answer from now on; NULL brings the system's clock back. */
void clock_set_realtime_hook(int64_t (*hook)(void));
void clock_set_monotonic_hook(uint64_t (*hook)(void));
