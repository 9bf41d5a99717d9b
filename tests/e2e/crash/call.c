#include "e2e/crash/call.h"

#include "e2e/oracle/failure.h"

#include <stdio.h>

enum { TIMEOUT_MS = 60000, ATTEMPTS = 100000, REQUEST_BYTES = 16384 };

lectern_client *crash_connect(const char *url, bool repeats)
{
	struct lectern_client_options options = {
		.url = url, .timeout_ms = TIMEOUT_MS, .max_attempts = repeats ? ATTEMPTS : 1
	};
	struct lectern_error err;
	lectern_client *client;
	if (lectern_client_open(&options, &client, &err) != LECTERN_OK)
		oracle_fail("connect: %s", err.message);
	return client;
}

enum lectern_code crash_call(lectern_client *client, const char *method,
	const ProtobufCMessage *request, lectern_reply **ret, struct lectern_error *err)
{
	uint8_t bytes[REQUEST_BYTES];
	char full[128];
	if (protobuf_c_message_get_packed_size(request) > sizeof bytes)
		oracle_fail("%s: the request is too big for the test", method);
	snprintf(full, sizeof full, "lectern.v1.%s", method);
	struct lectern_call call = { .method = full,
		.request = bytes,
		.request_size_bytes = protobuf_c_message_pack(request, bytes) };
	return lectern_call(client, &call, ret, err);
}

void *crash_read(lectern_client *client, const char *method, const ProtobufCMessage *request,
	const ProtobufCMessageDescriptor *response)
{
	struct lectern_error err;
	lectern_reply *reply;
	size_t size;
	if (crash_call(client, method, request, &reply, &err) != LECTERN_OK)
		oracle_fail("%s: %s", method, err.message);
	const uint8_t *data = lectern_reply_data(reply, &size);
	void *message = protobuf_c_message_unpack(response, NULL, size, data);
	lectern_reply_free(reply);
	if (message == NULL)
		oracle_fail("%s: the answer cannot be read", method);
	return message;
}
