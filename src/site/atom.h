/*
 * Atom feeds (RFC 4287), with links to further pages (RFC 5005, "Paged Feeds").
 *
 * The id of an entry has to be the same for ever and for every reader, also after the post was
 * renamed: it is a UUID made of the site's address and the post's id (version 8 of RFC 9562: a
 * BLAKE2b hash).
 */
#pragma once
#include "site/links.h"

/* All borrowed; texts that are empty are left out. */
struct atom_feed {
	const struct site_links *links;
	const char *title;
	const char *subtitle;
	const char *self_url;		 /* of this very document; its id, too, without a query */
	const char *first_url;		 /* of the first page; NULL on the first page */
	const char *next_url;		 /* of the page behind; NULL on the last one */
	const char *alternate_url;	 /* the page of the site */
	const char *author;		 /* for entries without one; not empty */
	const char *id_url;		 /* what the id is made of: the address of the first page */
	int64_t updated_us;		 /* for a feed without posts */
	Lectern__V1__Post *const *posts; /* in the HTML view, in the order of the feed */
	size_t post_count;
	bool full; /* with their html; else with excerpts alone */
};

/* Appends the document. What does not fit marks `out`. */
void atom_put(const struct atom_feed *feed, struct buffer *out);
