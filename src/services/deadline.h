/* For handlers that take long: with long loops, whether the call's time is over, without asking the
 * clock at each step; for those that wait, until when. */
#pragma once
#include "base/clock.h"

#include <stdbool.h>

enum { DEADLINE_STEPS = 1000 }; /* between two looks at the clock */

struct deadline {
	uint64_t at_ns; /* rpc_call.deadline_ns */
	unsigned steps;
	bool passed; /* stays */
};

/* `steps` tells how much work was done since the last question: 1 for a step that takes about a
 * microsecond. */
static inline bool deadline_passed(struct deadline *deadline, unsigned steps)
{
	deadline->steps += steps;
	if (deadline->steps >= DEADLINE_STEPS) {
		deadline->steps = 0;
		if (clock_monotonic_ns() >= deadline->at_ns)
			deadline->passed = true;
	}
	return deadline->passed;
}

struct rpc_call;

/* When a call that waits is answered at the latest (monotonic): a little before the end of its
 * time, for the way back; of short calls a quarter of their time. */
uint64_t deadline_answer_by_ns(const struct rpc_call *call);

/* The same for a call that asks to wait for no more than wait_ms from its arrival on. */
uint64_t deadline_wait_until_ns(const struct rpc_call *call, uint32_t wait_ms);
