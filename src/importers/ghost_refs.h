/* Which tags and authors a post of a Ghost export has. */
#pragma once
#include "importers/ghost_index.h"
#include "importers/source.h"

/* Sets the lists; *ret_tags and *ret_authors tell whether the export decides them. False when out
 * of memory. */
bool ghost_refs(struct ghost_record *record, const struct ghost_index *index, bool internal_tags,
	struct arena *arena, struct import_item *item, Lectern__V1__Post *post, bool *ret_tags,
	bool *ret_authors) NODISCARD;
