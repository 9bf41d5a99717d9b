/* Tags and users of a Ghost export. */
#pragma once
#include "importers/ghost_record.h"
#include "importers/source.h"

/* The fields of a record to be read. */
extern const uint64_t ghost_tag_fields, ghost_user_fields;

/* What posts name a term by. */
struct ghost_names {
	const char *slug;
	const char *name;
	bool is_internal; /* a tag that Ghost shows to editors only */
};

/* False, with the record's problem, for a term that is refused. */
bool ghost_term_names(struct ghost_record *record, struct arena *arena, struct ghost_names *ret)
	NODISCARD;

/* Makes the item of a tag or of an author: IMPORT_TAG or IMPORT_AUTHOR. False when out of memory.
 */
bool ghost_term_item(struct ghost_record *record, enum import_kind kind, bool internal_tags,
	struct arena *arena, struct import_item *item) NODISCARD;
