/* Posts to be searched and searches in few words, for tests with a local_server (call.h). What a
 * function returns lies in *ret and stays valid until the next use of it. */
#pragma once
#include "support/call.h"

#include <lectern/v1/post.pb-c.h>
#include <lectern/v1/search.pb-c.h>

enum { NOTE_LIST_MAX = 8 };

/* A post as a search sees it. What is NULL or 0 is left out. */
struct note {
	uint64_t id; /* of the post to replace; 0 makes a new one */
	const char *title, *excerpt, *body, *language;
	Lectern__V1__PostState state; /* PUBLISHED unless it is given */
	int64_t publish_time_us;
	const char *tags[NOTE_LIST_MAX], *categories[NOTE_LIST_MAX], *authors[NOTE_LIST_MAX];
};

/* Makes the post, or makes all of it new; ends the program if that fails. Returns the id. */
uint64_t put_note(struct local_server *server, const struct note *note);
/* The same with a title and a body alone. */
uint64_t put_words(struct local_server *server, const char *title, const char *body);

/* Merges what was written into the blocks of the search index, as the writer does when it rests. */
void merge_search_index(struct local_server *server);

#define BY_TAG LECTERN__V1__FACET_KIND__FACET_KIND_TAG
#define BY_CATEGORY LECTERN__V1__FACET_KIND__FACET_KIND_CATEGORY
#define BY_AUTHOR LECTERN__V1__FACET_KIND__FACET_KIND_AUTHOR
#define BY_MONTH LECTERN__V1__FACET_KIND__FACET_KIND_MONTH

/* SearchPostsRequest; what is NULL or 0 is left out. */
struct asked {
	const char *query, *filter, *language, *page_token;
	int32_t page_size, facet_size;
	Lectern__V1__PostView view;
	Lectern__V1__FacetKind facets[NOTE_LIST_MAX];
	size_t facet_count;
	bool explain;
};

enum code try_search(struct local_server *server, const struct asked *asked, struct answer *ret);
/* The same, and the program ends if it fails. */
const Lectern__V1__SearchPostsResponse *search(
	struct local_server *server, const struct asked *asked, struct answer *ret);

/* The ids of all that a query finds, "3 1 2", the best first. */
const char *found_ids(struct local_server *server, const struct asked *asked, struct answer *ret);
