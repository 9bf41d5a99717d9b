/* The commands of the model that change terms. */
#include "support/store_model.h"

#include <inttypes.h>
#include <lectern/v1/tag.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Every post that carries a term has become another one. */
static void touch_posts(struct model *model, int kind, int index)
{
	for (int i = 0; i < MODEL_POSTS; i++)
		if (model->posts[i].id != 0 && model->posts[i].terms[kind][index])
			model_post_changed(model, &model->posts[i]);
}

void model_put_term(struct model *model, int kind, int index, int parent)
{
	struct model_term *term = &model->terms[kind][index];
	static struct write_result result;
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__PutTerm op = LECTERN__STORE__V1__PUT_TERM__INIT;
	Lectern__Store__V1__Key key = LECTERN__STORE__V1__KEY__INIT;
	Lectern__Store__V1__Term value = LECTERN__STORE__V1__TERM__INIT;
	Lectern__V1__TermRef parent_ref = LECTERN__V1__TERM_REF__INIT;
	char name[64];
	char base[64];
	snprintf(name, sizeof name, "Term %d %d v%u", kind, index, model->serial++);
	snprintf(base, sizeof base, "term-%d-%d-v%u", kind, index, model->serial);
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_PUT_TERM;
	command.put_term = &op;
	op.kind = (Lectern__Store__V1__TermKind)kind;
	op.term = &value;
	op.field_mask = UINT64_MAX;
	op.slug_base = base;
	value.name = name;
	if (chance(50))
		value.slug = base;
	if (parent >= 0) {
		parent_ref.id = model->terms[KIND_CATEGORY][parent].id;
		value.parent = &parent_ref;
	}
	if (term->id != 0) {
		key.id = term->id;
		op.key = &key;
	}
	model_apply(model, &command, &result);
	/* The model knows no cycle check of its own: it walks up. */
	bool cycle = false;
	for (int at = parent; at >= 0; at = model->terms[KIND_CATEGORY][at].parent)
		cycle = cycle || at == index;
	if (kind == KIND_CATEGORY && cycle) {
		assert_int_equal(result.error.code, CODE_FAILED_PRECONDITION);
		return;
	}
	assert_int_equal(result.error.code, CODE_OK);
	bool renamed = term->id != 0;
	Lectern__V1__CreateTagResponse *response =
		lectern__v1__create_tag_response__unpack(NULL, result.payload_size, result.payload);
	assert_non_null(response);
	term->id = response->tag->id;
	snprintf(term->name, sizeof term->name, "%s", name);
	term->parent = parent;
	lectern__v1__create_tag_response__free_unpacked(response, NULL);
	if (renamed)
		touch_posts(model, kind, index);
}

void model_import_term(struct model *model, int kind, int index)
{
	static struct write_result result;
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__ImportTerm op = LECTERN__STORE__V1__IMPORT_TERM__INIT;
	Lectern__Store__V1__Term value = LECTERN__STORE__V1__TERM__INIT;
	static char slug_base[] = "term";
	char description[16];
	char slugs[2][16];
	char *aliases[] = { slugs[0], slugs[1] };
	snprintf(description, sizeof description, "D%d", pick(3));
	for (int i = 0; i < 2; i++)
		snprintf(slugs[i], sizeof slugs[i], "alias-%d", pick(200));
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_IMPORT_TERM;
	command.import_term = &op;
	op.kind = (Lectern__Store__V1__TermKind)kind;
	op.term = &value;
	op.field_mask = UINT64_C(1) << 3 | UINT64_C(1) << 4; /* name, description */
	op.slug_base = slug_base;
	value.name = model->terms[kind][index].name;
	value.description = description;
	/* A new former slug may be one of another term: then that is meant. */
	value.aliases = aliases;
	value.n_aliases = 0;
	if (chance(50)) {
		op.field_mask |= UINT64_C(1) << 6;
		value.n_aliases = 2;
	}
	model_apply(model, &command, &result);
	if (result.error.code != CODE_OK)
		fail_msg("import term: %s", result.error.text);
	Lectern__V1__CreateTagResponse *response =
		lectern__v1__create_tag_response__unpack(NULL, result.payload_size, result.payload);
	assert_non_null(response);
	if (value.n_aliases == 0)
		assert_true(response->tag->id == model->terms[kind][index].id);
	lectern__v1__create_tag_response__free_unpacked(response, NULL);
}

/* Deletes with force; a category with children is refused. The term is made again at once, so that
 * there is always one of each. */
void model_delete_term(struct model *model, int kind, int index)
{
	static struct write_result result;
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__DeleteTerm op = LECTERN__STORE__V1__DELETE_TERM__INIT;
	Lectern__Store__V1__Key key = LECTERN__STORE__V1__KEY__INIT;
	bool has_children = false;
	for (int i = 0; i < MODEL_TERMS; i++)
		has_children = has_children ||
			       (kind == KIND_CATEGORY && model->terms[kind][i].parent == index);
	key.id = model->terms[kind][index].id;
	op.kind = (Lectern__Store__V1__TermKind)kind;
	op.key = &key;
	op.force = true;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_DELETE_TERM;
	command.delete_term = &op;
	model_apply(model, &command, &result);
	if (has_children) {
		assert_int_equal(result.error.code, CODE_FAILED_PRECONDITION);
		return;
	}
	assert_int_equal(result.error.code, CODE_OK);
	for (int i = 0; i < MODEL_POSTS; i++) {
		struct model_post *post = &model->posts[i];
		bool had = post->id != 0 && post->terms[kind][index];
		post->terms[kind][index] = false;
		if (had)
			model_post_changed(model, post);
	}
	model->terms[kind][index].id = 0;
	model->terms[kind][index].parent = -1;
	model_put_term(model, kind, index, -1);
}

