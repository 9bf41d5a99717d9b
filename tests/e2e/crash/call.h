/* Calls of the crash test: through kills of the server, or once. */
#pragma once
#include <lectern/client.h>
#include <protobuf-c/protobuf-c.h>

/* A client that repeats calls until there is an answer, or does not repeat them. */
lectern_client *crash_connect(const char *url, bool repeats);

/* "PostService/GetPost" and so on. */
enum lectern_code crash_call(lectern_client *client, const char *method,
	const ProtobufCMessage *request, lectern_reply **ret, struct lectern_error *err);

/* A call that must succeed; the unpacked answer. */
void *crash_read(lectern_client *client, const char *method, const ProtobufCMessage *request,
	const ProtobufCMessageDescriptor *response);
