/* lectern.v1.CategoryService on top of term_service.c. */
#include "services/term_service.h"

#include <lectern/v1/category.pb-c.h>

enum { KIND = LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY };

#define BIT(field_number) (UINT64_C(1) << (field_number))

/* slug, name, description, attributes, parent */
static const uint64_t SETTABLE = BIT(2) | BIT(3) | BIT(4) | BIT(10) | BIT(11);

static enum code get_category(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__GetCategoryRequest *request =
		(const Lectern__V1__GetCategoryRequest *)message;
	struct entity_key key = ID_SLUG_OR_NAME(request);
	return term_get(call, KIND, &key, err);
}

static enum code batch_get_categories(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__BatchGetCategoriesRequest *request =
		(const Lectern__V1__BatchGetCategoriesRequest *)message;
	return term_batch_get(call, KIND, request->keys, request->n_keys, err);
}

static enum code list_categories(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__ListCategoriesRequest *request =
		(const Lectern__V1__ListCategoriesRequest *)message;
	return term_list(call, KIND, request->page_size, request->page_token, request->order, err);
}

/* The message as the store's form of it; what the server sets is left out. */
static Lectern__Store__V1__Term term_of(const Lectern__V1__Category *category)
{
	Lectern__Store__V1__Term term = LECTERN__STORE__V1__TERM__INIT;
	term.slug = category->slug;
	term.name = category->name;
	term.description = category->description;
	term.etag = category->etag;
	term.attributes = category->attributes;
	term.n_attributes = category->n_attributes;
	term.parent = category->parent;
	return term;
}

static enum code fail_missing(struct error *err)
{
	return fail_field(err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", "category", "is missing");
}

static enum code create_category(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__CreateCategoryRequest *request =
		(const Lectern__V1__CreateCategoryRequest *)message;
	if (request->category == NULL)
		return fail_missing(err);
	Lectern__Store__V1__Term *term = arena_alloc(call->arena, sizeof *term);
	if (term == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	*term = term_of(request->category);
	struct term_put put = { .message = &request->category->base,
		.term = term,
		.settable = SETTABLE,
		.request_id = request->request_id,
		.validate_only = request->validate_only };
	return term_submit_put(call, KIND, message, &put, err);
}

static enum code update_category(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__UpdateCategoryRequest *request =
		(const Lectern__V1__UpdateCategoryRequest *)message;
	if (request->category == NULL)
		return fail_missing(err);
	Lectern__Store__V1__Term *term = arena_alloc(call->arena, sizeof *term);
	if (term == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	*term = term_of(request->category);
	struct entity_key key = { .id = request->category->id, .slug = request->category->slug };
	struct term_put put = { .key = &key,
		.message = &request->category->base,
		.term = term,
		.update_mask = request->update_mask,
		.settable = SETTABLE,
		.request_id = request->request_id,
		.allow_missing = request->allow_missing,
		.validate_only = request->validate_only };
	return term_submit_put(call, KIND, message, &put, err);
}

static enum code delete_category(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__DeleteCategoryRequest *request =
		(const Lectern__V1__DeleteCategoryRequest *)message;
	struct term_delete delete = { .key = ID_OR_SLUG(request),
		.etag = request->etag,
		.request_id = request->request_id,
		.force = request->force,
		.allow_missing = request->allow_missing,
		.validate_only = request->validate_only };
	return term_submit_delete(call, KIND, message, &delete, err);
}

static const struct rpc_method methods[] = {
	{ .name = "GetCategory", .access = RPC_READ, .handle = get_category },
	{ .name = "BatchGetCategories", .access = RPC_READ, .handle = batch_get_categories },
	{ .name = "ListCategories", .access = RPC_READ, .handle = list_categories },
	{ .name = "CreateCategory", .access = RPC_WRITE, .handle = create_category },
	{ .name = "UpdateCategory", .access = RPC_WRITE, .handle = update_category },
	{ .name = "DeleteCategory", .access = RPC_WRITE, .handle = delete_category },
	{ .name = "MergeCategories", .access = RPC_WRITE },
};

const struct rpc_service category_service = {
	.descriptor = &lectern__v1__category_service__descriptor,
	.methods = methods,
	.method_count = sizeof methods / sizeof *methods,
};
