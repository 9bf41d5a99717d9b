/* Merging tags, categories or authors into one. */
#include "base/limits.h"
#include "store/apply.h"
#include "store/posting.h"
#include "store/term.h"

#include <stdio.h>
#include <stdlib.h>

enum { CATEGORY = LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY };

struct merge {
	struct apply *apply;
	uint8_t kind;
	Lectern__Store__V1__Term *sources[LIMIT_MERGE_SOURCES];
	uint64_t source_ids[LIMIT_MERGE_SOURCES]; /* sorted */
	size_t source_count;
	Lectern__Store__V1__Term *destination;
};

static enum code find(const struct merge *merge, const Lectern__V1__TermKey *key, const char *field,
	Lectern__Store__V1__Term **ret, struct error *err)
{
	Lectern__V1__TermRef ref = LECTERN__V1__TERM_REF__INIT;
	struct apply *apply = merge->apply;
	if (key->key_case == LECTERN__V1__TERM_KEY__KEY_ID)
		ref.id = key->id;
	else if (key->key_case == LECTERN__V1__TERM_KEY__KEY_SLUG)
		ref.slug = key->slug;
	else if (key->key_case == LECTERN__V1__TERM_KEY__KEY_NAME)
		ref.name = key->name;
	struct error why;
	uint64_t id = apply_find_term(apply, merge->kind, &ref, field, &why);
	if (id == 0) {
		if (err != NULL)
			*err = why;
		return why.code;
	}
	*ret = term_unpack(apply->txn, apply->arena, merge->kind, id);
	return txn_status(apply->txn, err);
}

static enum code find_all(
	struct merge *merge, const Lectern__Store__V1__MergeTerms *op, struct error *err)
{
	enum code code = find(merge, op->destination, "destination", &merge->destination, err);
	for (size_t i = 0; i < op->n_sources && code == CODE_OK; i++) {
		char field[32];
		snprintf(field, sizeof field, "sources[%zu]", i);
		code = find(merge, op->sources[i], field, &merge->sources[i], err);
		if (code != CODE_OK)
			break;
		uint64_t id = merge->sources[i]->id;
		if (id == merge->destination->id)
			return fail_field(err, CODE_INVALID_ARGUMENT, "MERGE_INTO_ITSELF", field,
				"is the destination itself");
		for (size_t j = 0; j < i; j++)
			if (merge->sources[j]->id == id)
				return fail_field(err, CODE_INVALID_ARGUMENT, "SOURCE_REPEATED",
					field, "is the same %s as sources[%zu]",
					term_kind_name(merge->kind), j);
		merge->source_ids[i] = id;
		merge->source_count++;
	}
	qsort(merge->source_ids, merge->source_count, sizeof *merge->source_ids, apply_compare_ids);
	return code;
}

/* The categories just below one; their ids in the arena. NULL when out of memory. */
static uint64_t *children_of(struct merge *merge, uint64_t id, size_t *ret_count)
{
	struct apply *apply = merge->apply;
	*ret_count = term_children(apply->txn, id, NULL, SIZE_MAX);
	uint64_t *ids = arena_calloc(apply->arena, *ret_count + 1, sizeof *ids);
	if (ids == NULL)
		txn_fail_memory(apply->txn);
	else
		term_children(apply->txn, id, ids, *ret_count);
	return ids;
}

static bool is_source(const struct merge *merge, uint64_t id)
{
	return bsearch(&id, merge->source_ids, merge->source_count, sizeof id, apply_compare_ids) !=
	       NULL;
}

/* Calls `visit` for each category below a source that is no source itself: those end where they
 * stand. */
static enum code each_child(struct merge *merge,
	enum code (*visit)(struct merge *merge, uint64_t child_id, struct error *err),
	struct error *err)
{
	enum code code = CODE_OK;
	for (size_t i = 0; i < merge->source_count && code == CODE_OK; i++) {
		size_t count;
		uint64_t *ids = children_of(merge, merge->sources[i]->id, &count);
		for (size_t j = 0; ids != NULL && j < count && code == CODE_OK; j++)
			if (!is_source(merge, ids[j]))
				code = visit(merge, ids[j], err);
		if (code == CODE_OK)
			code = txn_status(merge->apply->txn, err);
	}
	return code;
}

static enum code check_child(struct merge *merge, uint64_t child_id, struct error *err)
{
	return apply_check_parent(
		merge->apply, child_id, merge->destination->id, "destination", err);
}

static enum code move_child(struct merge *merge, uint64_t child_id, struct error *err)
{
	struct apply *apply = merge->apply;
	Lectern__Store__V1__Term *old = term_unpack(apply->txn, apply->arena, CATEGORY, child_id);
	if (old == NULL) {
		txn_fail_corrupt(apply->txn, "category", child_id);
		return txn_status(apply->txn, err);
	}
	Lectern__Store__V1__Term term = *old;
	term.parent = apply_term_ref(apply, apply->arena, CATEGORY, merge->destination->id);
	term.update_time = apply_timestamp(apply->arena, apply->now_us);
	apply_store_term(apply, CATEGORY, old, &term);
	return txn_status(apply->txn, err);
}

