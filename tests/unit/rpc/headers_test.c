#include "rpc/rpc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define TRACE "0af7651916cd43dd8448eb211c80319c"

static const struct {
	const char *label, *name, *value, *request_id, *trace_id, *authorization;
} cases[] = {
	{ "token", "authorization", "Bearer abc", "", "", "Bearer abc" },
	{ "request id", "x-request-id", "a-1", "a-1", "", "" },
	{ "empty request id", "x-request-id", "", "", "", "" },
	{ "request id of 64 bytes", "x-request-id",
		"0123456789012345678901234567890123456789012345678901234567890123",
		"0123456789012345678901234567890123456789012345678901234567890123", "", "" },
	{ "request id of 65 bytes", "x-request-id",
		"01234567890123456789012345678901234567890123456789012345678901234", "", "", "" },
	{ "blank in a request id", "x-request-id", "a 1", "", "", "" },
	{ "line feed in a request id", "x-request-id", "a\nb", "", "", "" },
	{ "request id beyond ASCII", "x-request-id", "\xC3\xA4", "", "", "" },
	{ "trace", "traceparent", "00-" TRACE "-b7ad6b7169203331-01", "", TRACE, "" },
	{ "trace of a later version", "traceparent", "cc-" TRACE "-b7ad6b7169203331-01-more", "",
		TRACE, "" },
	{ "upper case in a trace", "traceparent",
		"00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "", "", "" },
	{ "trace of zeros", "traceparent",
		"00-00000000000000000000000000000000-b7ad6b7169203331-01", "", "", "" },
	{ "short trace", "traceparent", "00-" TRACE "-b7ad6b716920333-01", "", "", "" },
	{ "trace without dashes", "traceparent", "00." TRACE ".b7ad6b7169203331.01", "", "", "" },
	{ "another header", "x-other", "value", "", "", "" },
};

static void reads_headers_it_knows(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct rpc_call call;
		memset(&call, 0xAA, sizeof call);
		rpc_clear_headers(&call);
		rpc_read_header(&call, slice_of_text(cases[i].name), slice_of_text(cases[i].value));
		print_message("%s\n", cases[i].label);
		assert_string_equal(call.request_id, cases[i].request_id);
		assert_string_equal(call.trace_id, cases[i].trace_id);
		assert_true(
			slice_equals(call.authorization, slice_of_text(cases[i].authorization)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_headers_it_knows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
