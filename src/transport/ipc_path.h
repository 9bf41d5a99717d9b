/* The path of an ipc socket before a server listens on it. */
#pragma once
#include "base/attributes.h"
#include "base/error.h"

/*
 * Makes way on the path: removes a socket that a dead server has left. FAILED_PRECONDITION where a
 * server lives or where something else than a socket is. nng's own check would remove any file.
 */
enum code ipc_path_claim(const char *path, struct error *err) NODISCARD;
