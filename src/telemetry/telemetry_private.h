/* Only for telemetry.c and metrics.c. */
#pragma once
#include "telemetry/call_counters.h"
#include "telemetry/telemetry.h"

#include <stdatomic.h>

struct telemetry {
	struct telemetry_options options;
	struct call_counters *counters;
	atomic_int log_calls;
	_Atomic uint64_t slow_call_us;
	_Atomic uint64_t slow_calls;
	int64_t start_us; /* since 1970 */
};
