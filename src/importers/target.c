#include "importers/target.h"

#include "client/invoke.h"
#include "importers/fields.h"
#include "importers/same.h"

#include <google/protobuf/field_mask.pb-c.h>
#include <lectern/v1/author.pb-c.h>
#include <lectern/v1/category.pb-c.h>
#include <lectern/v1/post.pb-c.h>
#include <lectern/v1/tag.pb-c.h>
#include <stdio.h>

enum { CONFLICTS_MAX = 5 }; /* other writers that change a record while it is written */

/* How the items of one kind are read and written. */
static const struct service {
	const ProtobufCServiceDescriptor *descriptor;
	const char *field; /* that holds the record in requests and responses */
	const char *get;
	const char *create;
	const char *update;
} services[] = {
	[IMPORT_POST] = { &lectern__v1__post_service__descriptor, "post", "GetPost", "CreatePost",
		"UpdatePost" },
	[IMPORT_TAG] = { &lectern__v1__tag_service__descriptor, "tag", "GetTag", "CreateTag",
		"UpdateTag" },
	[IMPORT_CATEGORY] = { &lectern__v1__category_service__descriptor, "category", "GetCategory",
		"CreateCategory", "UpdateCategory" },
	[IMPORT_AUTHOR] = { &lectern__v1__author_service__descriptor, "author", "GetAuthor",
		"CreateAuthor", "UpdateAuthor" },
};

const char *import_kind_name(enum import_kind kind)
{
	return services[kind].field;
}

/* One item on its way. */
struct write {
	const struct target *target;
	const struct service *service;
	struct import_item *item;
	struct arena *arena;
	struct lectern_error failure; /* of the last call */
};

static const ProtobufCMethodDescriptor *find_method(const struct service *service, const char *name)
{
	return protobuf_c_service_descriptor_get_method_by_name(service->descriptor, name);
}

static ProtobufCMessage *new_request(const struct write *write, const char *method)
{
	return fields_new(find_method(write->service, method)->input, write->arena);
}

static enum lectern_code fail_memory(struct write *write)
{
	write->failure = (struct lectern_error){ .code = LECTERN_RESOURCE_EXHAUSTED,
		.message = "the item does not fit into memory" };
	return LECTERN_RESOURCE_EXHAUSTED;
}

/* Calls the method; *ret is the record in its answer. */
static enum lectern_code call(struct write *write, const char *method,
	const ProtobufCMessage *request, ProtobufCMessage **ret)
{
	char name[128];
	snprintf(name, sizeof name, "%s/%s", write->service->descriptor->name, method);
	ProtobufCMessage *response;
	enum lectern_code code = invoke(write->target->client, name, request,
		write->target->timeout_ms, NULL, find_method(write->service, method)->output,
		write->arena, &response, NULL, &write->failure);
	if (code != LECTERN_OK)
		return code;
	*ret = fields_message(response, write->service->field);
	if (*ret != NULL)
		return LECTERN_OK;
	write->failure = (struct lectern_error){ .code = LECTERN_INTERNAL };
	snprintf(write->failure.message, sizeof write->failure.message,
		"%s answered without a record", name);
	return LECTERN_INTERNAL;
}

/* The server's record of the item. */
static enum lectern_code get(struct write *write, ProtobufCMessage **ret)
{
	ProtobufCMessage *request = new_request(write, write->service->get);
	if (request == NULL)
		return fail_memory(write);
	const char *slug = fields_text(write->item->message, "slug");
	if (write->item->kind == IMPORT_POST)
		fields_set_number(request, "view", LECTERN__V1__POST_VIEW__POST_VIEW_SOURCE);
	if (slug[0] != '\0' || write->item->kind == IMPORT_POST)
		fields_set_text(request, "slug", slug);
	else
		fields_set_text(request, "name", fields_text(write->item->message, "name"));
	return call(write, write->service->get, request, ret);
}

static enum lectern_code create(struct write *write)
{
	ProtobufCMessage *request = new_request(write, write->service->create);
	if (request == NULL)
		return fail_memory(write);
	fields_set_message(request, write->service->field, write->item->message);
	fields_set_bool(request, "validate_only", write->target->dry_run);
	if (write->item->kind == IMPORT_POST)
		fields_set_bool(request, "create_missing_terms", true);
	ProtobufCMessage *created;
	return call(write, write->service->create, request, &created);
}

/* The names of the fields that are to be changed; false when out of memory. */
static bool find_changes(const struct write *write, const ProtobufCMessage *wanted,
	const ProtobufCMessage *existing, Google__Protobuf__FieldMask *mask)
{
	size_t count = 0;
	while (write->item->fields[count] != NULL)
		count++;
	google__protobuf__field_mask__init(mask);
	mask->paths = arena_calloc(write->arena, count + 1, sizeof(char *));
	if (mask->paths == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!fields_equal(wanted, existing, write->item->fields[i], write->arena))
			mask->paths[mask->n_paths++] = (char *)write->item->fields[i];
	return true;
}

