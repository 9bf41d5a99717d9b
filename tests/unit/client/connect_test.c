#include "base/clock.h"
#include "unit/client/fake_server.h"

#include <lectern/client.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
	const char *label, *url;
	enum lectern_code want;
	const char *text;
} urls[] = {
	{ "tcp", "tcp://127.0.0.1:7400", LECTERN_OK, "" },
	{ "a name", "tcp://localhost:7400", LECTERN_OK, "" },
	{ "tcp, version 6", "tcp://[::1]:7400", LECTERN_OK, "" },
	{ "ipc", "ipc:///tmp/nobody-listens-here.sock", LECTERN_OK, "" },
	{ "empty", "", LECTERN_INVALID_ARGUMENT,
		"server URL '': must begin with tcp://, tls+tcp:// or ipc://, for example "
		"tcp://127.0.0.1:7400" },
	{ "no scheme", "127.0.0.1:7400", LECTERN_INVALID_ARGUMENT,
		"server URL '127.0.0.1:7400': must begin with tcp://, tls+tcp:// or ipc://, for "
		"example "
		"tcp://127.0.0.1:7400" },
	{ "http", "http://127.0.0.1:7480", LECTERN_INVALID_ARGUMENT,
		"server URL 'http://127.0.0.1:7480': must begin with tcp://, tls+tcp:// or ipc://, "
		"for example "
		"tcp://127.0.0.1:7400" },
	{ "no port", "tcp://127.0.0.1", LECTERN_INVALID_ARGUMENT,
		"server URL 'tcp://127.0.0.1': must end with a port, for example "
		"tcp://127.0.0.1:7400" },
	{ "empty port", "tcp://127.0.0.1:", LECTERN_INVALID_ARGUMENT,
		"server URL 'tcp://127.0.0.1:': must end with a port, for example "
		"tcp://127.0.0.1:7400" },
	{ "a word for a port", "tcp://127.0.0.1:rpc", LECTERN_INVALID_ARGUMENT,
		"server URL 'tcp://127.0.0.1:rpc': must end with a port, for example "
		"tcp://127.0.0.1:7400" },
};

static void test_urls(void **state)
{
	for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
		struct lectern_client_options options = { .url = urls[i].url };
		lectern_client *client = NULL;
		struct lectern_error err = { 0 };
		enum lectern_code code = lectern_client_open(&options, &client, &err);
		if (code != urls[i].want || strcmp(err.message, urls[i].text) != 0)
			fail_msg("%s: %d %s", urls[i].label, code, err.message);
		assert_true((code == LECTERN_OK) == (client != NULL));
		lectern_client_close(client);
	}
}

static void test_long_url(void **state)
{
	char url[400] = "ipc:///";
	memset(url + 7, 'x', sizeof url - 8);
	struct lectern_client_options options = { .url = url };
	lectern_client *client = NULL;
	struct lectern_error err;
	assert_int_equal(lectern_client_open(&options, &client, &err), LECTERN_INVALID_ARGUMENT);
	assert_string_equal(err.message, "server URL: longer than 255 bytes");
	assert_string_equal(err.reason, "BAD_URL");
}

static void test_environment(void **state)
{
	lectern_client *client = NULL;
	struct lectern_error err;
	setenv("LECTERN_SERVER", "nonsense", 1);
	assert_int_equal(lectern_client_open(NULL, &client, &err), LECTERN_INVALID_ARGUMENT);
	assert_non_null(strstr(err.message, "'nonsense'"));
	assert_int_equal(lectern_client_open(NULL, &client, NULL), LECTERN_INVALID_ARGUMENT);
	unsetenv("LECTERN_SERVER");
	assert_int_equal(lectern_client_open(NULL, &client, &err), LECTERN_OK);
	lectern_client_close(client);
	lectern_client_close(NULL);
}

