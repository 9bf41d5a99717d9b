#include "client/token.h"

#include "base/limits.h"
#include "client/request.h"
#include "unit/client/fake_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>

#include <cmocka.h>

enum { CALLS_MAX = 8 };

/* What the server of a test answers, and what it has seen. */
static struct script {
	int32_t codes[CALLS_MAX]; /* of the first answers; 0: success */
	const char *becomes;	  /* what the file holds when the first call was refused */
	char headers[CALLS_MAX][CLIENT_TOKEN_BYTES + 32];
} script;

static struct fake_server server;
static char path[] = "/tmp/lectern-token-XXXXXX";

static void write_token(const char *text)
{
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static enum fake_action handle(
	struct fake_server *fake, const Lectern__Rpc__V1__Request *request, unsigned count)
{
	static Lectern__Rpc__V1__Status status;
	char *header = script.headers[count - 1];
	if (request->n_headers == 1)
		snprintf(header, sizeof script.headers[0], "%s: %s", request->headers[0]->name,
			request->headers[0]->value);
	if (script.becomes != NULL)
		write_token(script.becomes);
	lectern__rpc__v1__status__init(&status);
	status.code = script.codes[count - 1];
	status.message = (char *)"as the script says";
	fake->response.status = &status;
	return FAKE_REPLY;
}

static int start(void **state)
{
	script = (struct script){ .becomes = NULL };
	server = (struct fake_server){ .handle = handle };
	unsetenv("LECTERN_TOKEN_FILE");
	unsetenv("LECTERN_INSECURE");
	fake_start(&server);
	int descriptor = mkstemp(strcpy(path, "/tmp/lectern-token-XXXXXX"));
	return descriptor < 0 || close(descriptor) != 0;
}

static int stop(void **state)
{
	fake_stop(&server);
	return unlink(path) != 0;
}

static lectern_client *open_client(const char *token_file)
{
	struct lectern_client_options options = { .url = server.url, .token_file = token_file };
	struct lectern_error err = { .message = "" };
	lectern_client *client = NULL;
	lectern_client_open(&options, &client, &err);
	assert_string_equal(err.message, "");
	return client;
}

static enum lectern_code call(lectern_client *client, const char *method)
{
	const struct lectern_call what = { .method = method };
	lectern_reply *reply = NULL;
	enum lectern_code code = lectern_call(client, &what, &reply, NULL);
	lectern_reply_free(reply);
	return code;
}

#define READ "lectern.v1.PostService/GetPost"
#define UNKNOWN "lectern.v9.FutureService/Frobnicate"

static void sends_the_first_line(void **state)
{
	static const struct {
		const char *text, *token;
	} files[] = {
		{ "abc", "abc" },
		{ "abc\n", "abc" },
		{ " \tabc \t\r\nnot this\n", "abc" },
		{ "lectern_0_1.~+/=\n\n", "lectern_0_1.~+/=" },
	};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char want[64];
		write_token(files[i].text);
		lectern_client *client = open_client(path);
		assert_int_equal(call(client, READ), LECTERN_OK);
		snprintf(want, sizeof want, "authorization: Bearer %s", files[i].token);
		assert_string_equal(script.headers[i], want);
		lectern_client_close(client);
	}
}

static void finds_the_file(void **state)
{
	write_token("abc");
	lectern_client *client = open_client(NULL);
	assert_int_equal(call(client, READ), LECTERN_OK);
	lectern_client_close(client);
	setenv("LECTERN_TOKEN_FILE", "", 1);
	client = open_client(NULL);
	assert_int_equal(call(client, READ), LECTERN_OK);
	lectern_client_close(client);
	setenv("LECTERN_TOKEN_FILE", path, 1);
	client = open_client("");
	assert_int_equal(call(client, READ), LECTERN_OK);
	lectern_client_close(client);
	for (int i = 0; i < 3; i++)
		assert_string_equal(script.headers[i], "");
	client = open_client(NULL);
	assert_int_equal(call(client, READ), LECTERN_OK);
	assert_string_equal(script.headers[3], "authorization: Bearer abc");
	lectern_client_close(client);
}

