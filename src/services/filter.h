/* ListPostsRequest.filter: so far one restriction, which names one posting list. */
#pragma once
#include "base/arena.h"
#include "services/services_private.h"

/*
 * Reads the filter and finds the list that answers it: published posts for an empty one. A term
 * that does not exist gives a list without entries. INVALID_ARGUMENT with the position (in bytes,
 * from 1) for what is not understood.
 */
enum code filter_plan(struct txn *txn, struct arena *arena, const char *filter, uint8_t *kind,
	uint64_t *number, struct error *err) NODISCARD;
