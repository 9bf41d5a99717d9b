#include "importers/archive_match.h"

#include "base/limits.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <times.h>

enum {
	LOOKUP_BYTES_MAX = 256 * 1024 * 1024,
	SPARE = 2, /* slugs asked for beyond the number of posts that share one */
	GROUP_SLUGS_MAX = 100000,
	FOLDED_BYTES = 4 * LIMIT_NAME_BYTES,
};

/* A post of the server that may be one of the group's. */
struct candidate {
	const Lectern__V1__Post *post; /* NULL: the slug is free */
	struct digest title;
	struct digest body;
	const char *asked_slug;
	bool taken;
};

/* The posts whose titles give the same slug. */
struct group {
	struct archive_index *index;
	const uint32_t *order; /* all posts of the index, sorted by slug base */
	const uint32_t *posts; /* within order */
	uint32_t count;
	struct candidate *candidates; /* NAME, NAME-2 ... as far as they were looked up */
	size_t candidate_count;
	struct arena *arena;
};

static int compare_bases(const void *a, const void *b, void *arg)
{
	const struct archive_index *index = arg;
	uint32_t left = *(const uint32_t *)a;
	uint32_t right = *(const uint32_t *)b;
	int order = strcmp(index->posts[left].slug_base, index->posts[right].slug_base);
	return order != 0 ? order : left < right ? -1 : left > right;
}

