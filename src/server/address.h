/* What the server must know about an address before it listens on it. */
#pragma once
#include "base/attributes.h"
#include "base/error.h"

#include <stdbool.h>

/* INVALID_ARGUMENT unless it is "tcp://HOST:PORT" or "ipc://PATH". */
enum code address_check(const char *url, struct error *err) NODISCARD;

/* Whether only programs on this machine can reach it: ipc, and a loopback address behind any other
 * scheme, or behind none. */
bool address_is_local(const char *url);
