/* One line of the log for a call. Nothing of its request or its response is in it. */
#pragma once
#include "telemetry/telemetry.h"

struct call_line {
	const struct rpc_call *call;
	const char *method;
	const struct error *err; /* NULL after success */
	uint64_t duration_us;
	uint64_t response_bytes;
	bool slow;
};

/* "all": those that were asked for one by one, so that none is left out but for want of room. */
void call_log_write(const struct call_line *line, bool all);
