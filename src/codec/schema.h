/*
 * The public services, messages and enums by name. Names may be short ("Post", "PostService"), full
 * ("lectern.v1.Post") and start with a slash. Safe from any thread.
 */
#pragma once
#include "base/attributes.h"
#include "base/error.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

/* A method of a service. */
struct schema_method {
	const ProtobufCServiceDescriptor *service;
	const ProtobufCMethodDescriptor *method;
	char path[128]; /* "lectern.v1.PostService/GetPost" */
};

/* Every public service, in the order of the documentation. */
const ProtobufCServiceDescriptor *const *schema_services(size_t *ret_count);

/* NULL if there is none of that name. */
const ProtobufCServiceDescriptor *schema_find_service(const char *name);
const ProtobufCMessageDescriptor *schema_find_message(const char *name);
const ProtobufCEnumDescriptor *schema_find_enum(const char *name);

/* "PostService/GetPost", "lectern.v1.PostService/GetPost" or "/lectern.v1.PostService/GetPost".
 * INVALID_ARGUMENT, with the nearest name, if there is no such method. */
enum code schema_find_method(const char *name, struct schema_method *ret, struct error *err)
	NODISCARD;

/* The same for a method that is known to exist. */
void schema_get_method(
	const ProtobufCServiceDescriptor *service, const char *method, struct schema_method *ret);

/* Calls `visit` for every public message, those that others hold included, until it returns false.
 */
void schema_each_message(
	bool (*visit)(void *context, const ProtobufCMessageDescriptor *), void *context);
