/*
 * The server without a network, for tests: a store in a temporary folder, the services and the
 * dispatcher in this process. Calls are packed, dispatched, waited for and unpacked, so that they
 * take every step of a real one but the frame.
 *
 * Nothing here returns an error of its own: what goes wrong on the way ends the program with a
 * line that says so. Usable from several threads at once but for open and close.
 */
#pragma once
#include "base/error.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

struct rpc;
struct services;
struct store;
struct store_retention;

enum { LOCAL_SERVER_REVISIONS_KEPT = 10 };

struct local_server {
	char directory[64]; /* of the store; removed by local_server_close() */
	struct store *store;
	struct services *services;
	struct rpc *rpc;
	uint32_t timeout_ms; /* of calls from now on; 0: so long that sanitizers do not matter */
	size_t arena_bytes;  /* memory of calls from now on; 0: LIMIT_ARENA_BYTES */
	/* From the next local_server_reopen() on; NULL: everything is kept. */
	const struct store_retention *retention;
};

/* What came back of one call. */
struct answer {
	enum code code;
	struct error err;	   /* text "" after success */
	ProtobufCMessage *message; /* NULL unless code is CODE_OK */
	uint64_t revision;
	uint8_t *bytes; /* of the message as they were sent */
	size_t size_bytes;
};

void local_server_open(struct local_server *server);
/* Closes and opens the store, as a restart of the server does. */
void local_server_reopen(struct local_server *server);
/* Ends what runs and answers what is queued; only call_wait() and local_server_close() follow. */
void local_server_stop(struct local_server *server);
void local_server_close(struct local_server *server);

/* Runs one method, named as in "PostService/GetPost" or in full. The answer that *ret holds is
 * freed first, so that a test can use one variable for all its calls; it begins as { 0 }. */
enum code call(struct local_server *server, const char *method, const ProtobufCMessage *request,
	struct answer *ret);

/* The two halves of call(): a write may be under way between them. */
struct started_call;
struct started_call *call_start(
	struct local_server *server, const char *method, const ProtobufCMessage *request);
enum code call_wait(struct started_call *started, struct answer *ret);

/* The same with the request's bytes, right or wrong. */
enum code call_bytes(struct local_server *server, const char *method, const void *payload,
	size_t size_bytes, struct answer *ret);

/* call() that has to succeed; prints the error and ends the program if it does not. The message of
 * the answer, which stays valid until the next use of *ret. */
void *call_ok(struct local_server *server, const char *method, const ProtobufCMessage *request,
	struct answer *ret);

/* Frees what the answer holds and empties it. */
void answer_done(struct answer *answer);

/* The problems that AdminService.CheckStore reports, printed; 0 for a sound store. */
uint64_t count_problems(struct local_server *server);

/* The revision of the store. */
uint64_t revision_of(struct local_server *server);

/* A text for a message, which holds char * though none of ours is written to; "" for NULL. */
char *text(const char *given);
