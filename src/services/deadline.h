/* For handlers with long loops: whether the call's time is over, without asking the clock at each
 * step. */
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
