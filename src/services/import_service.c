/* ImportService: its table, and the checks of posts and revisions from elsewhere. Terms are checked
 * in term_writes.c. */
#include "services/check_fields.h"
#include "services/mask.h"
#include "services/post_writes.h"
#include "services/term_service.h"
#include "services/write.h"

#include <inttypes.h>
#include <lectern/v1/import.pb-c.h>
#include <stdio.h>

#define BIT(field_number) (UINT64_C(1) << (field_number))

SAME_LAYOUT(ImportTagRequest, ImportCategoryRequest, request_id);
SAME_LAYOUT(ImportTagRequest, ImportAuthorRequest, request_id);

enum {
	FIELD_TITLE = 3, /* of lectern.v1.Post */
	TAG = LECTERN__STORE__V1__TERM_KIND__TERM_KIND_TAG,
	CATEGORY = LECTERN__STORE__V1__TERM_KIND__TERM_KIND_CATEGORY,
	AUTHOR = LECTERN__STORE__V1__TERM_KIND__TERM_KIND_AUTHOR,
};

/* Takes the ids off: they are those of another system. */
static enum code check_refs(
	Lectern__V1__TermRef **refs, size_t count, const char *list, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		char path[64];
		snprintf(path, sizeof path, "post.%s[%zu]", list, i);
		if (refs[i]->slug[0] == '\0' && refs[i]->name[0] == '\0')
			return fail_field(err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", path,
				"give a slug or a name; ids of another system mean nothing here");
		refs[i]->id = 0;
	}
	return CODE_OK;
}

static enum code check_all_refs(Lectern__V1__Post *post, struct error *err)
{
	enum code code = check_refs(post->tags, post->n_tags, "tags", err);
	if (code == CODE_OK)
		code = check_refs(post->categories, post->n_categories, "categories", err);
	if (code == CODE_OK)
		code = check_refs(post->authors, post->n_authors, "authors", err);
	return code;
}

/* What every caller may set, and what only an import takes. */
static enum code check_imported(Lectern__V1__Post *post, bool titled, struct error *err)
{
	enum code code = check_all_refs(post, err);
	if (code == CODE_OK && titled)
		code = check_line(post->title, true, "post.title", err);
	if (code == CODE_OK)
		code = check_post(post, true, err);
	if (code == CODE_OK)
		code = check_line(post->origin, false, "post.origin", err);
	if (code == CODE_OK)
		code = check_aliases(post->aliases, post->n_aliases, "post.aliases", err);
	if (code == CODE_OK && post->revision > LIMIT_IMPORTED_REVISION)
		code = fail_field(err, CODE_INVALID_ARGUMENT, "REVISION_TOO_LARGE", "post.revision",
			"is %" PRIu64 "; at most %d is allowed", post->revision,
			LIMIT_IMPORTED_REVISION);
	trim_time(post->create_time);
	trim_time(post->update_time);
	trim_time(post->delete_time);
	return code;
}

