/* The change log: one entry for each entity whose etag a write changes. */
#include "base/limits.h"
#include "store/apply.h"
#include "store/term.h"

#include <times.h>

enum { CATEGORY = LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY };

void apply_log_change(struct apply *apply, struct arena *arena, Lectern__V1__Change *change)
{
	Google__Protobuf__Timestamp time;
	struct key key;
	timestamp_from_us(&time, apply->now_us);
	change->revision = apply->revision;
	change->time = &time;
	struct slice record = arena_pack(arena, &change->base);
	change->time = NULL;
	key_change(&key, apply->revision);
	if (record.data == NULL)
		txn_fail_memory(apply->txn);
	else
		txn_put(apply->txn, TABLE_CHANGE, &key, record);
	txn_put_meta(apply->txn, META_REVISION, apply->revision);
	apply->revision++;
}

static bool fill_affected(struct arena *arena, Lectern__V1__AffectedTerm *term, uint8_t kind,
	uint64_t id, struct slice slug)
{
	lectern__v1__affected_term__init(term);
	term->entity = (Lectern__V1__Entity)kind; /* the same numbers */
	term->id = id;
	term->slug = arena_text(arena, slug);
	return term->slug != NULL;
}

bool apply_log_affected(struct apply *apply, struct arena *arena, uint8_t kind, uint64_t id,
	Lectern__V1__Change *change)
{
	struct slice record;
	if (!term_read(apply->txn, kind, id, &record)) {
		txn_fail_corrupt(apply->txn, term_kind_name(kind), id);
		return false;
	}
	Lectern__V1__AffectedTerm *term = arena_alloc(arena, sizeof *term);
	if (term == NULL || !fill_affected(arena, term, kind, id, term_slug(record))) {
		txn_fail_memory(apply->txn);
		return false;
	}
	change->terms[change->n_terms++] = term;
	return true;
}

/* The categories from one upwards, as far as they are not among the terms already. */
static bool add_ancestors(
	struct apply *apply, struct arena *arena, uint64_t id, Lectern__V1__Change *change)
{
	for (int depth = 0; id != 0 && depth < LIMIT_CATEGORY_DEPTH; depth++) {
		for (size_t i = 0; i < change->n_terms; i++)
			if (change->terms[i]->id == id)
				return true; /* and so are those above */
		if (!apply_log_affected(apply, arena, CATEGORY, id, change))
			return false;
		id = term_parent(apply->txn, id);
	}
	return true;
}

static Lectern__V1__ChangeKind kind_of_change(
	const Lectern__Store__V1__Term *old, const Lectern__Store__V1__Term *term)
{
	return old == NULL    ? LECTERN__V1__CHANGE_KIND__CHANGE_KIND_CREATED
	       : term == NULL ? LECTERN__V1__CHANGE_KIND__CHANGE_KIND_DELETED
			      : LECTERN__V1__CHANGE_KIND__CHANGE_KIND_UPDATED;
}

void apply_log_term(struct apply *apply, struct arena *arena, uint8_t kind,
	const Lectern__Store__V1__Term *old, const Lectern__Store__V1__Term *term,
	const Lectern__Store__V1__Term *merged_into)
{
	const Lectern__Store__V1__Term *one = term != NULL ? term : old;
	Lectern__V1__Change change = LECTERN__V1__CHANGE__INIT;
	Lectern__V1__AffectedTerm merged;
	change.entity = (Lectern__V1__Entity)kind;
	change.kind = kind_of_change(old, term);
	change.id = one->id;
	change.slug = one->slug;
	if (term != NULL)
		change.etag = term->etag;
	if (term != NULL && old != NULL && strcmp(old->slug, term->slug) != 0)
		change.former_slug = old->slug;
	change.terms = arena_calloc(arena, 2 * LIMIT_CATEGORY_DEPTH, sizeof(void *));
	bool complete = change.terms != NULL;
	if (complete && old != NULL && old->parent != NULL)
		complete = add_ancestors(apply, arena, old->parent->id, &change);
	if (complete && term != NULL && term->parent != NULL)
		complete = add_ancestors(apply, arena, term->parent->id, &change);
	if (complete && merged_into != NULL) {
		complete = fill_affected(
			arena, &merged, kind, merged_into->id, slice_of_text(merged_into->slug));
		change.merged_into = &merged;
	}
	if (complete)
		apply_log_change(apply, arena, &change);
	else
		txn_fail_memory(apply->txn);
}
