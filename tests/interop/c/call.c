/*
 * One call by liblectern, for contract.sh: call METHOD json|encoded FILE TIMEOUT_MS MIN_REVISION
 * true|false, the last for whether it carries the token of LECTERN_TOKEN_FILE. Prints the outcome
 * as {code, reason, field, response}. Lectern's own codec makes the JSON, the library knows none.
 */
#include "base/arena.h"
#include "base/limits.h"
#include "client/methods.h"
#include "codec/json.h"

#include <lectern/client.h>
#include <lectern/v1/health.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARGUMENTS = 7, REQUEST_BYTES_MAX = 64 * 1024 };

static int give_up(const char *what)
{
	fprintf(stderr, "call: %s\n", what);
	return 1;
}

static bool read_request(const char *format, const char *path,
	const ProtobufCMessageDescriptor *type, struct arena *arena, struct slice *ret)
{
	static uint8_t bytes[REQUEST_BYTES_MAX];
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		return false;
	*ret = slice_of(bytes, fread(bytes, 1, sizeof bytes, file));
	fclose(file);
	if (strcmp(format, "encoded") == 0)
		return true;
	struct error err;
	ProtobufCMessage *message;
	if (json_parse(type, *ret, arena, &message, &err) != CODE_OK) {
		fprintf(stderr, "%s\n", err.text);
		return false;
	}
	*ret = arena_pack(arena, message);
	return true;
}

static bool print_reply(
	const lectern_reply *reply, const ProtobufCMessageDescriptor *type, struct arena *arena)
{
	size_t size;
	const void *data = lectern_reply_data(reply, &size);
	ProtobufCMessage *message = protobuf_c_message_unpack(type, &arena->allocator, size, data);
	struct buffer json;
	struct error err;
	buffer_init(&json, LIMIT_RESPONSE_BYTES);
	bool printed = message != NULL && json_print(message, JSON_DEFAULT, &json, &err) == CODE_OK;
	if (printed)
		printf("{\"code\":\"OK\",\"reason\":\"\",\"field\":\"\",\"response\":%s}\n",
			buffer_text(&json));
	buffer_done(&json);
	return printed;
}

int main(int argc, char **argv)
{
	if (argc != ARGUMENTS)
		return give_up("wrong arguments");
	char name[200];
	snprintf(name, sizeof name, "lectern.v1.%s", argv[1]);
	const ProtobufCMethodDescriptor *method = method_find(slice_of_text(name));
	const ProtobufCMessageDescriptor *input =
		method == NULL ? &lectern__v1__check_request__descriptor : method->input;
	const ProtobufCMessageDescriptor *output =
		method == NULL ? &lectern__v1__check_response__descriptor : method->output;

	struct arena arena;
	arena_init(&arena, LIMIT_ARENA_BYTES);
	struct slice request;
	if (!read_request(argv[2], argv[3], input, &arena, &request))
		return give_up("no request");
	/* One attempt: UNAVAILABLE is an answer here, not a reason to try again. */
	const struct lectern_client_options options = {
		.url = getenv("LECTERN_CONTRACT_URL"),
		.max_attempts = 1,
		.token_file = strcmp(argv[6], "true") == 0 ? NULL : "",
	};
	const struct lectern_call call = {
		.method = name,
		.request = request.data,
		.request_size_bytes = request.size,
		.timeout_ms = (uint32_t)strtoul(argv[4], NULL, 10),
		.min_revision = strtoull(argv[5], NULL, 10),
	};
	lectern_client *client;
	lectern_reply *reply;
	struct lectern_error err;
	if (lectern_client_open(&options, &client, &err) != LECTERN_OK)
		return give_up(err.message);
	int status = 0;
	if (lectern_call(client, &call, &reply, &err) == LECTERN_OK) {
		if (!print_reply(reply, output, &arena))
			status = give_up("the answer is none of its method");
		lectern_reply_free(reply);
	} else {
		printf("{\"code\":\"%s\",\"reason\":\"%s\",\"field\":\"%s\",\"response\":{}}\n",
			lectern_code_name(err.code), err.reason, err.field);
	}
	lectern_client_close(client);
	arena_done(&arena);
	return status;
}
