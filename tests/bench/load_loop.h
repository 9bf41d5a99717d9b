/*
 * Calls over a few connections, each answer followed by the next call: one thread and epoll for any
 * protocol, so that the servers are compared and not their clients. For calls that change nothing.
 */
#pragma once
#include "base/buffer.h"
#include "base/slice.h"
#include "client/latency.h"

enum { LOOP_CONNECTIONS_MAX = 1024, LOOP_IN_FLIGHT_MAX = 1024 };

struct loop_connection;

/* What is sent for one call, made before the first one; the protocol knows what is in it. */
struct loop_request {
	struct slice bytes;
	double weight;
};

struct loop_protocol {
	const char *name;
	/* The request of a method, as the other functions get it, in allocated memory. */
	struct slice (*prepare)(const char *method, struct slice payload);
	/* The state of a connection, with its greeting in loop_output(); NULL when out of memory.
	 */
	void *(*open)(struct loop_connection *connection, const char *method);
	void (*close)(void *state);
	/* Begins a call. Slots are numbers below the calls in flight. */
	bool (*send)(void *state, uint32_t slot, struct slice request);
	/* Takes what has come and calls loop_answered(). False where it makes no sense. */
	bool (*receive)(void *state, struct slice bytes);
	/* Adds what there is to be sent to loop_output(). */
	bool (*flush)(void *state);
};

/* The bytes that go out next. */
struct buffer *loop_output(struct loop_connection *connection);

/* A slot's call has ended; `size` bytes of answer. Begins its next call. */
bool loop_answered(struct loop_connection *connection, uint32_t slot, bool succeeded, size_t size);

/* The greeting of the other side has come: calls begin. */
bool loop_start(struct loop_connection *connection);

struct loop_options {
	const struct loop_protocol *protocol;
	const char *host; /* an address of IPv4 */
	uint16_t port;
	const char *method;
	const struct loop_request *requests;
	size_t request_count;
	uint32_t connections;
	uint32_t in_flight; /* on each of them */
	uint32_t seconds;
};

struct loop_result {
	uint64_t succeeded;
	uint64_t failed;
	uint64_t received_bytes; /* of answers that succeeded, without the protocol's frames */
	double elapsed_s;
	struct latency latency;
};

/* False with a text on standard error. */
bool loop_run(const struct loop_options *options, struct loop_result *ret);

extern const struct loop_protocol load_sp;
extern const struct loop_protocol load_grpc;
