/* Where a search goes on: what its page tokens hold. */
#pragma once
#include "services/page_token.h"
#include "services/search_rank.h"

#include <lectern/v1/search.pb-c.h>

struct search_state {
	struct search_place place; /* of the last post that was given */
	/* As on the first page, so that a later one finds and ranks unchanged posts as it did. */
	struct search_collection collection;
	uint64_t languages; /* bit n: stemmer number n */
};

void search_fingerprint(
	struct page_fingerprint *ret, const Lectern__V1__SearchPostsRequest *request);

void search_state_reply(struct rpc_call *call, uint32_t number,
	const struct page_fingerprint *fingerprint, const struct search_state *state);

/* The state in the request's token, which is not empty. */
enum code search_state_read(struct rpc_call *call, const char *token,
	const struct page_fingerprint *fingerprint, struct search_state *ret, struct error *err)
	NODISCARD;
