/* Posts of a Ghost export. */
#pragma once
#include "importers/ghost_index.h"
#include "importers/source.h"

/* The fields of a record to be read. */
extern const uint64_t ghost_post_fields;

/* Makes the item of a post. False when out of memory. */
bool ghost_post_item(struct ghost_record *record, const struct ghost_index *index,
	const struct source_options *options, struct arena *arena, struct import_item *item)
	NODISCARD;
