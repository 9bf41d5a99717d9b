/* Lines of JSON as `lectern import jsonl` takes them: terms and made posts. */
#pragma once
#include "post_body.h"

enum { TAGS_MAX = 4096, CATEGORIES = 60, AUTHORS = 256 };

struct post_source {
	struct vocabulary vocabulary;
	struct draw tag_draws[TAGS_MAX];
	struct draw author_draws[AUTHORS];
	uint64_t seed;
	uint64_t total;	   /* posts, over whose numbers the years are spread; 0: in no order */
	size_t full_bytes; /* of a post in the FULL view; 0: lengths as real posts have them */
};

void post_source_init(struct post_source *source, uint64_t seed, size_t full_bytes);

/* How many tags there are for posts below this number. */
size_t tag_count(uint64_t posts);

/* A line replaces what stands in the text. */
void write_tag_line(struct text *text, const struct post_source *source, size_t number);
void write_category_line(struct text *text, const struct post_source *source, size_t number);
void write_author_line(struct text *text, const struct post_source *source, size_t number);
/* The post depends on its number and on what is in the source alone. */
void write_post_line(struct text *text, const struct post_source *source, uint64_t number);
