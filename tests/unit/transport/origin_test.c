/* What counts as one address. */
#include "transport/origin.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* In the place of nng's: pipe 1 and pipe 2 are the two peers of a case. */
struct peer {
	const char *ip; /* NULL: ipc */
	uint64_t user;
	bool gone;
};

static struct peer peers[3];

int nng_pipe_get_addr(nng_pipe pipe, const char *option, nng_sockaddr *ret)
{
	const struct peer *peer = &peers[pipe.id];
	assert_string_equal(option, NNG_OPT_REMADDR);
	memset(ret, 0, sizeof *ret);
	if (peer->gone)
		return NNG_ECLOSED;
	if (peer->ip == NULL) {
		ret->s_ipc.sa_family = NNG_AF_IPC;
	} else if (strchr(peer->ip, ':') == NULL) {
		ret->s_in.sa_family = NNG_AF_INET;
		ret->s_in.sa_port = (uint16_t)(1000 + pipe.id);
		assert_int_equal(inet_pton(AF_INET, peer->ip, &ret->s_in.sa_addr), 1);
	} else {
		ret->s_in6.sa_family = NNG_AF_INET6;
		ret->s_in6.sa_port = (uint16_t)(1000 + pipe.id);
		assert_int_equal(inet_pton(AF_INET6, peer->ip, ret->s_in6.sa_addr), 1);
	}
	return 0;
}

int nng_pipe_get_uint64(nng_pipe pipe, const char *option, uint64_t *ret)
{
	assert_string_equal(option, NNG_OPT_IPC_PEER_UID);
	*ret = peers[pipe.id].user;
	return 0;
}

static const struct {
	const char *label;
	struct peer a;
	struct peer b;
	bool same;
} cases[] = {
	{ "one IPv4 address", { "192.0.2.1" }, { "192.0.2.1" }, true },
	{ "neighbours", { "192.0.2.1" }, { "192.0.2.2" }, false },
	{ "first byte", { "10.0.2.1" }, { "11.0.2.1" }, false },
	{ "one IPv6 network", { "2001:db8:1:2::1" }, { "2001:db8:1:2:ffff:ffff:ffff:ffff" }, true },
	{ "bit 64", { "2001:db8:1:2::1" }, { "2001:db8:1:3::1" }, false },
	{ "first bit", { "2001:db8:1:2::1" }, { "a001:db8:1:2::1" }, false },
	{ "mapped and plain", { "::ffff:192.0.2.1" }, { "192.0.2.1" }, true },
	{ "both mapped", { "::ffff:192.0.2.1" }, { "::ffff:192.0.2.2" }, false },
	{ "mapped and loopback", { "::ffff:192.0.2.1" }, { "::1" }, false },
	{ "almost mapped", { "::fffe:192.0.2.1" }, { "192.0.2.1" }, false },
	{ "IPv4 and IPv6 with the same bytes", { "32.1.13.184" }, { "2001:db8::" }, false },
	{ "one user", { NULL, 1000 }, { NULL, 1000 }, true },
	{ "two users", { NULL, 1000 }, { NULL, 1001 }, false },
	{ "users of many bits", { NULL, UINT64_C(1) << 32 }, { NULL, 0 }, false },
	{ "root and an address", { NULL, 0 }, { "0.0.0.0" }, false },
	{ "both gone", { "192.0.2.1", 0, true }, { NULL, 7, true }, true },
	{ "gone and there", { "192.0.2.1", 0, true }, { "192.0.2.1" }, false },
};

static void test_cases(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint8_t a[ORIGIN_KEY_BYTES];
		uint8_t b[ORIGIN_KEY_BYTES];
		peers[1] = cases[i].a;
		peers[2] = cases[i].b;
		memset(a, 0x55, sizeof a);
		memset(b, 0xaa, sizeof b);
		origin_key((nng_pipe){ .id = 1 }, a);
		origin_key((nng_pipe){ .id = 2 }, b);
		if ((memcmp(a, b, sizeof a) == 0) != cases[i].same)
			fail_msg("%s: %s", cases[i].label,
				cases[i].same ? "not the same" : "the same");
		if (cases[i].same)
			assert_int_equal(origin_hash(a), origin_hash(b));
	}
}

/* Addresses that differ in one byte come into different buckets, most of the time. */
static void test_hashes_spread(void **state)
{
	enum { BUCKETS = 64, KEYS = BUCKETS * 256 };
	uint32_t buckets[BUCKETS] = { 0 };
	uint8_t key[ORIGIN_KEY_BYTES] = { NNG_AF_INET };
	for (uint32_t i = 0; i < KEYS; i++) {
		key[3] = (uint8_t)(i >> 8);
		key[4] = (uint8_t)i;
		buckets[origin_hash(key) % BUCKETS]++;
	}
	for (size_t i = 0; i < BUCKETS; i++)
		assert_in_range(buckets[i], KEYS / BUCKETS / 2, KEYS / BUCKETS * 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_hashes_spread),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
