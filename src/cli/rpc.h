/* Calls. The answer lies in the arena of cli. */
#pragma once
#include "base/attributes.h"
#include "cli/cli.h"

#include <protobuf-c/protobuf-c.h>

/* Calls a method of the service by its name in the .proto. */
enum exit_status rpc_call(struct cli *cli, const ProtobufCServiceDescriptor *service,
	const char *method, const ProtobufCMessage *request, const ProtobufCMessage **ret)
	NODISCARD;

/* The same with the answer in another arena. */
enum exit_status rpc_call_in(struct cli *cli, struct arena *arena,
	const ProtobufCServiceDescriptor *service, const char *method,
	const ProtobufCMessage *request, const ProtobufCMessage **ret) NODISCARD;

/* A new message of the type in cli's arena; NULL with a problem in cli when out of memory. */
ProtobufCMessage *rpc_message(struct cli *cli, const ProtobufCMessageDescriptor *descriptor)
	NODISCARD;

/* The request of a method, empty. */
ProtobufCMessage *rpc_request(
	struct cli *cli, const ProtobufCServiceDescriptor *service, const char *method) NODISCARD;
