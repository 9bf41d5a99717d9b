/* The reads of PostService that choose posts: handlers for its table. */
#pragma once
#include "services/services_private.h"
#include "store/post_fields.h"

enum code post_list_posts(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
	NODISCARD;
enum code post_get_adjacent(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err) NODISCARD;
enum code post_list_related(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err) NODISCARD;

/* Finds the post that a request names and reads its fields; NOT_FOUND if there is none. */
enum code post_resolve(struct txn *txn, const struct entity_key *key, struct post_fields *ret,
	struct error *err) NODISCARD;

/* Adds a post as field `number` of the reply. False if it would pass the size of a response, which
 * `first` allows. */
bool reply_post(struct rpc_call *call, uint32_t number, uint64_t id, Lectern__V1__PostView view,
	bool first);
