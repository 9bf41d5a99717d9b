/* The HTTP edge from libmicrohttpd's callbacks to the reply that is handed to it, without it. */
#pragma once
#include "bench/guard/server.h"

/* GETs one after the other. Returns the bytes of all bodies. */
uint64_t guard_get(struct guard_server *server, const struct slice *targets, size_t count);
