#include "base/limits.h"
#include "base/text.h"
#include "store/apply.h"
#include "store/posting.h"
#include "store/term.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	/* Field numbers of lectern.v1.Post as bits of PutPost.field_mask. */
	FIELD_TAGS = 13,
	FIELD_CATEGORIES = 14,
	FIELD_AUTHORS = 15,
	FIELD_SERIES = 16,
};

static uint64_t fail_no_term(
	struct error *err, uint8_t kind, const char *field, const char *by, const char *value)
{
	bool of_post = strncmp(field, "post.", 5) == 0;
	fail_field(err, CODE_NOT_FOUND, "TERM_NOT_FOUND", field,
		"there is no %s with %s \"%s\"; create it first%s", term_kind_name(kind), by, value,
		of_post ? " or set create_missing_terms" : "");
	return 0;
}

uint64_t apply_find_term(struct apply *apply, uint8_t kind, const Lectern__V1__TermRef *ref,
	const char *field, struct error *err)
{
	bool flag;
	uint64_t id;
	if (ref->id != 0) {
		struct slice record;
		if (term_read(apply->txn, kind, ref->id, &record))
			return ref->id;
		char number[24];
		snprintf(number, sizeof number, "%" PRIu64, ref->id);
		return fail_no_term(err, kind, field, "id", number);
	}
	if (ref->slug[0] != '\0') {
		id = term_find_slug(apply->txn, kind, slice_of_text(ref->slug), &flag);
		return id != 0 ? id : fail_no_term(err, kind, field, "slug", ref->slug);
	}
	id = term_find_name(apply->txn, kind, slice_of_text(ref->name), &flag);
	if (id == 0)
		return fail_no_term(err, kind, field, "name", ref->name);
	if (flag) {
		term_fail_ambiguous(kind, ref->name, field, err);
		return 0;
	}
	return id;
}

uint64_t apply_make_term(struct apply *apply, uint8_t kind, const Lectern__V1__TermRef *ref)
{
	Lectern__Store__V1__Term term = LECTERN__STORE__V1__TERM__INIT;
	char slug[LIMIT_SLUG_BYTES + 1];
	bool blank = text_fold(slice_of_text(ref->name), slug, sizeof slug) == 0;
	term.name = blank ? ref->slug : ref->name;
	/* Names of tags are unique: an unknown slug with a known name is the known tag. */
	bool ambiguous;
	uint64_t id =
		kind == LECTERN__STORE__V1__TERM_KIND__TERM_KIND_TAG
			? term_find_name(apply->txn, kind, slice_of_text(term.name), &ambiguous)
			: 0;
	if (id != 0)
		return id;
	if (ref->slug[0] != '\0') {
		term.slug = ref->slug; /* not found, so it is free */
	} else {
		size_t size = text_slug(slice_of_text(ref->name), slug, sizeof slug);
		/* A name whose slug is a former one of a term means that term: it was renamed or
		 * merged, and is not to come back beside its new self. */
		bool former;
		id = term_find_slug(apply->txn, kind, slice_of(slug, size), &former);
		if (id != 0 && former)
			return id;
		term.slug = apply_free_slug(
			apply, (enum slug_space)kind, size > 0 ? slug : term_kind_name(kind));
	}
	return term.slug == NULL ? 0 : apply_insert_term(apply, kind, &term);
}

Lectern__V1__TermRef *apply_term_ref(
	struct apply *apply, struct arena *arena, uint8_t kind, uint64_t id)
{
	Lectern__Store__V1__Term *term = term_unpack(apply->txn, arena, kind, id);
	Lectern__V1__TermRef *ref = arena_alloc(arena, sizeof *ref);
	if (ref == NULL)
		txn_fail_memory(apply->txn);
	else if (term == NULL)
		txn_fail_corrupt(apply->txn, term_kind_name(kind), id);
	if (ref == NULL || term == NULL)
		return NULL;
	lectern__v1__term_ref__init(ref);
	ref->id = id;
	ref->slug = term->slug;
	ref->name = term->name;
	return ref;
}

/* One list of terms of a post: checks that every reference means something. */
static enum code check_refs(struct apply *apply, uint8_t kind, Lectern__V1__TermRef **refs,
	size_t count, const char *name, bool create_missing, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		char field[64];
		struct error why;
		snprintf(field, sizeof field, "post.%s[%zu]", name, i);
		if (apply_find_term(apply, kind, refs[i], field, &why) != 0)
			continue;
		bool nameable = refs[i]->id == 0;
		if (why.code != CODE_NOT_FOUND || !create_missing || !nameable) {
			if (err != NULL)
				*err = why;
			return why.code;
		}
	}
	return CODE_OK;
}

