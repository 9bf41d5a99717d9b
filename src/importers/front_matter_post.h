/* Posts of Jekyll's and Hugo's files. */
#pragma once
#include "importers/front_matter_draft.h"

/* Fills what is made of a draft. RESOURCE_EXHAUSTED when out of memory. */
enum code front_matter_make(struct front_matter_draft *draft, struct error *err) NODISCARD;

/* Whether a field of front matter is read, or has to do with the looks of a site alone. */
bool front_matter_knows(const char *key);
