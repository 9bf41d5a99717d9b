/* Method names: the lookup of a call's row and, for a wrong name, the nearest right one. */
#pragma once
#include "rpc/plan.h"
#include "rpc/rpc.h"

struct rpc_name {
	struct slice full; /* "package.Service/Method"; owned */
	const struct rpc_service *service;
	const struct rpc_method *row;
	const ProtobufCMethodDescriptor *method;
	const struct plan_message *input;
};

struct names {
	struct rpc_name *entries;
	size_t count;
	uint16_t *slots; /* index in entries + 1 by hash; 0 for an empty slot */
	size_t slot_mask;
};

/* Checks the services against their descriptors; see rpc_new(). Fills all of *names but `input`. On
 * failure names_done() is still called. */
enum code names_init(struct names *names, const struct rpc_service *services, size_t service_count,
	struct error *err) NODISCARD;
void names_done(struct names *names);

/* NULL if there is none. The leading slash may be missing. */
const struct rpc_name *names_find(const struct names *names, struct slice method);

/* UNIMPLEMENTED with what there is instead of the method, which names_find() did not find. */
enum code names_refuse(const struct names *names, struct slice method, struct error *err);
