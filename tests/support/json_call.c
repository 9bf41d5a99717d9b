#include "support/json_call.h"

#include "base/arena.h"
#include "base/limits.h"
#include "codec/json.h"

#include <lectern/v1/import.pb-c.h>
#include <lectern/v1/tag.pb-c.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the services that tests call so. */
static const ProtobufCMessageDescriptor *request_of(const char *method)
{
	static const ProtobufCServiceDescriptor *const services[] = {
		&lectern__v1__import_service__descriptor, &lectern__v1__post_service__descriptor,
		&lectern__v1__tag_service__descriptor, &lectern__v1__category_service__descriptor,
		&lectern__v1__author_service__descriptor
	};
	for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
		size_t size = strlen(services[i]->short_name);
		if (strncmp(method, services[i]->short_name, size) != 0 || method[size] != '/')
			continue;
		const ProtobufCMethodDescriptor *row =
			protobuf_c_service_descriptor_get_method_by_name(
				services[i], method + size + 1);
		if (row != NULL)
			return row->input;
	}
	fprintf(stderr, "no method %s\n", method);
	abort();
}

static enum code run(struct local_server *server, struct answer *ret, const char *method,
	const char *format, va_list args) __attribute__((format(printf, 4, 0)));

static enum code run(struct local_server *server, struct answer *ret, const char *method,
	const char *format, va_list args)
{
	char *json;
	struct arena arena;
	struct error err;
	ProtobufCMessage *request;
	if (vasprintf(&json, format, args) < 0)
		abort();
	for (char *c = json; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	arena_init(&arena, LIMIT_ARENA_BYTES);
	if (json_parse(request_of(method), slice_of_text(json), &arena, &request, &err) !=
		CODE_OK) {
		fprintf(stderr, "%s: %s\n%s\n", method, err.text, json);
		abort();
	}
	free(json);
	enum code code = call(server, method, request, ret);
	arena_done(&arena);
	return code;
}

enum code call_json(struct local_server *server, struct answer *ret, const char *method,
	const char *format, ...)
{
	va_list args;
	va_start(args, format);
	enum code code = run(server, ret, method, format, args);
	va_end(args);
	return code;
}

void *call_json_ok(struct local_server *server, struct answer *ret, const char *method,
	const char *format, ...)
{
	va_list args;
	va_start(args, format);
	enum code code = run(server, ret, method, format, args);
	va_end(args);
	if (code != CODE_OK) {
		fprintf(stderr, "%s: %s\n", method, ret->err.text);
		abort();
	}
	return ret->message;
}
