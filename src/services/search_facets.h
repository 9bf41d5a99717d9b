/* The found posts counted by tag, category, author and month. */
#pragma once
#include "services/services_private.h"
#include "store/post_fields.h"

#include <lectern/v1/search.pb-c.h>

/* How many posts have one value. */
struct facet_count {
	uint64_t value; /* kind in the first byte, then a term's id or year * 12 + month - 1 */
	uint64_t posts;
};

struct search_facets {
	struct arena *arena;
	const Lectern__V1__FacetKind *kinds; /* as asked for */
	size_t kind_count;
	size_t values_max; /* of each facet */
	/* An open-addressed hash table; value 0 is a free slot. */
	struct facet_count *slots;
	size_t capacity; /* a power of two */
	size_t used;
};

/* Whether each kind is one, and stands there once. INVALID_ARGUMENT with the path facets[i]. */
enum code search_facets_check(
	const Lectern__V1__FacetKind *kinds, size_t kind_count, struct error *err) NODISCARD;

void search_facets_init(struct search_facets *facets, struct arena *arena,
	const Lectern__V1__FacetKind *kinds, size_t kind_count, size_t values_max);

/* Counts one post. False when out of memory. */
bool search_facets_add(struct search_facets *facets, const struct post_fields *post) NODISCARD;

/* Adds a lectern.v1.Facet for each kind as field `number` of the reply. The outcome is in the
 * transaction's status. */
void search_facets_reply(struct search_facets *facets, struct rpc_call *call, uint32_t number);
