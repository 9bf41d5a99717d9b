#include "services/post_writes.h"

#include "base/text.h"
#include "services/check_fields.h"
#include "services/mask.h"
#include "services/write.h"
#include "store/post.h"

#define BIT(field_number) (UINT64_C(1) << (field_number))

enum {
	/* Field numbers of lectern.v1.Post. */
	FIELD_SLUG = 2,
	FIELD_TITLE = 3,
	FIELD_BODY_FORMAT = 32,
	FIELD_BODY = 33,
};

/* slug, title, excerpt, state, publish_time, expire_time; tags to attributes; body_format, body */
static const uint64_t SETTABLE = BIT(2) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(13) |
				 BIT(14) | BIT(15) | BIT(16) | BIT(17) | BIT(18) | BIT(19) |
				 BIT(20) | BIT(21) | BIT(32) | BIT(33);

/* One line each; NULL is allowed. */
static enum code check_note(const Lectern__V1__ChangeNote *note, struct error *err)
{
	if (note == NULL)
		return CODE_OK;
	enum code code = check_line(note->author, false, "note.author", err);
	return code == CODE_OK ? check_line(note->summary, false, "note.summary", err) : code;
}

/* The operation that makes or changes a post, with everything filled but key and flags. */
static enum code new_put(struct rpc_call *call, Lectern__V1__Post *post, uint64_t mask,
	bool create_missing_terms, Lectern__Store__V1__PutPost **ret, struct error *err)
{
	char slug[LIMIT_SLUG_BYTES + 1];
	Lectern__Store__V1__PutPost *op = arena_alloc(call->arena, sizeof *op);
	if (op == NULL)
		return fail_out_of_memory(err);
	lectern__store__v1__put_post__init(op);
	if (text_slug(slice_of_text(post->title), slug, sizeof slug) == 0)
		memcpy(slug, "post", sizeof "post");
	op->slug_base = arena_text(call->arena, slice_of_text(slug));
	if (op->slug_base == NULL)
		return fail_out_of_memory(err);
	op->post = post;
	op->field_mask = mask;
	op->create_missing_terms = create_missing_terms;
	/* What the server sets comes from the renderer alone. */
	post->html = (char *)(uintptr_t)protobuf_c_empty_string;
	post->n_outline = 0;
	post->word_count = 0;
	post->reading_seconds = 0;
	if (post->body_format == LECTERN__V1__BODY_FORMAT__BODY_FORMAT_UNSPECIFIED)
		post->body_format = LECTERN__V1__BODY_FORMAT__BODY_FORMAT_MARKDOWN;
	*ret = op;
	return CODE_OK;
}

static enum code submit_put(struct write *write, Lectern__Store__V1__PutPost *op, struct error *err)
{
	write->command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_PUT_POST;
	write->command.put_post = op;
	/* A post that is not there is made of all that was sent, whatever the mask says. */
	bool takes_body = (op->field_mask & BIT(FIELD_BODY)) != 0 || op->allow_missing;
	if (takes_body && op->post->body[0] != '\0')
		write->render = op->post;
	return write_submit(write, err);
}

