#include "cli/batch_line.h"

#include "base/limits.h"
#include "client/invoke.h"
#include "codec/json.h"
#include "codec/schema.h"

#include <jansson.h>
#include <stdlib.h>

static void free_json(json_t **json)
{
	json_decref(*json);
}

static enum code parse_line(struct slice line, json_t **ret, struct error *err)
{
	json_error_t problem;
	*ret = json_loadb((const char *)line.data, line.size, JSON_REJECT_DUPLICATES, &problem);
	if (*ret == NULL)
		return fail(err, CODE_INVALID_ARGUMENT, "JSON, column %d: %s", problem.column,
			problem.text);
	const char *key;
	json_t *value;
	json_object_foreach(*ret, key, value)
	{
		if (strcmp(key, "method") != 0 && strcmp(key, "request") != 0)
			return fail(err, CODE_INVALID_ARGUMENT,
				"\"%s\" is neither \"method\" nor \"request\"", key);
	}
	if (!json_is_string(json_object_get(*ret, "method")))
		return fail(err, CODE_INVALID_ARGUMENT,
			"the line must be an object with a string \"method\"");
	return CODE_OK;
}

/* The request in its own type; an empty one where the line has none. */
static enum code parse_request(const json_t *json, const ProtobufCMessageDescriptor *descriptor,
	struct arena *arena, ProtobufCMessage **ret, struct error *err)
{
	const json_t *request = json_object_get(json, "request");
	if (request == NULL)
		return json_parse(descriptor, slice_of_text("{}"), arena, ret, err);
	char *text = json_dumps(request, JSON_COMPACT | JSON_ENCODE_ANY);
	if (text == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory");
	enum code code = json_parse(descriptor, slice_of_text(text), arena, ret, err);
	free(text);
	return code;
}

static enum code prepare(struct slice line, struct arena *arena, struct schema_method *method,
	ProtobufCMessage **ret, struct error *err)
{
	AUTO(free_json) json_t *json = NULL;
	enum code code = parse_line(line, &json, err);
	if (code == CODE_OK)
		code = schema_find_method(
			json_string_value(json_object_get(json, "method")), method, err);
	if (code == CODE_OK)
		code = parse_request(json, method->method->input, arena, ret, err);
	return code;
}

static void append_problem(struct buffer *answer, struct problem *problem, struct arena *arena)
{
	buffer_append_text(answer, "{\"error\":");
	problem_status(problem, arena, JSON_DEFAULT, answer);
	buffer_append_text(answer, "}\n");
}

static enum exit_status run(const struct cli *cli, struct slice line, struct arena *arena,
	struct buffer *answer, struct problem *problem)
{
	struct schema_method method;
	ProtobufCMessage *request;
	ProtobufCMessage *response;
	struct error err;
	struct lectern_error rpc_err;
	if (prepare(line, arena, &method, &request, &err) != CODE_OK) {
		problem_fill_local(problem, &err);
		return problem->status;
	}
	if (invoke(cli->client, method.path, request, cli->timeout_ms, NULL, method.method->output,
		    arena, &response, NULL, &rpc_err) != LECTERN_OK) {
		problem_fill_rpc(problem, &rpc_err);
		return problem->status;
	}
	buffer_append_text(answer, "{\"response\":");
	if (json_print(response, JSON_DEFAULT, answer, &err) != CODE_OK) {
		problem_fill_local(problem, &err);
		return problem->status;
	}
	buffer_append_text(answer, "}\n");
	return EXIT_STATUS_OK;
}

enum exit_status batch_line_run(const struct cli *cli, struct slice line, struct buffer *answer)
{
	struct arena arena;
	struct problem problem;
	arena_init(&arena, CLI_ARENA_BYTES);
	enum exit_status status = run(cli, line, &arena, answer, &problem);
	if (status != EXIT_STATUS_OK) {
		buffer_clear(answer);
		append_problem(answer, &problem, &arena);
	}
	arena_done(&arena);
	return status;
}
