/* A page of the change log as ListChanges answers with it and the PUB socket sends it. */
#pragma once
#include "services/services_private.h"

/* What is asked for. */
struct change_query {
	uint64_t after_revision;
	size_t page_size;
	Lectern__V1__PostView view; /* of the posts; UNSPECIFIED for none */
	size_t bytes_max;	    /* a page that has more than one change stays below */
};

/* OUT_OF_RANGE with the facts, unless the log reaches back to the query's revision, which the store
 * has reached. epoch is the one that the revision belongs to, "" for the store's own. */
enum code change_query_check(struct txn *txn, const struct change_query *query, const char *epoch,
	struct error *err) NODISCARD;

/* Adds all fields of a ListChangesResponse. *count is how many changes there are; they end the
 * query where it goes on behind them. Their bytes lie in the snapshot. */
enum code change_page_reply(struct txn *txn, struct reply *reply, const struct change_query *query,
	size_t *count, struct error *err) NODISCARD;
