/* What an item and the server's record of it have in common. */
#pragma once
#include "base/arena.h"

#include <stdbool.h>

/*
 * Replaces in `wanted` every reference to a term that the existing record names too by the existing
 * reference, and what the item leaves open by what is there, so that fields which mean the same are
 * equal. With keep_terms the terms that only the record has are put before the others. False when
 * out of memory.
 */
bool same_align(ProtobufCMessage *wanted, const ProtobufCMessage *existing, bool keep_terms,
	struct arena *arena) NODISCARD;
