/* The two clocks, with hooks for tests. Safe from any thread; set the hook before threads start.
 */
#pragma once
#include <stdint.h>

/* Microseconds since 1970-01-01T00:00:00Z, leap seconds not counted. May jump. */
int64_t clock_realtime_us(void);

/* Nanoseconds since some time in the past. Never jumps. */
uint64_t clock_monotonic_ns(void);

/* What the clocks answer from now on; NULL brings the system's clock back. */
void clock_set_realtime_hook(int64_t (*hook)(void));
void clock_set_monotonic_hook(uint64_t (*hook)(void));
