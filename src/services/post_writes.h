/* The handlers of PostService that write; see the comments in post.proto. */
#pragma once
#include "services/services_private.h"

#include <google/protobuf/field_mask.pb-c.h>

/* The fields of lectern.v1.Post that a caller may set, by their numbers: slug, title, excerpt,
 * state, publish_time, expire_time; tags to attributes; body_format, body. */
extern const uint64_t post_settable;

/* The slug that a title makes, in the call's arena; NULL when out of memory. */
char *post_slug_base(struct rpc_call *call, const Lectern__V1__Post *post);

/* What the server sets comes from the renderer alone; a body is Markdown unless it says so. */
void post_prepare_body(Lectern__V1__Post *post);

/* mask_resolve() with body and body_format going together. */
enum code post_mask(const Google__Protobuf__FieldMask *mask, const Lectern__V1__Post *post,
	uint64_t settable, uint64_t *ret, struct error *err) NODISCARD;

enum code post_create(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);
enum code post_update(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);
enum code post_delete(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);
enum code post_schedule(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);

enum code post_purge(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);
enum code post_rollback(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);

/* UndeletePost, PublishPost and UnpublishPost: rpc_method.argument is the action, a
 * store.v1.MovePost.Action. */
enum code post_move(struct rpc_call *call, const ProtobufCMessage *message, struct error *err);
