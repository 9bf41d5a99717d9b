/* The HTTP edge from libmicrohttpd's callbacks to the reply that is handed to it, without it. */
#pragma once
#include "base/slice.h"
#include "rpc/rpc.h"
#include "server/options.h"

struct guard_http;

struct guard_http *guard_http_new(const struct server_options *options, const struct rpc *rpc);
void guard_http_free(struct guard_http *http);

/* GETs one after the other. */
void guard_get(struct guard_http *http, const struct slice *targets, size_t count);
