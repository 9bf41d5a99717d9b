#include "services/term_service.h"

#include "base/text.h"
#include "services/check_fields.h"
#include "services/mask.h"
#include "services/write.h"
#include "store/term.h"

#include <stdio.h>

#define BIT(field_number) (UINT64_C(1) << (field_number))

enum {
	/* Field numbers of store.v1.Term and of the public messages alike. */
	FIELD_SLUG = 2,
	FIELD_NAME = 3,
};

/* The fields that a caller may set, beside slug, name, description and attributes. */
static uint64_t settable(uint8_t kind)
{
	const uint64_t common = BIT(FIELD_SLUG) | BIT(FIELD_NAME) | BIT(4) | BIT(10);
	if (kind == LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY)
		return common | BIT(11); /* parent */
	if (kind == LECTERN__STORE__V1__TERM_KIND__TERM_KIND_AUTHOR)
		return common | BIT(13) | BIT(14); /* url, avatar_url */
	return common;
}

/* The message in the store's form. The two have the same field numbers, so the bytes of one are
 * read as the other. NULL when out of memory. */
static Lectern__Store__V1__Term *term_of(struct arena *arena, const ProtobufCMessage *message)
{
	struct slice bytes = arena_pack(arena, message);
	if (bytes.data == NULL)
		return NULL;
	return lectern__store__v1__term__unpack(&arena->allocator, bytes.size, bytes.data);
}

static enum code check_term(
	uint8_t kind, const Lectern__Store__V1__Term *term, bool named, struct error *err)
{
	const char *what = term_kind_name(kind);
	char path[32];
	snprintf(path, sizeof path, "%s.name", what);
	enum code code = check_line(term->name, named, path, err);
	snprintf(path, sizeof path, "%s.slug", what);
	if (code == CODE_OK)
		code = check_slug(term->slug, path, err);
	snprintf(path, sizeof path, "%s.url", what);
	if (code == CODE_OK)
		code = check_url(term->url, path, err);
	snprintf(path, sizeof path, "%s.avatar_url", what);
	if (code == CODE_OK)
		code = check_url(term->avatar_url, path, err);
	if (code == CODE_OK)
		code = check_attributes(term->attributes, term->n_attributes, what, err);
	if (code == CODE_OK && term->parent != NULL && term->parent->id == 0 &&
		term->parent->slug[0] == '\0' && term->parent->name[0] == '\0')
		return fail_field(err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", "category.parent",
			"give an id, a slug or a name, or leave parent unset");
	return code;
}

/* What an update names and which fields it changes; the slug that names the term is none of them.
 */
static enum code check_update(uint8_t kind, const struct term_put *put,
	const struct entity_key *key, uint64_t *mask, struct error *err)
{
	char path[32];
	snprintf(path, sizeof path, "%s.id", term_kind_name(kind));
	enum code code = entity_key_check(key, path, err);
	if (code == CODE_OK && put->allow_missing && key->id != 0)
		code = fail_field(err, CODE_INVALID_ARGUMENT, "ALLOW_MISSING_NEEDS_SLUG", path,
			"ids are made by the server; with allow_missing name the %s by slug",
			term_kind_name(kind));
	if (code == CODE_OK)
		code = mask_resolve(put->update_mask, put->message, settable(kind), mask, err);
	if (code == CODE_OK && key->id == 0)
		*mask &= ~BIT(FIELD_SLUG);
	return code;
}

/* What the slug begins with where the server makes it; NULL when out of memory. */
static char *slug_base(struct rpc_call *call, uint8_t kind, const Lectern__Store__V1__Term *term)
{
	char slug[LIMIT_SLUG_BYTES + 1];
	if (text_slug(slice_of_text(term->name), slug, sizeof slug) == 0)
		snprintf(slug, sizeof slug, "%s", term_kind_name(kind));
	return arena_text(call->arena, slice_of_text(slug));
}

static enum code submit_op(struct rpc_call *call, struct write *write, uint8_t kind,
	Lectern__Store__V1__PutTerm *op, struct error *err)
{
	op->slug_base = slug_base(call, kind, op->term);
	if (op->slug_base == NULL)
		return fail_out_of_memory(err);
	op->kind = (Lectern__Store__V1__TermKind)kind;
	write->command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_PUT_TERM;
	write->command.put_term = op;
	return write_submit(write, err);
}

