/*
 * Restrictions that the lists by publish_time cannot answer, but another index can where it names
 * few posts: slugs, titles, times of creation and change. The posts are gathered and put in the
 * order of publish_time.
 */
#pragma once
#include "services/filter.h"

/* Up to this many index entries are gathered for one restriction. */
enum { FILTER_CANDIDATES_MAX = 4096 };

/* Whether an index answers the restriction; then *ret is the iterator of exactly its posts (NULL
 * when out of memory). False where it names too many. */
bool filter_candidates(const struct filter *filter, const struct filter_node *restriction,
	const struct post_iterator_context *context, struct post_iterator **ret);

/* Where lists by publish_time have a post. */
void filter_time_position(const struct post_fields *post, struct key *ret);
