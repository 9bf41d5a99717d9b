#include "base/limits.h"
#include "base/text.h"
#include "store/apply.h"
#include "store/posting.h"
#include "store/term.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	TAG = LECTERN__STORE__V1__TERM_KIND__TERM_KIND_TAG,
	CATEGORY = LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY,
	SERIES = LECTERN__STORE__V1__TERM_KIND__TERM_KIND_SERIES,
	/* Field numbers of store.v1.Term as bits of PutTerm.field_mask. */
	FIELD_SLUG = 2,
	FIELD_NAME = 3,
	FIELD_DESCRIPTION = 4,
	FIELD_ATTRIBUTES = 10,
	FIELD_PARENT = 11,
	FIELD_URL = 13,
	FIELD_AVATAR_URL = 14,
};

static void child_put(struct apply *apply, const Lectern__Store__V1__Term *term)
{
	struct key key;
	if (term->parent == NULL)
		return;
	key_child(&key, term->parent->id, term->id);
	txn_put(apply->txn, TABLE_CHILD, &key, slice_of(NULL, 0));
}

static void child_delete(struct apply *apply, const Lectern__Store__V1__Term *term)
{
	struct key key;
	if (term->parent == NULL)
		return;
	key_child(&key, term->parent->id, term->id);
	txn_delete(apply->txn, TABLE_CHILD, &key);
}

uint64_t apply_insert_term(struct apply *apply, uint8_t kind, Lectern__Store__V1__Term *term)
{
	term->id = apply_next_id(apply, META_NEXT_TERM_ID);
	if (kind != SERIES) {
		Google__Protobuf__Timestamp *now = apply_timestamp(apply->arena, apply->now_us);
		if (term->create_time == NULL)
			term->create_time = now;
		if (term->update_time == NULL)
			term->update_time = now;
		term->etag = apply_etag(apply, apply->arena);
		if (now == NULL || term->etag == NULL) {
			txn_fail_memory(apply->txn);
			return 0;
		}
	}
	apply_slug_change(apply, (enum slug_space)kind, term->id, NULL, term->slug, &term->aliases,
		&term->n_aliases);
	term_put(apply->txn, apply->arena, kind, term);
	term_name_insert(apply->txn, kind, term->name, term->id);
	apply_suggest_term(apply, kind, term->id, NULL, term->name);
	rank_insert(apply->txn, kind, term->id);
	counter_add(apply->txn, POSTING_TERMS, kind, 1);
	child_put(apply, term);
	if (kind != SERIES)
		apply_log_term(apply, apply->arena, kind, NULL, term, NULL);
	return term->id;
}

void apply_remove_term(struct apply *apply, uint8_t kind, const Lectern__Store__V1__Term *term)
{
	struct key key;
	apply_slug_remove(apply, (enum slug_space)kind, term->slug, term->aliases, term->n_aliases);
	term_name_remove(apply->txn, kind, term->name, term->id);
	apply_suggest_term(apply, kind, term->id, term->name, NULL);
	rank_remove(apply->txn, kind, term->id);
	counter_add(apply->txn, POSTING_TERMS, kind, -1);
	child_delete(apply, term);
	key_term(&key, kind, term->id);
	txn_delete(apply->txn, TABLE_TERM, &key);
}

void apply_drop_unused_series(struct apply *apply, uint64_t id)
{
	if (posting_count_all(apply->txn, POSTING_SERIES, id) != 0)
		return;
	Lectern__Store__V1__Term *term = term_unpack(apply->txn, apply->arena, SERIES, id);
	if (term == NULL)
		txn_fail_corrupt(apply->txn, "series", id);
	else
		apply_remove_term(apply, SERIES, term);
}

enum code apply_load_term(struct apply *apply, uint8_t kind, const Lectern__Store__V1__Key *key,
	bool allow_missing, Lectern__Store__V1__Term **ret, struct error *err)
{
	bool former;
	uint64_t id = key->id != 0
			      ? key->id
			      : term_find_slug(apply->txn, kind, slice_of_text(key->slug), &former);
	*ret = id == 0 ? NULL : term_unpack(apply->txn, apply->arena, kind, id);
	enum code code = txn_status(apply->txn, err);
	if (code != CODE_OK || *ret != NULL || allow_missing)
		return code;
	if (key->id != 0)
		return fail_reason(err, CODE_NOT_FOUND, "TERM_NOT_FOUND",
			"there is no %s with id %" PRIu64, term_kind_name(kind), key->id);
	return fail_reason(err, CODE_NOT_FOUND, "TERM_NOT_FOUND", "there is no %s with slug \"%s\"",
		term_kind_name(kind), key->slug);
}

