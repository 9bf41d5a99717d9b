/* The handlers of PostService that write; see the comments in post.proto. */
#pragma once
#include "services/services_private.h"

enum code post_create(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);
enum code post_update(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);
enum code post_delete(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);
enum code post_undelete(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);
enum code post_purge(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);
enum code post_publish(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);
enum code post_schedule(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);
enum code post_unpublish(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);
