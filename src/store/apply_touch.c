/* What a change of a term does to the posts that carry it and to the categories below it. */
#include "store/apply.h"
#include "store/post.h"
#include "store/posting.h"
#include "store/term.h"

#include <stdlib.h>

enum {
	TAG = LECTERN__STORE__V1__TERM_KIND__TERM_KIND_TAG,
	CATEGORY = LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY,
};

uint64_t *apply_posts_of_term(
	struct apply *apply, uint8_t list, uint64_t term_id, size_t *ret_count)
{
	uint64_t most = posting_count_all(apply->txn, list, term_id);
	uint64_t *ids = arena_calloc(apply->arena, most + 1, sizeof *ids);
	size_t count = 0;
	for (int hidden = 0; ids != NULL && hidden <= POSTING_HIDDEN; hidden += POSTING_HIDDEN) {
		struct key prefix;
		struct walk walk;
		struct posting posting;
		key_posting_list(&prefix, (uint8_t)(list | hidden), term_id);
		walk_start(&walk, apply->txn, TABLE_POSTING, key_slice(&prefix));
		while (count < most && walk_next(&walk) &&
			key_has_prefix(walk.key, key_slice(&prefix)) &&
			key_read_posting(walk.key, &posting))
			ids[count++] = posting.id;
		walk_end(&walk);
	}
	if (ids == NULL)
		txn_fail_memory(apply->txn);
	*ret_count = count;
	return ids;
}

/* The references of one kind that a post has. */
static void refs_of(
	Lectern__V1__Post *post, uint8_t kind, Lectern__V1__TermRef ***refs, size_t **count)
{
	*refs = kind == TAG ? post->tags : kind == CATEGORY ? post->categories : post->authors;
	*count = kind == TAG	    ? &post->n_tags
		 : kind == CATEGORY ? &post->n_categories
				    : &post->n_authors;
}

int apply_compare_ids(const void *a, const void *b)
{
	const uint64_t *x = a;
	const uint64_t *y = b;
	return (*x > *y) - (*x < *y);
}

static bool is_from(const struct touch *touch, uint64_t id)
{
	return bsearch(&id, touch->from_ids, touch->from_count, sizeof id, apply_compare_ids) !=
	       NULL;
}

static void replace_refs(const struct touch *touch, Lectern__V1__Post *post)
{
	const Lectern__Store__V1__Term *term = touch->replacement;
	Lectern__V1__TermRef **refs;
	size_t *count;
	size_t kept = 0;
	bool there = false;
	refs_of(post, touch->kind, &refs, &count);
	for (size_t i = 0; i < *count; i++) {
		bool from = is_from(touch, refs[i]->id);
		if (from && term == NULL)
			continue;
		if (from || (term != NULL && refs[i]->id == term->id)) {
			if (there)
				continue;
			there = true;
			refs[i]->id = term->id;
			refs[i]->slug = term->slug;
			refs[i]->name = term->name;
		}
		refs[kept++] = refs[i];
	}
	*count = kept;
}

void apply_touch_post(struct apply *apply, uint64_t post_id, const struct touch *touch)
{
	arena_reset(apply->scratch);
	Lectern__V1__Post *old = post_unpack_summary(apply->txn, apply->scratch, post_id);
	Lectern__V1__Post *post = post_unpack_summary(apply->txn, apply->scratch, post_id);
	if (old == NULL || post == NULL) {
		txn_fail_corrupt(apply->txn, "post", post_id);
		return;
	}
	replace_refs(touch, post);
	struct post_change change = { .old = old,
		.post = post,
		.kind = LECTERN__V1__CHANGE_KIND__CHANGE_KIND_UPDATED,
		.summary = touch->summary };
	apply_store_post(apply, apply->scratch, &change);
}

void apply_touch_posts(struct apply *apply, const struct touch *touch)
{
	size_t count;
	uint64_t *ids = apply_posts_of_term(
		apply, posting_kind_of_term(touch->kind), touch->from_ids[0], &count);
	for (size_t i = 0; ids != NULL && i < count; i++) {
		if (txn_status(apply->txn, NULL) != CODE_OK)
			return;
		apply_touch_post(apply, ids[i], touch);
	}
}

void apply_touch_children(struct apply *apply, const Lectern__Store__V1__Term *term)
{
	struct key from;
	key_child(&from, term->id, 0);
	struct slice prefix = slice_of(from.bytes, 8);
	struct walk walk;
	uint64_t parent_id;
	uint64_t child_id;
	walk_start(&walk, apply->txn, TABLE_CHILD, key_slice(&from));
	while (walk_next(&walk) && key_has_prefix(walk.key, prefix) &&
		key_read_child(walk.key, &parent_id, &child_id)) {
		arena_reset(apply->scratch);
		Lectern__Store__V1__Term *child =
			term_unpack(apply->txn, apply->scratch, CATEGORY, child_id);
		if (child == NULL || child->parent == NULL) {
			txn_fail_corrupt(apply->txn, "category", child_id);
			break;
		}
		child->parent->slug = term->slug;
		child->parent->name = term->name;
		child->etag = apply_etag(apply, apply->scratch);
		if (child->etag == NULL)
			break;
		term_put(apply->txn, apply->scratch, CATEGORY, child);
		apply_log_term(apply, apply->scratch, CATEGORY, child, child, NULL);
	}
	walk_end(&walk);
}

void apply_relist(struct apply *apply, const uint64_t *ids, size_t count, bool after)
{
	for (size_t i = 0; i < count && txn_status(apply->txn, NULL) == CODE_OK; i++) {
		arena_reset(apply->scratch);
		Lectern__V1__Post *post = post_unpack_summary(apply->txn, apply->scratch, ids[i]);
		struct posting_set none = { .entries = NULL };
		struct posting_set set;
		if (post == NULL || !postings_of_post(apply->txn, apply->scratch, post, &set)) {
			txn_fail_corrupt(apply->txn, "post", ids[i]);
			return;
		}
		if (after)
			postings_replace(apply->txn, &none, &set);
		else
			postings_replace(apply->txn, &set, &none);
	}
}
