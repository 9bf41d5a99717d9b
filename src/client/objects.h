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
	const char **snippets; /* of a search, one for each post; else NULL */
	const char *title;
	const char *next_token;
	uint64_t total_size;
};

/* An empty post to unpack into; NULL when out of memory. */
struct lectern_post *post_new(void) NODISCARD;

void post_freep(struct lectern_post **post);

/* The same for a page. */
struct lectern_page *page_new(void) NODISCARD;
void page_freep(struct lectern_page **page);

/* Room for that many posts; false when out of memory. */
bool page_make_posts(struct lectern_page *page, size_t count) NODISCARD;

/* A page size as requests hold it. */
int32_t page_size_of(uint32_t size);

/* LECTERN_TIME_UNSET for NULL and for a time out of range. */
int64_t time_us_of(const Google__Protobuf__Timestamp *timestamp);
