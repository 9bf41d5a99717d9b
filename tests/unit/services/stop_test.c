/* The end of a server that is still busy. */
#include "support/call.h"

#include <lectern/v1/admin.pb-c.h>
#include <lectern/v1/post.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Every write that waits for the renderer or the store is answered: done, or refused. */
static void test_writes_that_wait_are_answered(void **state)
{
	enum { WRITES = 40, BODY_BYTES = 400000 };
	struct local_server server;
	struct started_call *calls[WRITES];
	struct answer answer = { 0 };
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	Lectern__V1__CreatePostRequest request = LECTERN__V1__CREATE_POST_REQUEST__INIT;
	char title[] = "A";
	char *body = malloc(BODY_BYTES + 1);
	memset(body, '[', BODY_BYTES); /* takes its time */
	body[BODY_BYTES] = '\0';
	post.title = title;
	post.body = body;
	request.post = &post;
	local_server_open(&server);
	for (int i = 0; i < WRITES; i++)
		calls[i] = call_start(&server, "PostService/CreatePost", &request.base);
	local_server_stop(&server);
	int refused = 0;
	for (int i = 0; i < WRITES; i++) {
		if (call_wait(calls[i], &answer) == CODE_OK)
			continue;
		assert_int_equal(answer.code, CODE_UNAVAILABLE);
		assert_string_equal(answer.err.reason, "STOPPING");
		assert_int_not_equal(answer.err.retry_ms, 0);
		refused++;
	}
	assert_in_range(refused, 1, WRITES);
	answer_done(&answer);
	local_server_close(&server);
	free(body);
}

/* Done or refused, as it comes. */
static void test_a_check_and_a_backup_that_run_are_answered(void **state)
{
	static const char *const methods[] = { "AdminService/CheckStore",
		"AdminService/CreateBackup" };
	for (size_t i = 0; i < 2; i++) {
		struct local_server server;
		struct answer answer = { 0 };
		/* Both are empty messages then. */
		Lectern__V1__CheckStoreRequest request = LECTERN__V1__CHECK_STORE_REQUEST__INIT;
		local_server_open(&server);
		struct started_call *call = call_start(&server, methods[i], &request.base);
		local_server_stop(&server);
		if (call_wait(call, &answer) != CODE_OK) {
			assert_int_equal(answer.code, CODE_UNAVAILABLE);
			assert_string_equal(answer.err.reason, "STOPPING");
		}
		answer_done(&answer);
		local_server_close(&server);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writes_that_wait_are_answered),
		cmocka_unit_test(test_a_check_and_a_backup_that_run_are_answered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