static enum code import_post(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__ImportPostRequest *request =
		(const Lectern__V1__ImportPostRequest *)message;
	/* create_time, update_time, delete_time, revision, aliases, origin */
	const uint64_t importable =
		post_settable | BIT(8) | BIT(9) | BIT(10) | BIT(12) | BIT(24) | BIT(25);
	Lectern__V1__Post *post = request->post;
	uint64_t mask = importable;
	enum code code = CODE_OK;
	if (post == NULL)
		return fail_field(err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", "post",
			"the post is missing");
	if (request->update_mask != NULL && request->update_mask->n_paths > 0)
		code = post_mask(request->update_mask, post, importable, &mask, err);
	if (code == CODE_OK)
		code = check_imported(post, (mask & BIT(FIELD_TITLE)) != 0, err);
	if (code == CODE_OK)
		code = check_note(request->note, "note", err);
	if (code != CODE_OK)
		return code;
	struct write *write =
		write_new(call, message, request->request_id, request->validate_only, err);
	if (write == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	Lectern__Store__V1__ImportPost *op = arena_alloc(call->arena, sizeof *op);
	if (op == NULL)
		return fail_out_of_memory(err);
	lectern__store__v1__import_post__init(op);
	op->post = post;
	op->field_mask = mask;
	op->keep_terms = request->keep_terms;
	op->slug_base = post_slug_base(call, post);
	op->note = request->note;
	if (op->slug_base == NULL)
		return fail_out_of_memory(err);
	post_prepare_body(post);
	write->command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_IMPORT_POST;
	write->command.import_post = op;
	if (post->body[0] != '\0') /* whatever the mask says: the post may be new */
		write->render = post;
	return write_submit(write, err);
}

/* A post's checks name its fields from "post." on. */
static enum code within_revision(struct error *err, enum code code)
{
	enum { PREFIX_BYTES = 9 };
	static const char prefix[] = "revision.";
	if (code == CODE_OK || err == NULL)
		return code;
	const struct error inner = *err;
	snprintf(err->text, sizeof err->text, "%s%.*s", prefix,
		(int)(sizeof err->text - PREFIX_BYTES - 1), inner.text);
	snprintf(err->field, sizeof err->field, "%s%.*s", prefix,
		(int)(sizeof err->field - PREFIX_BYTES - 1), inner.field);
	return code;
}

static enum code check_revision(Lectern__V1__PostRevision *revision, struct error *err)
{
	if (revision == NULL)
		return fail_field(err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", "revision",
			"the revision is missing");
	if (revision->revision == 0)
		return fail_field(err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", "revision.revision",
			"tell which one it is");
	enum code code = check_note(revision->note, "revision.note", err);
	trim_time(revision->create_time);
	if (code == CODE_OK && revision->post != NULL)
		code = within_revision(err, check_imported(revision->post, true, err));
	return code;
}

static enum code import_post_revision(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__ImportPostRevisionRequest *request =
		(const Lectern__V1__ImportPostRevisionRequest *)message;
	struct entity_key key = ID_SLUG_OR_ORIGIN(request, 3);
	enum code code = entity_key_check(&key, "key", err);
	if (code == CODE_OK)
		code = check_revision(request->revision, err);
	if (code != CODE_OK)
		return code;
	struct write *write =
		write_new(call, message, request->request_id, request->validate_only, err);
	if (write == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	Lectern__Store__V1__ImportRevision *op = arena_alloc(call->arena, sizeof *op);
	Lectern__Store__V1__Key *named = write_key(call, &key);
	if (op == NULL || named == NULL)
		return fail_out_of_memory(err);
	lectern__store__v1__import_revision__init(op);
	op->key = named;
	op->revision = request->revision;
	Lectern__V1__Post *post = request->revision->post;
	if (post != NULL)
		post_prepare_body(post);
	write->command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_IMPORT_REVISION;
	write->command.import_revision = op;
	if (post != NULL && post->body[0] != '\0')
		write->render = post;
	return write_submit(write, err);
}

static enum code import_term(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__ImportTagRequest *request =
		(const Lectern__V1__ImportTagRequest *)message;
	struct term_put put = { .message = (const ProtobufCMessage *)request->tag,
		.update_mask = request->update_mask,
		.request_id = request->request_id,
		.validate_only = request->validate_only };
	return term_submit_import(call, (uint8_t)call->row->argument, message, &put, err);
}

static const struct rpc_method methods[] = {
	{ .name = "ImportPost", .access = RPC_WRITE, .handle = import_post },
	{ .name = "ImportPostRevision", .access = RPC_WRITE, .handle = import_post_revision },
	{ .name = "ImportTag", .access = RPC_WRITE, .handle = import_term, .argument = TAG },
	{ .name = "ImportCategory",
		.access = RPC_WRITE,
		.handle = import_term,
		.argument = CATEGORY },
	{ .name = "ImportAuthor", .access = RPC_WRITE, .handle = import_term, .argument = AUTHOR },
};

const struct rpc_service import_service = {
	.descriptor = &lectern__v1__import_service__descriptor,
	.methods = methods,
	.method_count = sizeof methods / sizeof *methods,
};
