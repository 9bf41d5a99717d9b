/*
 * Load on a server: many calls at once over several connections, without a thread for each. What
 * `lectern bench` is made of. Not part of the library's public interface.
 */
#pragma once
#include "base/attributes.h"
#include "client/latency.h"

#include <lectern/client.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOAD_CODES = 17, LOAD_NUMBER_BYTES = 16 };

/* A call that is made again and again. */
struct load_call {
	const char *method;
	const void *payload;
	size_t payload_bytes;
	double weight; /* how often, compared with the others */
	/* Where the payload has LOAD_NUMBER_BYTES of its own in each call: hexadecimal digits. 0:
	 * all are alike. */
	size_t number_at;
};

struct load_options {
	lectern_client *client; /* whose address and token are used; borrowed */
	const struct load_call *calls;
	size_t call_count;
	uint32_t connections;
	uint32_t in_flight; /* on each of them at most */
	/* Calls per second, which begin when it is their time, whether others have ended or not;
	 * the times of a call then count from that, so that those which a busy server keeps from
	 * being sent are not forgotten. 0: each answer lets the next call begin. */
	double rate;
	bool bursts; /* the calls of each second in its first fifth */
	uint32_t timeout_ms;
	uint32_t warmup_ms; /* before what is counted */
	uint32_t duration_ms;
	const volatile sig_atomic_t *stop; /* not 0: end now */
};

struct load_result {
	double elapsed_s;
	uint64_t offered;	       /* calls whose time to begin came */
	uint64_t answered[LOAD_CODES]; /* by code; what was answered in time */
	uint64_t unanswered;	       /* no answer in time */
	uint64_t unsent;	       /* a quarter of its time was over before it could be sent */
	uint64_t received_bytes;
	double cpu_s; /* of this program */
	struct latency succeeded;
	struct latency refused; /* answers that were errors */
};

/* Once in a process, whose end closes the connections.
 * UNAVAILABLE where nothing answers, INVALID_ARGUMENT for calls that cannot be sent. */
enum lectern_code load_run(const struct load_options *options, struct load_result *ret,
	struct lectern_error *err) NODISCARD;
