/*
 * Replies of reads, and pieces of them, that are asked for again and again. One holds for as long
 * as the store has the version that it was read at, so a reader never sees anything older than
 * without this, and there is nothing to invalidate. Bounded in bytes; what has not been used for
 * long goes first. Any thread.
 */
#pragma once
#include "base/error.h"
#include "rpc/reply.h"
#include "rpc/rpc.h"

struct reply_cache;

/* What a reply is the answer to, or a piece the bytes of. */
struct reply_key {
	const void *kind;     /* the row of a method, or anything else that has one address */
	struct slice request; /* borrowed */
	uint64_t version;     /* of the store; rpc_options.version */
};

/* Until it is released. */
struct cached_reply {
	struct slice payload;
	uint64_t revision;
};

enum code reply_cache_new(size_t max_bytes, struct reply_cache **ret, struct error *err) NODISCARD;
/* NULL is allowed. No reply of it may be in use. */
void reply_cache_free(struct reply_cache *cache);

/* NULL if it has none. */
const struct cached_reply *reply_cache_find(struct reply_cache *cache, const struct reply_key *key);
void reply_cache_release(const struct cached_reply *reply);

/* Copies the reply if its request has been offered before, whatever the version was: what is asked
 * for once only takes no room from others. Not if it is larger than what one reply may have. */
void reply_cache_offer(struct reply_cache *cache, const struct reply_key *key,
	const struct slice *parts, size_t count, uint64_t revision);

void reply_cache_read_stats(struct reply_cache *cache, struct rpc_cache_stats *ret);
