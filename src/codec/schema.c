#include "codec/schema.h"

#include "codec/nearest.h"

#include <lectern/rpc/v1/envelope.pb-c.h>
#include <lectern/rpc/v1/status.pb-c.h>
#include <lectern/v1/admin.pb-c.h>
#include <lectern/v1/archive.pb-c.h>
#include <lectern/v1/author.pb-c.h>
#include <lectern/v1/category.pb-c.h>
#include <lectern/v1/change.pb-c.h>
#include <lectern/v1/health.pb-c.h>
#include <lectern/v1/import.pb-c.h>
#include <lectern/v1/post.pb-c.h>
#include <lectern/v1/reflection.pb-c.h>
#include <lectern/v1/search.pb-c.h>
#include <lectern/v1/tag.pb-c.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGES_MAX = 256 };

static const ProtobufCServiceDescriptor *const services[] = {
	&lectern__v1__post_service__descriptor,
	&lectern__v1__tag_service__descriptor,
	&lectern__v1__category_service__descriptor,
	&lectern__v1__author_service__descriptor,
	&lectern__v1__archive_service__descriptor,
	&lectern__v1__search_service__descriptor,
	&lectern__v1__change_service__descriptor,
	&lectern__v1__import_service__descriptor,
	&lectern__v1__admin_service__descriptor,
	&lectern__v1__health_service__descriptor,
	&lectern__v1__reflection_service__descriptor,
};

/* Public messages that no method names. */
static const ProtobufCMessageDescriptor *const other_messages[] = {
	&lectern__rpc__v1__request__descriptor,
	&lectern__rpc__v1__response__descriptor,
	&lectern__rpc__v1__error_info__descriptor,
	&lectern__rpc__v1__bad_request__descriptor,
	&lectern__rpc__v1__retry_info__descriptor,
};

enum {
	SERVICE_COUNT = sizeof services / sizeof *services,
	OTHER_COUNT = sizeof other_messages / sizeof *other_messages,
};

const ProtobufCServiceDescriptor *const *schema_services(size_t *ret_count)
{
	*ret_count = SERVICE_COUNT;
	return services;
}

static bool is_named(const char *wanted, const char *full, const char *in_short)
{
	if (*wanted == '/' || *wanted == '.')
		wanted++;
	return strcmp(wanted, full) == 0 || strcmp(wanted, in_short) == 0;
}

const ProtobufCServiceDescriptor *schema_find_service(const char *name)
{
	for (size_t i = 0; i < SERVICE_COUNT; i++) {
		if (is_named(name, services[i]->name, services[i]->short_name))
			return services[i];
	}
	return NULL;
}

/* The messages found so far. Those before `visited` have had their fields looked at. */
struct worklist {
	const ProtobufCMessageDescriptor *messages[MESSAGES_MAX];
	size_t count;
	size_t visited;
};

static void add_message(struct worklist *list, const ProtobufCMessageDescriptor *message)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->messages[i] == message)
			return;
	}
	if (list->count < MESSAGES_MAX)
		list->messages[list->count++] = message;
}

static void add_roots(struct worklist *list)
{
	for (size_t i = 0; i < SERVICE_COUNT; i++) {
		for (unsigned m = 0; m < services[i]->n_methods; m++) {
			add_message(list, services[i]->methods[m].input);
			add_message(list, services[i]->methods[m].output);
		}
	}
	for (size_t i = 0; i < OTHER_COUNT; i++)
		add_message(list, other_messages[i]);
}

