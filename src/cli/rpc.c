#include "cli/rpc.h"

#include "client/invoke.h"
#include "codec/message.h"
#include "codec/schema.h"

enum exit_status rpc_call_in(struct cli *cli, struct arena *arena,
	const ProtobufCServiceDescriptor *service, const char *method,
	const ProtobufCMessage *request, const ProtobufCMessage **ret)
{
	enum exit_status status = cli_client(cli);
	if (status != EXIT_STATUS_OK)
		return status;
	struct schema_method found;
	schema_get_method(service, method, &found);
	ProtobufCMessage *response;
	struct lectern_error err;
	enum lectern_code code = invoke(cli->client, found.path, request, cli->timeout_ms, NULL,
		found.method->output, arena, &response, NULL, &err);
	if (code != LECTERN_OK)
		return problem_rpc(cli, &err);
	*ret = response;
	return EXIT_STATUS_OK;
}

enum exit_status rpc_call(struct cli *cli, const ProtobufCServiceDescriptor *service,
	const char *method, const ProtobufCMessage *request, const ProtobufCMessage **ret)
{
	return rpc_call_in(cli, &cli->arena, service, method, request, ret);
}

ProtobufCMessage *rpc_message(struct cli *cli, const ProtobufCMessageDescriptor *descriptor)
{
	ProtobufCMessage *message = message_new(descriptor, &cli->arena);
	if (message == NULL)
		problem_tool(cli, "out of memory");
	return message;
}

ProtobufCMessage *rpc_request(
	struct cli *cli, const ProtobufCServiceDescriptor *service, const char *method)
{
	struct schema_method found;
	schema_get_method(service, method, &found);
	return rpc_message(cli, found.method->input);
}