void apply_take_term_fields(
	Lectern__Store__V1__Term *term, const Lectern__Store__V1__Term *from, uint64_t mask)
{
	if (mask_has(mask, FIELD_NAME))
		term->name = from->name;
	if (mask_has(mask, FIELD_DESCRIPTION))
		term->description = from->description;
	if (mask_has(mask, FIELD_ATTRIBUTES)) {
		term->attributes = from->attributes;
		term->n_attributes = from->n_attributes;
	}
	if (mask_has(mask, FIELD_URL))
		term->url = from->url;
	if (mask_has(mask, FIELD_AVATAR_URL))
		term->avatar_url = from->avatar_url;
}

/* How many levels there are from the category downwards, itself included. The recursion is bounded
 * by the depth that every write checks. */
static int subtree_height(struct apply *apply, uint64_t id, int budget)
{
	struct key from;
	struct walk walk;
	uint64_t parent_id;
	uint64_t child_id;
	int height = 0;
	key_child(&from, id, 0);
	walk_start(&walk, apply->txn, TABLE_CHILD, key_slice(&from));
	while (budget > 0 && walk_next(&walk) &&
		key_has_prefix(walk.key, slice_of(from.bytes, 8)) &&
		key_read_child(walk.key, &parent_id, &child_id)) {
		int below = subtree_height(apply, child_id, budget - 1);
		height = below > height ? below : height;
	}
	walk_end(&walk);
	return height + 1;
}

enum code apply_check_parent(struct apply *apply, uint64_t category_id, uint64_t parent_id,
	const char *field, struct error *err)
{
	int depth = 1;
	for (uint64_t id = parent_id; id != 0 && depth <= LIMIT_CATEGORY_DEPTH; depth++) {
		if (id == category_id)
			return fail_field(err, CODE_FAILED_PRECONDITION, "CATEGORY_CYCLE", field,
				"a category cannot stand below itself");
		id = term_parent(apply->txn, id);
	}
	int height =
		category_id == 0 ? 1 : subtree_height(apply, category_id, LIMIT_CATEGORY_DEPTH);
	if (depth - 1 + height > LIMIT_CATEGORY_DEPTH)
		return fail_field(err, CODE_FAILED_PRECONDITION, "CATEGORY_TOO_DEEP", field,
			"the tree would be deeper than %d levels", LIMIT_CATEGORY_DEPTH);
	return txn_status(apply->txn, err);
}

/* Finds the new parent and checks that the tree stays a tree of bounded depth. */
enum code apply_take_parent(struct apply *apply, Lectern__Store__V1__Term *term,
	const Lectern__Store__V1__Term *from, struct error *err)
{
	if (from->parent == NULL) {
		term->parent = NULL;
		return CODE_OK;
	}
	const char *field = "category.parent";
	uint64_t parent_id = apply_find_term(apply, CATEGORY, from->parent, field, err);
	if (parent_id == 0)
		return err == NULL ? CODE_NOT_FOUND : err->code;
	enum code code = apply_check_parent(apply, term->id, parent_id, field, err);
	if (code != CODE_OK)
		return code;
	term->parent = apply_term_ref(apply, apply->arena, CATEGORY, parent_id);
	return txn_status(apply->txn, err);
}

/* "tag.slug" and so on, as the request has it. */
static const char *field_path(uint8_t kind, const char *field, char out[32])
{
	snprintf(out, 32, "%s.%s", term_kind_name(kind), field);
	return out;
}

