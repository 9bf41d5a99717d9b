/* What the typed functions return, inside. */
#pragma once
#include "base/arena.h"
#include "base/attributes.h"

#include <lectern/client.h>
#include <lectern/v1/post.pb-c.h>

enum { OBJECT_BYTES_MAX = 256 * 1024 * 1024 }; /* of one unpacked answer */

struct lectern_post {
	const Lectern__V1__Post *message;
	struct arena arena; /* holds the message; empty for a post of a page */
};

struct lectern_page {
	struct arena arena; /* holds everything below */
	struct lectern_post *posts;
	size_t post_count;
	const char *title;
	const char *next_token;
	uint64_t total_size;
};

/* An empty post to unpack into; NULL when out of memory. */
struct lectern_post *post_new(void) NODISCARD;

void post_freep(struct lectern_post **post);
