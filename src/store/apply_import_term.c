/*
 * Taking in a tag, category or author as another system has it.
 *
 * Slugs say what a term is; of tags names do so too, since no two have the same. The names of
 * categories and authors need not be unique, so a slug of the source that is unknown is another
 * term there, whatever it is called.
 */
#include "store/apply.h"
#include "store/term.h"

#include <lectern/v1/import.pb-c.h>
#include <stdio.h>

enum {
	TAG = LECTERN__STORE__V1__TERM_KIND__TERM_KIND_TAG,
	CATEGORY = LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY,
	/* Field numbers of store.v1.Term as bits of ImportTerm.field_mask. */
	FIELD_SLUG = 2,
	FIELD_NAME = 3,
	FIELD_DESCRIPTION = 4,
	FIELD_ALIASES = 6,
	FIELD_CREATE_TIME = 7,
	FIELD_UPDATE_TIME = 8,
	FIELD_ATTRIBUTES = 10,
	FIELD_PARENT = 11,
	FIELD_URL = 13,
	FIELD_AVATAR_URL = 14,
	/* Of the responses. */
	FIELD_RESULT = 2,
};

/* How a term of the source was found. */
enum found {
	FOUND_NONE,
	FOUND_SLUG,    /* by its slug, or the one that it had at the source before */
	FOUND_NAME,    /* by its name alone */
	FOUND_ANOTHER, /* it became this one here: renamed, merged, or a tag of the same name */
};

/* One term on its way. */
struct import {
	struct apply *apply;
	const Lectern__Store__V1__ImportTerm *op;
	uint8_t kind;
	enum found found;
	uint64_t mask;
	Lectern__Store__V1__Term *old;
	Lectern__Store__V1__Term term;
	size_t added; /* first ones of term.aliases, which lead to it only now */
};

static uint64_t find_by_slugs(struct import *import)
{
	const Lectern__Store__V1__Term *from = import->op->term;
	struct txn *txn = import->apply->txn;
	bool former = false;
	uint64_t id = from->slug[0] == '\0' ? 0
					    : term_find_slug(txn, import->kind,
						      slice_of_text(from->slug), &former);
	/* It has another slug there since. */
	for (size_t i = from->n_aliases; i > 0 && id == 0; i--)
		id = term_find_slug(
			txn, import->kind, slice_of_text(from->aliases[i - 1]), &former);
	import->found = id == 0 ? FOUND_NONE : former ? FOUND_ANOTHER : FOUND_SLUG;
	return id;
}

static enum code find(struct import *import, uint64_t *ret, struct error *err)
{
	const Lectern__Store__V1__Term *from = import->op->term;
	bool ambiguous = false;
	*ret = find_by_slugs(import);
	if (*ret != 0 || (from->slug[0] != '\0' && import->kind != TAG))
		return txn_status(import->apply->txn, err);
	*ret = term_find_name(
		import->apply->txn, import->kind, slice_of_text(from->name), &ambiguous);
	if (*ret != 0)
		import->found = from->slug[0] != '\0' ? FOUND_ANOTHER : FOUND_NAME;
	if (*ret == 0 && from->slug[0] == '\0') {
		/* As where a post names it: a slug that its name has made once. */
		bool former;
		*ret = term_find_slug(import->apply->txn, import->kind,
			slice_of_text(import->op->slug_base), &former);
		*ret = former ? *ret : 0;
		import->found = *ret != 0 ? FOUND_ANOTHER : FOUND_NONE;
	}
	if (ambiguous) {
		char path[32];
		snprintf(path, sizeof path, "%s.name", term_kind_name(import->kind));
		return term_fail_ambiguous(import->kind, from->name, path, err);
	}
	return txn_status(import->apply->txn, err);
}

static enum code load(struct import *import, struct error *err)
{
	struct apply *apply = import->apply;
	const Lectern__Store__V1__Term empty = LECTERN__STORE__V1__TERM__INIT;
	uint64_t id;
	enum code code = find(import, &id, err);
	if (code != CODE_OK)
		return code;
	import->old = id == 0 ? NULL : term_unpack(apply->txn, apply->arena, import->kind, id);
	if (id != 0 && import->old == NULL)
		txn_fail_corrupt(apply->txn, term_kind_name(import->kind), id);
	import->term = import->old != NULL ? *import->old : empty;
	import->mask = import->old != NULL ? import->op->field_mask : UINT64_MAX;
	/* The name that found it is its name, however it is written. */
	if (import->found == FOUND_NAME)
		import->mask &= ~(UINT64_C(1) << FIELD_NAME);
	return txn_status(apply->txn, err);
}

/* A parent by a name that several have means the present one if that is among them. */
static enum code take_parent(struct import *import, struct error *err)
{
	const Lectern__Store__V1__Term *from = import->op->term;
	const Lectern__V1__TermRef *had = import->old == NULL ? NULL : import->old->parent;
	if (import->kind != CATEGORY || !mask_has(import->mask, FIELD_PARENT))
		return CODE_OK;
	if (had != NULL && from->parent != NULL && from->parent->slug[0] == '\0' &&
		term_same_name(had->name, from->parent->name))
		return CODE_OK;
	return apply_take_parent(import->apply, &import->term, from, err);
}

