/*
 * Writing one post with everything that follows from it: slugs, posting lists, due times, search,
 * history, change log. Every change of a post goes through here.
 */
#include "store/apply.h"
#include "store/post.h"
#include "store/posting.h"
#include "store/term.h"

bool apply_post_has_content(struct apply *apply, const Lectern__V1__Post *post)
{
	Lectern__V1__Post source = LECTERN__V1__POST__INIT;
	source.body_format = post->body_format;
	source.body = post->body;
	struct slice packed = arena_pack(apply->arena, &source.base);
	struct key key;
	struct slice stored;
	key_post(&key, post->id, POST_SOURCE);
	/* html and outline follow from the body; a new renderer alone is no change. */
	return packed.data != NULL && txn_get(apply->txn, TABLE_POST, &key, &stored) &&
	       slice_equals(packed, stored);
}

bool apply_post_is_unchanged(struct apply *apply, const Lectern__V1__Post *old,
	const Lectern__V1__Post *post, bool content)
{
	struct slice before = post_pack_summary(apply->arena, old);
	struct slice after = post_pack_summary(apply->arena, post);
	return before.data != NULL && slice_equals(before, after) &&
	       (!content || apply_post_has_content(apply, post));
}

void apply_answer_post(struct apply *apply, const Lectern__V1__Post *post)
{
	struct slice summary = post_pack_summary(apply->arena, post);
	if (summary.data == NULL)
		txn_fail_memory(apply->txn);
	else
		apply_answer(apply, summary, slice_of(NULL, 0));
}

static void replace_due(
	struct apply *apply, const Lectern__V1__Post *old, const Lectern__V1__Post *post)
{
	int64_t before_us;
	int64_t after_us;
	bool before = old != NULL && post_due_us(old, &before_us);
	bool after = post != NULL && post_due_us(post, &after_us);
	struct key key;
	if (before && after && before_us == after_us)
		return;
	if (before) {
		key_due(&key, before_us, old->id);
		txn_delete(apply->txn, TABLE_DUE, &key);
	}
	if (after) {
		key_due(&key, after_us, post->id);
		txn_put(apply->txn, TABLE_DUE, &key, slice_of(NULL, 0));
	}
}

/* The lists that archives are made of. */
static Lectern__V1__Entity entity_of_list(uint8_t kind)
{
	switch (kind) {
	case POSTING_TAG:
		return LECTERN__V1__ENTITY__ENTITY_TAG;
	case POSTING_SUBTREE:
		return LECTERN__V1__ENTITY__ENTITY_CATEGORY;
	case POSTING_AUTHOR:
		return LECTERN__V1__ENTITY__ENTITY_AUTHOR;
	case POSTING_SERIES:
		return LECTERN__V1__ENTITY__ENTITY_SERIES;
	default:
		return LECTERN__V1__ENTITY__ENTITY_UNSPECIFIED;
	}
}

static void add_affected(struct apply *apply, struct arena *arena, const struct posting *posting,
	Lectern__V1__Change *change)
{
	Lectern__V1__Entity entity = entity_of_list(posting->kind);
	if (entity == LECTERN__V1__ENTITY__ENTITY_UNSPECIFIED)
		return;
	apply_log_affected(apply, arena, (uint8_t)entity, posting->number, change);
}

/* The terms that either set has an archive's list of, each once. The sets are sorted alike. */
static void find_affected(struct apply *apply, struct arena *arena,
	const struct posting_set *before, const struct posting_set *after,
	Lectern__V1__Change *change)
{
	size_t i = 0;
	size_t j = 0;
	change->terms = arena_calloc(arena, before->count + after->count + 1, sizeof(void *));
	if (change->terms == NULL) {
		txn_fail_memory(apply->txn);
		return;
	}
	while (i < before->count || j < after->count) {
		int order = i == before->count	? 1
			    : j == after->count ? -1
						: posting_compare_lists(
							  &before->entries[i], &after->entries[j]);
		add_affected(apply, arena, order <= 0 ? &before->entries[i] : &after->entries[j],
			change);
		i += order <= 0;
		j += order >= 0;
	}
}

static void replace_postings(struct apply *apply, struct arena *arena,
	const struct post_change *change, Lectern__V1__Change *entry)
{
	struct posting_set before;
	struct posting_set after;
	if (!postings_of_post(apply->txn, arena, change->old, &before) ||
		!postings_of_post(apply->txn, arena, change->post, &after)) {
		txn_fail_memory(apply->txn);
		return;
	}
	find_affected(apply, arena, &before, &after, entry);
	postings_replace(apply->txn, &before, &after);
	if (change->old != NULL && change->old->series != NULL)
		apply_drop_unused_series(apply, change->old->series->id);
}

static void write_records(
	struct apply *apply, struct arena *arena, const struct post_change *change)
{
	Lectern__V1__Post *post = change->post;
	const Lectern__V1__Post *old = change->old;
	apply_slug_change(apply, SLUG_POST, post->id, old == NULL ? NULL : old->slug, post->slug,
		&post->aliases, &post->n_aliases);
	apply_origin_change(apply, old, post);
	apply_history_add(apply, arena, change);
	apply_index_post(apply, old, post, change->content);
	post_put_summary(apply->txn, post->id, post_pack_summary(arena, post));
	if (change->content)
		post_put_content(apply->txn, arena, post);
}

static void remove_records(struct apply *apply, const Lectern__V1__Post *old)
{
	apply_slug_remove(apply, SLUG_POST, old->slug, old->aliases, old->n_aliases);
	apply_origin_change(apply, old, NULL);
	apply_history_remove(apply, old->id);
	apply_index_post(apply, old, NULL, false);
	post_delete_records(apply->txn, old->id);
}

void apply_store_post(struct apply *apply, struct arena *arena, const struct post_change *change)
{
	Lectern__V1__Post *post = change->post;
	const Lectern__V1__Post *old = change->old;
	Lectern__V1__Change entry = LECTERN__V1__CHANGE__INIT;
	entry.entity = LECTERN__V1__ENTITY__ENTITY_POST;
	entry.kind = change->kind;
	if (old != NULL)
		entry.former_state = old->state;
	if (post != NULL) {
		if (old != NULL)
			post->revision = old->revision + 1;
		else if (post->revision == 0)
			post->revision = 1;
		post->etag = apply_etag(apply, arena);
		if (post->etag == NULL)
			return;
	}
	replace_postings(apply, arena, change, &entry);
	replace_due(apply, old, post);
	if (post != NULL)
		write_records(apply, arena, change);
	else
		remove_records(apply, old);
	entry.id = post != NULL ? post->id : old->id;
	entry.slug = post != NULL ? post->slug : old->slug;
	if (post != NULL) {
		entry.etag = post->etag;
		entry.state = post->state;
		if (old != NULL && strcmp(old->slug, post->slug) != 0)
			entry.former_slug = old->slug;
	}
	apply_log_change(apply, arena, &entry);
}