enum code post_create(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__CreatePostRequest *request =
		(const Lectern__V1__CreatePostRequest *)message;
	Lectern__V1__Post *post = request->post;
	if (post == NULL)
		return fail_field(err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", "post",
			"the new post is missing");
	enum code code = check_line(post->title, true, "post.title", err);
	if (code == CODE_OK)
		code = check_post(post, request->create_missing_terms, err);
	if (code == CODE_OK)
		code = check_note(request->note, err);
	if (code != CODE_OK)
		return code;
	Lectern__Store__V1__PutPost *op;
	struct write *write =
		write_new(call, message, request->request_id, request->validate_only, err);
	if (write == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	code = new_put(call, post, SETTABLE, request->create_missing_terms, &op, err);
	if (code != CODE_OK)
		return code;
	op->note = request->note;
	return submit_put(write, op, err);
}

/* The mask of an update, with body and body_format going together. */
static enum code update_mask(
	const Lectern__V1__UpdatePostRequest *request, uint64_t *ret, struct error *err)
{
	const Lectern__V1__Post *post = request->post;
	enum code code = mask_resolve(request->update_mask, &post->base, SETTABLE, ret, err);
	if (code != CODE_OK)
		return code;
	bool format = (*ret & BIT(FIELD_BODY_FORMAT)) != 0;
	bool body = (*ret & BIT(FIELD_BODY)) != 0;
	if (format && !body && request->update_mask != NULL && request->update_mask->n_paths > 0)
		return fail_field(err, CODE_INVALID_ARGUMENT, "MASK_INVALID", "update_mask",
			"body_format can only change together with body");
	if (post->id == 0)
		*ret &= ~BIT(FIELD_SLUG); /* the slug tells which post is meant */
	return CODE_OK;
}

/* A body whose format is not to change is written as the post's body is now. One that is not there
 * is made of all that was sent. */
static enum code keep_format(struct rpc_call *call, const struct entity_key *key,
	Lectern__V1__Post *post, struct error *err)
{
	struct txn *snapshot;
	Lectern__V1__BodyFormat format;
	bool former;
	struct store *store = services_of(call)->store;
	enum code code = store_snapshot(store, &snapshot, err);
	if (code != CODE_OK)
		return code;
	uint64_t id = key->id != 0 ? key->id
				   : post_find_slug(snapshot, slice_of_text(key->slug), &former);
	if (id != 0 && post_body_format(snapshot, id, &format))
		post->body_format = format;
	code = txn_status(snapshot, err);
	store_release(store, snapshot);
	return code;
}

enum code post_update(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__UpdatePostRequest *request =
		(const Lectern__V1__UpdatePostRequest *)message;
	Lectern__V1__Post *post = request->post;
	if (post == NULL)
		return fail_field(err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", "post",
			"the new values are missing");
	struct entity_key key = { .id = post->id, .slug = post->slug };
	if (request->allow_missing && post->id != 0)
		return fail_field(err, CODE_INVALID_ARGUMENT, "ALLOW_MISSING_NEEDS_SLUG", "post.id",
			"ids are made by the server; with allow_missing name the post by slug");
	uint64_t mask;
	enum code code = entity_key_check(&key, "post.id", err);
	if (code == CODE_OK)
		code = update_mask(request, &mask, err);
	if (code == CODE_OK && (mask & BIT(FIELD_TITLE)) != 0)
		code = check_line(post->title, true, "post.title", err);
	if (code == CODE_OK)
		code = check_post(post, request->create_missing_terms, err);
	if (code == CODE_OK)
		code = check_note(request->note, err);
	if (code == CODE_OK && (mask & BIT(FIELD_BODY)) != 0 &&
		(mask & BIT(FIELD_BODY_FORMAT)) == 0)
		code = keep_format(call, &key, post, err);
	if (code != CODE_OK)
		return code;
	Lectern__Store__V1__PutPost *op;
	struct write *write =
		write_new(call, message, request->request_id, request->validate_only, err);
	if (write == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	code = new_put(call, post, mask, request->create_missing_terms, &op, err);
	if (code != CODE_OK)
		return code;
	op->key = write_key(call, &key);
	op->allow_missing = request->allow_missing;
	op->note = request->note;
	return op->key == NULL ? fail_out_of_memory(err) : submit_put(write, op, err);
}

/* What the verbs have in common. */
struct verb {
	Lectern__Store__V1__MovePost__Action action;
	struct entity_key key;
	const char *etag;
	const char *request_id;
	bool allow_missing;
	bool validate_only;
	Google__Protobuf__Timestamp *publish_time;
	Lectern__V1__ChangeNote *note;
};

static enum code submit_verb(struct rpc_call *call, const ProtobufCMessage *message,
	const struct verb *verb, struct error *err)
{
	enum code code = entity_key_check(&verb->key, "key", err);
	if (code == CODE_OK)
		code = check_note(verb->note, err);
	if (code != CODE_OK)
		return code;
	struct write *write = write_new(call, message, verb->request_id, verb->validate_only, err);
	if (write == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	Lectern__Store__V1__MovePost *op = arena_alloc(call->arena, sizeof *op);
	Lectern__Store__V1__Key *key = write_key(call, &verb->key);
	if (op == NULL || key == NULL)
		return fail_out_of_memory(err);
	lectern__store__v1__move_post__init(op);
	op->key = key;
	op->action = verb->action;
	op->etag = (char *)(uintptr_t)verb->etag;
	op->allow_missing = verb->allow_missing;
	op->publish_time = verb->publish_time;
	op->note = verb->note;
	write->command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_MOVE_POST;
	write->command.move_post = op;
	return write_submit(write, err);
}

enum code post_delete(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__DeletePostRequest *request =
		(const Lectern__V1__DeletePostRequest *)message;
	struct verb verb = { .action = LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_TRASH,
		.key = ID_OR_SLUG(request),
		.etag = request->etag,
		.request_id = request->request_id,
		.allow_missing = request->allow_missing,
		.validate_only = request->validate_only,
		.note = request->note };
	return submit_verb(call, message, &verb, err);
}

enum code post_schedule(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__SchedulePostRequest *request =
		(const Lectern__V1__SchedulePostRequest *)message;
	if (request->publish_time == NULL)
		return fail_field(err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", "publish_time",
			"tell when the post is to become public");
	trim_time(request->publish_time);
	struct verb verb = { .action = LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_SCHEDULE,
		.key = ID_OR_SLUG(request),
		.etag = request->etag,
		.request_id = request->request_id,
		.validate_only = request->validate_only,
		.publish_time = request->publish_time,
		.note = request->note };
	return submit_verb(call, message, &verb, err);
}

SAME_LAYOUT(UndeletePostRequest, PublishPostRequest, note);
SAME_LAYOUT(UndeletePostRequest, UnpublishPostRequest, note);

enum code post_move(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__UndeletePostRequest *request =
		(const Lectern__V1__UndeletePostRequest *)message;
	struct verb verb = { .action = (Lectern__Store__V1__MovePost__Action)call->row->argument,
		.key = ID_OR_SLUG(request),
		.etag = request->etag,
		.request_id = request->request_id,
		.validate_only = request->validate_only,
		.note = request->note };
	return submit_verb(call, message, &verb, err);
}

enum code post_purge(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__PurgePostRequest *request =
		(const Lectern__V1__PurgePostRequest *)message;
	struct verb verb = { .action = LECTERN__STORE__V1__MOVE_POST__ACTION__ACTION_PURGE,
		.key = ID_OR_SLUG(request),
		.etag = request->etag,
		.request_id = request->request_id,
		.validate_only = request->validate_only };
	return submit_verb(call, message, &verb, err);
}

enum code post_rollback(struct rpc_call *call, const ProtobufCMessage *message, struct error *err)
{
	const Lectern__V1__RollbackPostRequest *request =
		(const Lectern__V1__RollbackPostRequest *)message;
	struct entity_key key = ID_OR_SLUG(request);
	enum code code = entity_key_check(&key, "key", err);
	if (code == CODE_OK && request->revision == 0)
		code = fail_field(err, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", "revision",
			"tell which revision to bring back");
	if (code == CODE_OK)
		code = check_note(request->note, err);
	if (code != CODE_OK)
		return code;
	struct write *write =
		write_new(call, message, request->request_id, request->validate_only, err);
	if (write == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	Lectern__Store__V1__RollbackPost *op = arena_alloc(call->arena, sizeof *op);
	if (op == NULL)
		return fail_out_of_memory(err);
	lectern__store__v1__rollback_post__init(op);
	op->key = write_key(call, &key);
	op->revision = request->revision;
	op->etag = request->etag;
	op->note = request->note;
	if (op->key == NULL)
		return fail_out_of_memory(err);
	write->command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_ROLLBACK_POST;
	write->command.rollback_post = op;
	return write_submit(write, err);
}