static void take_slugs(struct import *import)
{
	struct apply *apply = import->apply;
	const Lectern__Store__V1__Term *from = import->op->term;
	Lectern__Store__V1__Term *term = &import->term;
	enum slug_space space = (enum slug_space)import->kind;
	/* Where it was found by slug, another one that is wanted is free. */
	if (import->old == NULL)
		term->slug = apply_free_slug(
			apply, space, from->slug[0] != '\0' ? from->slug : import->op->slug_base);
	else if (mask_has(import->mask, FIELD_SLUG) && from->slug[0] != '\0')
		term->slug = from->slug;
	if (term->slug != NULL && mask_has(import->mask, FIELD_ALIASES))
		import->added = apply_slug_gather(apply, space, term->slug, from->aliases,
			from->n_aliases, &term->aliases, &term->n_aliases);
}

static void take_times(struct import *import)
{
	const Lectern__Store__V1__Term *from = import->op->term;
	if (mask_has(import->mask, FIELD_CREATE_TIME) && from->create_time != NULL)
		import->term.create_time = from->create_time;
	if (mask_has(import->mask, FIELD_UPDATE_TIME) && from->update_time != NULL)
		import->term.update_time = from->update_time;
}

static enum code take(struct import *import, struct error *err)
{
	apply_take_term_fields(&import->term, import->op->term, import->mask);
	enum code code = apply_check_term_name(import->apply, import->kind, &import->term, err);
	if (code == CODE_OK)
		code = take_parent(import, err);
	if (code != CODE_OK)
		return code;
	take_slugs(import);
	take_times(import);
	return txn_status(import->apply->txn, err);
}

/* What was made of it here stays; it gets what it lacks: the source's slugs as former ones, so that
 * they find it, and texts where it has none. */
static enum code fill(struct import *import, struct error *err)
{
	const Lectern__Store__V1__Term *from = import->op->term;
	Lectern__Store__V1__Term *term = &import->term;
	const uint64_t mask = import->mask;
	uint64_t lacking = 0;
	if (term->description[0] == '\0')
		lacking |= UINT64_C(1) << FIELD_DESCRIPTION;
	if (term->n_attributes == 0)
		lacking |= UINT64_C(1) << FIELD_ATTRIBUTES;
	if (term->url[0] == '\0')
		lacking |= UINT64_C(1) << FIELD_URL;
	if (term->avatar_url[0] == '\0')
		lacking |= UINT64_C(1) << FIELD_AVATAR_URL;
	apply_take_term_fields(term, from, mask & lacking);
	char **slugs = arena_calloc(import->apply->arena, from->n_aliases + 1, sizeof *slugs);
	size_t count = 0;
	if (slugs == NULL) {
		txn_fail_memory(import->apply->txn);
		return txn_status(import->apply->txn, err);
	}
	for (size_t i = 0; mask_has(mask, FIELD_ALIASES) && i < from->n_aliases; i++)
		slugs[count++] = from->aliases[i];
	if (mask_has(mask, FIELD_SLUG) && from->slug[0] != '\0')
		slugs[count++] = from->slug;
	import->added = apply_slug_gather(import->apply, (enum slug_space)import->kind, term->slug,
		slugs, count, &term->aliases, &term->n_aliases);
	return txn_status(import->apply->txn, err);
}

/* The time of a change that the source does not date. */
static void date_change(struct import *import)
{
	const Lectern__Store__V1__Term *from = import->op->term;
	if (import->found != FOUND_ANOTHER && mask_has(import->mask, FIELD_UPDATE_TIME) &&
		from->update_time != NULL)
		return;
	import->term.update_time = apply_timestamp(import->apply->arena, import->apply->now_us);
	if (import->term.update_time == NULL)
		txn_fail_memory(import->apply->txn);
}

static int store(struct import *import)
{
	struct apply *apply = import->apply;
	enum slug_space space = (enum slug_space)import->kind;
	if (import->old == NULL) {
		uint64_t id = apply_insert_term(apply, import->kind, &import->term);
		apply_slug_put_added(apply, space, id, import->term.aliases, import->added);
		return LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_CREATED;
	}
	if (apply_term_is_unchanged(apply, import->old, &import->term))
		return LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_UNCHANGED;
	date_change(import);
	apply_slug_put_added(apply, space, import->old->id, import->term.aliases, import->added);
	apply_store_term(apply, import->kind, import->old, &import->term);
	return LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_UPDATED;
}

enum code apply_import_term(
	struct apply *apply, const Lectern__Store__V1__ImportTerm *op, struct error *err)
{
	struct import import = { .apply = apply, .op = op, .kind = (uint8_t)op->kind };
	enum code code = load(&import, err);
	if (code == CODE_OK)
		code = import.found == FOUND_ANOTHER ? fill(&import, err) : take(&import, err);
	if (code != CODE_OK)
		return code;
	int result = store(&import);
	apply_answer_term(apply, import.kind, &import.term);
	apply_answer_result(apply, FIELD_RESULT, result);
	return txn_status(apply->txn, err);
}