/* Changes what is different. */
static enum lectern_code update(
	struct write *write, const ProtobufCMessage *existing, enum target_result *ret)
{
	ProtobufCMessage *wanted = fields_copy(write->item->message, write->arena);
	ProtobufCMessage *request = new_request(write, write->service->update);
	Google__Protobuf__FieldMask mask;
	if (wanted == NULL || request == NULL ||
		!same_align(wanted, existing, write->item->keep_terms, write->arena) ||
		!find_changes(write, wanted, existing, &mask))
		return fail_memory(write);
	*ret = TARGET_UNCHANGED;
	if (mask.n_paths == 0)
		return LECTERN_OK;
	fields_set_number(wanted, "id", fields_number(existing, "id"));
	fields_set_text(wanted, "etag", fields_text(existing, "etag"));
	fields_set_message(request, write->service->field, wanted);
	fields_set_message(request, "update_mask", &mask.base);
	fields_set_bool(request, "validate_only", write->target->dry_run);
	if (write->item->kind == IMPORT_POST)
		fields_set_bool(request, "create_missing_terms", true);
	ProtobufCMessage *updated;
	enum lectern_code code = call(write, write->service->update, request, &updated);
	/* The server knows best what a change is: it may have made both texts the same. */
	if (code == LECTERN_OK &&
		strcmp(fields_text(updated, "etag"), fields_text(existing, "etag")) != 0)
		*ret = TARGET_UPDATED;
	return code;
}

static bool is_trashed(const struct write *write, const ProtobufCMessage *existing)
{
	return write->item->kind == IMPORT_POST &&
	       fields_number(existing, "state") == LECTERN__V1__POST_STATE__POST_STATE_TRASHED;
}

/* Tries once; LECTERN_ABORTED and LECTERN_ALREADY_EXISTS where somebody else was quicker. */
static enum lectern_code write_once(struct write *write, enum target_result *ret, bool *ret_raced)
{
	ProtobufCMessage *existing;
	*ret_raced = false;
	enum lectern_code code = get(write, &existing);
	if (code == LECTERN_NOT_FOUND) {
		code = create(write);
		*ret = TARGET_CREATED;
		*ret_raced = code == LECTERN_ALREADY_EXISTS;
		return code;
	}
	if (code != LECTERN_OK)
		return code;
	if (is_trashed(write, existing)) {
		write->failure = (struct lectern_error){ .code = LECTERN_FAILED_PRECONDITION,
			.message = "the post is in the trash; undelete or purge it" };
		return LECTERN_FAILED_PRECONDITION;
	}
	code = update(write, existing, ret);
	*ret_raced = code == LECTERN_ABORTED;
	return code;
}

bool target_is_refusal(const struct lectern_error *err)
{
	switch (err->code) {
	case LECTERN_INVALID_ARGUMENT:
	case LECTERN_NOT_FOUND:
	case LECTERN_ALREADY_EXISTS:
	case LECTERN_FAILED_PRECONDITION:
	case LECTERN_ABORTED:
	case LECTERN_OUT_OF_RANGE:
		return true;
	case LECTERN_RESOURCE_EXHAUSTED: /* a limit, unless it passes by itself */
		return err->retry_after_ms == 0;
	case LECTERN_OK:
	case LECTERN_CANCELLED:
	case LECTERN_UNKNOWN:
	case LECTERN_DEADLINE_EXCEEDED:
	case LECTERN_PERMISSION_DENIED:
	case LECTERN_UNIMPLEMENTED:
	case LECTERN_INTERNAL:
	case LECTERN_UNAVAILABLE:
	case LECTERN_DATA_LOSS:
	case LECTERN_UNAUTHENTICATED:
		break;
	}
	return false;
}

enum code target_write(const struct target *target, struct import_item *item, struct arena *arena,
	enum target_result *ret, struct error *err)
{
	struct write write = {
		.target = target, .service = &services[item->kind], .item = item, .arena = arena
	};
	enum lectern_code code = LECTERN_OK;
	bool raced = true;
	for (int i = 0; raced && i < CONFLICTS_MAX; i++)
		code = write_once(&write, ret, &raced);
	if (code == LECTERN_OK)
		return CODE_OK;
	if (!target_is_refusal(&write.failure))
		return fail(err, (enum code)code, "%s '%s': %s", import_kind_name(item->kind),
			item->origin, write.failure.message);
	snprintf(item->reason, sizeof item->reason, "%s", write.failure.message);
	*ret = TARGET_REFUSED;
	return CODE_OK;
}
