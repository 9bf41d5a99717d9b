/*
 * Taking in a post as another system has it. What the source leaves open (state, times, slug) stays
 * as it is here, and so does what was made different here because the source's slug was taken or an
 * editor wanted another one: the same post once more changes nothing.
 */
#include "base/limits.h"
#include "store/apply.h"
#include "store/post.h"
#include "store/term.h"

#include <lectern/v1/import.pb-c.h>

enum {
	/* Field numbers of lectern.v1.Post as bits of ImportPost.field_mask. */
	FIELD_SLUG = 2,
	FIELD_STATE = 5,
	FIELD_PUBLISH_TIME = 6,
	FIELD_CREATE_TIME = 8,
	FIELD_UPDATE_TIME = 9,
	FIELD_DELETE_TIME = 10,
	FIELD_TAGS = 13,
	FIELD_CATEGORIES = 14,
	FIELD_AUTHORS = 15,
	FIELD_SERIES = 16,
	FIELD_ALIASES = 24,
	FIELD_BODY = 33,
	/* Of ImportPostResponse. */
	FIELD_RESULT = 2,
};

/* One post on its way. */
struct import {
	struct apply *apply;
	Lectern__V1__Post *old; /* NULL: there is none */
	Lectern__V1__Post from; /* the request's; its references end up complete */
	uint64_t mask;
	bool has_update_time; /* from the source */
	Lectern__V1__Post post;
	size_t added; /* first ones of post.aliases, which lead to it only now */
};

/* By origin alone where the source has one: its slugs need not be unique. Otherwise by slug and, as
 * the source may have given it another one since, by its former ones. */
static uint64_t find(struct apply *apply, const Lectern__V1__Post *from)
{
	bool former;
	if (from->origin[0] != '\0')
		return post_find_origin(apply->txn, slice_of_text(from->origin));
	uint64_t id = from->slug[0] == '\0'
			      ? 0
			      : post_find_slug(apply->txn, slice_of_text(from->slug), &former);
	for (size_t i = from->n_aliases; i > 0 && id == 0; i--)
		id = post_find_slug(apply->txn, slice_of_text(from->aliases[i - 1]), &former);
	return id;
}

static enum code load(struct import *import, struct error *err)
{
	struct apply *apply = import->apply;
	uint64_t id = find(apply, &import->from);
	import->old = id == 0 ? NULL : post_unpack_summary(apply->txn, apply->arena, id);
	if (id != 0 && import->old == NULL)
		txn_fail_corrupt(apply->txn, "post", id);
	enum code code = txn_status(apply->txn, err);
	if (code != CODE_OK)
		return code;
	const Lectern__V1__Post empty = LECTERN__V1__POST__INIT;
	import->post = import->old != NULL ? *import->old : empty;
	if (import->old == NULL) {
		import->mask = UINT64_MAX;
		return apply_check_title(&import->from, err);
	}
	if (import->from.publish_time == NULL) {
		import->mask &= ~(UINT64_C(1) << FIELD_PUBLISH_TIME);
	}
	return CODE_OK;
}

/* Trashed posts have their delete_time and no other state's rules, but times that fit together. */
static enum code take_trashed(struct import *import, struct error *err)
{
	Lectern__V1__Post *post = &import->post;
	post->state = LECTERN__V1__POST_STATE__POST_STATE_DRAFT;
	enum code code = apply_settle_state(import->apply, post, err);
	post->state = LECTERN__V1__POST_STATE__POST_STATE_TRASHED;
	if (mask_has(import->mask, FIELD_DELETE_TIME) && import->from.delete_time != NULL)
		post->delete_time = import->from.delete_time;
	if (post->delete_time == NULL)
		post->delete_time = apply_timestamp(import->apply->arena, import->apply->now_us);
	if (post->delete_time == NULL)
		txn_fail_memory(import->apply->txn);
	return code;
}

/* The state and what goes with it, after the other fields were taken. */
static enum code take_state(struct import *import, struct error *err)
{
	Lectern__V1__Post *post = &import->post;
	const Lectern__V1__Post *old = import->old;
	bool decided = mask_has(import->mask, FIELD_STATE) &&
		       import->from.state != LECTERN__V1__POST_STATE__POST_STATE_UNSPECIFIED;
	if (old != NULL && old->state == LECTERN__V1__POST_STATE__POST_STATE_TRASHED && !decided)
		return fail_reason(err, CODE_FAILED_PRECONDITION, "POST_TRASHED",
			"the post is in the trash; import its state too, or bring it back with "
			"UndeletePost first");
	if (post->state == LECTERN__V1__POST_STATE__POST_STATE_TRASHED)
		return take_trashed(import, err);
	bool expired = decided && post->state == LECTERN__V1__POST_STATE__POST_STATE_EXPIRED;
	post->delete_time = NULL;
	enum code code = apply_settle_state(import->apply, post, err);
	/* It would be public otherwise. */
	if (code == CODE_OK && expired &&
		post->state != LECTERN__V1__POST_STATE__POST_STATE_EXPIRED)
		return fail_field(err, CODE_INVALID_ARGUMENT, "STATE_NOT_SETTABLE", "post.state",
			"EXPIRED needs an expire_time that has passed");
	return code;
}

