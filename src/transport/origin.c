#include "transport/origin.h"

#include <string.h>

enum { IPV6_PREFIX_BYTES = 8 };

/* "::ffff:192.0.2.1": an IPv4 client of a socket that takes both, RFC 4291, 2.5.5.2. */
static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static void put_ipv4(const void *address, uint8_t out[ORIGIN_KEY_BYTES])
{
	out[0] = NNG_AF_INET;
	memcpy(out + 1, address, sizeof(uint32_t));
}

void origin_key(nng_pipe pipe, uint8_t out[ORIGIN_KEY_BYTES])
{
	nng_sockaddr address;
	uint64_t user = 0;
	memset(out, 0, ORIGIN_KEY_BYTES);
	if (nng_pipe_get_addr(pipe, NNG_OPT_REMADDR, &address) != 0)
		return;
	out[0] = (uint8_t)address.s_family;
	switch (address.s_family) {
	case NNG_AF_INET:
		put_ipv4(&address.s_in.sa_addr, out);
		return;
	case NNG_AF_INET6:
		if (memcmp(address.s_in6.sa_addr, mapped, sizeof mapped) == 0)
			put_ipv4(address.s_in6.sa_addr + sizeof mapped, out);
		else
			memcpy(out + 1, address.s_in6.sa_addr, IPV6_PREFIX_BYTES);
		return;
	default:
		if (nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_UID, &user) == 0)
			memcpy(out + 1, &user, sizeof user);
	}
}

/* FNV-1a. Who makes addresses collide has to have them. */
size_t origin_hash(const uint8_t key[ORIGIN_KEY_BYTES])
{
	uint64_t hash = UINT64_C(14695981039346656037);
	for (size_t i = 0; i < ORIGIN_KEY_BYTES; i++)
		hash = (hash ^ key[i]) * UINT64_C(1099511628211);
	return (size_t)(hash ^ (hash >> 32));
}
