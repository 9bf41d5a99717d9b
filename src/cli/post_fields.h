/* The light part of a post as lines of text, so that two states of it can be compared. */
#pragma once
#include "base/buffer.h"

#include <lectern/v1/post.pb-c.h>
#include <stddef.h>

struct post_field {
	const char *name; /* in the .proto */
	/* Appends a line "name: value" for each value or line of it; nothing where it is not set.
	 */
	void (*append)(struct buffer *out, const char *name, const Lectern__V1__Post *post);
};

/* The fields that a caller can change, but for the body, and delete_time. */
extern const struct post_field post_fields[];
extern const size_t post_field_count;
