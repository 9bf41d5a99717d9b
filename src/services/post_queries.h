/* The reads of PostService that answer with several posts: handlers for its table. */
#pragma once
#include "services/services_private.h"
#include "store/post_fields.h"

enum code post_batch_get(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
	NODISCARD;
enum code post_list_posts(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
	NODISCARD;
enum code post_get_adjacent(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err) NODISCARD;
enum code post_list_related(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err) NODISCARD;

/* The id of the post that a key names, 0 if there is none; *former tells whether the key is a
 * former slug of it. A post with a given id need not be there. */
uint64_t post_find(struct txn *txn, const struct entity_key *key, bool *former);

/* Finds the post that a request names and reads its fields; NOT_FOUND if there is none. */
enum code post_resolve(struct txn *txn, const struct entity_key *key, struct post_fields *ret,
	struct error *err) NODISCARD;

/* Adds a post as field `number` of the reply. False if it would pass the size of a response, which
 * `first` allows. */
bool reply_post(struct rpc_call *call, uint32_t number, uint64_t id, Lectern__V1__PostView view,
	bool first);
