#include "exporters/ghost_relations.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

void ghost_relations_done(struct ghost_relations *relations)
{
	for (size_t i = 0; i < relations->slug_count; i++)
		free(relations->slugs[i].slug);
	free(relations->slugs);
	free(relations->pairs);
	free(relations->merged);
	*relations = (struct ghost_relations){ .count = 0 };
}

/* The list with room for one more; NULL when out of memory, the list stays as it is then. */
static void *grow(void *list, size_t count, size_t *capacity, size_t item_bytes)
{
	if (count < *capacity)
		return list;
	size_t more = *capacity == 0 ? FIRST_CAPACITY : *capacity * 2;
	void *grown = realloc(list, more * item_bytes);
	if (grown != NULL)
		*capacity = more;
	return grown;
}

/* Where a slug is or belongs. */
static size_t find_slug(const struct ghost_relations *relations, const char *slug)
{
	size_t from = 0;
	size_t to = relations->slug_count;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (strcmp(relations->slugs[middle].slug, slug) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* Where a tag that is merged is or belongs. */
static size_t find_merged(const struct ghost_relations *relations, uint64_t tag)
{
	size_t from = 0;
	size_t to = relations->merged_count;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (relations->merged[middle].tag < tag)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

bool ghost_relations_add_category(
	struct ghost_relations *relations, uint64_t category, const char *slug)
{
	size_t at = find_slug(relations, slug);
	struct ghost_slug *slugs = grow(
		relations->slugs, relations->slug_count, &relations->slug_capacity, sizeof *slugs);
	if (slugs == NULL)
		return false;
	relations->slugs = slugs;
	char *copy = strdup(slug);
	if (copy == NULL)
		return false;
	memmove(slugs + at + 1, slugs + at, (relations->slug_count - at) * sizeof *slugs);
	slugs[at] = (struct ghost_slug){ .slug = copy, .category = category };
	relations->slug_count++;
	return true;
}

bool ghost_relations_merge_tag(
	struct ghost_relations *relations, uint64_t tag, const char *slug, bool *ret)
{
	size_t at = find_slug(relations, slug);
	*ret = at < relations->slug_count && strcmp(relations->slugs[at].slug, slug) == 0;
	if (!*ret)
		return true;
	struct ghost_merged *merged = grow(relations->merged, relations->merged_count,
		&relations->merged_capacity, sizeof *merged);
	if (merged == NULL)
		return false;
	relations->merged = merged;
	size_t place = find_merged(relations, tag);
	memmove(merged + place + 1, merged + place,
		(relations->merged_count - place) * sizeof *merged);
	merged[place] =
		(struct ghost_merged){ .tag = tag, .category = relations->slugs[at].category };
	relations->merged_count++;
	return true;
}

bool ghost_relations_add(struct ghost_relations *relations, uint64_t post, uint64_t term)
{
	size_t place = find_merged(relations, term);
	if (place < relations->merged_count && relations->merged[place].tag == term)
		term = relations->merged[place].category;
	if (relations->count == 0 || relations->pairs[relations->count - 1].post != post)
		relations->post_start = relations->count;
	for (size_t i = relations->post_start; i < relations->count; i++)
		if (relations->pairs[i].term == term)
			return true;
	struct ghost_pair *pairs =
		grow(relations->pairs, relations->count, &relations->capacity, sizeof *pairs);
	if (pairs == NULL)
		return false;
	relations->pairs = pairs;
	pairs[relations->count++] = (struct ghost_pair){ .post = post, .term = term };
	return true;
}