/* Replaced by another file, written in place, gone and empty for a moment. */
static void follows_the_file(void **state)
{
	char other[sizeof path + 4];
	write_token("first");
	lectern_client *client = open_client(path);
	assert_int_equal(call(client, READ), LECTERN_OK);
	snprintf(other, sizeof other, "%s.new", path);
	FILE *file = fopen(other, "we");
	assert_non_null(file);
	fputs("other", file);
	fclose(file);
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(call(client, READ), LECTERN_OK);
	write_token("longer");
	assert_int_equal(call(client, READ), LECTERN_OK);
	write_token("");
	assert_int_equal(call(client, READ), LECTERN_OK);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(call(client, READ), LECTERN_OK);
	write_token("last");
	assert_int_equal(call(client, READ), LECTERN_OK);
	assert_string_equal(script.headers[0], "authorization: Bearer first");
	assert_string_equal(script.headers[1], "authorization: Bearer other");
	for (int i = 2; i < 5; i++)
		assert_string_equal(script.headers[i], "authorization: Bearer longer");
	assert_string_equal(script.headers[5], "authorization: Bearer last");
	lectern_client_close(client);
}

/* A call that was refused is made again if there is a new token, also one of a method that is not
 * known to be safe to repeat; else, and a second time, it is not. */
static void asks_again_with_a_new_token(void **state)
{
	static const char *const methods[] = { READ, UNKNOWN };
	for (size_t i = 0; i < 2; i++) {
		write_token("old");
		lectern_client *client = open_client(path);
		atomic_store(&server.count, 0);
		script.codes[0] = LECTERN_UNAUTHENTICATED;
		script.codes[1] = LECTERN_OK;
		script.becomes = "new";
		assert_int_equal(call(client, methods[i]), LECTERN_OK);
		assert_int_equal(atomic_load(&server.count), 2);
		assert_string_equal(script.headers[0], "authorization: Bearer old");
		assert_string_equal(script.headers[1], "authorization: Bearer new");
		script.becomes = NULL;
		script.codes[2] = LECTERN_UNAUTHENTICATED;
		script.codes[3] = LECTERN_PERMISSION_DENIED;
		assert_int_equal(call(client, methods[i]), LECTERN_UNAUTHENTICATED);
		assert_int_equal(atomic_load(&server.count), 3);
		assert_int_equal(call(client, methods[i]), LECTERN_PERMISSION_DENIED);
		assert_int_equal(atomic_load(&server.count), 4);
		lectern_client_close(client);
	}
	write_token("old");
	lectern_client *client = open_client(path);
	atomic_store(&server.count, 0);
	script.codes[0] = script.codes[1] = LECTERN_UNAUTHENTICATED;
	script.becomes = "new";
	assert_int_equal(call(client, READ), LECTERN_UNAUTHENTICATED);
	assert_int_equal(atomic_load(&server.count), 2);
	lectern_client_close(client);
}

static void refuse(const char *file, const char *text)
{
	struct lectern_client_options options = { .url = server.url, .token_file = file };
	lectern_client *client = NULL;
	struct lectern_error err;
	char want[512];
	assert_int_equal(lectern_client_open(&options, &client, &err), LECTERN_INVALID_ARGUMENT);
	snprintf(want, sizeof want, "token file %s: %s", file, text);
	assert_string_equal(err.message, want);
	assert_string_equal(err.reason, "TOKEN_FILE");
	assert_null(client);
}

