/* Calls with messages instead of bytes, for the tools and importers. Not part of the library's
 * public interface. */
#pragma once
#include "base/arena.h"
#include "base/attributes.h"

#include <lectern/client.h>
#include <protobuf-c/protobuf-c.h>

struct interrupt;

/*
 * Calls a method and unpacks the answer into the arena.
 *
 * `method` is "lectern.v1.PostService/GetPost"; the response message must be of the type that the
 * method answers with. *ret_revision may be NULL, and interrupt where no other thread ends the
 * call. Fails like call_interruptible(), and with LECTERN_INTERNAL where the answer is no such
 * message or does not fit the arena's budget.
 */
enum lectern_code invoke(lectern_client *client, const char *method,
	const ProtobufCMessage *request, uint32_t timeout_ms, struct interrupt *interrupt,
	const ProtobufCMessageDescriptor *response, struct arena *arena, ProtobufCMessage **ret,
	uint64_t *ret_revision, struct lectern_error *err) NODISCARD;
