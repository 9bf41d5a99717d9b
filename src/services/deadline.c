#include "services/deadline.h"

#include "rpc/rpc.h"

enum { NS_PER_MS = 1000000 };
static const uint64_t MARGIN_NS = UINT64_C(200) * NS_PER_MS;

uint64_t deadline_answer_by_ns(const struct rpc_call *call)
{
	uint64_t quarter_ns = (call->deadline_ns - call->arrival_ns) / 4;
	return call->deadline_ns - (quarter_ns < MARGIN_NS ? quarter_ns : MARGIN_NS);
}

uint64_t deadline_wait_until_ns(const struct rpc_call *call, uint32_t wait_ms)
{
	uint64_t latest_ns = deadline_answer_by_ns(call);
	uint64_t until_ns =
		call->arrival_ns +
		(uint64_t)(wait_ms < LIMIT_WAIT_MS ? wait_ms : LIMIT_WAIT_MS) * NS_PER_MS;
	return until_ns < latest_ns ? until_ns : latest_ns;
}