static enum code choose_slug(struct apply *apply, const Lectern__Store__V1__PutTerm *op,
	const Lectern__Store__V1__Term *old, char **ret, struct error *err)
{
	const char *wanted = mask_has(op->field_mask, FIELD_SLUG) ? op->term->slug : "";
	if (wanted[0] == '\0' && old == NULL && op->key != NULL)
		wanted = op->key->slug; /* an update with allow_missing */
	if (wanted[0] == '\0') {
		*ret = old != NULL
			       ? old->slug
			       : apply_free_slug(apply, (enum slug_space)op->kind, op->slug_base);
		return txn_status(apply->txn, err);
	}
	bool former;
	char path[32];
	uint64_t holder =
		term_find_slug(apply->txn, (uint8_t)op->kind, slice_of_text(wanted), &former);
	if (holder != 0 && (old == NULL || holder != old->id))
		return fail_field(err, CODE_ALREADY_EXISTS, "SLUG_TAKEN",
			field_path((uint8_t)op->kind, "slug", path),
			"\"%s\" %s %s %" PRIu64 "; choose another one or leave it empty", wanted,
			former ? "is a former slug of" : "belongs to",
			term_kind_name((uint8_t)op->kind), holder);
	*ret = arena_text(apply->arena, slice_of_text(wanted));
	if (*ret == NULL)
		txn_fail_memory(apply->txn);
	return txn_status(apply->txn, err);
}

/* Tags that differ by case or width alone would be one tag to a reader. */
enum code apply_check_term_name(
	struct apply *apply, uint8_t kind, const Lectern__Store__V1__Term *term, struct error *err)
{
	char folded[KEY_BYTES_MAX];
	bool ambiguous;
	char path[32];
	if (text_fold(slice_of_text(term->name), folded, sizeof folded) == 0)
		return fail_field(err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED",
			field_path(kind, "name", path), "must not be empty");
	if (kind != TAG)
		return CODE_OK;
	uint64_t holder = term_find_name(apply->txn, kind, slice_of_text(term->name), &ambiguous);
	if (holder != 0 && holder != term->id)
		return fail_field(err, CODE_ALREADY_EXISTS, "NAME_TAKEN",
			field_path(kind, "name", path),
			"tag %" PRIu64 " is named so, with case and width folded", holder);
	return CODE_OK;
}

/* What the history of the posts says. */
static void describe_rename(uint8_t kind, const Lectern__Store__V1__Term *old,
	const Lectern__Store__V1__Term *term, char out[LIMIT_NOTE_SUMMARY_BYTES + 1])
{
	bool name = strcmp(old->name, term->name) != 0;
	snprintf(out, LIMIT_NOTE_SUMMARY_BYTES + 1, "%s \"%s\" renamed to \"%s\"",
		term_kind_name(kind), name ? old->name : old->slug, name ? term->name : term->slug);
}

static void touch_after_rename(struct apply *apply, uint8_t kind,
	const Lectern__Store__V1__Term *old, const Lectern__Store__V1__Term *term)
{
	char summary[LIMIT_NOTE_SUMMARY_BYTES + 1];
	describe_rename(kind, old, term, summary);
	struct touch touch = { .kind = kind,
		.from_ids = &term->id,
		.from_count = 1,
		.replacement = term,
		.summary = summary };
	apply_touch_posts(apply, &touch);
	if (kind == CATEGORY)
		apply_touch_children(apply, term);
}

void apply_store_term(struct apply *apply, uint8_t kind, const Lectern__Store__V1__Term *old,
	Lectern__Store__V1__Term *term)
{
	bool moved = (old->parent == NULL ? 0 : old->parent->id) !=
		     (term->parent == NULL ? 0 : term->parent->id);
	bool renamed = strcmp(old->slug, term->slug) != 0 || strcmp(old->name, term->name) != 0;
	size_t count = 0;
	uint64_t *ids =
		moved ? apply_posts_of_term(apply, POSTING_SUBTREE, term->id, &count) : NULL;
	term->etag = apply_etag(apply, apply->arena);
	if (term->update_time == NULL || term->etag == NULL) {
		txn_fail_memory(apply->txn);
		return;
	}
	if (moved)
		apply_relist(apply, ids, count, false);
	apply_slug_change(apply, (enum slug_space)kind, term->id, old->slug, term->slug,
		&term->aliases, &term->n_aliases);
	if (strcmp(old->name, term->name) != 0) {
		term_name_remove(apply->txn, kind, old->name, term->id);
		term_name_insert(apply->txn, kind, term->name, term->id);
		apply_suggest_term(apply, kind, term->id, old->name, term->name);
	}
	if (moved) {
		child_delete(apply, old);
		child_put(apply, term);
	}
	term_put(apply->txn, apply->arena, kind, term);
	if (moved)
		apply_relist(apply, ids, count, true);
	apply_log_term(apply, apply->arena, kind, old, term, NULL);
	if (renamed)
		touch_after_rename(apply, kind, old, term);
}

