/* A real server that publishes, for each test of a program, and calls to it in few words. */
#pragma once
#include "integration/lecternd.h"

#include <lectern/client.h>
#include <lectern/v1/change.pb-c.h>
#include <protobuf-c/protobuf-c.h>
#include <stdint.h>

enum { TIMEOUT_MS = 60000 };

extern struct lecternd server;
extern lectern_client *client; /* for all that does not wait */

/* As cmocka calls them before and after each test. */
int set_up(void **state);
int tear_down(void **state);

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

/* One more client; it does not repeat its calls. */
lectern_client *connect_client(void);

/* The answer's message; NULL after an error. */
ProtobufCMessage *try_call(lectern_client *from, const char *method,
	const ProtobufCMessage *request, const ProtobufCMessageDescriptor *response,
	uint32_t timeout_ms, struct lectern_error *err);
Lectern__V1__ListChangesResponse *try_changes(lectern_client *from, uint64_t after,
	uint32_t wait_ms, uint32_t timeout_ms, struct lectern_error *err);
void free_changes(Lectern__V1__ListChangesResponse *response);

/* The test fails if these do. */
void create_post(const char *title); /* with the title as its slug */
void get_post(const char *slug);
