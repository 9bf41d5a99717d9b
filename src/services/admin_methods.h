/* The methods of AdminService that have files of their own; the table is in admin_service.c. */
#pragma once
#include "services/services_private.h"

/* admin_operations.c */
enum code create_backup(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);
enum code check_store(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);
enum code get_operation(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);

/* admin_stats.c */
enum code get_metrics(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);
enum code get_stats(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);