int model_find_term(const struct model *model, int kind, uint64_t id)
{
	while (id < model->merged_count && model->merged_into[id] != 0)
		id = model->merged_into[id];
	for (int i = 0; i < MODEL_TERMS; i++)
		if (id != 0 && model->terms[kind][i].id == id)
			return i;
	return -1;
}

static void note_merge(struct model *model, uint64_t from, uint64_t into)
{
	if (from >= model->merged_count) {
		size_t count = 2 * from + 64;
		model->merged_into =
			realloc(model->merged_into, count * sizeof *model->merged_into);
		assert_non_null(model->merged_into);
		memset(model->merged_into + model->merged_count, 0,
			(count - model->merged_count) * sizeof *model->merged_into);
		model->merged_count = count;
	}
	model->merged_into[from] = into;
}

static bool stands_below(const struct model *model, int index, const bool *sources)
{
	for (int at = index; at >= 0; at = model->terms[KIND_CATEGORY][at].parent)
		if (sources[at])
			return true;
	return false;
}

/* What a merge that was done did. */
static void take_merge(struct model *model, int kind, const bool *sources, int destination)
{
	uint64_t into = model->terms[kind][destination].id;
	for (int i = 0; i < MODEL_POSTS; i++) {
		struct model_post *post = &model->posts[i];
		bool touched = false;
		for (int j = 0; j < MODEL_TERMS; j++) {
			touched = touched || (sources[j] && post->terms[kind][j]);
			if (sources[j])
				post->terms[kind][j] = false;
		}
		if (!touched || post->id == 0)
			continue;
		post->terms[kind][destination] = true;
		model_post_changed(model, post);
	}
	for (int i = 0; i < MODEL_TERMS; i++) {
		int parent = model->terms[kind][i].parent;
		if (kind == KIND_CATEGORY && !sources[i] && parent >= 0 && sources[parent])
			model->terms[kind][i].parent = destination;
	}
	for (int i = 0; i < MODEL_TERMS; i++) {
		if (!sources[i])
			continue;
		note_merge(model, model->terms[kind][i].id, into);
		model->terms[kind][i].id = 0;
		model->terms[kind][i].parent = -1;
	}
}

/* A term to be merged: often one that stands just below a source. */
static int pick_source(const struct model *model, int kind, const bool *sources)
{
	int source = pick(MODEL_TERMS);
	if (kind != KIND_CATEGORY || chance(25))
		return source;
	for (int i = 0; i < MODEL_TERMS; i++) {
		int parent = model->terms[kind][i].parent;
		if (parent >= 0 && sources[parent])
			return i;
	}
	return source;
}

/* Merges one to three terms into another; they are made again at once, so that there is always one
 * of each. */
void model_merge_terms(struct model *model, int kind)
{
	static struct write_result result;
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__MergeTerms op = LECTERN__STORE__V1__MERGE_TERMS__INIT;
	Lectern__V1__TermKey keys[4];
	Lectern__V1__TermKey *list[3] = { &keys[0], &keys[1], &keys[2] };
	bool sources[MODEL_TERMS] = { false };
	int destination = pick(MODEL_TERMS);
	op.kind = (Lectern__Store__V1__TermKind)kind;
	op.sources = list;
	op.destination = &keys[3];
	for (int wanted = 1 + pick(3); wanted > 0; wanted--) {
		int source = pick_source(model, kind, sources);
		if (source == destination || sources[source])
			continue;
		sources[source] = true;
		Lectern__V1__TermKey *key = &keys[op.n_sources++];
		lectern__v1__term_key__init(key);
		key->key_case = chance(50) ? LECTERN__V1__TERM_KEY__KEY_ID
					   : LECTERN__V1__TERM_KEY__KEY_NAME;
		if (key->key_case == LECTERN__V1__TERM_KEY__KEY_ID)
			key->id = model->terms[kind][source].id;
		else
			key->name = model->terms[kind][source].name;
	}
	if (op.n_sources == 0)
		return;
	lectern__v1__term_key__init(&keys[3]);
	keys[3].key_case = LECTERN__V1__TERM_KEY__KEY_ID;
	keys[3].id = model->terms[kind][destination].id;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_MERGE_TERMS;
	command.merge_terms = &op;
	model_apply(model, &command, &result);
	if (kind == KIND_CATEGORY && stands_below(model, destination, sources)) {
		assert_int_equal(result.error.code, CODE_FAILED_PRECONDITION);
		return;
	}
	if (result.error.code != CODE_OK)
		fail_msg("merge: %s", result.error.text);
	take_merge(model, kind, sources, destination);
	for (int i = 0; i < MODEL_TERMS; i++)
		if (sources[i])
			model_put_term(model, kind, i, -1);
}
