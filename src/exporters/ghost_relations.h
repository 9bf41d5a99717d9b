/* Which post has which terms, kept until the end of a Ghost export: 16 bytes for each. */
#pragma once
#include "exporters/exporter.h"

#include <stddef.h>

/* A term of any kind: the kind stands in the highest byte. */
static inline uint64_t ghost_term_id(enum export_kind kind, uint64_t id)
{
	return (uint64_t)kind << 56 | (id & UINT64_MAX >> 8);
}

static inline bool ghost_term_is_author(uint64_t term)
{
	return term >> 56 == EXPORT_AUTHOR;
}

struct ghost_pair {
	uint64_t post;
	uint64_t term;
};

/* Of a category. */
struct ghost_slug {
	char *slug; /* owned */
	uint64_t category;
};

/* A tag, and the category with the same slug that stands for it. */
struct ghost_merged {
	uint64_t tag;
	uint64_t category;
};

struct ghost_relations {
	struct ghost_pair *pairs; /* in the order they were added */
	size_t count;
	size_t capacity;
	size_t post_start;	  /* where the pairs of the newest post begin */
	struct ghost_slug *slugs; /* by slug */
	size_t slug_count;
	size_t slug_capacity;
	struct ghost_merged *merged; /* by tag */
	size_t merged_count;
	size_t merged_capacity;
};

void ghost_relations_done(struct ghost_relations *relations);

/* Tells of a category. All of them come before the tags. False when out of memory. */
bool ghost_relations_add_category(
	struct ghost_relations *relations, uint64_t category, const char *slug) NODISCARD;

/* *ret tells whether a category with that slug stands for the tag. False when out of memory. */
bool ghost_relations_merge_tag(
	struct ghost_relations *relations, uint64_t tag, const char *slug, bool *ret) NODISCARD;

/* Adds a term to a post unless it has it; posts come one after the other. False when out of memory.
 */
bool ghost_relations_add(struct ghost_relations *relations, uint64_t post, uint64_t term) NODISCARD;