static enum lectern_code get_once(
	lectern_client *client, uint32_t timeout_ms, uint64_t *ret_ms, struct lectern_error *err)
{
	lectern_post *post = NULL;
	uint64_t start = clock_monotonic_ns();
	enum lectern_code code =
		lectern_get_post(client, "a", LECTERN_VIEW_DEFAULT, timeout_ms, &post, err);
	*ret_ms = (clock_monotonic_ns() - start) / 1000000;
	lectern_post_free(post);
	return code;
}

static void test_nobody_listens(void **state)
{
	static const struct {
		const char *label, *url;
		uint32_t timeout_ms;
		uint64_t want_min_ms, want_max_ms;
		const char *text;
	} cases[] = {
		{ "a short timeout", "tcp://127.0.0.1:1", 200, 199, 1500,
			"no connection to tcp://127.0.0.1:1 within 200 ms; check that lecternd "
			"runs there, that it listens on this address and that nothing in between "
			"blocks it; a port with TLS wants tls+tcp:// instead of tcp://" },
		{ "a long timeout", "ipc:///tmp/nobody-listens-here.sock", 30000, 1999, 6000,
			"no connection to ipc:///tmp/nobody-listens-here.sock within 2000 ms; "
			"check that lecternd runs there, that it listens on this address and that "
			"nothing in between blocks it" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct lectern_client_options options = { .url = cases[i].url };
		lectern_client *client;
		struct lectern_error err;
		uint64_t ms;
		assert_int_equal(lectern_client_open(&options, &client, &err), LECTERN_OK);
		enum lectern_code code = get_once(client, cases[i].timeout_ms, &ms, &err);
		if (code != LECTERN_UNAVAILABLE || strcmp(err.message, cases[i].text) != 0)
			fail_msg("%s: %d %s", cases[i].label, code, err.message);
		assert_string_equal(err.reason, "NOT_CONNECTED");
		assert_in_range(ms, cases[i].want_min_ms, cases[i].want_max_ms);
		lectern_client_close(client);
	}
}

static enum fake_action handle(
	struct fake_server *fake, const Lectern__Rpc__V1__Request *request, unsigned count)
{
	static uint8_t payload[] = { 0x0A, 0x02, 0x08, 0x05 }; /* GetPostResponse {post {id: 5}} */
	fake->response.payload.data = payload;
	fake->response.payload.len = sizeof payload;
	return FAKE_REPLY;
}

static void *start_later(void *arg)
{
	usleep(200 * 1000); /* the call has begun and its first dial has failed */
	fake_start(arg);
	return NULL;
}

static void test_server_appears(void **state)
{
	struct fake_server server = { .handle = handle };
	fake_use_ipc(&server);
	struct lectern_client_options options = { .url = server.url };
	lectern_client *client;
	struct lectern_error err;
	assert_int_equal(lectern_client_open(&options, &client, &err), LECTERN_OK);
	pthread_t thread;
	pthread_create(&thread, NULL, start_later, &server);
	uint64_t ms;
	assert_int_equal(get_once(client, 10000, &ms, &err), LECTERN_OK);
	pthread_join(thread, NULL);
	lectern_client_close(client);
	fake_stop(&server);
	fake_done(&server);
}

static void test_close_unused(void **state)
{
	struct fake_server server = { .handle = handle };
	fake_start(&server);
	struct lectern_client_options options = { .url = server.url };
	for (int i = 0; i < 50; i++) {
		lectern_client *client;
		assert_int_equal(lectern_client_open(&options, &client, NULL), LECTERN_OK);
		lectern_client_close(client);
	}
	fake_stop(&server);
	fake_done(&server);
}

static void test_code_names(void **state)
{
	assert_string_equal(lectern_code_name(LECTERN_OK), "OK");
	assert_string_equal(lectern_code_name(LECTERN_UNAUTHENTICATED), "UNAUTHENTICATED");
	assert_string_equal(lectern_code_name((enum lectern_code)99), "UNKNOWN");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_long_url),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_nobody_listens),
		cmocka_unit_test(test_server_appears),
		cmocka_unit_test(test_close_unused),
		cmocka_unit_test(test_code_names),
	};
	return cmocka_run_group_tests_name("connect", tests, NULL, NULL);
}
