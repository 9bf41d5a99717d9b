/* What tells the posts of an export apart, run after run. */
#pragma once
#include "base/arena.h"
#include "base/error.h"
#include "importers/wxr_reader.h"

enum { WXR_ORIGIN_BYTES = 200 };

/* The origins that were given out, some dozens of bytes each. */
struct wxr_origins {
	struct wxr_origin {
		uint64_t digest;  /* of the origin; 0: free */
		uint64_t post_id; /* of the post that has it */
	} * slots;		  /* owned; a hash table */
	size_t slot_count;
	size_t count;
};

void wxr_origins_done(struct wxr_origins *origins);

/*
 * The origin of the item in the reader: its guid or, where it has none or an item with another id
 * has the same (*ret_taken), "wordpress:" with the blog's address and the id. One that is too long
 * is a digest of itself. Sets *ret to NULL when out of memory. With origins NULL nothing is looked
 * up or kept.
 */
enum code wxr_origin_of(struct wxr_origins *origins, const struct wxr_reader *reader,
	struct arena *arena, const char **ret, bool *ret_taken, struct error *err) NODISCARD;

/* The address of the blog that the file is of. */
struct slice wxr_blog_url(const struct wxr_reader *reader);
