#include "importers/target.h"

#include "client/invoke.h"
#include "codec/message.h"
#include "importers/item_notes.h"

#include <google/protobuf/field_mask.pb-c.h>
#include <lectern/v1/import.pb-c.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>

/* How the items of one kind are written. */
static const struct method {
	const char *name;
	const char
		*kind; /* also the field of the request; of the response too, but for revisions */
	const ProtobufCMessageDescriptor *request;
	const ProtobufCMessageDescriptor *response;
} methods[] = {
	[IMPORT_POST] = { "ImportPost", "post", &lectern__v1__import_post_request__descriptor,
		&lectern__v1__import_post_response__descriptor },
	[IMPORT_TAG] = { "ImportTag", "tag", &lectern__v1__import_tag_request__descriptor,
		&lectern__v1__import_tag_response__descriptor },
	[IMPORT_CATEGORY] = { "ImportCategory", "category",
		&lectern__v1__import_category_request__descriptor,
		&lectern__v1__import_category_response__descriptor },
	[IMPORT_AUTHOR] = { "ImportAuthor", "author",
		&lectern__v1__import_author_request__descriptor,
		&lectern__v1__import_author_response__descriptor },
	[IMPORT_REVISION] = { "ImportPostRevision", "revision",
		&lectern__v1__import_post_revision_request__descriptor,
		&lectern__v1__import_post_revision_response__descriptor },
};

const char *import_kind_name(enum import_kind kind)
{
	return methods[kind].kind;
}

void target_init(struct target *target, lectern_client *client, uint32_t timeout_ms, bool dry_run)
{
	*target = (struct target){
		.client = client, .timeout_ms = timeout_ms, .dry_run = dry_run, .planned = NULL
	};
	pthread_mutex_init(&target->mutex, NULL);
}

