/* Posts for tests of filters, with a local_server: fixed ones of every kind and random ones, as a
 * snapshot of the store shows them. */
#pragma once
#include "services/filter.h"
#include "support/content.h"
#include "support/random.h"

/* The fixed ones come first. */
enum { FIXED = 8, POSTS = 160, CATEGORIES = 6 };

#define DAY_US INT64_C(86400000000)
#define JANUARY_2024(day) ((19722 + (day)) * DAY_US)
#define STATE(name) LECTERN__V1__POST_STATE__POST_STATE_##name

extern struct random random_source; /* begun by the set-up */
extern struct arena arena;
extern struct txn *txn;			      /* the snapshot */
extern const Lectern__V1__Post *posts[POSTS]; /* as GetPost gives them */
extern const int parents[CATEGORIES];	      /* of the category by its number; -1 for none */

/* Of a whole program, as cmocka calls them. */
int filter_posts_set_up(void **state);
int filter_posts_tear_down(void **state);

static inline uint64_t below(uint64_t bound)
{
	return random_below(&random_source, bound);
}

/* Whether the post passes the filter; the test fails if that cannot be told. */
bool matches(const struct filter *filter, uint64_t id);