/* Whether a slug is the base of some group, which comes first in using it. */
static bool is_base(const struct group *group, const char *slug)
{
	uint32_t low = 0;
	uint32_t high = group->index->post_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = strcmp(group->index->posts[group->order[middle]].slug_base, slug);
		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* The n-th slug of the group, from 1. */
static const char *nth_slug(const struct group *group, size_t n)
{
	const char *base = group->index->posts[group->posts[0]].slug_base;
	return n == 1 ? base : arena_printf(group->arena, "%s-%zu", base, n);
}

static enum code fail_memory(struct error *err)
{
	return fail(err, CODE_RESOURCE_EXHAUSTED, "look up posts: out of memory");
}

/* Looks up the next `more` slugs of the group. */
static enum code look_up(
	struct group *group, const struct post_lookup *lookup, size_t more, struct error *err)
{
	size_t had = group->candidate_count;
	struct candidate *all = arena_calloc(group->arena, had + more, sizeof *all);
	const char **slugs = arena_calloc(group->arena, more, sizeof *slugs);
	const Lectern__V1__Post **found = arena_calloc(group->arena, more, sizeof *found);
	if (all == NULL || slugs == NULL || found == NULL)
		return fail_memory(err);
	if (had > 0)
		memcpy(all, group->candidates, had * sizeof *all);
	for (size_t i = 0; i < more; i++) {
		slugs[i] = nth_slug(group, had + i + 1);
		if (slugs[i] == NULL)
			return fail_memory(err);
	}
	enum code code = lookup->find(lookup->arg, slugs, more, group->arena, found, err);
	if (code != CODE_OK)
		return code;
	for (size_t i = 0; i < more; i++) {
		all[had + i].asked_slug = slugs[i];
		all[had + i].post = found[i];
		if (found[i] == NULL)
			continue;
		all[had + i].title = digest_of(slice_of_text(found[i]->title));
		all[had + i].body = digest_of(slice_of_text(found[i]->body));
	}
	group->candidates = all;
	group->candidate_count = had + more;
	return CODE_OK;
}

/* Looks up slugs until there are as many free ones as the group can need. */
static enum code look_up_all(
	struct group *group, const struct post_lookup *lookup, struct error *err)
{
	size_t more = group->count + SPARE;
	for (;;) {
		enum code code = look_up(group, lookup, more, err);
		if (code != CODE_OK)
			return code;
		size_t count = group->candidate_count;
		if (group->candidates[count - 1].post == NULL || count >= GROUP_SLUGS_MAX)
			return CODE_OK;
		more = count;
	}
}

static void adopt(struct archive_post *post, struct candidate *candidate)
{
	const Google__Protobuf__Timestamp *time = candidate->post->publish_time;
	candidate->taken = true;
	post->slug = candidate->post->slug;
	post->key.id = candidate->post->id;
	post->key.set = time != NULL && timestamp_is_valid(time);
	if (post->key.set)
		post->key.time_us = timestamp_to_us(time);
}

static bool has_term(Lectern__V1__TermRef *const *refs, size_t count, const char *folded_name)
{
	char folded[FOLDED_BYTES];
	for (size_t i = 0; i < count; i++) {
		struct slice name = slice_of_text(refs[i]->name);
		if (text_find_invalid(name) < name.size)
			continue;
		text_fold(name, folded, sizeof folded);
		if (strcmp(folded, folded_name) == 0)
			return true;
	}
	return false;
}

/* Whether the server shows the candidate on an archive that the post stands on. */
static bool shares_archive(const struct archive_index *index, const struct archive_post *post,
	const Lectern__V1__Post *candidate)
{
	for (const struct archive_link *link = post->archives; link != NULL; link = link->next) {
		const struct archive *archive = &index->archives[link->archive];
		if ((archive->kind == LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_TAG &&
			    has_term(candidate->tags, candidate->n_tags, archive->folded)) ||
			(archive->kind == LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_CATEGORY &&
				has_term(candidate->categories, candidate->n_categories,
					archive->folded)) ||
			(archive->kind == LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_AUTHOR &&
				has_term(
					candidate->authors, candidate->n_authors, archive->folded)))
			return true;
	}
	return false;
}

/* Whether the candidate has its slug from the title that it has now. */
static bool is_named_by_title(const struct candidate *candidate)
{
	char slug[LIMIT_SLUG_BYTES + 1];
	text_slug(slice_of_text(candidate->post->title), slug, sizeof slug);
	return strcmp(slug, candidate->asked_slug) == 0;
}

enum rule { SAME_TEXT, SAME_TITLE, SAME_BODY, RETITLED, RULES };

static bool matches(const struct group *group, const struct archive_post *post,
	const struct candidate *candidate, enum rule rule)
{
	bool title = digest_equals(&post->title, &candidate->title);
	bool body = digest_equals(&post->body, &candidate->body);
	bool first = candidate == &group->candidates[0];
	switch (rule) {
	case SAME_TEXT:
		return title && body;
	case SAME_TITLE:
		return title && shares_archive(group->index, post, candidate->post);
	case SAME_BODY:
		return body && candidate->post->body[0] != '\0' &&
		       (first || !is_named_by_title(candidate));
	case RETITLED: /* on the server, after it got its slug */
		return first && !is_named_by_title(candidate) &&
		       shares_archive(group->index, post, candidate->post);
	case RULES:
		break;
	}
	return false;
}

/* Two slugs may lead to one post: a current and a former one. */
static bool is_taken(const struct group *group, const struct candidate *candidate)
{
	for (size_t i = 0; i < group->candidate_count; i++)
		if (group->candidates[i].taken &&
			group->candidates[i].post->id == candidate->post->id)
			return true;
	return false;
}

static void adopt_by_rule(struct group *group, enum rule rule)
{
	for (uint32_t i = 0; i < group->count; i++) {
		struct archive_post *post = &group->index->posts[group->posts[i]];
		for (size_t c = 0; post->slug == NULL && c < group->candidate_count; c++) {
			struct candidate *candidate = &group->candidates[c];
			if (candidate->post != NULL && matches(group, post, candidate, rule) &&
				!is_taken(group, candidate))
				adopt(post, candidate);
		}
	}
}

/* Gives the posts that are new the slugs that are free. */
static enum code name_new(struct group *group, struct error *err)
{
	size_t n = 1;
	for (uint32_t i = 0; i < group->count; i++) {
		struct archive_post *post = &group->index->posts[group->posts[i]];
		while (post->slug == NULL) {
			bool used = n <= group->candidate_count &&
				    group->candidates[n - 1].post != NULL;
			const char *slug = nth_slug(group, n);
			if (slug == NULL)
				return fail_memory(err);
			if (!used && (n == 1 || !is_base(group, slug)))
				post->slug = slug;
			n++;
		}
	}
	return CODE_OK;
}

static enum code match_group(
	struct group *group, const struct post_lookup *lookup, struct error *err)
{
	enum code code = look_up_all(group, lookup, err);
	if (code != CODE_OK)
		return code;
	for (enum rule rule = SAME_TEXT; rule < RULES; rule++)
		adopt_by_rule(group, rule);
	code = name_new(group, err);
	if (code != CODE_OK)
		return code;
	for (uint32_t i = 0; i < group->count; i++) { /* out of the group's arena */
		struct archive_post *post = &group->index->posts[group->posts[i]];
		post->slug = arena_text(&group->index->arena, slice_of_text(post->slug));
		if (post->slug == NULL)
			return fail_memory(err);
	}
	return CODE_OK;
}

static void freep(void *pointer)
{
	free(*(void **)pointer);
}

enum code archive_match(
	struct archive_index *index, const struct post_lookup *lookup, struct error *err)
{
	AUTO(freep) uint32_t *order = calloc(index->post_count + 1u, sizeof *order);
	if (order == NULL)
		return fail_memory(err);
	for (uint32_t i = 0; i < index->post_count; i++)
		order[i] = i;
	qsort_r(order, index->post_count, sizeof *order, compare_bases, index);
	AUTO(arena_done) struct arena arena;
	arena_init(&arena, LOOKUP_BYTES_MAX);
	for (uint32_t start = 0; start < index->post_count;) {
		const char *base = index->posts[order[start]].slug_base;
		uint32_t end = start + 1;
		while (end < index->post_count &&
			strcmp(index->posts[order[end]].slug_base, base) == 0)
			end++;
		struct group group = { .index = index,
			.order = order,
			.posts = order + start,
			.count = end - start,
			.arena = &arena };
		enum code code = match_group(&group, lookup, err);
		if (code != CODE_OK)
			return code;
		arena_reset(&arena);
		start = end;
	}
	return CODE_OK;
}
