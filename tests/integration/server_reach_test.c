#include "server/reach.h"

#include "server/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CLEAR "tls+tcp://"
#define BOTH "tls+tcp:// and --tokens FILE"
#define TOKENS "--tokens FILE"
#define FEED "tls+tcp:// and --tls-client-ca FILE"
#define CA "--tls-client-ca FILE"

/* What each address needs without tokens and client CA, with tokens, with client CA; NULL: no more.
 */
static const struct {
	const char *url;
	enum reach_use use;
	const char *needs[3];
} cases[] = {
	{ "ipc:///run/x", REACH_CALLS, { NULL } },
	{ "tcp://127.0.0.1:7400", REACH_CALLS, { NULL } },
	{ "tls+tcp://[::1]:7400", REACH_CALLS, { NULL } },
	{ "127.0.0.1:7480", REACH_CALLS, { NULL } },
	{ "http://localhost:7480", REACH_CALLS, { NULL } },
	{ "https://127.1.1.1:7480", REACH_CALLS, { NULL } },
	{ "ipc:///run/x", REACH_FEED, { NULL } },
	{ "tcp://127.0.0.1:7401", REACH_FEED, { NULL } },
	{ "tcp://0.0.0.0:7400", REACH_CALLS, { BOTH, CLEAR, BOTH } },
	{ "tcp://*:7400", REACH_CALLS, { BOTH, CLEAR, BOTH } },
	{ "tls+tcp://10.0.0.1:7400", REACH_CALLS, { TOKENS, NULL, TOKENS } },
	{ "10.0.0.1:7480", REACH_CALLS,
		{ "https:// and --tokens FILE", "https://", "https:// and --tokens FILE" } },
	{ "http://[::]:7480", REACH_CALLS,
		{ "https:// and --tokens FILE", "https://", "https:// and --tokens FILE" } },
	{ "http://tcp.example.org:7480", REACH_CALLS,
		{ "https:// and --tokens FILE", "https://", "https:// and --tokens FILE" } },
	{ "tcp.example.org:7480", REACH_CALLS,
		{ "https:// and --tokens FILE", "https://", "https:// and --tokens FILE" } },
	{ "https://example.org:7480", REACH_CALLS, { TOKENS, NULL, TOKENS } },
	{ "https://127.0.0.1", REACH_CALLS, { TOKENS, NULL, TOKENS } }, /* no address of ours */
	{ "tcp://10.0.0.1:7401", REACH_FEED, { FEED, FEED, CLEAR } },
	{ "tls+tcp://10.0.0.1:7401", REACH_FEED, { CA, CA, NULL } },
};

static void asks_for_protection(void **state)
{
	static const struct reach_means means[3] = {
		{ .tokens = false },
		{ .tokens = true },
		{ .client_ca = true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t j = 0; j < 3; j++) {
			struct error err = { .text = "" };
			char want[512] = "";
			const char *needs = cases[i].needs[j];
			enum code code = reach_check(cases[i].url, cases[i].use, &means[j], &err);
			if (needs != NULL)
				snprintf(want, sizeof want,
					"other machines can reach %s, which needs %s; add what is "
					"missing, use 127.0.0.1 or ipc, or add --insecure if you "
					"trust the network",
					cases[i].url, needs);
			assert_string_equal(err.text, want);
			assert_int_equal(code, needs == NULL ? CODE_OK : CODE_INVALID_ARGUMENT);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(asks_for_protection) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