static void take_times(struct import *import)
{
	const Lectern__V1__Post *from = &import->from;
	if (mask_has(import->mask, FIELD_CREATE_TIME) && from->create_time != NULL)
		import->post.create_time = from->create_time;
	import->has_update_time =
		mask_has(import->mask, FIELD_UPDATE_TIME) && from->update_time != NULL;
	if (import->has_update_time)
		import->post.update_time = from->update_time;
}

/* A name that several terms have means the one among them that the post has already. */
static Lectern__V1__TermRef *known_ref(struct apply *apply, uint8_t kind,
	Lectern__V1__TermRef *wanted, Lectern__V1__TermRef *const *had, size_t had_count)
{
	bool ambiguous = false;
	if (had_count == 0 || wanted->slug[0] != '\0' ||
		term_find_name(apply->txn, kind, slice_of_text(wanted->name), &ambiguous) == 0 ||
		!ambiguous)
		return wanted;
	for (size_t i = 0; i < had_count; i++)
		if (term_same_name(had[i]->name, wanted->name))
			return had[i];
	return wanted;
}

/* One list of a post's terms. */
struct term_list {
	uint8_t kind;
	int field;
	const char *name;
	size_t max;
	Lectern__V1__TermRef ***refs; /* of the source; replaced */
	size_t *count;
	Lectern__V1__TermRef **had; /* by the post that is there */
	size_t had_count;
};

/* How many terms the references stand for; those that are to be made count each. */
static size_t count_terms(struct apply *apply, const struct term_list *list)
{
	uint64_t *ids = arena_calloc(apply->arena, *list->count + 1, sizeof *ids);
	size_t known = 0;
	size_t unknown = 0;
	if (ids == NULL) {
		txn_fail_memory(apply->txn);
		return 0;
	}
	for (size_t i = 0; i < *list->count; i++) {
		uint64_t id = apply_find_term(apply, list->kind, (*list->refs)[i], "", NULL);
		bool twice = false;
		for (size_t j = 0; j < known; j++)
			twice = twice || ids[j] == id;
		if (id == 0)
			unknown++;
		else if (!twice)
			ids[known++] = id;
	}
	return known + unknown;
}

static enum code merge_refs(
	struct import *import, const struct term_list *list, bool keep, struct error *err)
{
	struct apply *apply = import->apply;
	Lectern__V1__TermRef **merged =
		arena_calloc(apply->arena, *list->count + list->had_count + 1, sizeof(void *));
	size_t count = 0;
	if (merged == NULL) {
		txn_fail_memory(apply->txn);
		return txn_status(apply->txn, err);
	}
	for (size_t i = 0; keep && i < list->had_count; i++)
		merged[count++] = list->had[i];
	for (size_t i = 0; i < *list->count; i++)
		merged[count++] =
			known_ref(apply, list->kind, (*list->refs)[i], list->had, list->had_count);
	*list->refs = merged;
	*list->count = count;
	if (count > list->max && count_terms(apply, list) > list->max)
		return fail_field(err, CODE_INVALID_ARGUMENT, "TOO_MANY_ENTRIES", list->name,
			"with those that the post has there would be more than %zu", list->max);
	return txn_status(apply->txn, err);
}

/* A series that is named as the post's one is that one, whichever others have the name. */
static enum code align_series(struct import *import, struct error *err)
{
	const Lectern__V1__SeriesRef *had = import->old == NULL ? NULL : import->old->series;
	Lectern__V1__SeriesRef *wanted = import->from.series;
	if (had == NULL || wanted == NULL || wanted->slug[0] != '\0' ||
		!term_same_name(had->name, wanted->name))
		return CODE_OK;
	import->from.series = arena_alloc(import->apply->arena, sizeof *wanted);
	if (import->from.series == NULL) {
		txn_fail_memory(import->apply->txn);
		return txn_status(import->apply->txn, err);
	}
	*import->from.series = *wanted;
	import->from.series->slug = had->slug;
	return CODE_OK;
}

