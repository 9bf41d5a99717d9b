#include "transport/peer.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>

void peer_write(nng_pipe pipe, char text[PEER_BYTES])
{
	nng_sockaddr address;
	if (nng_pipe_get_addr(pipe, NNG_OPT_REMADDR, &address) != 0) {
		snprintf(text, PEER_BYTES, "unknown");
		return;
	}
	char host[INET6_ADDRSTRLEN] = "";
	uint64_t pid = 0;
	switch (address.s_family) {
	case NNG_AF_INET:
		inet_ntop(AF_INET, &address.s_in.sa_addr, host, sizeof host);
		snprintf(text, PEER_BYTES, "tcp://%s:%u", host, ntohs(address.s_in.sa_port));
		return;
	case NNG_AF_INET6:
		inet_ntop(AF_INET6, &address.s_in6.sa_addr, host, sizeof host);
		snprintf(text, PEER_BYTES, "tcp://[%s]:%u", host, ntohs(address.s_in6.sa_port));
		return;
	default:
		if (nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_PID, &pid) == 0)
			snprintf(text, PEER_BYTES, "ipc process %" PRIu64, pid);
		else
			snprintf(text, PEER_BYTES, "ipc");
	}
}