void schema_each_message(
	bool (*visit)(void *context, const ProtobufCMessageDescriptor *), void *context)
{
	struct worklist list = { .count = 0 };
	add_roots(&list);
	while (list.visited < list.count) {
		const ProtobufCMessageDescriptor *message = list.messages[list.visited++];
		if (!visit(context, message))
			return;
		for (unsigned i = 0; i < message->n_fields; i++) {
			if (message->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
				add_message(&list, message->fields[i].descriptor);
		}
	}
}

struct message_search {
	const char *name;
	const ProtobufCMessageDescriptor *found;
};

static bool visit_by_name(void *context, const ProtobufCMessageDescriptor *message)
{
	struct message_search *search = context;
	if (!is_named(search->name, message->name, message->short_name))
		return true;
	search->found = message;
	return false;
}

const ProtobufCMessageDescriptor *schema_find_message(const char *name)
{
	struct message_search search = { .name = name };
	schema_each_message(visit_by_name, &search);
	return search.found;
}

struct enum_search {
	const char *name;
	const ProtobufCEnumDescriptor *found;
};

static bool visit_enums(void *context, const ProtobufCMessageDescriptor *message)
{
	struct enum_search *search = context;
	for (unsigned i = 0; i < message->n_fields; i++) {
		if (message->fields[i].type != PROTOBUF_C_TYPE_ENUM)
			continue;
		const ProtobufCEnumDescriptor *found = message->fields[i].descriptor;
		if (!is_named(search->name, found->name, found->short_name))
			continue;
		search->found = found;
		return false;
	}
	return true;
}

const ProtobufCEnumDescriptor *schema_find_enum(const char *name)
{
	struct enum_search search = { .name = name };
	schema_each_message(visit_enums, &search);
	return search.found;
}

static enum code no_service(const char *name, struct error *err)
{
	struct nearest nearest = nearest_to(name);
	for (size_t i = 0; i < SERVICE_COUNT; i++) {
		nearest_offer(&nearest, services[i]->short_name);
		nearest_offer(&nearest, services[i]->name);
	}
	const char *best = nearest_best(&nearest);
	if (best == NULL)
		return fail(err, CODE_INVALID_ARGUMENT, "there is no service \"%s\"", name);
	return fail(err, CODE_INVALID_ARGUMENT, "there is no service \"%s\"; did you mean \"%s\"?",
		name, best);
}

static enum code no_method(
	const ProtobufCServiceDescriptor *service, const char *name, struct error *err)
{
	struct nearest nearest = nearest_to(name);
	for (unsigned i = 0; i < service->n_methods; i++)
		nearest_offer(&nearest, service->methods[i].name);
	const char *best = nearest_best(&nearest);
	if (best == NULL)
		return fail(
			err, CODE_INVALID_ARGUMENT, "%s has no method \"%s\"", service->name, name);
	return fail(err, CODE_INVALID_ARGUMENT, "%s has no method \"%s\"; did you mean \"%s\"?",
		service->name, name, best);
}

static void fill_method(struct schema_method *ret, const ProtobufCServiceDescriptor *service,
	const ProtobufCMethodDescriptor *method)
{
	ret->service = service;
	ret->method = method;
	snprintf(ret->path, sizeof ret->path, "%s/%s", service->name, method->name);
}

enum code schema_find_method(const char *name, struct schema_method *ret, struct error *err)
{
	const char *start = *name == '/' ? name + 1 : name;
	const char *slash = strchr(start, '/');
	char service_name[128];
	size_t size = slash == NULL ? strlen(start) : (size_t)(slash - start);
	if (size >= sizeof service_name)
		return fail(err, CODE_INVALID_ARGUMENT, "the name of the method is too long");
	memcpy(service_name, start, size);
	service_name[size] = '\0';
	const ProtobufCServiceDescriptor *service = schema_find_service(service_name);
	if (slash == NULL)
		return fail(err, CODE_INVALID_ARGUMENT,
			"\"%s\" must name a method as SERVICE/METHOD, for example "
			"PostService/GetPost",
			name);
	if (service == NULL)
		return no_service(service_name, err);
	const ProtobufCMethodDescriptor *method =
		protobuf_c_service_descriptor_get_method_by_name(service, slash + 1);
	if (method == NULL)
		return no_method(service, slash + 1, err);
	fill_method(ret, service, method);
	return CODE_OK;
}

void schema_get_method(
	const ProtobufCServiceDescriptor *service, const char *method, struct schema_method *ret)
{
	fill_method(
		ret, service, protobuf_c_service_descriptor_get_method_by_name(service, method));
}