void apply_answer_term(struct apply *apply, uint8_t kind, const Lectern__Store__V1__Term *term)
{
	uint8_t counts[TERM_COUNTS_BYTES];
	size_t size = term_counts(apply->txn, kind, term->id, counts);
	apply_answer(apply, arena_pack(apply->arena, &term->base), slice_of(counts, size));
}

bool apply_term_is_unchanged(struct apply *apply, const Lectern__Store__V1__Term *old,
	const Lectern__Store__V1__Term *term)
{
	struct slice before = arena_pack(apply->arena, &old->base);
	struct slice after = arena_pack(apply->arena, &term->base);
	return before.data != NULL && slice_equals(before, after);
}

enum code apply_put_term(
	struct apply *apply, const Lectern__Store__V1__PutTerm *op, struct error *err)
{
	uint8_t kind = (uint8_t)op->kind;
	Lectern__Store__V1__Term *old = NULL;
	enum code code = CODE_OK;
	if (op->key != NULL)
		code = apply_load_term(apply, kind, op->key, op->allow_missing, &old, err);
	if (code == CODE_OK && old != NULL)
		code = apply_check_etag(op->term->etag, old->etag, term_kind_name(kind), err);
	if (code != CODE_OK)
		return code;

	Lectern__Store__V1__Term term = LECTERN__STORE__V1__TERM__INIT;
	if (old != NULL)
		term = *old;
	uint64_t mask = old == NULL ? UINT64_MAX : op->field_mask;
	apply_take_term_fields(&term, op->term, mask);
	code = apply_check_term_name(apply, kind, &term, err);
	if (code == CODE_OK && kind == CATEGORY && mask_has(mask, FIELD_PARENT))
		code = apply_take_parent(apply, &term, op->term, err);
	if (code == CODE_OK)
		code = choose_slug(apply, op, old, &term.slug, err);
	if (code != CODE_OK)
		return code;

	if (old == NULL) {
		apply_insert_term(apply, kind, &term);
	} else if (!apply_term_is_unchanged(apply, old, &term)) {
		term.update_time = apply_timestamp(apply->arena, apply->now_us);
		apply_store_term(apply, kind, old, &term);
	}
	apply_answer_term(apply, kind, &term);
	return txn_status(apply->txn, err);
}

static enum code check_delete(struct apply *apply, const Lectern__Store__V1__DeleteTerm *op,
	const Lectern__Store__V1__Term *term, struct error *err)
{
	uint8_t kind = (uint8_t)op->kind;
	uint8_t list = posting_kind_of_term(kind);
	uint64_t child;
	if (kind == CATEGORY && term_children(apply->txn, term->id, &child, 1) > 0)
		return fail_reason(err, CODE_FAILED_PRECONDITION, "CATEGORY_HAS_CHILDREN",
			"there are categories below \"%s\"; move or delete them first", term->slug);
	uint64_t uses = posting_count_all(apply->txn, list, term->id);
	if (uses > 0 && !op->force)
		return fail_reason(err, CODE_FAILED_PRECONDITION, "TERM_IN_USE",
			"%" PRIu64 " posts carry the %s \"%s\"; set force to take it off them",
			uses, term_kind_name(kind), term->slug);
	return CODE_OK;
}

enum code apply_delete_term(
	struct apply *apply, const Lectern__Store__V1__DeleteTerm *op, struct error *err)
{
	uint8_t kind = (uint8_t)op->kind;
	Lectern__Store__V1__Term *term;
	enum code code = apply_load_term(apply, kind, op->key, op->allow_missing, &term, err);
	if (code != CODE_OK || term == NULL)
		return code;
	code = apply_check_etag(op->etag, term->etag, term_kind_name(kind), err);
	if (code == CODE_OK)
		code = check_delete(apply, op, term, err);
	if (code != CODE_OK)
		return code;
	char summary[LIMIT_NOTE_SUMMARY_BYTES + 1];
	snprintf(summary, sizeof summary, "%s \"%s\" deleted", term_kind_name(kind), term->name);
	struct touch touch = {
		.kind = kind, .from_ids = &term->id, .from_count = 1, .summary = summary
	};
	apply_touch_posts(apply, &touch);
	apply_remove_term(apply, kind, term);
	apply_log_term(apply, apply->arena, kind, term, NULL, NULL);
	return txn_status(apply->txn, err);
}
