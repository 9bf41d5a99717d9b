/* Calls of a local_server with requests in JSON, for tests whose requests have many fields. In them
 * ' stands for ". */
#pragma once
#include "base/attributes.h"
#include "support/call.h"

/* call() with the request that the text makes; a text that makes none ends the program. */
enum code call_json(struct local_server *server, struct answer *ret, const char *method,
	const char *format, ...) PRINTF_LIKE(4, 5);

/* The same, which has to succeed; the message of the answer. */
void *call_json_ok(struct local_server *server, struct answer *ret, const char *method,
	const char *format, ...) PRINTF_LIKE(4, 5);
