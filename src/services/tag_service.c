/* lectern.v1.TagService on top of term_service.c. */
#include "services/term_service.h"

#include <lectern/v1/tag.pb-c.h>

enum { KIND = LECTERN__STORE__V1__TERM_KIND__TERM_KIND_TAG };

#define BIT(field_number) (UINT64_C(1) << (field_number))

/* slug, name, description, attributes */
static const uint64_t SETTABLE = BIT(2) | BIT(3) | BIT(4) | BIT(10);

static enum code get_tag(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__GetTagRequest *request = (const Lectern__V1__GetTagRequest *)message;
	struct entity_key key = ID_SLUG_OR_NAME(request);
	return term_get(call, KIND, &key, err);
}

static enum code batch_get_tags(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__BatchGetTagsRequest *request =
		(const Lectern__V1__BatchGetTagsRequest *)message;
	return term_batch_get(call, KIND, request->keys, request->n_keys, err);
}

static enum code list_tags(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__ListTagsRequest *request = (const Lectern__V1__ListTagsRequest *)message;
	return term_list(call, KIND, request->page_size, request->page_token, request->order, err);
}

/* The message as the store's form of it; what the server sets is left out. */
static Lectern__Store__V1__Term term_of(const Lectern__V1__Tag *tag)
{
	Lectern__Store__V1__Term term = LECTERN__STORE__V1__TERM__INIT;
	term.slug = tag->slug;
	term.name = tag->name;
	term.description = tag->description;
	term.etag = tag->etag;
	term.attributes = tag->attributes;
	term.n_attributes = tag->n_attributes;
	return term;
}

static enum code fail_missing(struct error *err)
{
	return fail_field(err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", "tag", "is missing");
}

static enum code create_tag(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__CreateTagRequest *request =
		(const Lectern__V1__CreateTagRequest *)message;
	if (request->tag == NULL)
		return fail_missing(err);
	Lectern__Store__V1__Term *term = arena_alloc(call->arena, sizeof *term);
	if (term == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	*term = term_of(request->tag);
	struct term_put put = { .message = &request->tag->base,
		.term = term,
		.settable = SETTABLE,
		.request_id = request->request_id,
		.validate_only = request->validate_only };
	return term_submit_put(call, KIND, message, &put, err);
}

static enum code update_tag(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__UpdateTagRequest *request =
		(const Lectern__V1__UpdateTagRequest *)message;
	if (request->tag == NULL)
		return fail_missing(err);
	Lectern__Store__V1__Term *term = arena_alloc(call->arena, sizeof *term);
	if (term == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	*term = term_of(request->tag);
	struct entity_key key = { .id = request->tag->id, .slug = request->tag->slug };
	struct term_put put = { .key = &key,
		.message = &request->tag->base,
		.term = term,
		.update_mask = request->update_mask,
		.settable = SETTABLE,
		.request_id = request->request_id,
		.allow_missing = request->allow_missing,
		.validate_only = request->validate_only };
	return term_submit_put(call, KIND, message, &put, err);
}

static enum code delete_tag(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__DeleteTagRequest *request =
		(const Lectern__V1__DeleteTagRequest *)message;
	struct term_delete delete = { .key = ID_OR_SLUG(request),
		.etag = request->etag,
		.request_id = request->request_id,
		.force = request->force,
		.allow_missing = request->allow_missing,
		.validate_only = request->validate_only };
	return term_submit_delete(call, KIND, message, &delete, err);
}

static const struct rpc_method methods[] = {
	{ .name = "GetTag", .access = RPC_READ, .handle = get_tag },
	{ .name = "BatchGetTags", .access = RPC_READ, .handle = batch_get_tags },
	{ .name = "ListTags", .access = RPC_READ, .handle = list_tags },
	{ .name = "CreateTag", .access = RPC_WRITE, .handle = create_tag },
	{ .name = "UpdateTag", .access = RPC_WRITE, .handle = update_tag },
	{ .name = "DeleteTag", .access = RPC_WRITE, .handle = delete_tag },
	{ .name = "MergeTags", .access = RPC_WRITE },
};

const struct rpc_service tag_service = {
	.descriptor = &lectern__v1__tag_service__descriptor,
	.methods = methods,
	.method_count = sizeof methods / sizeof *methods,
};
