/* Heads of requests: targets, and what could be read in two ways. */
#include "http/head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* cmocka.h has a macro of the name */

/* Fails with the case that is wrong. */
static void wrong(const char *label, int got)
{
	print_error("%s: got %d\n", label, got);
	assert_true(false);
}

static void test_targets(void **state)
{
	static const struct {
		const char *target;
		bool ok;
		const char *path;
		const char *query;
	} cases[] = {
		{ "/", true, "/", "" },
		{ "/a/b?c=d?e", true, "/a/b", "c=d?e" },
		{ "/a?", true, "/a", "" },
		{ "http://x/a?b", true, "/a", "b" },
		{ "HTTPS://x:1/a", true, "/a", "" },
		{ "http://x", true, "/", "" },
		{ "http://x?b", true, "/", "b" },
		{ "", false, NULL, NULL },
		{ "a", false, NULL, NULL },
		{ "*", false, NULL, NULL },
		{ "ftp://x/a", false, NULL, NULL },
		{ "/a b", false, NULL, NULL },
		{ "/a#b", false, NULL, NULL },
		{ "/\x01", false, NULL, NULL },
		{ "/\x7F", false, NULL, NULL },
		{ "/\xC3\xA9?\xC3\xA9", true, "/\xC3\xA9", "\xC3\xA9" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct http_request request = { .method = HTTP_GET };
		bool ok = head_split_target(slice_of_text(cases[i].target), &request);
		if (ok != cases[i].ok)
			wrong(cases[i].target, ok);
		if (!ok)
			continue;
		assert_true(slice_equals(request.path, slice_of_text(cases[i].path)));
		assert_true(slice_equals(request.query, slice_of_text(cases[i].query)));
	}
	struct http_request request = { .method = HTTP_OPTIONS };
	assert_true(head_split_target(slice_of_text("*"), &request));
}

static struct http_request request_of(const char *const headers[][2])
{
	struct http_request request = { .method = HTTP_POST };
	for (size_t i = 0; headers[i][0] != NULL; i++)
		request.headers[request.header_count++] =
			(struct http_header){ .name = slice_of_text(headers[i][0]),
				.value = slice_of_text(headers[i][1]) };
	return request;
}

static void test_heads(void **state)
{
	static const struct {
		const char *label;
		const char *version;
		const char *headers[4][2];
		unsigned status;
	} cases[] = {
		{ "plain", "HTTP/1.1", { { "Host", "x" } }, 0 },
		{ "1.0 without host", "HTTP/1.0", { { NULL, NULL } }, 0 },
		{ "no host", "HTTP/1.1", { { NULL, NULL } }, 400 },
		{ "two hosts", "HTTP/1.1", { { "Host", "x" }, { "HOST", "x" } }, 400 },
		{ "two tokens", "HTTP/1.1",
			{ { "Host", "x" }, { "Authorization", "Bearer a" },
				{ "authorization", "Bearer b" } },
			400 },
		{ "0.9", "", { { "Host", "x" } }, 505 },
		{ "2.0", "HTTP/2.0", { { "Host", "x" } }, 505 },
		{ "length", "HTTP/1.1", { { "Host", "x" }, { "Content-Length", "8388608" } }, 0 },
		{ "long", "HTTP/1.1", { { "Host", "x" }, { "Content-Length", "8388609" } }, 413 },
		{ "overflow", "HTTP/1.1",
			{ { "Host", "x" }, { "Content-Length", "99999999999999999999" } }, 400 },
		{ "list of lengths", "HTTP/1.1", { { "Host", "x" }, { "Content-Length", "2, 2" } },
			400 },
		{ "empty length", "HTTP/1.1", { { "Host", "x" }, { "Content-Length", "" } }, 400 },
		{ "chunks", "HTTP/1.1", { { "Host", "x" }, { "Transfer-Encoding", "Chunked" } },
			0 },
		{ "chunks in 1.0", "HTTP/1.0", { { "Transfer-Encoding", "chunked" } }, 400 },
		{ "length and chunks", "HTTP/1.1",
			{ { "Host", "x" }, { "content-length", "1" },
				{ "transfer-encoding", "chunked" } },
			400 },
		{ "blank in a name", "HTTP/1.1", { { "Host", "x" }, { "a ", "b" } }, 400 },
		{ "no name", "HTTP/1.1", { { "Host", "x" }, { "", "b" } }, 400 },
		{ "line feed in a value", "HTTP/1.1", { { "Host", "x" }, { "a", "b\nc" } }, 400 },
		{ "continue", "HTTP/1.1", { { "Host", "x" }, { "Expect", "100-Continue" } }, 0 },
		{ "expects else", "HTTP/1.1", { { "Host", "x" }, { "Expect", "200" } }, 417 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct error err;
		struct http_request request = request_of(cases[i].headers);
		struct head head = { .version = slice_of_text(cases[i].version) };
		unsigned status = head_check(&request, &head, &err);
		if (status != cases[i].status)
			wrong(cases[i].label, (int)status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_heads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