enum code term_submit_put(struct rpc_call *call, uint8_t kind, const ProtobufCMessage *request,
	const struct term_put *put, struct error *err)
{
	if (put->message == NULL)
		return fail_field(err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED",
			term_kind_name(kind), "is missing");
	Lectern__Store__V1__Term *term = term_of(call->arena, put->message);
	Lectern__Store__V1__PutTerm *op = arena_alloc(call->arena, sizeof *op);
	if (term == NULL || op == NULL)
		return fail_out_of_memory(err);
	lectern__store__v1__put_term__init(op);
	op->term = term;
	op->field_mask = settable(kind);
	op->allow_missing = put->allow_missing;
	struct entity_key key = { .id = term->id, .slug = term->slug };
	enum code code = CODE_OK;
	if (put->update)
		code = check_update(kind, put, &key, &op->field_mask, err);
	if (code == CODE_OK)
		code = check_term(
			kind, term, !put->update || (op->field_mask & BIT(FIELD_NAME)) != 0, err);
	if (code != CODE_OK)
		return code;
	struct write *write = write_new(call, request, put->request_id, put->validate_only, err);
	if (write == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	if (put->update) {
		op->key = write_key(call, &key);
		if (op->key == NULL)
			return fail_out_of_memory(err);
	}
	return submit_op(call, write, kind, op, err);
}

/* Checks what an import has beside the fields that every caller may set. */
static enum code check_import(
	uint8_t kind, Lectern__Store__V1__Term *term, uint64_t mask, struct error *err)
{
	char path[32];
	snprintf(path, sizeof path, "%s.aliases", term_kind_name(kind));
	if (term->parent != NULL) {
		if (term->parent->id != 0 && term->parent->slug[0] == '\0' &&
			term->parent->name[0] == '\0')
			return fail_field(err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED",
				"category.parent",
				"give a slug or a name; ids of another system mean nothing here");
		term->parent->id = 0;
	}
	trim_time(term->create_time);
	trim_time(term->update_time);
	enum code code = check_term(kind, term, (mask & BIT(FIELD_NAME)) != 0, err);
	return code == CODE_OK ? check_aliases(term->aliases, term->n_aliases, path, err) : code;
}

enum code term_submit_import(struct rpc_call *call, uint8_t kind, const ProtobufCMessage *request,
	const struct term_put *put, struct error *err)
{
	/* aliases, create_time, update_time */
	const uint64_t importable = settable(kind) | BIT(6) | BIT(7) | BIT(8);
	if (put->message == NULL)
		return fail_field(err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED",
			term_kind_name(kind), "is missing");
	Lectern__Store__V1__Term *term = term_of(call->arena, put->message);
	Lectern__Store__V1__ImportTerm *op = arena_alloc(call->arena, sizeof *op);
	if (term == NULL || op == NULL)
		return fail_out_of_memory(err);
	lectern__store__v1__import_term__init(op);
	op->kind = (Lectern__Store__V1__TermKind)kind;
	op->term = term;
	op->field_mask = importable;
	enum code code = CODE_OK;
	if (put->update_mask != NULL && put->update_mask->n_paths > 0)
		code = mask_resolve(
			put->update_mask, put->message, importable, &op->field_mask, err);
	if (code == CODE_OK)
		code = check_import(kind, term, op->field_mask, err);
	if (code != CODE_OK)
		return code;
	struct write *write = write_new(call, request, put->request_id, put->validate_only, err);
	if (write == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	op->slug_base = slug_base(call, kind, term);
	if (op->slug_base == NULL)
		return fail_out_of_memory(err);
	write->command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_IMPORT_TERM;
	write->command.import_term = op;
	return write_submit(write, err);
}

enum code term_submit_delete(struct rpc_call *call, uint8_t kind, const ProtobufCMessage *request,
	const struct term_delete *delete, struct error *err)
{
	enum code code = entity_key_check(&delete->key, "key", err);
	if (code != CODE_OK)
		return code;
	struct write *write =
		write_new(call, request, delete->request_id, delete->validate_only, err);
	if (write == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	Lectern__Store__V1__DeleteTerm *op = arena_alloc(call->arena, sizeof *op);
	Lectern__Store__V1__Key *key = write_key(call, &delete->key);
	if (op == NULL || key == NULL)
		return fail_out_of_memory(err);
	lectern__store__v1__delete_term__init(op);
	op->kind = (Lectern__Store__V1__TermKind)kind;
	op->key = key;
	op->etag = (char *)(uintptr_t) delete->etag;
	op->force = delete->force;
	op->allow_missing = delete->allow_missing;
	write->command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_DELETE_TERM;
	write->command.delete_term = op;
	return write_submit(write, err);
}

static enum code check_merge(const struct term_merge *merge, struct error *err)
{
	if (merge->source_count == 0)
		return fail_field(err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", "sources",
			"name 1 to %d that are to end", LIMIT_MERGE_SOURCES);
	if (merge->destination == NULL)
		return fail_field(err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", "destination",
			"name the one that is to stay");
	struct entity_key key = ID_SLUG_OR_NAME(merge->destination);
	enum code code = entity_key_check(&key, "destination", err);
	for (size_t i = 0; i < merge->source_count && code == CODE_OK; i++) {
		char field[32];
		snprintf(field, sizeof field, "sources[%zu]", i);
		key = ID_SLUG_OR_NAME(merge->sources[i]);
		code = entity_key_check(&key, field, err);
	}
	return code;
}

enum code term_submit_merge(struct rpc_call *call, uint8_t kind, const ProtobufCMessage *request,
	const struct term_merge *merge, struct error *err)
{
	enum code code = check_merge(merge, err);
	if (code != CODE_OK)
		return code;
	struct write *write =
		write_new(call, request, merge->request_id, merge->validate_only, err);
	if (write == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	Lectern__Store__V1__MergeTerms *op = arena_alloc(call->arena, sizeof *op);
	if (op == NULL)
		return fail_out_of_memory(err);
	lectern__store__v1__merge_terms__init(op);
	op->kind = (Lectern__Store__V1__TermKind)kind;
	op->sources = (Lectern__V1__TermKey **)(uintptr_t)merge->sources;
	op->n_sources = merge->source_count;
	op->destination = merge->destination;
	op->etag = (char *)(uintptr_t)merge->etag;
	write->command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_MERGE_TERMS;
	write->command.merge_terms = op;
	return write_submit(write, err);
}
