/* lectern call: any method, JSON in and out. */
#include "cli/cli.h"
#include "cli/fields.h"
#include "cli/output.h"
#include "cli/rpc.h"
#include "codec/json.h"
#include "codec/schema.h"

static enum exit_status read_request(struct cli *cli, const struct args *args,
	const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage **ret)
{
	struct slice text = slice_of_text("{}");
	enum exit_status status = EXIT_STATUS_OK;
	if (args->argument_count > 1 && strcmp(args->arguments[1], "-") == 0)
		status = fields_read_file(cli, "-", &text);
	else if (args->argument_count > 1)
		text = slice_of_text(args->arguments[1]);
	if (status != EXIT_STATUS_OK)
		return status;
	struct error err;
	if (json_parse(descriptor, text, &cli->arena, ret, &err) == CODE_OK)
		return EXIT_STATUS_OK;
	problem_local(cli, &err);
	return problem_hint(cli, "see: lectern describe %s", descriptor->name);
}

static enum exit_status run_call(struct cli *cli, const struct args *args)
{
	struct schema_method found;
	struct error err;
	if (schema_find_method(args->arguments[0], &found, &err) != CODE_OK) {
		problem_local(cli, &err);
		return problem_hint(cli, "see: lectern describe");
	}
	ProtobufCMessage *request;
	enum exit_status status = read_request(cli, args, found.method->input, &request);
	if (status != EXIT_STATUS_OK)
		return status;
	const ProtobufCMessage *response;
	status = rpc_call(cli, found.service, found.method->name, request, &response);
	return status != EXIT_STATUS_OK ? status : output_message(cli, response);
}

const struct command call_command = {
	.name = "call",
	.arguments = "SERVICE/METHOD [JSON|-]",
	.summary = "Call any method with a request as JSON, and print the answer as JSON",
	.details =
		"The request is an argument or, with -, read from standard input; without one an "
		"empty request is sent:\n\n"
		"  lectern call PostService/GetPost '{\"slug\": \"hello\"}'",
	.words = WORDS_METHOD,
	.arguments_min = 1,
	.arguments_max = 2,
	.run = run_call,
};
