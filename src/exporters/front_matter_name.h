/* Where the file of a post lies in an exported tree. */
#pragma once
#include "base/attributes.h"
#include "base/buffer.h"

#include <lectern/v1/post.pb-c.h>
#include <stdbool.h>

/* The path that the post was imported from: below _posts or _drafts or, where its name has no date
 * for Jekyll, content. False where its origin is no such path or is not safe as one. */
bool front_matter_kept_path(const Lectern__V1__Post *post, struct buffer *out) NODISCARD;

/* _posts/YYYY-MM-DD-SLUG.md or _drafts/SLUG.md; ".html" for HTML. */
void front_matter_made_path(const Lectern__V1__Post *post, struct buffer *out);