void target_done(struct target *target)
{
	tdestroy(target->planned, free);
	pthread_mutex_destroy(&target->mutex);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* "category:news" */
static bool plan_name(const char *kind, const char *name, char out[512])
{
	return name[0] != '\0' && snprintf(out, 512, "%s:%s", kind, name) < 512;
}

/* Remembers what a dry run would have made. */
static void plan(struct target *target, const char *kind, const char *name)
{
	char key[512];
	if (!plan_name(kind, name, key))
		return;
	pthread_mutex_lock(&target->mutex);
	char *copy = strdup(key);
	char *const *found = copy == NULL ? NULL : tsearch(copy, &target->planned, compare_names);
	if (found != NULL && *found != copy)
		free(copy);
	pthread_mutex_unlock(&target->mutex);
}

static bool is_planned(struct target *target, const char *kind, const char *name)
{
	char key[512];
	if (!plan_name(kind, name, key))
		return false;
	pthread_mutex_lock(&target->mutex);
	bool found = tfind(key, &target->planned, compare_names) != NULL;
	pthread_mutex_unlock(&target->mutex);
	return found;
}

/* Whether a dry run would have made what the item needs. */
static bool needs_planned(struct target *target, const struct import_item *item)
{
	if (!target->dry_run)
		return false;
	if (item->kind == IMPORT_REVISION)
		return is_planned(target, "post", item->origin);
	if (item->kind != IMPORT_CATEGORY)
		return false;
	const ProtobufCMessage *parent = message_child(item->message, "parent");
	return parent != NULL &&
	       (is_planned(target, "category", message_text(parent, "slug")) ||
		       is_planned(target, "category", message_text(parent, "name")));
}

static void plan_item(struct target *target, const struct import_item *item)
{
	plan(target, methods[item->kind].kind, item->origin);
	if (item->kind == IMPORT_POST || item->kind == IMPORT_REVISION)
		return;
	plan(target, methods[item->kind].kind, message_text(item->message, "slug"));
	plan(target, methods[item->kind].kind, message_text(item->message, "name"));
}

/* The names of the fields that the input decides. */
static ProtobufCMessage *make_mask(const struct import_item *item, struct arena *arena)
{
	Google__Protobuf__FieldMask *mask = arena_alloc(arena, sizeof *mask);
	size_t count = 0;
	while (item->fields[count] != NULL)
		count++;
	char **paths = arena_calloc(arena, count + 1, sizeof *paths);
	if (mask == NULL || paths == NULL)
		return NULL;
	google__protobuf__field_mask__init(mask);
	for (size_t i = 0; i < count; i++)
		paths[i] = (char *)(uintptr_t)item->fields[i];
	mask->paths = paths;
	mask->n_paths = count;
	return &mask->base;
}

static void set_key(ProtobufCMessage *request, const Lectern__V1__PostKey *key)
{
	if (key->key_case == LECTERN__V1__POST_KEY__KEY_ORIGIN)
		message_set_text(request, "origin", key->origin);
	else
		message_set_text(request, "slug", key->slug);
}

/* NULL when out of memory. */
static ProtobufCMessage *make_request(
	const struct target *target, const struct import_item *item, struct arena *arena)
{
	const struct method *method = &methods[item->kind];
	ProtobufCMessage *request = message_new(method->request, arena);
	if (request == NULL)
		return NULL;
	message_set_child(request, method->kind, item->message);
	message_set_number(request, "validate_only", target->dry_run);
	if (item->kind == IMPORT_REVISION) {
		set_key(request, item->post);
		return request;
	}
	ProtobufCMessage *mask = make_mask(item, arena);
	if (mask == NULL)
		return NULL;
	message_set_child(request, "update_mask", mask);
	if (item->kind == IMPORT_POST)
		message_set_number(request, "keep_terms", item->keep_terms);
	return request;
}

static bool read_result(const ProtobufCMessage *response, enum target_result *ret)
{
	switch ((Lectern__V1__ImportResult)message_number(response, "result")) {
	case LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_CREATED:
		*ret = TARGET_CREATED;
		return true;
	case LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_UPDATED:
		*ret = TARGET_UPDATED;
		return true;
	case LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_UNCHANGED:
		*ret = TARGET_UNCHANGED;
		return true;
	case LECTERN__V1__IMPORT_RESULT__IMPORT_RESULT_UNSPECIFIED:
	case _LECTERN__V1__IMPORT_RESULT_IS_INT_SIZE:
		break;
	}
	return false;
}

/* Takes the answer: what was stored, and how it differs from the item. */
static enum code take_response(struct import_item *item, const ProtobufCMessage *response,
	enum target_result *ret, struct error *err)
{
	const struct method *method = &methods[item->kind];
	if (!read_result(response, ret))
		return fail(err, CODE_INTERNAL, "%s answered without a result", method->name);
	if (item->kind == IMPORT_REVISION)
		return CODE_OK;
	const ProtobufCMessage *stored = message_child(response, method->kind);
	if (stored == NULL)
		return fail(
			err, CODE_INTERNAL, "%s answered without a %s", method->name, method->kind);
	item->slug = message_text(stored, "slug");
	if (*ret != TARGET_UNCHANGED)
		item_note_differences(item, stored);
	return CODE_OK;
}

/* Whether a call's code speaks of the item that was sent and not of the server or the connection.
 */
static bool is_refusal(const struct lectern_error *err)
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

enum code target_write(struct target *target, struct import_item *item, struct arena *arena,
	enum target_result *ret, struct error *err)
{
	const struct method *method = &methods[item->kind];
	char name[128];
	struct lectern_error failure;
	ProtobufCMessage *response;
	if (needs_planned(target, item)) {
		plan_item(target, item);
		*ret = TARGET_CREATED;
		return CODE_OK;
	}
	ProtobufCMessage *request = make_request(target, item, arena);
	if (request == NULL) {
		snprintf(item->reason, sizeof item->reason, "the item does not fit into memory");
		*ret = TARGET_REFUSED;
		return CODE_OK;
	}
	snprintf(name, sizeof name, "lectern.v1.ImportService/%s", method->name);
	enum lectern_code code = invoke(target->client, name, request, target->timeout_ms, NULL,
		method->response, arena, &response, NULL, &failure);
	if (code != LECTERN_OK && !is_refusal(&failure))
		return fail(err, (enum code)code, "%s '%s': %s", method->kind, item->origin,
			failure.message);
	if (code != LECTERN_OK) {
		snprintf(item->reason, sizeof item->reason, "%s", failure.message);
		*ret = TARGET_REFUSED;
		return CODE_OK;
	}
	enum code taken = take_response(item, response, ret, err);
	if (taken == CODE_OK && target->dry_run && *ret == TARGET_CREATED)
		plan_item(target, item);
	return taken;
}