/* A destination below a source would lose its place: the source above it ends. */
static enum code check_tree(struct merge *merge, struct error *err)
{
	struct apply *apply = merge->apply;
	uint64_t id = merge->destination->id;
	for (int depth = 0; id != 0 && depth <= LIMIT_CATEGORY_DEPTH; depth++) {
		if (is_source(merge, id))
			return fail_field(err, CODE_FAILED_PRECONDITION, "CATEGORY_CYCLE",
				"destination", "stands below a source; move it out of there first");
		id = term_parent(apply->txn, id);
	}
	return each_child(merge, check_child, err);
}

/* The posts that carry any source, each once. NULL when out of memory. */
static uint64_t *posts_of_sources(struct merge *merge, size_t *ret_count)
{
	struct apply *apply = merge->apply;
	uint8_t list = posting_kind_of_term(merge->kind);
	size_t most = 0;
	size_t count = 0;
	for (size_t i = 0; i < merge->source_count; i++)
		most += posting_count_all(apply->txn, list, merge->source_ids[i]);
	uint64_t *ids = arena_calloc(apply->arena, most + 1, sizeof *ids);
	for (size_t i = 0; i < merge->source_count && ids != NULL; i++) {
		size_t found;
		uint64_t *some = apply_posts_of_term(apply, list, merge->source_ids[i], &found);
		for (size_t j = 0; some != NULL && j < found; j++)
			ids[count++] = some[j];
	}
	if (ids == NULL) {
		txn_fail_memory(apply->txn);
		return NULL;
	}
	qsort(ids, count, sizeof *ids, apply_compare_ids);
	*ret_count = 0;
	for (size_t i = 0; i < count; i++)
		if (i == 0 || ids[i] != ids[i - 1])
			ids[(*ret_count)++] = ids[i];
	return ids;
}

static void move_posts(struct merge *merge)
{
	char summary[LIMIT_NOTE_SUMMARY_BYTES + 1];
	size_t count = 0;
	uint64_t *ids = posts_of_sources(merge, &count);
	bool several = merge->source_count > 1;
	snprintf(summary, sizeof summary, "%s \"%s\"%s merged into \"%s\"",
		term_kind_name(merge->kind), merge->sources[0]->name, several ? " and others" : "",
		merge->destination->name);
	struct touch touch = { .kind = merge->kind,
		.from_ids = merge->source_ids,
		.from_count = merge->source_count,
		.replacement = merge->destination,
		.summary = summary };
	for (size_t i = 0; ids != NULL && i < count; i++) {
		if (txn_status(merge->apply->txn, NULL) != CODE_OK)
			return;
		apply_touch_post(merge->apply, ids[i], &touch);
	}
}

/* Its slugs go on finding what it became: aliases first, so that the newest of them is the last. */
static void end_source(struct merge *merge, const Lectern__Store__V1__Term *source)
{
	struct apply *apply = merge->apply;
	Lectern__Store__V1__Term *to = merge->destination;
	enum slug_space space = (enum slug_space)merge->kind;
	apply_remove_term(apply, merge->kind, source);
	for (size_t i = 0; i < source->n_aliases; i++)
		apply_slug_adopt(
			apply, space, to->id, source->aliases[i], &to->aliases, &to->n_aliases);
	apply_slug_adopt(apply, space, to->id, source->slug, &to->aliases, &to->n_aliases);
}

enum code apply_merge_terms(
	struct apply *apply, const Lectern__Store__V1__MergeTerms *op, struct error *err)
{
	struct merge merge = { .apply = apply, .kind = (uint8_t)op->kind };
	enum code code = find_all(&merge, op, err);
	if (code == CODE_OK)
		code = apply_check_etag(
			op->etag, merge.destination->etag, term_kind_name(merge.kind), err);
	if (code == CODE_OK && merge.kind == CATEGORY)
		code = check_tree(&merge, err);
	if (code != CODE_OK)
		return code;
	if (merge.kind == CATEGORY)
		code = each_child(&merge, move_child, err);
	if (code != CODE_OK)
		return code;
	Lectern__Store__V1__Term old = *merge.destination;
	move_posts(&merge);
	/* The log names the categories above each, which may be sources. */
	for (size_t i = 0; i < merge.source_count; i++)
		apply_log_term(
			apply, apply->arena, merge.kind, merge.sources[i], NULL, merge.destination);
	for (size_t i = 0; i < merge.source_count; i++)
		end_source(&merge, merge.sources[i]);
	merge.destination->update_time = apply_timestamp(apply->arena, apply->now_us);
	apply_store_term(apply, merge.kind, &old, merge.destination);
	apply_answer_term(apply, merge.kind, merge.destination);
	return txn_status(apply->txn, err);
}
