/*
 * TagService, CategoryService and AuthorService. Their requests have the same fields in the same
 * order, so one set of handlers reads all of them as those of tags; rpc_method.argument tells the
 * kind. The assertions below hold the schemas to that.
 */
#include "services/term_service.h"

#include <lectern/v1/author.pb-c.h>
#include <lectern/v1/category.pb-c.h>
#include <lectern/v1/tag.pb-c.h>

SAME_LAYOUT(GetTagRequest, GetCategoryRequest, slug);
SAME_LAYOUT(GetTagRequest, GetAuthorRequest, slug);
SAME_LAYOUT(BatchGetTagsRequest, BatchGetCategoriesRequest, keys);
SAME_LAYOUT(BatchGetTagsRequest, BatchGetAuthorsRequest, keys);
SAME_LAYOUT(ListTagsRequest, ListCategoriesRequest, order);
SAME_LAYOUT(ListTagsRequest, ListAuthorsRequest, order);
SAME_LAYOUT(CreateTagRequest, CreateCategoryRequest, request_id);
SAME_LAYOUT(CreateTagRequest, CreateAuthorRequest, request_id);
SAME_LAYOUT(UpdateTagRequest, UpdateCategoryRequest, request_id);
SAME_LAYOUT(UpdateTagRequest, UpdateAuthorRequest, request_id);
SAME_LAYOUT(DeleteTagRequest, DeleteCategoryRequest, request_id);
SAME_LAYOUT(DeleteTagRequest, DeleteAuthorRequest, request_id);
SAME_LAYOUT(MergeTagsRequest, MergeCategoriesRequest, etag);
SAME_LAYOUT(MergeTagsRequest, MergeAuthorsRequest, etag);

enum {
	TAG = LECTERN__STORE__V1__TERM_KIND__TERM_KIND_TAG,
	CATEGORY = LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY,
	AUTHOR = LECTERN__STORE__V1__TERM_KIND__TERM_KIND_AUTHOR,
};

static uint8_t kind_of(const struct rpc_call *call)
{
	return (uint8_t)call->row->argument;
}

static enum code get(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__GetTagRequest *request = (const Lectern__V1__GetTagRequest *)message;
	struct entity_key key = ID_SLUG_OR_NAME(request);
	return term_get(call, kind_of(call), &key, err);
}

static enum code batch_get(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__BatchGetTagsRequest *request =
		(const Lectern__V1__BatchGetTagsRequest *)message;
	return term_batch_get(call, kind_of(call), request->keys, request->n_keys, err);
}

static enum code list(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__ListTagsRequest *request = (const Lectern__V1__ListTagsRequest *)message;
	return term_list(
		call, kind_of(call), request->page_size, request->page_token, request->order, err);
}

static enum code create(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__CreateTagRequest *request =
		(const Lectern__V1__CreateTagRequest *)message;
	struct term_put put = { .message = (const ProtobufCMessage *)request->tag,
		.request_id = request->request_id,
		.validate_only = request->validate_only };
	return term_submit_put(call, kind_of(call), message, &put, err);
}

static enum code update(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__UpdateTagRequest *request =
		(const Lectern__V1__UpdateTagRequest *)message;
	struct term_put put = { .update = true,
		.message = (const ProtobufCMessage *)request->tag,
		.update_mask = request->update_mask,
		.request_id = request->request_id,
		.allow_missing = request->allow_missing,
		.validate_only = request->validate_only };
	return term_submit_put(call, kind_of(call), message, &put, err);
}

static enum code delete (
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err) {
	const Lectern__V1__DeleteTagRequest *request = (const Lectern__V1__DeleteTagRequest *)
		message;
	struct term_delete op = { .key = ID_OR_SLUG(request),
		.etag = request->etag,
		.request_id = request->request_id,
		.force = request->force,
		.allow_missing = request->allow_missing,
		.validate_only = request->validate_only };
	return term_submit_delete(call, kind_of(call), message, &op, err);
}

static enum code merge(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__MergeTagsRequest *request =
		(const Lectern__V1__MergeTagsRequest *)message;
	struct term_merge op = { .sources = request->sources,
		.source_count = request->n_sources,
		.destination = request->destination,
		.etag = request->etag,
		.request_id = request->request_id,
		.validate_only = request->validate_only };
	return term_submit_merge(call, kind_of(call), message, &op, err);
}

#define METHODS(one, many, kind) \
	{ \
		{ .name = "Get" one, \
			.access = RPC_READ, \
			.handle = get, \
			.argument = (kind), \
			.cached = true }, \
			{ .name = "BatchGet" many, \
				.access = RPC_READ, \
				.handle = batch_get, \
				.argument = (kind), \
				.cached = true }, \
			{ .name = "List" many, \
				.access = RPC_READ, \
				.handle = list, \
				.argument = (kind), \
				.cached = true }, \
			{ .name = "Create" one, \
				.access = RPC_WRITE, \
				.handle = create, \
				.argument = (kind) }, \
			{ .name = "Update" one, \
				.access = RPC_WRITE, \
				.handle = update, \
				.argument = (kind) }, \
			{ .name = "Delete" one, \
				.access = RPC_WRITE, \
				.handle = delete, \
				.argument = (kind) }, \
			{ .name = "Merge" many, \
				.access = RPC_WRITE, \
				.handle = merge, \
				.argument = (kind) }, \
	}

static const struct rpc_method tag_methods[] = METHODS("Tag", "Tags", TAG);
static const struct rpc_method category_methods[] = METHODS("Category", "Categories", CATEGORY);
static const struct rpc_method author_methods[] = METHODS("Author", "Authors", AUTHOR);

const struct rpc_service tag_service = {
	.descriptor = &lectern__v1__tag_service__descriptor,
	.methods = tag_methods,
	.method_count = sizeof tag_methods / sizeof *tag_methods,
};

const struct rpc_service category_service = {
	.descriptor = &lectern__v1__category_service__descriptor,
	.methods = category_methods,
	.method_count = sizeof category_methods / sizeof *category_methods,
};

const struct rpc_service author_service = {
	.descriptor = &lectern__v1__author_service__descriptor,
	.methods = author_methods,
	.method_count = sizeof author_methods / sizeof *author_methods,
};
