/* Posts and terms for people. */
#pragma once
#include "base/buffer.h"
#include "cli/screen.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <lectern/v1/post.pb-c.h>

enum { TIME_TEXT_BYTES = 32 };

/* "2026-01-02 03:04" in UTC; "" for NULL or a time that is out of range. */
void time_text(const Google__Protobuf__Timestamp *time, char text[TIME_TEXT_BYTES]);

/* "published" for POST_STATE_PUBLISHED. */
const char *state_text(Lectern__V1__PostState state);

/* A post for reading: title, times, terms and what it has of body or html. */
void post_text(struct buffer *out, const struct screen *screen, const Lectern__V1__Post *post);

/* Posts as a table, one line each. `states` adds a column for the state. */
void post_table(struct buffer *out, const struct screen *screen, Lectern__V1__Post *const *posts,
	size_t count, bool states);
