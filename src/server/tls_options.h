/* What the options of TLS must be together. */
#pragma once
#include "base/attributes.h"
#include "server/options.h"

/* INVALID_ARGUMENT where an address needs files that are not given, or half of them is missing. */
enum code tls_options_check(const struct server_options *options, struct error *err) NODISCARD;