/* Completes the source's references as far as that needs no write, and checks them. */
static enum code check_terms(struct import *import, bool keep, struct error *err)
{
	Lectern__V1__Post *from = &import->from;
	const Lectern__V1__Post none = LECTERN__V1__POST__INIT;
	const Lectern__V1__Post *old = import->old != NULL ? import->old : &none;
	const struct term_list lists[] = {
		{ LECTERN__STORE__V1__TERM_KIND__TERM_KIND_TAG, FIELD_TAGS, "post.tags",
			LIMIT_POST_TAGS, &from->tags, &from->n_tags, old->tags, old->n_tags },
		{ LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY, FIELD_CATEGORIES,
			"post.categories", LIMIT_POST_CATEGORIES, &from->categories,
			&from->n_categories, old->categories, old->n_categories },
		{ LECTERN__STORE__V1__TERM_KIND__TERM_KIND_AUTHOR, FIELD_AUTHORS, "post.authors",
			LIMIT_POST_AUTHORS, &from->authors, &from->n_authors, old->authors,
			old->n_authors },
	};
	enum code code = align_series(import, err);
	for (size_t i = 0; i < sizeof lists / sizeof *lists && code == CODE_OK; i++)
		if (mask_has(import->mask, (unsigned)lists[i].field))
			code = merge_refs(import, &lists[i], keep, err);
	return code == CODE_OK ? apply_check_refs(import->apply, from, import->mask, true, err)
			       : code;
}

static void take_slugs(struct import *import, const char *slug_base)
{
	struct apply *apply = import->apply;
	Lectern__V1__Post *post = &import->post;
	const Lectern__V1__Post *old = import->old;
	const char *wanted = mask_has(import->mask, FIELD_SLUG) ? import->from.slug : "";
	if (old == NULL)
		post->slug =
			apply_free_slug(apply, SLUG_POST, wanted[0] != '\0' ? wanted : slug_base);
	else if (wanted[0] != '\0' && strcmp(wanted, old->slug) != 0 &&
		 !apply_slug_is_in(old->aliases, old->n_aliases, wanted) &&
		 !apply_slug_is_numbered(old->slug, wanted))
		post->slug = apply_free_slug(apply, SLUG_POST, wanted);
	if (post->slug != NULL && mask_has(import->mask, FIELD_ALIASES))
		import->added =
			apply_slug_gather(apply, SLUG_POST, post->slug, import->from.aliases,
				import->from.n_aliases, &post->aliases, &post->n_aliases);
}

static enum code answer(
	struct import *import, const Lectern__V1__Post *post, int result, struct error *err)
{
	apply_answer_post(import->apply, post);
	apply_answer_result(import->apply, FIELD_RESULT, result);
	return txn_status(import->apply->txn, err);
}

static Lectern__V1__ChangeKind kind_of_change(const struct import *import)
{
	const Lectern__V1__PostState trashed = LECTERN__V1__POST_STATE__POST_STATE_TRASHED;
	if (import->old == NULL)
		return LECTERN__V1__CHANGE_KIND__CHANGE_KIND_CREATED;
	return import->post.state == trashed && import->old->state != trashed
		       ? LECTERN__V1__CHANGE_KIND__CHANGE_KIND_DELETED
		       : LECTERN__V1__CHANGE_KIND__CHANGE_KIND_UPDATED;
}

static enum code store(
	struct import *import, const Lectern__V1__ChangeNote *note, bool content, struct error *err)
{
	struct apply *apply = import->apply;
	Lectern__V1__Post *post = &import->post;
	struct post_change change = { .old = import->old,
		.post = post,
		.content = content,
		.kind = kind_of_change(import),
		.time = import->has_update_time ? post->update_time : NULL };
	if (import->old == NULL) {
		post->id = apply_next_id(apply, META_NEXT_POST_ID);
		post->origin = import->from.origin;
		post->revision = import->from.revision;
		if (post->create_time == NULL)
			post->create_time = apply_timestamp(apply->arena, apply->now_us);
	}
	if (!import->has_update_time)
		post->update_time = apply_timestamp(apply->arena, apply->now_us);
	apply_take_note(&change, note);
	apply_slug_put_added(apply, SLUG_POST, post->id, post->aliases, import->added);
	apply_store_post(apply, apply->arena, &change);
	return answer(import, post,
		import->old == NULL ? LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_CREATED
				    : LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_UPDATED,
		err);
}

enum code apply_import_post(
	struct apply *apply, const Lectern__Store__V1__ImportPost *op, struct error *err)
{
	struct import import = { .apply = apply, .from = *op->post, .mask = op->field_mask };
	enum code code = load(&import, err);
	if (code != CODE_OK)
		return code;
	apply_take_fields(&import.post, &import.from, import.mask);
	take_times(&import);
	code = take_state(&import, err);
	if (code == CODE_OK)
		code = check_terms(&import, op->keep_terms, err);
	if (code != CODE_OK)
		return code;
	take_slugs(&import, op->slug_base);
	if (txn_status(apply->txn, err) != CODE_OK)
		return txn_status(apply->txn, err);

	apply_take_refs(apply, &import.post, &import.from, import.mask);
	if (txn_status(apply->txn, err) != CODE_OK)
		return txn_status(apply->txn, err);
	bool content = mask_has(import.mask, FIELD_BODY);
	if (import.old != NULL && apply_post_is_unchanged(apply, import.old, &import.post, content))
		return answer(&import, import.old,
			LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_UNCHANGED, err);
	return store(&import, op->note, content, err);
}
