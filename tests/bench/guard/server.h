/*
 * The server's layers, put together as lecternd does with its default options, but for what varies:
 * both clocks stand still unless they are moved, and random bytes are the same in each run.
 */
#pragma once
#include "bench/guard/http.h"
#include "bench/guard/traffic.h"
#include "rpc/rpc.h"
#include "server/options.h"
#include "services/services.h"
#include "store/store.h"
#include "telemetry/telemetry.h"

struct guard_server {
	struct server_options options;
	struct store *store;
	struct services *services;
	struct rpc_options rpc_options;
	struct telemetry *telemetry;
	struct rpc *rpc;
	/* Without sockets. */
	struct guard_traffic *traffic;
	struct guard_http *http;
};

/* What goes wrong here and in the calls ends the program with a line that says so. */
_Noreturn void guard_give_up(const char *what, const struct error *err);

void guard_server_open(struct guard_server *server, const char *directory);
void guard_server_close(struct guard_server *server);

/* One second goes by. */
void guard_advance_clock(void);
