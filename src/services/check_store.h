/* AdminService.CheckStore: runs in a thread of its own, because it reads the whole store. */
#pragma once
#include "services/services_private.h"

enum code check_store(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);
