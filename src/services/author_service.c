/* lectern.v1.AuthorService on top of term_service.c. */
#include "services/term_service.h"

#include <lectern/v1/author.pb-c.h>

enum { KIND = LECTERN__STORE__V1__TERM_KIND__TERM_KIND_AUTHOR };

#define BIT(field_number) (UINT64_C(1) << (field_number))

/* slug, name, description, attributes, url, avatar_url */
static const uint64_t SETTABLE = BIT(2) | BIT(3) | BIT(4) | BIT(10) | BIT(13) | BIT(14);

static enum code get_author(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__GetAuthorRequest *request =
		(const Lectern__V1__GetAuthorRequest *)message;
	struct entity_key key = ID_SLUG_OR_NAME(request);
	return term_get(call, KIND, &key, err);
}

static enum code batch_get_authors(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__BatchGetAuthorsRequest *request =
		(const Lectern__V1__BatchGetAuthorsRequest *)message;
	return term_batch_get(call, KIND, request->keys, request->n_keys, err);
}

static enum code list_authors(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__ListAuthorsRequest *request =
		(const Lectern__V1__ListAuthorsRequest *)message;
	return term_list(call, KIND, request->page_size, request->page_token, request->order, err);
}

/* The message as the store's form of it; what the server sets is left out. */
static Lectern__Store__V1__Term term_of(const Lectern__V1__Author *author)
{
	Lectern__Store__V1__Term term = LECTERN__STORE__V1__TERM__INIT;
	term.slug = author->slug;
	term.name = author->name;
	term.description = author->description;
	term.etag = author->etag;
	term.attributes = author->attributes;
	term.n_attributes = author->n_attributes;
	term.url = author->url;
	term.avatar_url = author->avatar_url;
	return term;
}

static enum code fail_missing(struct error *err)
{
	return fail_field(err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", "author", "is missing");
}

static enum code create_author(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__CreateAuthorRequest *request =
		(const Lectern__V1__CreateAuthorRequest *)message;
	if (request->author == NULL)
		return fail_missing(err);
	Lectern__Store__V1__Term *term = arena_alloc(call->arena, sizeof *term);
	if (term == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	*term = term_of(request->author);
	struct term_put put = { .message = &request->author->base,
		.term = term,
		.settable = SETTABLE,
		.request_id = request->request_id,
		.validate_only = request->validate_only };
	return term_submit_put(call, KIND, message, &put, err);
}

static enum code update_author(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__UpdateAuthorRequest *request =
		(const Lectern__V1__UpdateAuthorRequest *)message;
	if (request->author == NULL)
		return fail_missing(err);
	Lectern__Store__V1__Term *term = arena_alloc(call->arena, sizeof *term);
	if (term == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	*term = term_of(request->author);
	struct entity_key key = { .id = request->author->id, .slug = request->author->slug };
	struct term_put put = { .key = &key,
		.message = &request->author->base,
		.term = term,
		.update_mask = request->update_mask,
		.settable = SETTABLE,
		.request_id = request->request_id,
		.allow_missing = request->allow_missing,
		.validate_only = request->validate_only };
	return term_submit_put(call, KIND, message, &put, err);
}

static enum code delete_author(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__DeleteAuthorRequest *request =
		(const Lectern__V1__DeleteAuthorRequest *)message;
	struct term_delete delete = { .key = ID_OR_SLUG(request),
		.etag = request->etag,
		.request_id = request->request_id,
		.force = request->force,
		.allow_missing = request->allow_missing,
		.validate_only = request->validate_only };
	return term_submit_delete(call, KIND, message, &delete, err);
}

static const struct rpc_method methods[] = {
	{ .name = "GetAuthor", .access = RPC_READ, .handle = get_author },
	{ .name = "BatchGetAuthors", .access = RPC_READ, .handle = batch_get_authors },
	{ .name = "ListAuthors", .access = RPC_READ, .handle = list_authors },
	{ .name = "CreateAuthor", .access = RPC_WRITE, .handle = create_author },
	{ .name = "UpdateAuthor", .access = RPC_WRITE, .handle = update_author },
	{ .name = "DeleteAuthor", .access = RPC_WRITE, .handle = delete_author },
	{ .name = "MergeAuthors", .access = RPC_WRITE },
};

const struct rpc_service author_service = {
	.descriptor = &lectern__v1__author_service__descriptor,
	.methods = methods,
	.method_count = sizeof methods / sizeof *methods,
};
