/* The address of a client as text, for logs. */
#pragma once
#include <nng/nng.h>

enum { PEER_BYTES = 64 };

/* "tcp://127.0.0.1:40000" or "ipc" with the client's process id. */
void peer_write(nng_pipe pipe, char text[PEER_BYTES]);
