/* The handlers of PostService that write; see the comments in post.proto. */
#pragma once
#include "services/services_private.h"

enum code post_create(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);
enum code post_update(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);
enum code post_delete(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);
enum code post_schedule(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);

enum code post_purge(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);
enum code post_rollback(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);

/* UndeletePost, PublishPost and UnpublishPost: rpc_method.argument is the action, a
 * store.v1.MovePost.Action. */
enum code post_move(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);
