/* The answer to a search: posts with their scores and snippets, and how they were found. */
#pragma once
#include "services/search_rank.h"
#include "services/services_private.h"

#include <lectern/v1/search.pb-c.h>

/* A page of found posts on its way into the reply. */
struct search_page {
	struct rpc_call *call;
	struct analyzer *analyzer;
	const struct search_query *query;
	const struct search_scorer *scorer;
	struct deadline *deadline;
	Lectern__V1__PostView view;
};

/* Adds the places from the first one on as lectern.v1.SearchHit, field `number` of the reply. Fewer
 * than `count` where the response would become too large or the deadline has passed; returns how
 * many. */
size_t search_reply_hits(const struct search_page *page, uint32_t number,
	const struct search_place *places, size_t count);

/* Adds the plan as field `number`. */
void search_reply_plan(struct rpc_call *call, uint32_t number,
	const struct search_match *const *halves, size_t half_count);
