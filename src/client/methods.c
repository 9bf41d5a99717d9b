#include "client/methods.h"

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
	NULL,
};

const ProtobufCMethodDescriptor *method_find(struct slice name)
{
	for (size_t i = 0; services[i] != NULL; i++) {
		const ProtobufCServiceDescriptor *service = services[i];
		size_t service_size = strlen(service->name);
		if (name.size <= service_size || name.data[service_size] != '/' ||
			memcmp(name.data, service->name, service_size) != 0)
			continue;
		struct slice method =
			slice_of(name.data + service_size + 1, name.size - service_size - 1);
		for (unsigned m = 0; m < service->n_methods; m++)
			if (slice_equals(method, slice_of_text(service->methods[m].name)))
				return &service->methods[m];
	}
	return NULL;
}

uint32_t method_request_id_field(const ProtobufCMethodDescriptor *method)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field_by_name(method->input, "request_id");
	return field != NULL && field->type == PROTOBUF_C_TYPE_STRING ? field->id : 0;
}
