/* Texts of a Ghost export in the form that fields of ours have. */
#pragma once
#include "base/arena.h"
#include "importers/item_notes.h"

/* One line of at most max_bytes: control characters become blanks, blanks around it go. A cut is
 * noted with the field's name; item may be NULL. NULL when out of memory. */
char *ghost_line(struct slice text, size_t max_bytes, const char *field, struct import_item *item,
	struct arena *arena) NODISCARD;

/* A text of at most max_bytes, in the same way. */
char *ghost_cut(struct slice text, size_t max_bytes, const char *field, struct import_item *item,
	struct arena *arena) NODISCARD;

/* The slug, or one made from it or, where it has no letter, from the other text; may be "". NULL
 * when out of memory. */
char *ghost_slug(struct slice slug, const char *otherwise, struct arena *arena) NODISCARD;

/* The URL with a scheme; "" with a note if it is none that everybody can follow, as those that
 * begin with __GHOST_URL__ are. NULL when out of memory. */
char *ghost_url(struct slice url, const char *field, struct import_item *item, struct arena *arena)
	NODISCARD;
