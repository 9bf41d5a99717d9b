/* Records of ours in the form of Ghost's tables, as JSON. */
#pragma once
#include "base/buffer.h"
#include "exporters/exporter.h"

enum { GHOST_TEXT_BYTES_MAX = 96 * 1024 * 1024 }; /* of one record */

/* A tag or a category. */
struct ghost_tag {
	uint64_t id; /* of ghost_term_id() */
	const char *slug;
	const char *name;
	const char *description;
	const Google__Protobuf__Timestamp *create_time;
	const Google__Protobuf__Timestamp *update_time;
};

void ghost_print_tag(const struct ghost_tag *tag, struct buffer *out);
void ghost_print_user(const Lectern__V1__Author *author, struct buffer *out);
void ghost_print_post(const Lectern__V1__Post *post, struct buffer *out);

/* An entry of posts_tags or posts_authors, the `number`th of its table. */
void ghost_print_relation(
	uint64_t post, uint64_t term, uint32_t order, uint64_t number, struct buffer *out);
