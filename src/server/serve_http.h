/* HTTP, wired to the rest of the server: --http and the options of its group. */
#pragma once
#include "base/attributes.h"
#include "http/server.h"
#include "rpc/rpc.h"
#include "server/options.h"
#include "tls/credentials.h"

struct serve_http;

/* Takes the addresses. Without --http *ret is NULL, which all functions below allow. All is
 * borrowed until serve_http_free(). The credentials, for https, may be empty. */
enum code serve_http_new(const struct server_options *options, const struct tls_credentials *tls,
	const struct rpc *rpc, struct serve_http **ret, struct error *err) NODISCARD;

enum code serve_http_start(struct serve_http *http, struct error *err) NODISCARD;

/* URLs with real ports. */
size_t serve_http_address_count(const struct serve_http *http);
const char *serve_http_address(const struct serve_http *http, size_t index);

void serve_http_read_stats(struct serve_http *http, struct http_server_stats *ret);

/* As http_server_renew_tls(). */
enum code serve_http_renew_tls(
	struct serve_http *http, const struct tls_credentials *tls, struct error *err) NODISCARD;

/* Ends it; the number of calls that were not answered within timeout_ms. */
size_t serve_http_stop(struct serve_http *http, uint32_t timeout_ms);

/* After every call was finished. */
void serve_http_free(struct serve_http *http);