static void says_what_is_wrong_with_the_file(void **state)
{
	static const char *const texts[] = { "secret token\n", "secr\x01t\n", "secr\xC3\xA4t\n" };
	char longer[CLIENT_TOKEN_BYTES + 2];
	refuse("/nowhere/token", "No such file or directory");
	refuse("/tmp", "is no regular file");
	refuse(path, "its first line is empty; write the token there, as lectern token create "
		     "prints it");
	write_token("\nabc\n");
	refuse(path, "its first line is empty; write the token there, as lectern token create "
		     "prints it");
	for (size_t i = 0; i < 3; i++) {
		write_token(texts[i]);
		refuse(path, "its first line is no token: that has neither blanks nor other "
			     "characters than ASCII");
	}
	memset(longer, 'a', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	write_token(longer);
	refuse(path, "its first line is longer than any token; it is another file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0); /* that nobody writes to */
	refuse(path, "is no regular file");
}

static void does_not_give_the_token_away(void **state)
{
	static const struct {
		const char *url;
		bool safe;
	} urls[] = {
		{ "ipc:///run/lectern.sock", true },
		{ "tls+tcp://example.org:7400", true },
		{ "tcp://127.0.0.1:7400", true },
		{ "tcp4://127.1.2.3:7400", true },
		{ "tcp://localhost:7400", true },
		{ "tcp://[::1]:7400", true },
		{ "tcp6://[::1]:7400", true },
		{ "tcp://10.0.0.1:7400", false },
		{ "tcp://[::]:7400", false },
		{ "tcp://example.org:7400", false },
		{ "tcp://localhost.example.org:7400", false },
		{ "tcp://127.0.0.1.example.org:7400", false },
		{ "tcp://127.0.0.1;example.org:7400", false },
		{ "tcp://[::1:7400", false },
	};
	write_token("abc");
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
		assert_int_equal(token_is_safe_on(urls[i].url), urls[i].safe);
	struct lectern_client_options options = { .url = "tcp://10.0.0.1:7400",
		.token_file = path };
	lectern_client *client = NULL;
	struct lectern_error err;
	assert_int_equal(lectern_client_open(&options, &client, &err), LECTERN_INVALID_ARGUMENT);
	assert_string_equal(err.reason, "TOKEN_IN_CLEAR");
	assert_non_null(strstr(err.message, "to tcp://10.0.0.1:7400 in clear"));
	setenv("LECTERN_INSECURE", "1", 1);
	assert_int_equal(lectern_client_open(&options, &client, &err), LECTERN_OK);
	lectern_client_close(client);
	unsetenv("LECTERN_INSECURE");
	options.insecure = true;
	assert_int_equal(lectern_client_open(&options, &client, &err), LECTERN_OK);
	lectern_client_close(client);
	options = (struct lectern_client_options){ .url = "tcp://10.0.0.1:7400" };
	assert_int_equal(lectern_client_open(&options, &client, &err), LECTERN_OK);
	lectern_client_close(client);
}

/* The longest token, and a request that is just not refused with it. */
static void fits_into_a_request(void **state)
{
	char token[CLIENT_TOKEN_BYTES + 1];
	struct request request;
	uint8_t *payload = calloc(1, LIMIT_REQUEST_BYTES);
	struct lectern_call what = { .method = READ, .request = payload };
	size_t size = LIMIT_REQUEST_BYTES;
	memset(token, 'a', CLIENT_TOKEN_BYTES);
	token[CLIENT_TOKEN_BYTES] = '\0';
	assert_non_null(payload);
	do
		what.request_size_bytes = --size;
	while (request_init(&request, &what, token, NULL) != LECTERN_OK);
	assert_true(size > LIMIT_REQUEST_BYTES - 2048);
	nng_msg *message = request_frame(&request, UINT32_MAX);
	assert_non_null(message);
	assert_true(nng_msg_len(message) <= LIMIT_REQUEST_BYTES);
	nng_msg_free(message);
	free(payload);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(sends_the_first_line),
		TEST(finds_the_file),
		TEST(follows_the_file),
		TEST(asks_again_with_a_new_token),
		TEST(says_what_is_wrong_with_the_file),
		TEST(does_not_give_the_token_away),
		TEST(fits_into_a_request),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
