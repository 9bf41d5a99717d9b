/* Frames of requests, as liblectern sends them. */
#pragma once
#include "base/slice.h"

enum {
	GUARD_POSTS = 2048,
	GUARD_BATCH = 100, /* posts of a BatchGetPosts */
};

/* The frame of a request, another one for each number up to GUARD_POSTS; the caller frees its data.
 */
typedef struct slice guard_request(unsigned index);

guard_request guard_get_post_by_slug; /* FULL */
guard_request guard_get_post_by_id;   /* BASIC */
/* FULL: no two of the first 32 archives and 20 batches have a post in common. */
guard_request guard_get_archive;
guard_request guard_batch_get_posts;
guard_request guard_get_archive_basic;
guard_request guard_batch_get_posts_basic;
guard_request guard_list_posts;
guard_request guard_search_common_word;
guard_request guard_search_two_words;
guard_request guard_suggest_terms;
guard_request guard_create_post;
guard_request guard_update_post;
guard_request guard_try_post; /* as guard_create_post(), but only validated */

/* The target of a GET with the same request as guard_get_post_by_slug(). */
guard_request guard_http_target;
