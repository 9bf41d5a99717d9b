/*
 * Counts of calls by method and code, their durations and the bytes of their responses. A call
 * costs a few additions to counters of which each thread has its own, as far as there are enough;
 * readers add them up.
 */
#pragma once
#include "rpc/rpc.h"
#include "telemetry/histogram.h"

#include <stdbool.h>

enum { CODE_COUNT = CODE_UNAUTHENTICATED + 1 };

struct call_counters;

/* What is known of the calls of one method, or of those whose method there is not. */
struct method_figures {
	const char *name; /* "lectern.v1.PostService/GetPost" or "unknown" */
	bool waits;	  /* its calls may wait by design: RPC_WAIT */
	uint64_t codes[CODE_COUNT];
	uint64_t calls;
	uint64_t response_bytes;
	struct histogram durations; /* seconds */
};

/* For the methods of the tables, which are borrowed. */
enum code call_counters_new(
	const struct rpc_options *options, struct call_counters **ret, struct error *err) NODISCARD;
void call_counters_free(struct call_counters *counters);

/* Any thread; neither locks nor allocates. row is NULL where no method was found. */
void call_counters_add(struct call_counters *counters, const struct rpc_method *row, enum code code,
	uint64_t duration_ns, uint64_t response_bytes);

/* The last one is "unknown". A call that is counted meanwhile may be in some of the figures. */
size_t call_counters_method_count(const struct call_counters *counters);
void call_counters_read(
	const struct call_counters *counters, size_t index, struct method_figures *ret);

/* "package.Service/Method" of a row; "unknown" for NULL. */
const char *call_counters_name(const struct call_counters *counters, const struct rpc_method *row);
