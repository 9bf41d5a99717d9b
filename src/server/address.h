/* What the server must know about an address before it listens on it. */
#pragma once
#include "base/attributes.h"
#include "base/error.h"

#include <stdbool.h>

/* INVALID_ARGUMENT unless it is "tcp://HOST:PORT", "tls+tcp://HOST:PORT" or "ipc://PATH". */
enum code address_check(const char *url, struct error *err) NODISCARD;

/* Whether only programs on this machine can reach it: ipc, and a loopback address behind any other
 * scheme, or behind none. */
bool address_is_local(const char *url);

/* Whether connections to it are encrypted. */
bool address_is_tls(const char *url);

/* "HOST:PORT", with "http://" or "https://" in front of it or not. */
enum code address_check_http(const char *address, struct error *err) NODISCARD;

/* "*" or what browsers send as Origin: "https://example.org". */
enum code address_check_origin(const char *origin, struct error *err) NODISCARD;
