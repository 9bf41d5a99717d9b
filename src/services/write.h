/* From a checked write request to the writer's queue and back to the caller. */
#pragma once
#include "services/services_private.h"

#include <lectern/store/v1/command.pb-c.h>

/* A write under way, in the call's arena. */
struct write {
	struct rpc_call *call;
	struct store *store;
	Lectern__Store__V1__Command command;
	/* The post whose body is to be rendered first; NULL if none. */
	Lectern__V1__Post *render;
	struct store_write store_write;
	/* In the renderer's queue. */
	struct write *next;
	uint64_t turn_us;
};

/* A write whose command has time, request id, fingerprint and validate_only set. NULL and an error
 * when out of memory or for a bad request id. */
struct write *write_new(struct rpc_call *call, const ProtobufCMessage *request,
	const char *request_id, bool validate_only, struct error *err) NODISCARD;

/* Queues the write; the call is answered when it is done. The last thing a handler does. */
enum code write_submit(struct write *write, struct error *err) NODISCARD;

/* The part of it behind the renderer: hands the command to the store. Any thread. */
enum code write_enqueue(struct write *write, struct error *err) NODISCARD;

/* A key for a command, in the arena. */
Lectern__Store__V1__Key *write_key(struct rpc_call *call, const struct entity_key *key);