/* Replaces the references by complete ones, each term once; makes terms that are missing. */
static void resolve_refs(
	struct apply *apply, uint8_t kind, Lectern__V1__TermRef ***refs, size_t *count)
{
	Lectern__V1__TermRef **list = arena_calloc(apply->arena, *count, sizeof(void *));
	size_t kept = 0;
	if (list == NULL) {
		txn_fail_memory(apply->txn);
		return;
	}
	for (size_t i = 0; i < *count; i++) {
		uint64_t id = apply_find_term(apply, kind, (*refs)[i], "", NULL);
		if (id == 0)
			id = apply_make_term(apply, kind, (*refs)[i]);
		bool twice = false;
		for (size_t j = 0; j < kept; j++)
			twice = twice || list[j]->id == id;
		if (twice)
			continue;
		list[kept] = apply_term_ref(apply, apply->arena, kind, id);
		if (list[kept] == NULL)
			return;
		kept++;
	}
	*refs = list;
	*count = kept;
}

static Lectern__V1__SeriesRef *resolve_series(
	struct apply *apply, const Lectern__V1__SeriesRef *series)
{
	const uint8_t kind = LECTERN__STORE__V1__TERM_KIND__TERM_KIND_SERIES;
	Lectern__V1__TermRef wanted = LECTERN__V1__TERM_REF__INIT;
	wanted.slug = series->slug;
	wanted.name = series->name;
	bool flag; /* of several with one name the oldest is taken */
	uint64_t id =
		series->slug[0] != '\0'
			? term_find_slug(apply->txn, kind, slice_of_text(series->slug), &flag)
			: term_find_name(apply->txn, kind, slice_of_text(series->name), &flag);
	if (id == 0)
		id = apply_make_term(apply, kind, &wanted);
	Lectern__V1__TermRef *ref = apply_term_ref(apply, apply->arena, kind, id);
	Lectern__V1__SeriesRef *ret = arena_alloc(apply->arena, sizeof *ret);
	if (ref == NULL || ret == NULL) {
		txn_fail_memory(apply->txn);
		return NULL;
	}
	lectern__v1__series_ref__init(ret);
	ret->id = id;
	ret->slug = ref->slug;
	ret->name = ref->name;
	ret->part = series->part;
	return ret;
}

enum code apply_check_refs(struct apply *apply, const Lectern__V1__Post *from, uint64_t mask,
	bool create_missing, struct error *err)
{
	enum code code = CODE_OK;
	if (mask_has(mask, FIELD_TAGS))
		code = check_refs(apply, LECTERN__STORE__V1__TERM_KIND__TERM_KIND_TAG, from->tags,
			from->n_tags, "tags", create_missing, err);
	if (code == CODE_OK && mask_has(mask, FIELD_CATEGORIES))
		code = check_refs(apply, LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY,
			from->categories, from->n_categories, "categories", create_missing, err);
	if (code == CODE_OK && mask_has(mask, FIELD_AUTHORS))
		code = check_refs(apply, LECTERN__STORE__V1__TERM_KIND__TERM_KIND_AUTHOR,
			from->authors, from->n_authors, "authors", create_missing, err);
	return code;
}

void apply_take_refs(
	struct apply *apply, Lectern__V1__Post *post, const Lectern__V1__Post *from, uint64_t mask)
{
	if (mask_has(mask, FIELD_TAGS)) {
		post->tags = from->tags;
		post->n_tags = from->n_tags;
		resolve_refs(apply, LECTERN__STORE__V1__TERM_KIND__TERM_KIND_TAG, &post->tags,
			&post->n_tags);
	}
	if (mask_has(mask, FIELD_CATEGORIES)) {
		post->categories = from->categories;
		post->n_categories = from->n_categories;
		resolve_refs(apply, LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY,
			&post->categories, &post->n_categories);
	}
	if (mask_has(mask, FIELD_AUTHORS)) {
		post->authors = from->authors;
		post->n_authors = from->n_authors;
		resolve_refs(apply, LECTERN__STORE__V1__TERM_KIND__TERM_KIND_AUTHOR, &post->authors,
			&post->n_authors);
	}
	if (mask_has(mask, FIELD_SERIES))
		post->series = from->series == NULL ? NULL : resolve_series(apply, from->series);
}
